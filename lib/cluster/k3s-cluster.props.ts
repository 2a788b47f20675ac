import type { Data } from "../core/render/model";
import type { MachineProfile, NodeArch, Reserved } from "./machine-profile";
import type { K3sTarget } from "./k3s-target";
import type { K3sVersion } from "./k3s-version";

/** One machine of a cluster. */
export interface K3sNodeProps {
  /** Name of the node, a DNS label. */
  readonly name: string;
  /** What kind of machine it is. Give this, or {@link arch}, {@link cpu} and {@link memory}. */
  readonly machine?: MachineProfile;
  /** @default - that of {@link machine} */
  readonly arch?: NodeArch;
  /** CPUs it has. @default - those of {@link machine} */
  readonly cpu?: number | string;
  /** Memory it has. @default - that of {@link machine} */
  readonly memory?: string;
  /** What stays reserved on this node. @default - `reserved` of the cluster, else that of {@link machine} */
  readonly reserved?: Reserved;
  /** Labels of the node. k3s gives them to a new node; later changes are for `kubectl label`. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Taints of the node, `"key=value:NoSchedule"`. k3s gives them to a new node; later changes are for `kubectl taint`. @default - none */
  readonly taints?: readonly string[];
  /** Address that the other nodes reach it at. @default - the one k3s finds */
  readonly nodeIp?: string;
}

/** Addresses inside the cluster. All servers get the same ones. */
export interface K3sNetworkProps {
  /** Addresses of pods. @default "10.42.0.0/16" */
  readonly clusterCidr?: string;
  /** Addresses of services. @default "10.43.0.0/16" */
  readonly serviceCidr?: string;
  /** Address of the cluster's DNS, in {@link serviceCidr}. @default - its tenth address */
  readonly clusterDns?: string;
  /** @default "cluster.local" */
  readonly clusterDomain?: string;
  /** How pods of different nodes reach each other. @default "vxlan" */
  readonly flannelBackend?: "host-gw" | "none" | "vxlan" | "wireguard-native";
}

/** Where etcd snapshots go beside the servers' own disks. */
export interface K3sS3Props {
  readonly bucket: string;
  /** @default "us-east-1" */
  readonly region?: string;
  /** @default "s3.amazonaws.com" */
  readonly endpoint?: string;
  /** Folder in the bucket. @default - its top */
  readonly folder?: string;
  /**
   * File with the lines `AWS_ACCESS_KEY_ID=…` and `AWS_SECRET_ACCESS_KEY=…`, relative to the project directory. It is read when
   * k3s is installed, and is in no generated file. @default - the role of the machine
   */
  readonly credentialsFile?: string;
}

/** Snapshots of etcd. */
export interface K3sSnapshotProps {
  /** When, as cron writes it. @default "0 *\/12 * * *" */
  readonly schedule?: string;
  /** How many are kept, 1 to 1000. @default 5 */
  readonly keep?: number;
  /** @default - only on the servers' disks */
  readonly s3?: K3sS3Props;
}

/** Where the nodes pull an image from when it names this registry. */
export interface K3sMirrorProps {
  /** Addresses, tried in turn. */
  readonly endpoints: readonly string[];
  /** Repository names as the mirror has them: a regular expression, and what it becomes. @default - unchanged */
  readonly rewrite?: Readonly<Record<string, string>>;
}

/** How the nodes reach a registry. Passwords are not for here: the file is generated. Use pull secrets. */
export interface K3sRegistryProps {
  /** CA file on the nodes. @default - the system's */
  readonly caFile?: string;
  /** Whether any certificate is taken. Everything pulled from there can be forged. @default false */
  readonly insecureSkipVerify?: boolean;
}

/** Image registries of the nodes: `registries.yaml`. */
export interface K3sRegistriesProps {
  /** @default - none */
  readonly mirrors?: Readonly<Record<string, K3sMirrorProps>>;
  /** @default - none */
  readonly registries?: Readonly<Record<string, K3sRegistryProps>>;
}

/** Flags of the components of Kubernetes by their names, without the dashes. Checked against the cluster's minor. */
export interface K3sArgs {
  readonly apiserver?: Readonly<Record<string, string | number | boolean>>;
  readonly controllerManager?: Readonly<Record<string, string | number | boolean>>;
  readonly kubelet?: Readonly<Record<string, string | number | boolean>>;
  readonly kubeProxy?: Readonly<Record<string, string | number | boolean>>;
  readonly scheduler?: Readonly<Record<string, string | number | boolean>>;
}

/** How nodes are upgraded by Rancher's system-upgrade-controller, where it is in the cluster. */
export interface K3sUpgradeProps {
  /** Agents upgraded at the same time; servers go one by one. @default 1 */
  readonly agentConcurrency?: number;
  /** Whether agents are emptied before. @default true */
  readonly drain?: boolean;
}

/** Parts of k3s that a cluster can do without. */
export type K3sPart = "coredns" | "local-storage" | "metrics-server" | "runtimes" | "servicelb" | "traefik";

/** What a {@link K3sCluster} consists of. */
export interface K3sClusterProps {
  /** Name of the cluster; its context in kubeconfig files is `k3s-<name>` (with k3d: `k3d-<name>`). @default - the id */
  readonly name?: string;
  /** `K3sVersion.pinned(…)`, or the tag of a release whose pins we know. */
  readonly version: K3sVersion | string;
  /** Where it runs. @default K3sTarget.native() */
  readonly target?: K3sTarget;
  /** 1, 3 or 5 machines that hold the cluster's state; workloads run on them too. Several need etcd, which needs an odd number. */
  readonly servers: readonly K3sNodeProps[];
  /** Machines that only run workloads. @default - none */
  readonly agents?: readonly K3sNodeProps[];
  /** What stays reserved on each node that does not say it itself. @default - that of each node's machine */
  readonly reserved?: Reserved;
  /** Parts of k3s that are left out, on all servers alike. @default - none */
  readonly disable?: readonly K3sPart[];
  /** @default - k3s' own addresses */
  readonly network?: K3sNetworkProps;
  /** Address that nodes join at, which outlives the first server: a load balancer or a virtual address. @default - the first server's */
  readonly registrationAddress?: string;
  /** More names and addresses in the API's certificate. @default - none */
  readonly tlsSans?: readonly string[];
  /** Whether secrets are encrypted in the datastore. @default true */
  readonly secretsEncryption?: boolean;
  /** Snapshots of etcd. One server then runs etcd too, instead of SQLite. @default - k3s' own with several servers; none with one */
  readonly snapshots?: K3sSnapshotProps;
  /** @default - registries are reached as images name them */
  readonly registries?: K3sRegistriesProps;
  /** Whether nodes get k3s and its images from `infra/k3s/airgap/` instead of the network. @default false */
  readonly airgap?: boolean;
  /** Whether k3s runs without root, as the user's own service. Only for one native server. @default false */
  readonly rootless?: boolean;
  /** @default - none */
  readonly args?: K3sArgs;
  /** Names in {@link args} and {@link config} that are not checked: flags newer than our tables. @default - none */
  readonly allowFlags?: readonly string[];
  /** Other options of k3s' `config.yaml`, the same on all servers; agents get those of them that `k3s agent` has. Those that have a prop here are refused. @default - none */
  readonly config?: Readonly<Record<string, Data>>;
  /** @default - one agent at a time, emptied before */
  readonly upgrade?: K3sUpgradeProps;
  /** Directory for the generated files, `<directory>/k3s` and `<directory>/k3d`. @default "infra" */
  readonly directory?: string;
}
