import ipaddr from "ipaddr.js";
import { instanceTypeFacts } from "../core/aws/instance-types";
import { Cidr } from "../core/cidr";
import type { Fault } from "../core/errors";
import { COMPONENTS, flagFault, optionFault } from "./k3s-flags";
import { FIRST_MINOR, type K3sComponent } from "./k3s-flags.data";
import type { K3sClusterGiven, K3sNodeGiven } from "./k3s-cluster.schema";
import { reservedOf, versionOf } from "./k3s-model";
import { K3sVersion } from "./k3s-version";
import { reservedSum, type NodeArch } from "./machine-profile";
import { cpuMillis, memoryMib, showCpu, showMemory } from "./quantity";

/** What must hold between the props of a K3sCluster. */
export function k3sClusterFaults(props: K3sClusterGiven): Fault[] {
  return [
    ...serverFaults(props),
    ...nodeFaults(props),
    ...pinFaults(props),
    ...networkFaults(props),
    ...targetFaults(props),
    ...argFaults(props),
    ...configFaults(props),
  ];
}

interface Placed {
  readonly place: string;
  readonly node: K3sNodeGiven;
}

function placed({ servers, agents }: K3sClusterGiven): Placed[] {
  return [
    ...servers.map((node, i) => ({ place: `servers[${i}]`, node })),
    ...agents.map((node, i) => ({ place: `agents[${i}]`, node })),
  ];
}

function serverFaults({ servers }: K3sClusterGiven): Fault[] {
  const count = servers.length;
  if (count === 1 || count === 3 || count === 5) return [];
  const why =
    count % 2 === 0
      ? `etcd needs more than half of its servers to work: of ${count} it can lose no more than of ${count - 1}`
      : "etcd gets slower with each server, and seven lose no more in practice than five";
  return [{ property: "servers", message: `got ${count}; allowed: 1, 3 or 5 (${why})` }];
}

function nodeFaults(props: K3sClusterGiven): Fault[] {
  const faults: Fault[] = [];
  const names = new Map<string, string>();
  for (const { place, node } of placed(props)) {
    const twin = names.get(node.name);
    if (twin !== undefined) {
      faults.push({
        property: `${place}.name`,
        message: `got "${node.name}", the name of ${twin}; allowed: each name once`,
      });
    }
    names.set(node.name, place);
    for (const key of Object.keys(node.labels).filter((each) => !isKubeletLabel(each))) {
      faults.push({
        property: `${place}.labels["${key}"]`,
        message:
          "allowed: a label of your own; a node may not give itself others of Kubernetes', and its kubelet would not start",
      });
    }
    const missing = (["arch", "cpu", "memory"] as const).filter((name) => node[name] === undefined);
    if (node.machine === undefined && missing.length > 0) {
      faults.push({
        property: `${place}.machine`,
        message: `missing; allowed: a MachineProfile, or arch, cpu and memory (without: ${missing.join(", ")})`,
      });
      continue;
    }
    const cpu = node.cpu === undefined ? (node.machine?.cpuMillis ?? 0) : cpuMillis(node.cpu);
    const memory = node.memory === undefined ? (node.machine?.memoryMib ?? 0) : memoryMib(node.memory);
    const kept = reservedSum(reservedOf(props, node));
    if (kept.cpuMillis >= cpu) {
      faults.push({
        property: `${place}.reserved`,
        message: `got ${showCpu(kept.cpuMillis)} CPUs; allowed: less than the node has (${showCpu(cpu)})`,
      });
    }
    if (kept.memoryMib >= memory) {
      faults.push({
        property: `${place}.reserved`,
        message: `got ${showMemory(kept.memoryMib)} of memory; allowed: less than the node has (${showMemory(memory)})`,
      });
    }
  }
  return faults;
}

/** Labels of Kubernetes' own that a kubelet takes (`IsKubeletLabel` in k8s.io/kubelet), and all that are not Kubernetes'. */
function isKubeletLabel(key: string): boolean {
  const namespace = key.includes("/") ? key.slice(0, key.indexOf("/")) : "";
  const within = (domain: string) => namespace === domain || namespace.endsWith(`.${domain}`);
  if (!within("kubernetes.io") && !within("k8s.io")) return true;
  return within("kubelet.kubernetes.io") || within("node.kubernetes.io") || KUBELET_LABELS.has(key);
}

const KUBELET_LABELS = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
]);

