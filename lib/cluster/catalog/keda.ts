import type { ChartKeys } from "../chart-keys";
import keys from "../chart-keys/keda-2.14.0.json";
import type { ChartValues } from "../helm-chart";
import type { CatalogEntry, ResourceValues } from "./entry";

/** Values of kedacore/keda, as far as they are typed; all others are checked by their keys. */
export interface KedaValues extends ChartValues {
  /** Namespaces it works in, with commas between. @default "", which is all */
  readonly watchNamespace?: string;
  readonly operator?: ChartValues & { readonly name?: string; readonly replicaCount?: number };
  readonly metricsServer?: ChartValues & { readonly replicaCount?: number };
  readonly webhooks?: ChartValues & { readonly enabled?: boolean };
  readonly resources?: {
    readonly operator?: ResourceValues;
    readonly metricServer?: ResourceValues;
    readonly webhooks?: ResourceValues;
  };
}

const resources = { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "500m", memory: "512Mi" } };

/** @internal kedacore/keda. */
export const KEDA: CatalogEntry<KedaValues> = {
  name: "kedacore/keda",
  repo: "https://kedacore.github.io/charts",
  versions: {
    "2.14.0": {
      sha256: "bdd669a80a8bc9d1e651b7680f4227cbc374a861e89c0ed3120e328b4aacfd39",
      tree: "e2a50922d314ea5f9f93cee622cfb31c0fcabc8f739fe2d3efbe6e5c4599bae6",
      keys: keys as ChartKeys,
    },
  },
  profile: {
    defaults: {
      // Its images are versions, which do not change; pulling them at every start fails without a network.
      image: { pullPolicy: "IfNotPresent" },
      // The chart's own limits, one CPU and 1000Mi for each of three, are most of a small machine.
      resources: { operator: resources, metricServer: resources, webhooks: resources },
    },
    secrets: [],
    faults: () => [],
    needs: (values) => {
      if (values.has("operator.extraContainers") || values.has("operator.extraInitContainers")) return undefined;
      // As the chart's own values have it.
      const own = { requests: { cpu: 100, memory: 100 }, limits: { cpu: 1000, memory: 1000 } };
      const part = (name: string, path: string, count: number) => ({
        name,
        count,
        containers: [values.container(name, `resources.${path}`, own)],
      });
      const webhooks = values.on("webhooks.enabled", true) ? values.count("webhooks.replicaCount", 1) : 0;
      return {
        pods: [
          part("keda-operator", "operator", values.count("operator.replicaCount", 1)),
          part("keda-operator-metrics-apiserver", "metricServer", values.count("metricsServer.replicaCount", 1)),
          part("keda-admission-webhooks", "webhooks", webhooks),
        ],
        claims: [],
      };
    },
    // The API of metrics, and the webhook that checks what KEDA is given.
    network: { apiPorts: [6443, 9443] },
  },
};
