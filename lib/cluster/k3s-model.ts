import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { Cidr } from "../core/cidr";
import type { ExistingHost } from "../core/host";
import type { K3sClusterGiven, K3sNodeGiven } from "./k3s-cluster.schema";
import { K3sVersion } from "./k3s-version";
import { reservedSum, type Allocatable, type NodeArch, type Reserved } from "./machine-profile";
import { cpuMillis, memoryMib } from "./quantity";

/** One node, with what follows from its machine and its place. */
export interface K3sNode {
  readonly name: string;
  readonly role: "agent" | "server";
  /** Whether it is the server that the cluster begins with. */
  readonly first: boolean;
  readonly arch: NodeArch;
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly reserved: Reserved;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly string[];
  readonly nodeIp: string | undefined;
  /** The machine, when ssh reaches it at an address known now. */
  readonly host: ExistingHost | undefined;
  /** What workloads may have of it. */
  readonly allocatable: Allocatable;
}

/** A cluster, with everything that follows from its props. */
export interface K3sClusterModel extends Omit<K3sClusterGiven, "agents" | "servers" | "version"> {
  readonly version: K3sVersion;
  /** Servers first, in the order of the props. */
  readonly nodes: readonly K3sNode[];
  /** `"etcd"` with several servers, or for snapshots. */
  readonly datastore: "etcd" | "sqlite";
  /** Where nodes join; `undefined` when it is known only after apply, or nobody joins. */
  readonly registration: string | undefined;
  readonly clusterDns: string;
  readonly contextName: string;
  /** The stack, as a label of what it makes. */
  readonly project: string;
}

/** The model of a cluster whose rules hold. */
export function k3sClusterModel(scope: Construct, given: K3sClusterGiven): K3sClusterModel {
  const hosts = given.target.kind === "ssh" ? given.target.hosts : [];
  const nodes = [...given.servers, ...given.agents].map((node, i) =>
    nodeModel(given, node, i < given.servers.length ? "server" : "agent", i === 0, hosts[i]),
  );
  const first = nodes[0];
  return {
    ...given,
    version: versionOf(given),
    nodes,
    datastore: given.servers.length > 1 || given.snapshots !== undefined ? "etcd" : "sqlite",
    registration: nodes.length > 1 ? (given.registrationAddress ?? first?.nodeIp ?? first?.host?.address) : undefined,
    clusterDns: given.network.clusterDns ?? Cidr.parse(given.network.serviceCidr).host(10),
    contextName: `${given.target.kind === "k3d" ? "k3d" : "k3s"}-${given.name}`,
    project: TerraformStack.of(scope).node.id,
  };
}

/** The release a version stands for. */
export function versionOf({ version }: Pick<K3sClusterGiven, "version">): K3sVersion {
  return typeof version === "string" ? K3sVersion.tagged(version) : version;
}

function nodeModel(
  given: K3sClusterGiven,
  node: K3sNodeGiven,
  role: K3sNode["role"],
  first: boolean,
  host: ExistingHost | undefined,
): K3sNode {
  const { machine } = node;
  const cpu = node.cpu === undefined ? (machine?.cpuMillis ?? 0) : cpuMillis(node.cpu);
  const memory = node.memory === undefined ? (machine?.memoryMib ?? 0) : memoryMib(node.memory);
  const reserved = reservedOf(given, node);
  const kept = reservedSum(reserved);
  return {
    name: node.name,
    role,
    first,
    arch: node.arch ?? machine?.arch ?? "amd64",
    cpuMillis: cpu,
    memoryMib: memory,
    reserved,
    labels: node.labels,
    taints: node.taints,
    nodeIp: node.nodeIp,
    host,
    allocatable: { cpuMillis: cpu - kept.cpuMillis, memoryMib: memory - kept.memoryMib },
  };
}

/** What stays reserved on a node: what it says, else what the cluster says, else what its machine says. */
export function reservedOf(given: Pick<K3sClusterGiven, "reserved">, node: K3sNodeGiven): Reserved {
  return (node.reserved ?? given.reserved ?? node.machine?.reserved ?? {}) as Reserved;
}

/** CPU and memory of all nodes that workloads may have. */
export function allocatableOf(nodes: readonly K3sNode[]): Allocatable {
  return {
    cpuMillis: nodes.reduce((sum, { allocatable }) => sum + allocatable.cpuMillis, 0),
    memoryMib: nodes.reduce((sum, { allocatable }) => sum + allocatable.memoryMib, 0),
  };
}