/** Every node must get exactly the k3s that was meant. In containers, the image says which. */
function pinFaults(props: K3sClusterGiven): Fault[] {
  if (props.target.kind === "k3d") return [];
  const version = versionOf(props);
  const archs = [...new Set(placed(props).flatMap(({ node }) => node.arch ?? node.machine?.arch ?? []))].sort();
  return archs.flatMap((arch) => {
    const faults: Fault[] = [];
    if (version.binary(arch) === undefined) {
      faults.push({
        property: "version",
        message: unpinned(version, arch, "binary", arch === "arm64" ? "k3s-arm64" : "k3s"),
      });
    }
    if (props.airgap && version.airgap(arch) === undefined) {
      faults.push({
        property: "airgap",
        message: unpinned(version, arch, "airgap", `k3s-airgap-images-${arch}.tar.zst`),
      });
    }
    return faults;
  });
}

function unpinned({ tag }: K3sVersion, arch: NodeArch, pin: string, file: string): string {
  const release = `https://github.com/k3s-io/k3s/releases/download/${tag.replace("+", "%2B")}`;
  const known = K3sVersion.known.join(", ");
  return `there is no sha256 of ${file} for ${tag}; allowed: K3sVersion.pinned("${tag}", { ${pin}: { ${arch}: "…" } }) with the one of ${release}/sha256sum-${arch}.txt, or a release we know (${known})`;
}

function networkFaults({ network, servers }: K3sClusterGiven): Fault[] {
  const faults: Fault[] = [];
  const [pods, services] = [Cidr.parse(network.clusterCidr), Cidr.parse(network.serviceCidr)];
  if (pods.overlaps(services)) {
    faults.push({
      property: "network.serviceCidr",
      message: `got "${network.serviceCidr}"; allowed: a block apart from clusterCidr ("${network.clusterCidr}")`,
    });
  }
  if (services.size < 16n) {
    faults.push({
      property: "network.serviceCidr",
      message: `got "${network.serviceCidr}"; allowed: a block of 16 addresses or more`,
    });
  } else if (network.clusterDns !== undefined && !services.contains(network.clusterDns)) {
    faults.push({
      property: "network.clusterDns",
      message: `got "${network.clusterDns}"; allowed: an address of serviceCidr ("${network.serviceCidr}")`,
    });
  }
  servers.forEach(({ nodeIp }, i) => {
    if (nodeIp === undefined || (!pods.contains(nodeIp) && !services.contains(nodeIp))) return;
    faults.push({
      property: `servers[${i}].nodeIp`,
      message: `got "${nodeIp}", an address inside the cluster; allowed: one outside clusterCidr and serviceCidr`,
    });
  });
  return faults;
}

function targetFaults(props: K3sClusterGiven): Fault[] {
  const { target, servers, agents, rootless, airgap, name } = props;
  const faults: Fault[] = [];
  const count = servers.length + agents.length;
  const fault = (property: string, message: string) => faults.push({ property, message });
  switch (target.kind) {
    case "native":
      if (count > 1)
        fault("target", `got K3sTarget.native() for ${count} nodes; allowed: it for one, else ssh, ec2 or k3d`);
      break;
    case "ssh": {
      if (target.hosts.length !== count) {
        fault(
          "target",
          `got ${target.hosts.length} hosts for ${count} nodes; allowed: one host for each, servers first`,
        );
      }
      const first = servers[0]?.nodeIp ?? target.hosts[0]?.address ?? "";
      if (count > 1 && props.registrationAddress === undefined && isLoopback(first)) {
        fault(
          "registrationAddress",
          `missing; allowed: an address that all nodes reach the first server at; theirs would be "${first}"`,
        );
      }
      break;
    }
    case "k3d":
      if (name.length > 32) fault("name", `got ${name.length} characters; allowed: at most 32 with k3d`);
      if (airgap) fault("airgap", "allowed: not with k3d, whose nodes are images");
      break;
    case "ec2":
      if (props.network.flannelBackend === "host-gw" && count > 1) {
        fault(
          "network.flannelBackend",
          'got "host-gw"; allowed: "vxlan" or "wireguard-native" on EC2, which drops packets of addresses it did not give',
        );
      }
      if (servers.length > 1 && target.subnetIds.length < 2) {
        fault("target.subnetIds", "got 1; allowed: subnets of several availability zones for several servers");
      }
      for (const { place, node } of placed(props)) {
        const isServer = place.startsWith("servers");
        const type = isServer ? target.instanceType : (target.agentInstanceType ?? target.instanceType);
        const known = instanceTypeFacts(type)?.arch;
        const arch = node.arch ?? node.machine?.arch;
        const expected = known === undefined ? undefined : known === "arm64" ? "arm64" : "amd64";
        if (arch === undefined || expected === undefined || arch === expected) continue;
        fault(`${place}.arch`, `got "${arch}"; allowed: "${expected}", which ${type} is`);
      }
      break;
  }
  if (rootless && (target.kind !== "native" || count > 1)) {
    fault("rootless", "allowed: only for one server with K3sTarget.native()");
  }
  if (rootless && props.snapshots !== undefined) {
    fault("snapshots", "allowed: not with rootless, which k3s runs on SQLite");
  }
  return faults;
}

