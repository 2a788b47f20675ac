import type { Duration } from "../core/duration";
import type { Host } from "../core/host";
import type { Ami } from "../core/aws/ami";
import type { Arch, Gpu } from "../core/aws/instance-types";

/** What every builder has, wherever it runs. */
export interface BuilderProps {
  /** Container engine on the host. @default "podman" */
  readonly engine?: "podman" | "docker";
  /**
   * Label `io.gantry.project` of everything the builder makes: `prune` removes what carries it and nothing else. Give
   * two stacks the same project only when they may clean up after each other. @default - the stack's id in lower case
   */
  readonly project?: string;
  /** Directory on the host that sources are synced to, relative to the login user's home. @default "development" */
  readonly remoteRoot?: string;
  /** Consecutive failures after which `loop` stops and asks for a person, 1 to 100. @default 5 */
  readonly maxIterations?: number;
  /** Source snapshots kept per image on the host, 1 to 100. @default 5 */
  readonly keepSnapshots?: number;
  /** tmux session on the host that `ssh` opens or attaches. @default "builder" */
  readonly tmuxSession?: string;
  /**
   * Who sets the host up. `"by-hand"`: you, with `setup`. `"on-deploy"`: Terraform too, at every apply that changes the
   * host or its setup, through the same program. @default "by-hand"
   */
  readonly provision?: "by-hand" | "on-deploy";
}

/** Disk of a host that exists already. */
export interface HostDiskProps {
  /** Free space below which no build starts, in GiB. @default 20 */
  readonly minFreeGib?: number;
}

/** A builder on a machine that is there already. */
export interface HostBuilderProps extends BuilderProps {
  /** The machine: `Host.existing({...})` or `Host.local()`. */
  readonly host: Host;
  /** Whether the machine has an NVIDIA GPU, which setup then makes usable in containers. @default false */
  readonly gpu?: boolean;
  /** @default - 20 GiB stay free */
  readonly disk?: HostDiskProps;
}

/** Root disk of an EC2 builder: gp3, encrypted, gone with the instance. */
export interface Ec2DiskProps extends HostDiskProps {
  /** Size in GiB, 8 to 16384. @default 200 */
  readonly sizeGib?: number;
  /** Provisioned operations per second, 3000 to 16000, at most 500 for each GiB. @default 3000 */
  readonly iops?: number;
  /** Provisioned throughput in MiB/s, 125 to 1000, at most a quarter of {@link iops}. @default 125 */
  readonly throughputMibps?: number;
}

/** A second EBS volume, gp3 and encrypted, that outlives the instance. */
export interface DataVolumeProps {
  /** Size in GiB, 1 to 16384, and more than `disk.minFreeGib`. */
  readonly sizeGib: number;
  /** What lives on it: the users' homes (rootless images included), or the engine's storage alone. @default "home" */
  readonly holds?: "home" | "storage";
  /** Whether Terraform refuses to destroy it, also in `down`. @default false */
  readonly protect?: boolean;
}

/** EC2 spot capacity: cheaper, and AWS may take it back. */
export interface SpotProps {
  /** What AWS does then: the instance stops, keeps its disks, and starts again when there is capacity. @default "stop" */
  readonly onInterruption?: "stop";
  /** Highest price per hour in US dollars. @default - the on-demand price */
  readonly maxPriceUsd?: number;
}

/** A builder on an EC2 instance of its own. */
export interface Ec2BuilderProps extends BuilderProps {
  /** EC2 instance type. GPU and architecture follow from it. */
  readonly instanceType: string;
  /** What it boots from. Must be of the instance type's architecture, with a driver for its GPU or one that setup can install. */
  readonly ami: Ami;
  /** GPU maker of an instance type that is newer than our table. @default - from the table */
  readonly gpu?: Gpu;
  /** Architecture of an instance type that is newer than our table. @default - from the table */
  readonly arch?: Arch;
  /**
   * How you reach it. `"ssh"`: directly, from {@link sshFrom}. `"ssm"`: through AWS Systems Manager; no port is open at
   * all, and your machine needs the AWS CLI with its session plugin. @default "ssh"
   */
  readonly access?: "ssh" | "ssm";
  /**
   * Blocks of addresses that may reach port 22, in CIDR notation; each may be a Terraform reference to an IPv4 block.
   * Everyone (`0.0.0.0/0`) is refused. Needed for `"ssh"`.
   */
  readonly sshFrom?: readonly string[];
  /** Public key that is let in, one line. Give this or {@link keyName}. EC2 gives another one to a new instance only: a change replaces it. */
  readonly sshPublicKey?: string;
  /** Name of an EC2 key pair that exists. May be a Terraform reference. Give this or {@link sshPublicKey}. */
  readonly keyName?: string;
  /** Private key file on your machine; a leading `~/` is your home directory. @default - the keys ssh itself tries */
  readonly identityFile?: string;
  /** Subnet. May be a Terraform reference. @default - the default subnet of a zone of the default VPC that offers the type */
  readonly subnetId?: string;
  /** Availability zone, when no subnet is given; its default subnet in the default VPC is taken. @default - the first zone that offers the instance type */
  readonly availabilityZone?: string;
  /** Whether it keeps one public address over stops. It costs while stopped; without, programs find the new one. @default false */
  readonly elasticIp?: boolean;
  /** @default - 200 GiB, of which 20 GiB stay free */
  readonly disk?: Ec2DiskProps;
  /** A disk that survives the instance. It stays in its zone, and the instance with it. @default - none: everything is on the root disk and goes with the instance */
  readonly dataVolume?: DataVolumeProps;
  /** @default - on-demand capacity */
  readonly spot?: SpotProps;
  /** Idle time after which it stops itself: no program of a user, no build, no lock held. At least 5 minutes. @default - never */
  readonly idleStop?: Duration;
  /** Time after boot at which it stops itself even when busy. At least 1 hour. @default - never */
  readonly maxAge?: Duration;
  /** Tags on everything that takes tags, beside `Name` and `gantry:project`. Values may be Terraform references. @default - none */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Prefix of the Terraform outputs `instance_id`, `public_ip`, `private_ip`, `ssh_command` (and `data_volume_id`). A stack with two builders
   * needs one, such as `"arm_"`. @default ""
   */
  readonly outputPrefix?: string;
}

/** A builder on EC2, or on a machine that is there already (`host`). */
export type GpuBuilderProps = Ec2BuilderProps | HostBuilderProps;
