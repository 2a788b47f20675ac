import { renderYaml } from "../core/render/yaml";
import type { Data } from "../core/render/model";
import { COMPONENTS, isAgentOption } from "./k3s-flags";
import type { K3sComponent } from "./k3s-flags.data";
import type { K3sClusterModel, K3sNode } from "./k3s-model";
import { cpuMillis, memoryMib, showCpu, showMemory } from "./quantity";

/** Where install puts the tokens on a host. */
const TOKENS = "/etc/rancher/k3s";

/** `config.yaml` of one node. Options that all servers must share are the same by construction: they come from the cluster. */
export function renderK3sConfig(cluster: K3sClusterModel, node: K3sNode): string {
  const header = `# k3s on ${node.name}, ${node.role} of ${cluster.name}. Generated; install.sh puts it at /etc/rancher/k3s/config.yaml.\n`;
  const options = node.role === "server" ? serverOptions(cluster, node) : agentOptions(cluster);
  return renderYaml({ ...nodeOptions(cluster, node), ...options, ...given(cluster, node) }, { header });
}

type Options = Readonly<Record<string, Data>>;

function nodeOptions(cluster: K3sClusterModel, node: K3sNode): Options {
  return {
    "node-name": node.name,
    ...(node.nodeIp !== undefined && { "node-ip": node.nodeIp }),
    ...list(
      "node-label",
      Object.entries(node.labels).map(([key, value]) => `${key}=${value}`),
    ),
    ...list("node-taint", node.taints),
    ...list("kubelet-arg", kubeletArgs(cluster, node)),
    ...list("kube-proxy-arg", args(cluster, "kubeProxy")),
  };
}

function serverOptions(cluster: K3sClusterModel, node: K3sNode): Options {
  const { network } = cluster;
  return {
    ...(cluster.rootless && { rootless: true }),
    "write-kubeconfig-mode": "0600", // text: as a number, k3s reads it as decimal
    ...(!cluster.rootless && { "token-file": `${TOKENS}/server-token`, "agent-token-file": `${TOKENS}/agent-token` }),
    ...(cluster.datastore === "etcd" && node.first && { "cluster-init": true }),
    ...(!node.first && joinAt(cluster)),
    ...list("tls-san", certifiedNames(cluster)),
    "cluster-cidr": network.clusterCidr,
    "service-cidr": network.serviceCidr,
    "cluster-dns": cluster.clusterDns,
    "cluster-domain": network.clusterDomain,
    "flannel-backend": network.flannelBackend,
    ...list("disable", cluster.disable),
    "secrets-encryption": cluster.secretsEncryption,
    ...(cluster.datastore === "etcd" && snapshotOptions(cluster)),
    ...list("kube-apiserver-arg", args(cluster, "apiserver")),
    ...list("kube-controller-manager-arg", args(cluster, "controllerManager")),
    ...list("kube-scheduler-arg", args(cluster, "scheduler")),
  };
}

function agentOptions(cluster: K3sClusterModel): Options {
  return { ...joinAt(cluster), "token-file": `${TOKENS}/agent-token` };
}

/** Where people and nodes reach the API beyond the addresses that k3s finds itself: the same list on all servers. */
function certifiedNames({ registration, registrationAddress, nodes, tlsSans }: K3sClusterModel): string[] {
  const hosts = nodes.flatMap(({ role, host }) => (role === "server" && host !== undefined ? [host.address] : []));
  const names = [registrationAddress, registration, ...hosts, ...tlsSans];
  return unique(names.filter((name) => name !== undefined));
}

