import type { EnvModel } from "../core/render/env";
import type { K3sClusterModel, K3sNode } from "./k3s-model";

/** Settings that `install.sh` reads on each host, for `k3s.env`. Nothing in it is secret. */
export function k3sSettings(cluster: K3sClusterModel): EnvModel {
  const { version, nodes, snapshots } = cluster;
  return {
    CLUSTER: cluster.name,
    K3S_VERSION: version.tag,
    K3S_SHA256_AMD64: version.binary("amd64") ?? "",
    K3S_SHA256_ARM64: version.binary("arm64") ?? "",
    AIRGAP: cluster.airgap ? 1 : "",
    AIRGAP_SHA256_AMD64: version.airgap("amd64") ?? "",
    AIRGAP_SHA256_ARM64: version.airgap("arm64") ?? "",
    ROOTLESS: cluster.rootless ? 1 : "",
    DATASTORE: cluster.datastore,
    S3: snapshots?.s3 === undefined ? "" : 1,
    NODE_COUNT: nodes.length,
    ...nodes.map(nodeSettings).reduce((all, each) => ({ ...all, ...each }), {}),
  };
}

function nodeSettings(node: K3sNode, i: number): EnvModel {
  const key = `NODE_${i + 1}`;
  return {
    [`${key}_NAME`]: node.name,
    [`${key}_ROLE`]: node.role,
    [`${key}_ARCH`]: node.arch,
    [`${key}_MEMORY_MIB`]: node.memoryMib,
    [`${key}_CONFIG`]: node.first ? "config.yaml" : `nodes/${node.name}.yaml`,
  };
}

/** Settings of the program `bin/cluster` about the cluster itself: where it runs and how each node is reached. */
export function clusterSettings(cluster: K3sClusterModel): EnvModel {
  const { target, nodes, snapshots } = cluster;
  const ec2 = target.kind === "ec2" ? target : undefined;
  return {
    CLUSTER: cluster.name,
    CONTEXT: cluster.contextName,
    TARGET: target.kind,
    K3S_VERSION: cluster.version.tag,
    KUBE_VERSION: cluster.version.kubeVersion,
    INFRA_DIR: cluster.directory,
    ROOTLESS: cluster.rootless ? 1 : "",
    AIRGAP: cluster.airgap ? 1 : "",
    DATASTORE: cluster.datastore,
    REGISTRATION: cluster.registration ?? "",
    REGISTRATION_FIXED: cluster.registrationAddress ?? "",
    S3_CREDENTIALS: snapshots?.s3?.credentialsFile ?? "",
    ACCESS: ec2?.access ?? "ssh",
    OUTPUT_PREFIX: ec2 === undefined ? "" : outputPrefix(cluster),
    NODE_COUNT: target.kind === "k3d" ? 0 : nodes.length,
    ...(target.kind === "k3d" ? [] : nodes)
      .map((node, i) => reachSettings(cluster, node, i))
      .reduce((all, each) => ({ ...all, ...each }), {}),
  };
}

function reachSettings({ target }: K3sClusterModel, node: K3sNode, i: number): EnvModel {
  const key = `NODE_${i + 1}`;
  const { host } = node;
  const ec2 = target.kind === "ec2" ? target : undefined;
  const alias = host === undefined ? "" : host.port === 22 ? host.address : `[${host.address}]:${host.port}`;
  return {
    [`${key}_NAME`]: node.name,
    [`${key}_ROLE`]: node.role,
    [`${key}_ADDRESS`]: host?.address ?? "",
    [`${key}_PORT`]: host?.port ?? (ec2 === undefined ? "" : 22),
    [`${key}_USER`]: host?.user ?? ec2?.ami?.user ?? (ec2 === undefined ? "" : "ubuntu"),
    [`${key}_ALIAS`]: alias,
    [`${key}_KEY`]: host?.hostKey ?? "",
    [`${key}_IDENTITY`]: host?.identityFile ?? ec2?.identityFile ?? "",
    [`${key}_OUTPUT`]: ec2 === undefined ? "" : outputName(node.name),
  };
}

/** Prefix of the outputs of a cluster on EC2. */
export function outputPrefix({ target, name }: K3sClusterModel): string {
  const own = target.kind === "ec2" ? target.outputPrefix : undefined;
  return own ?? `${outputName(name)}_`;
}

/** A node's or cluster's name as Terraform takes it. */
export function outputName(name: string): string {
  return name.replaceAll("-", "_").replace(/^(?=\d)/, "n");
}
