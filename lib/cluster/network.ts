import type { IConstruct } from "constructs";
import { GantryError, nearest, type Fault } from "../core/errors";
import type { Data } from "../core/render/model";
import { showValue } from "../core/show-value";
import type { Part, RenderTarget } from "./environment";
import { DNS_LABEL, DNS_LABEL_WORDS, type ApiObject } from "./manifest";
import type { RedisStream } from "./redis-stream";

/**
 * Who may reach pods of a namespace.
 *
 * - `"isolated"`: pods of the same namespace, and whom `allowFrom` names. A queue opens what it needs by itself: workers and KEDA
 *   in another namespace reach its redis. So does a chart whose pods the API server calls, as KEDA's webhook.
 * - `"open"`: everybody in the cluster; there is no policy.
 *
 * A node reaches the pods that run on it whatever a policy says, as kube-router, k3s' policy controller, lets through what has a
 * local source: probes work, and so does `kubectl port-forward`, which ends inside the pod. What pods connect to is not
 * restricted: builds fetch from anywhere, and the address of the API server, which KEDA and Flux call, differs from cluster to cluster.
 */
export type NamespaceNetworkMode = "isolated" | "open";

/** Somebody whom the stack does not declare, for `allowFrom`. */
export class NetworkPeer {
  /** Everybody who can route to the pod, for example for a chart whose webhook the API server calls from another node. */
  static anywhere(): NetworkPeer {
    return new NetworkPeer("anywhere", undefined);
  }

  /**
   * All pods of a namespace that is not in the stack, for example `"kube-system"`, where k3s has traefik.
   *
   * @throws GantryError when it is no name.
   */
  static namespace(name: string): NetworkPeer {
    if (typeof name !== "string" || !DNS_LABEL.test(name)) {
      throw new GantryError("NetworkPeer.namespace: invalid props", [
        { property: "name", message: `got ${showValue(name)}; allowed: ${DNS_LABEL_WORDS}` },
      ]);
    }
    return new NetworkPeer(`namespace ${name}`, name);
  }

  private constructor(
    readonly description: string,
    /** @internal */
    readonly namespaceName: string | undefined,
  ) {}
}

/** @internal What the network of a namespace needs to know of the cluster. */
export interface NetworkCluster extends IConstruct {
  readonly clusterName: string;
  readonly parts: { readonly all: readonly Part[] };
}

/** @internal Pods that a path begins or ends at. */
export class Endpoint {
  constructor(
    readonly network: NamespaceNetwork,
    readonly name: string,
    readonly props: {
      /** Labels of its pods; none: all pods of the namespace. */
      readonly labels?: Readonly<Record<string, string>>;
      /** Ports by name; none: they are not known. */
      readonly ports?: Readonly<Record<string, number>>;
      /** Why its pods cannot be told from others. */
      readonly unlabelled?: string;
    } = {},
  ) {}
}

/** Something whose pods others may reach, or that reaches others: a service, workers, a release, a namespace. */
export interface NetworkMember {
  /** @internal */
  readonly endpoint: Endpoint;
}

interface Path {
  readonly to: Endpoint;
  readonly from: Endpoint | NetworkPeer;
  readonly ports: readonly (number | string)[];
}

/** Parts that are not of our own classes are looked at by what they have: the classes import this file. */
type Queueing = Partial<NetworkMember> & { readonly model?: { readonly queue?: RedisStream } };

/** @internal The policies of a namespace. */
export class NamespaceNetwork {
  private readonly paths: Path[] = [];

  constructor(
    readonly cluster: NetworkCluster,
    readonly namespaceName: string,
    readonly mode: NamespaceNetworkMode,
  ) {}

  open(path: Path): void {
    this.paths.push(path);
  }

  policiesFor(target: RenderTarget, labels: Record<string, string>): ApiObject[] {
    if (this.mode === "open") return [];
    const policy = (name: string, podSelector: Data, ingress: readonly Data[]): ApiObject => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name, namespace: target.namespace(this.namespaceName), labels },
      spec: { podSelector, policyTypes: ["Ingress"], ...(ingress.length > 0 ? { ingress: [...ingress] } : {}) },
    });
    const rules = new Map<string, { podSelector: Data; ingress: Map<string, Data> }>();
    for (const path of [...this.paths, ...this.queuePaths(), ...this.apiPaths()]) {
      const name = path.to.props.labels === undefined ? "allow-to-namespace" : `allow-to-pods-of-${path.to.name}`;
      const rule = rules.get(name) ?? { podSelector: selector(path.to), ingress: new Map<string, Data>() };
      const ingress = ingressOf(path, target);
      rule.ingress.set(JSON.stringify(ingress), ingress); // twice the same is once
      rules.set(name, rule);
    }
    return [
      policy("default-deny", {}, []),
      policy("allow-same-namespace", {}, [{ from: [{ podSelector: {} }] }]),
      ...[...rules].map(([name, { podSelector, ingress }]) => policy(name, podSelector, [...ingress.values()])),
    ];
  }

  /** Of each queue whose redis is here: its workers and KEDA, as far as they are in other namespaces. */
  private queuePaths(): Path[] {
    const parts = this.cluster.parts.all;
    const kedas = parts.filter((part) => part.partKind === "release" && part.chart.name === "keda");
    return parts.flatMap((part) => {
      const queue = (part as Queueing).model?.queue;
      if (queue?.model.namespace !== this.namespaceName) return [];
      const release = queue.releaseName;
      // Bitnami's chart calls the port of the container "redis", whatever its Service listens on.
      const ports = [release === undefined ? queue.model.port : "redis"];
      const to = new Endpoint(this, release ?? this.namespaceName, release === undefined ? {} : releaseLabels(release));
      return [part, ...kedas]
        .filter(({ namespaceName }) => namespaceName !== this.namespaceName)
        .flatMap((other) => (other as Partial<NetworkMember>).endpoint ?? [])
        .map((from) => ({ to, from, ports }));
    });
  }

  /** To ports that the API server calls: from another node its traffic looks like anybody's. */
  private apiPaths(): Path[] {
    return this.cluster.parts.all.flatMap((part) => {
      if (part.partKind !== "release" || part.namespaceName !== this.namespaceName) return [];
      const { apiPorts = [] } = part.chart.network;
      if (apiPorts.length === 0) return [];
      const to = new Endpoint(this, part.partName, releaseLabels(part.partName));
      return [{ to, from: NetworkPeer.anywhere(), ports: apiPorts }];
    });
  }
}

