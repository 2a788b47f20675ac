import { Construct } from "constructs";
import { z } from "zod";
import { parseProps } from "../core/props";
import { ChartRelease } from "./chart-release";
import type { ChartReleaseProps } from "./chart-release.props";
import type { ManifestPart, Part, RenderTarget } from "./environment";
import type { ChartValues, HelmChart } from "./helm-chart";
import { DNS_LABEL, DNS_LABEL_WORDS, labelsOf, type ApiObject } from "./manifest";
import {
  allowFrom,
  Endpoint,
  NamespaceNetwork,
  type NamespaceNetworkMode,
  type NetworkCluster,
  type NetworkMember,
  type NetworkPeer,
} from "./network";
import { limitRange, resourceQuota, type LimitsModel, type QuotaModel } from "./quota";
import { limitsProps, quotaProps } from "./quota.schema";
import type { LimitsProps, QuotaProps } from "./quota.props";
import { QueueWorkers, type QueueWorkersProps } from "./queue-workers";
import { SecretRef, type SecretRefProps } from "./secret-ref";
import { Service, type ServiceProps } from "./service";

/** What a namespace needs to know of the cluster it is in. */
export interface NamespaceHome extends Construct, NetworkCluster {
  /** Name of the cluster, which its objects are labelled with. */
  readonly clusterName: string;
  /** Kubernetes version, for example `"v1.28.4"`. */
  readonly kubeVersion: string;
  /** Takes in what environments render. */
  addPart(part: Part): void;
}

/** A namespace of a {@link K3sCluster}, and what may be used in it. */
export interface NamespaceProps {
  /** What all pods and claims of the namespace may ask for together. @default - no quota */
  readonly quota?: QuotaProps;
  /** What a container gets that says nothing, and the most it may ask for. @default - no limit range */
  readonly limits?: LimitsProps;
  /** Pod Security standard that is enforced. What "restricted" does not admit is a warning and in the audit log. @default "baseline" */
  readonly podSecurity?: "privileged" | "baseline" | "restricted";
  /** Who may reach its pods: those of the namespace and whom `allowFrom` names, or everybody in the cluster. @default "isolated" */
  readonly network?: NamespaceNetworkMode;
}

/** @internal Runtime twin of {@link NamespaceProps}. */
export const namespaceProps = z.strictObject({
  quota: quotaProps.optional(),
  limits: limitsProps.optional(),
  podSecurity: z.enum(["privileged", "baseline", "restricted"]).default("baseline"),
  network: z.enum(["isolated", "open"]).default("isolated"),
});

const namespaceName = z.object({
  name: z.string().regex(DNS_LABEL).describe(DNS_LABEL_WORDS),
});

/**
 * A namespace of a cluster, with its quota, limits and what runs in it. Made by `K3sCluster.addNamespace`.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * const cluster = new K3sCluster(stack, "raibid-ci", {
 *   version: "v1.28.5+k3s1",
 *   target: K3sTarget.native(),
 *   servers: [{ name: "dgx", machine: MachineProfile.dgxSpark() }],
 * });
 * cluster.addNamespace("raibid-system", { quota: { pods: 10, requests: { cpu: "10", memory: "80Gi" } } });
 */
export class Namespace extends Construct implements ManifestPart, NetworkMember {
  readonly partKind = "manifests";
  /** Name that the stack declares; an environment may put another in its place. */
  readonly namespaceName: string;
  readonly partName: string;
  /** What all of it may ask for together; `undefined`: no quota. */
  readonly quota: QuotaModel | undefined;
  /** What a container gets that says nothing; `undefined`: nothing. */
  readonly limits: LimitsModel | undefined;

  /** @internal */
  readonly network: NamespaceNetwork;
  /** @internal */
  readonly endpoint: Endpoint;

  private readonly podSecurity: string;

  /** @throws GantryError listing every fault of the props. */
  constructor(
    private readonly home: NamespaceHome,
    name: string,
    props: NamespaceProps = {},
  ) {
    super(home, name);
    parseProps(this, namespaceName, { name });
    const { quota, limits, podSecurity, network } = parseProps(this, namespaceProps, props);
    this.namespaceName = name;
    this.partName = `namespace-${name}`;
    this.quota = quota;
    this.limits = limits;
    this.podSecurity = podSecurity;
    this.network = new NamespaceNetwork(home, name, network);
    this.endpoint = new Endpoint(this.network, name);
    home.addPart(this);
  }

  get clusterName(): string {
    return this.home.clusterName;
  }

  get kubeVersion(): string {
    return this.home.kubeVersion;
  }

  /** Takes in what environments render. */
  addPart(part: Part): void {
    this.home.addPart(part);
  }

  /** Installs a chart here. */
  addChart<V extends ChartValues>(chart: HelmChart<V>, props: ChartReleaseProps<V> = {}): ChartRelease {
    return new ChartRelease(this, props.releaseName ?? chart.name, chart, props);
  }

  /** A server that runs all the time: a Deployment and its Service. */
  addService(name: string, props: ServiceProps): Service {
    return new Service(this, name, props);
  }

  /** Workers that KEDA starts for the jobs in a queue. */
  addQueueWorkers(name: string, props: QueueWorkersProps): QueueWorkers {
    return new QueueWorkers(this, name, props);
  }

  /** A Secret that `bin/cluster secrets` makes; the stack knows its name and keys only. */
  addSecretRef(name: string, props: SecretRefProps): SecretRef {
    return new SecretRef(this, name, props);
  }

  /**
   * Lets others reach all its pods, on one port or on all.
   *
   * @throws GantryError listing every fault.
   */
  allowFrom(from: NetworkMember | NetworkPeer, port?: number | string): void {
    allowFrom(this, from, port);
  }

  /** The namespace, its quota and limits, and who may reach its pods. */
  objectsFor(target: RenderTarget): readonly ApiObject[] {
    const name = target.namespace(this.namespaceName);
    const labels = labelsOf(name, this.clusterName);
    const security = {
      "pod-security.kubernetes.io/enforce": this.podSecurity,
      "pod-security.kubernetes.io/warn": "restricted",
      "pod-security.kubernetes.io/audit": "restricted",
    };
    return [
      { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { ...labels, ...security } } },
      ...(this.quota === undefined ? [] : [resourceQuota(name, this.quota, labels)]),
      ...(this.limits === undefined ? [] : [limitRange(name, this.limits, labels)]),
      ...this.network.policiesFor(target, labels),
    ];
  }
}
