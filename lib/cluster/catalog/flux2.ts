import type { ChartKeys } from "../chart-keys";
import keys from "../chart-keys/flux2-2.12.4.json";
import type { ChartValues } from "../helm-chart";
import type { CatalogEntry, ResourceValues } from "./entry";

/** A controller of Flux. */
export interface FluxControllerValues extends ChartValues {
  readonly create?: boolean;
  readonly resources?: ResourceValues;
}

/** Values of fluxcd-community/flux2, as far as they are typed; all others are checked by their keys. */
export interface Flux2Values extends ChartValues {
  readonly installCRDs?: boolean;
  readonly sourceController?: FluxControllerValues;
  readonly kustomizeController?: FluxControllerValues;
  readonly helmController?: FluxControllerValues;
  /** @default - `create: false` */
  readonly notificationController?: FluxControllerValues;
  /** @default - `create: false` */
  readonly imageAutomationController?: FluxControllerValues;
  /** @default - `create: false` */
  readonly imageReflectionController?: FluxControllerValues;
  readonly policies?: ChartValues & { readonly create?: boolean };
}

const CONTROLLERS = {
  sourceController: "source-controller",
  kustomizeController: "kustomize-controller",
  helmController: "helm-controller",
  notificationController: "notification-controller",
  imageAutomationController: "image-automation-controller",
  imageReflectionController: "image-reflector-controller",
} as const;

/** @internal fluxcd-community/flux2. */
export const FLUX2: CatalogEntry<Flux2Values> = {
  name: "fluxcd-community/flux2",
  repo: "https://fluxcd-community.github.io/helm-charts",
  versions: {
    "2.12.4": {
      url: "https://github.com/fluxcd-community/helm-charts/releases/download/flux2-2.12.4/flux2-2.12.4.tgz",
      tree: "f3d55e000ecbe0539b6a86f661f20538343d0abcaca9a8ccb792013b6451d67b",
      keys: keys as ChartKeys,
    },
  },
  profile: {
    defaults: {
      // What applies a repository to the cluster; the others are for alerts and for images that update themselves.
      notificationController: { create: false },
      imageAutomationController: { create: false },
      imageReflectionController: { create: false },
      // They would hold for the whole namespace; the namespace has its own.
      policies: { create: false },
    },
    secrets: [],
    faults: () => [],
    needs: (values) => {
      const controllers = Object.entries(CONTROLLERS).filter(([path]) => values.on(`${path}.create`, true));
      if (controllers.some(([path]) => values.has(`${path}.initContainers`))) return undefined;
      // As the chart's own values have it; it says no limits.
      const own = { requests: { cpu: 100, memory: 64 } };
      return {
        pods: controllers.map(([path, name]) => ({
          name,
          count: values.count(`${path}.replicas`, 1),
          containers: [values.container("manager", `${path}.resources`, own)],
        })),
        claims: [],
      };
    },
    // Its pods have a label for each controller, and none of the release.
    network: { unlabelled: true },
  },
};