/** @internal How pods of a release are told from others. */
export function releaseLabels(releaseName: string): { readonly labels: Readonly<Record<string, string>> } {
  return { labels: { "app.kubernetes.io/instance": releaseName } };
}

function selector({ props: { labels } }: Endpoint): Data {
  return labels === undefined ? {} : { matchLabels: { ...labels } };
}

function ingressOf({ from, ports }: Path, target: RenderTarget): Data {
  const listed = ports.length === 0 ? {} : { ports: ports.map((port) => ({ protocol: "TCP", port })) };
  const namespace = from instanceof Endpoint ? from.network.namespaceName : from.namespaceName;
  if (namespace === undefined) return listed;
  const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": target.namespace(namespace) } };
  const pods = from instanceof Endpoint && from.props.labels !== undefined ? { podSelector: selector(from) } : {};
  return { from: [{ namespaceSelector, ...pods }], ...listed };
}

/**
 * @internal Lets `from` reach `member`, on one port or on all.
 *
 * @throws GantryError listing every fault.
 */
export function allowFrom(
  member: IConstruct & NetworkMember,
  from: NetworkMember | NetworkPeer,
  port?: number | string,
) {
  const to = member.endpoint;
  const [source, sourceFaults] = sourceOf(to, from);
  const [ports, portFaults] = portsOf(to, port);
  const faults = [...sourceFaults, ...portFaults];
  if (to.network.mode === "open") {
    faults.push({
      property: "from",
      message: `the network of ${to.network.namespaceName} is "open": all may reach it already, and a policy would shut out all others; allowed: network: "isolated"`,
    });
  }
  if (to.props.unlabelled !== undefined) faults.push({ property: "from", message: to.props.unlabelled });
  if (source === undefined || faults.length > 0) {
    throw new GantryError(`[${member.node.path}] ${member.constructor.name}.allowFrom: invalid arguments`, faults);
  }
  to.network.open({ to, from: source, ports });
}

function sourceOf(to: Endpoint, from: unknown): [Endpoint | NetworkPeer | undefined, Fault[]] {
  const fault = (message: string): [undefined, Fault[]] => [undefined, [{ property: "from", message }]];
  if (from instanceof NetworkPeer) return [from, []];
  const source = typeof from === "object" && from !== null ? (from as Partial<NetworkMember>).endpoint : undefined;
  if (!(source instanceof Endpoint)) {
    return fault(
      `got ${showValue(from)}; allowed: a Service, QueueWorkers, ChartRelease or Namespace of the cluster, NetworkPeer.namespace("…") or NetworkPeer.anywhere()`,
    );
  }
  const { cluster } = source.network;
  if (cluster !== to.network.cluster) {
    return fault(
      `got ${source.name} of the cluster ${cluster.clusterName}; allowed: what is in ${to.network.cluster.clusterName}, as policies end with their cluster`,
    );
  }
  if (source === to) {
    return fault(`got ${source.name} itself, which reaches itself already`);
  }
  if (source.props.unlabelled !== undefined) return fault(source.props.unlabelled);
  return [source, []];
}

const PORT_NAME = /^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/;

function portsOf(to: Endpoint, port: unknown): [(number | string)[], Fault[]] {
  if (port === undefined) return [[], []];
  const fault = (message: string): [[], Fault[]] => [[], [{ property: "port", message }]];
  const { ports } = to.props;
  if (ports !== undefined) {
    const number = typeof port === "string" && Object.hasOwn(ports, port) ? ports[port] : port;
    if (typeof number === "number" && Object.values(ports).includes(number)) return [[number], []];
    const guess = typeof port === "string" ? nearest(port, Object.keys(ports)) : undefined;
    const all = Object.entries(ports).map(([name, value]) => `${name} (${value})`);
    return fault(
      `got ${showValue(port)}; ${guess === undefined ? "" : `did you mean "${guess}"? `}allowed: ${all.join(", ")}`,
    );
  }
  if (typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= 65_535) return [[port], []];
  if (typeof port === "string" && PORT_NAME.test(port)) return [[port], []];
  return fault(`got ${showValue(port)}; allowed: a whole number from 1 to 65535, or the name of a container's port`);
}