function isLoopback(address: string): boolean {
  return address === "localhost" || (ipaddr.isValid(address) && ipaddr.parse(address).range() === "loopback");
}

/** Flags that the cluster sets itself, by the prop that says so. */
const OWN_FLAGS: Readonly<Partial<Record<K3sComponent, Readonly<Record<string, string>>>>> = {
  kubelet: {
    "system-reserved": "reserved",
    "kube-reserved": "reserved",
    "node-labels": "labels of the node",
    "register-with-taints": "taints of the node",
    "cluster-dns": "network.clusterDns",
    "cluster-domain": "network.clusterDomain",
  },
};

function argFaults(props: K3sClusterGiven): Fault[] {
  const { kubeMinor } = versionOf(props);
  const faults: Fault[] = [];
  if (kubeMinor < FIRST_MINOR) return faults;
  for (const component of Object.keys(COMPONENTS) as K3sComponent[]) {
    for (const flag of Object.keys(props.args[component])) {
      const property = `args.${component}["${flag}"]`;
      const own = OWN_FLAGS[component]?.[flag];
      if (own !== undefined) {
        faults.push({ property, message: `allowed: not here; it is the prop ${own}` });
        continue;
      }
      if (props.allowFlags.includes(flag)) continue;
      const fault = flagFault(component, flag, kubeMinor);
      if (fault !== undefined) faults.push({ property, message: `${fault} (unless allowFlags names it)` });
    }
  }
  return faults;
}

/** Options of k3s that have a prop here, or must be in no generated file. */
const OWN_OPTIONS: Readonly<Record<string, string>> = {
  "node-name": "the prop servers[].name",
  "node-label": "the prop labels of the node",
  "node-taint": "the prop taints of the node",
  "node-ip": "the prop nodeIp of the node",
  server: "the prop registrationAddress",
  "cluster-init": "set for the first server by the number of servers",
  disable: "the prop disable",
  "tls-san": "the prop tlsSans",
  "cluster-cidr": "the prop network.clusterCidr",
  "service-cidr": "the prop network.serviceCidr",
  "cluster-dns": "the prop network.clusterDns",
  "cluster-domain": "the prop network.clusterDomain",
  "flannel-backend": "the prop network.flannelBackend",
  "secrets-encryption": "the prop secretsEncryption",
  rootless: "the prop rootless",
  config: "this file itself",
  "cluster-reset": "done by: bin/cluster restore",
  "cluster-reset-restore-path": "done by: bin/cluster restore",
  "private-registry": "the prop registries",
  "write-kubeconfig-mode": "always 0600: whoever reads that file is the cluster's administrator",
  "kubelet-arg": "the prop args.kubelet",
  "kube-proxy-arg": "the prop args.kubeProxy",
  "kube-apiserver-arg": "the prop args.apiserver",
  "kube-controller-manager-arg": "the prop args.controllerManager",
  "kube-scheduler-arg": "the prop args.scheduler",
  "etcd-snapshot-schedule-cron": "the prop snapshots.schedule",
  "etcd-snapshot-retention": "the prop snapshots.keep",
  "data-dir": "k3s' own, which the uninstall program knows",
};
const SECRET_OPTIONS =
  /^(token(-file)?|agent-token(-file)?|etcd-s3-(access|secret)-key|etcd-s3-session-token|datastore-endpoint|vpn-auth)$/;

function configFaults({ config, allowFlags }: K3sClusterGiven): Fault[] {
  return Object.keys(config).flatMap((option) => {
    const property = `config["${option}"]`;
    if (SECRET_OPTIONS.test(option)) {
      return [
        { property, message: "allowed: not in a generated file; secrets are made or put on the host by install" },
      ];
    }
    const own = OWN_OPTIONS[option];
    if (own !== undefined) return [{ property, message: `allowed: not here; it is ${own}` }];
    const fault = allowFlags.includes(option) ? undefined : optionFault(option);
    return fault === undefined ? [] : [{ property, message: `${fault} (unless allowFlags names it)` }];
  });
}