/** An address that only Terraform knows is added on the host, by `install.sh --registration`. */
function joinAt({ registration }: K3sClusterModel): Options {
  return registration === undefined ? {} : { server: `https://${bracketed(registration)}:6443` };
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function snapshotOptions({ snapshots }: K3sClusterModel): Options {
  if (snapshots === undefined) return {};
  const { s3 } = snapshots;
  return {
    "etcd-snapshot-schedule-cron": snapshots.schedule,
    "etcd-snapshot-retention": snapshots.keep,
    ...(s3 !== undefined && {
      "etcd-s3": true,
      "etcd-s3-bucket": s3.bucket,
      "etcd-s3-region": s3.region,
      "etcd-s3-endpoint": s3.endpoint,
      ...(s3.folder !== undefined && { "etcd-s3-folder": s3.folder }),
    }),
  };
}

/** What an agent does not know, such as an option of servers, it would not start with. */
function given({ config }: K3sClusterModel, node: K3sNode): Options {
  if (node.role === "server") return config;
  return Object.fromEntries(Object.entries(config).filter(([option]) => isAgentOption(option)));
}

function kubeletArgs(cluster: K3sClusterModel, node: K3sNode): string[] {
  return [...reservedArgs(node), ...args(cluster, "kubelet")];
}

/** `system-reserved=cpu=4,memory=16Gi` and its like. */
export function reservedArgs({ reserved }: K3sNode): string[] {
  return (["system", "kube"] as const).flatMap((name) => {
    const amount = reserved[name];
    if (amount === undefined) return [];
    return [`${name}-reserved=cpu=${showCpu(cpuMillis(amount.cpu))},memory=${showMemory(memoryMib(amount.memory))}`];
  });
}

function args(cluster: K3sClusterModel, component: K3sComponent): string[] {
  return Object.entries(cluster.args[component]).map(([flag, value]) => `${flag}=${String(value)}`);
}

/** `registries.yaml`: where nodes pull images from. */
export function renderRegistries({ registries }: K3sClusterModel): string {
  const header = "# Registries of the nodes. Generated; install.sh puts it at /etc/rancher/k3s/registries.yaml.\n";
  const mirrors = Object.entries(registries.mirrors).map(([name, { endpoints, rewrite }]): [string, Data] => [
    name,
    { endpoint: endpoints, ...(rewrite !== undefined && { rewrite }) },
  ]);
  const configs = Object.entries(registries.registries).map(
    ([name, { caFile, insecureSkipVerify }]): [string, Data] => [
      name,
      {
        tls: {
          ...(caFile !== undefined && { ca_file: caFile }),
          ...(insecureSkipVerify && { insecure_skip_verify: true }),
        },
      },
    ],
  );
  return renderYaml({ mirrors: Object.fromEntries(mirrors), configs: Object.fromEntries(configs) }, { header });
}

/** `infra/k3d/cluster.yaml`: the same cluster in containers. */
export function renderK3d(cluster: K3sClusterModel): string {
  const { name, version, target, nodes } = cluster;
  const registryPort = target.kind === "k3d" ? target.registryPort : undefined;
  const apiPort = target.kind === "k3d" ? target.apiPort : undefined;
  const servers = nodes.filter(({ role }) => role === "server");
  const agents = nodes.filter(({ role }) => role === "agent");
  const { network } = cluster;
  const onServers = [
    `--cluster-cidr=${network.clusterCidr}`,
    `--service-cidr=${network.serviceCidr}`,
    `--cluster-dns=${cluster.clusterDns}`,
    `--cluster-domain=${network.clusterDomain}`,
    `--flannel-backend=${network.flannelBackend}`,
    ...cluster.disable.map((part) => `--disable=${part}`),
    ...cluster.tlsSans.map((san) => `--tls-san=${san}`),
    ...(cluster.secretsEncryption ? ["--secrets-encryption"] : []),
    ...(["apiserver", "controllerManager", "scheduler"] as const).flatMap((component) =>
      args(cluster, component).map((arg) => `--${COMPONENTS[component].option}=${arg}`),
    ),
  ];
  const everywhere = [...args(cluster, "kubelet").map((arg) => `--kubelet-arg=${arg}`)];
  const onNodes = nodes.flatMap((node) => {
    const index = (node.role === "server" ? servers : agents).indexOf(node);
    return reservedArgs(node).map((arg) => ({ arg: `--kubelet-arg=${arg}`, nodeFilters: [`${node.role}:${index}`] }));
  });
  const labels = nodes.flatMap((node) => {
    const index = (node.role === "server" ? servers : agents).indexOf(node);
    return Object.entries(node.labels).map(([key, value]) => ({
      label: `${key}=${value}`,
      nodeFilters: [`${node.role}:${index}`],
    }));
  });
  const registries = renderRegistries(cluster);
  const mirrored = Object.keys(cluster.registries.mirrors).length + Object.keys(cluster.registries.registries).length;
  const model: Options = {
    apiVersion: "k3d.io/v1alpha5",
    kind: "Simple",
    metadata: { name },
    servers: servers.length,
    agents: agents.length,
    image: `docker.io/rancher/k3s:${version.imageTag}`,
    // Not 0.0.0.0, k3d's own choice: the API is for this machine.
    kubeAPI: { hostIP: "127.0.0.1", ...(apiPort !== undefined && { hostPort: String(apiPort) }) },
    ...((registryPort !== undefined || mirrored > 0) && {
      registries: {
        ...(registryPort !== undefined && {
          create: { name: `k3d-${name}-registry`, host: "127.0.0.1", hostPort: String(registryPort) },
        }),
        ...(mirrored > 0 && { config: registries }),
      },
    }),
    options: {
      k3d: { wait: true, timeout: "180s" },
      k3s: {
        extraArgs: [
          ...onServers.map((arg) => ({ arg, nodeFilters: ["server:*"] })),
          ...everywhere.map((arg) => ({ arg, nodeFilters: ["server:*", ...(agents.length > 0 ? ["agent:*"] : [])] })),
          ...onNodes,
        ],
        ...(labels.length > 0 && { nodeLabels: labels }),
      },
      kubeconfig: { updateDefaultKubeconfig: true, switchCurrentContext: true },
    },
  };
  return renderYaml(model, {
    header: `# The cluster ${name} in containers: k3d cluster create --config <this file>. Generated.\n`,
  });
}

/** Plans of Rancher's system-upgrade-controller: servers one by one, then agents. */
export function renderUpgradePlans({ name, version, upgrade, nodes }: K3sClusterModel): string {
  const plan = (role: "agent" | "server", concurrency: number, more: Options): Data => ({
    apiVersion: "upgrade.cattle.io/v1",
    kind: "Plan",
    metadata: {
      name: `k3s-${role}`,
      namespace: "system-upgrade",
      labels: { "app.kubernetes.io/managed-by": "gantry" },
    },
    spec: {
      concurrency,
      cordon: true,
      nodeSelector: {
        matchExpressions: [
          {
            key: "node-role.kubernetes.io/control-plane",
            operator: role === "server" ? "In" : "DoesNotExist",
            ...(role === "server" && { values: ["true"] }),
          },
        ],
      },
      serviceAccountName: "system-upgrade",
      ...more,
      upgrade: { image: "rancher/k3s-upgrade" },
      version: version.tag,
    },
  });
  const plans = [plan("server", 1, {})];
  if (nodes.some(({ role }) => role === "agent")) {
    const prepare = { prepare: { image: "rancher/k3s-upgrade", args: ["prepare", "k3s-server"] } };
    const drain = upgrade.drain ? { drain: { force: false, skipWaitForDeleteTimeout: 60 } } : {};
    plans.push(plan("agent", upgrade.agentConcurrency, { ...prepare, ...drain }));
  }
  const header = `# Upgrade of ${name} to ${version.tag} by the system-upgrade-controller. Generated; applied by: cluster upgrade --controller\n`;
  return renderYaml({ apiVersion: "v1", kind: "List", items: plans }, { header });
}

function list(option: string, values: readonly string[]): Options {
  return values.length === 0 ? {} : { [option]: [...values] };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
