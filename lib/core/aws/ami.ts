import { DataAwsAmi } from "@cdktf/provider-aws/lib/data-aws-ami";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import { Fn } from "cdktf";
import type { Construct } from "constructs";
import { z } from "zod";
import { GantryError } from "../errors";
import { parseValue } from "../props";
import { loginName } from "../ssh.schema";
import type { Arch } from "./instance-types";
import { regionName, regionOf } from "./region";

/** Operating systems that AWS's Deep Learning Base AMIs come with. */
export type DeepLearningOs = "ubuntu-24.04" | "ubuntu-22.04" | "amazon-linux-2023";

/** What {@link Ami.pinned} cannot know of an image. */
export interface PinnedAmiProps {
  /** Its login name. @default "ec2-user" */
  readonly user?: string;
  /** Its architecture, to be compared with that of the instance type. @default - not compared */
  readonly arch?: Arch;
  /** Whether the NVIDIA driver is in it, so that setup only checks it. @default false */
  readonly nvidiaDriver?: boolean;
}

/** @internal Runtime twin of {@link PinnedAmiProps}. */
export const pinnedAmiProps = z.strictObject({
  user: loginName.default("ec2-user"),
  arch: z.enum(["x86_64", "arm64"]).optional(),
  nvidiaDriver: z.boolean().default(false),
});

const imageId = z
  .string()
  .regex(/^ami-[0-9a-f]{8}([0-9a-f]{9})?$/)
  .describe('an image id, such as "ami-0123456789abcdef0"');
const pinnedAmi = pinnedAmiProps.extend({
  images: z
    .record(regionName, imageId)
    .refine((images) => Object.keys(images).length > 0, "allowed: an image id for at least one region"),
});

/** Fedora releases that NVIDIA has a driver for, as `scripts/host/setup-repos.sh` knows them. */
export const FEDORA_WITH_DRIVER: readonly number[] = [44];

/** @internal What an {@link Ami} is made of. */
export interface AmiFacts {
  /** How it was asked for, for messages. */
  readonly label: string;
  readonly user: string;
  /** Architecture it has; `undefined`: that of the instance type, or not known. */
  readonly arch?: Arch | undefined;
  /** Where the NVIDIA driver comes from: NVIDIA's open one is in it, one of its owner's choice is in it, setup installs the open one, or nobody can. */
  readonly driver: "open" | "own" | "install" | "unavailable";
  /** Whether it is Red Hat Enterprise Linux; `undefined`: not known. */
  readonly rhel: boolean | undefined;
  readonly find: (scope: Construct, arch: Arch) => string;
}

/**
 * The machine image an EC2 host boots from. Lookups follow the publisher's newest image; hosts ignore a newer one until
 * they are replaced on purpose (`tofu apply -replace=…`), so that no ordinary `apply` takes a machine away.
 */
export class Ami {
  /** Red Hat Enterprise Linux of a major version, by Red Hat's own account, billed by the hour. */
  static rhel(major: "8" | "9" | "10"): Ami {
    choice("Ami.rhel", "major", major, ["8", "9", "10"]);
    return new Ami({
      label: `Ami.rhel(${major})`,
      user: "ec2-user",
      driver: "install",
      rhel: true,
      find: byName("309956199498", (arch) => `RHEL-${major}.*_HVM-*-${arch}-*-Hourly2-GP3`),
    });
  }

  /** Amazon Linux, by AWS's public parameter. */
  static amazonLinux(version: "2023"): Ami {
    choice("Ami.amazonLinux", "version", version, ["2023"]);
    return new Ami({
      label: `Ami.amazonLinux(${version})`,
      user: "ec2-user",
      driver: "install",
      rhel: false,
      find: byParameter((arch) => `/aws/service/ami-amazon-linux-latest/al${version}-ami-kernel-default-${arch}`),
    });
  }

  /** Ubuntu Server LTS, by Canonical's public parameter. */
  static ubuntu(version: "22.04" | "24.04"): Ami {
    choice("Ami.ubuntu", "version", version, ["22.04", "24.04"]);
    const disk = version === "22.04" ? "ebs-gp2" : "ebs-gp3"; // the name of the parameter; the disk is ours to choose
    const path = `/aws/service/canonical/ubuntu/server/${version}/stable/current`;
    return new Ami({
      label: `Ami.ubuntu(${version})`,
      user: "ubuntu",
      driver: "install",
      rhel: false,
      find: byParameter((arch) => `${path}/${arch === "arm64" ? "arm64" : "amd64"}/hvm/${disk}/ami-id`),
    });
  }

  /** Fedora Cloud Base of one release (40 or later), by the Fedora Project's own account. */
  static fedora(release: number): Ami {
    parseValue("Ami.fedora", z.strictObject({ release: z.int().min(40) }), { release });
    const name = (arch: Arch) => `Fedora-Cloud-Base-AmazonEC2.${arch === "arm64" ? "aarch64" : arch}-${release}-*`;
    return new Ami({
      label: `Ami.fedora(${release})`,
      user: "fedora",
      driver: FEDORA_WITH_DRIVER.includes(release) ? "install" : "unavailable",
      rhel: false,
      find: byName("125523088429", name),
    });
  }

  /** AWS's Deep Learning Base AMI: NVIDIA's open driver and CUDA are in it. By AWS's public parameter. */
  static deepLearningBase(os: DeepLearningOs): Ami {
    choice("Ami.deepLearningBase", "os", os, ["ubuntu-24.04", "ubuntu-22.04", "amazon-linux-2023"]);
    return new Ami({
      label: `Ami.deepLearningBase(${os})`,
      user: os === "amazon-linux-2023" ? "ec2-user" : "ubuntu",
      driver: "open",
      rhel: false,
      find: byParameter(
        (arch) => `/aws/service/deeplearning/ami/${arch}/base-oss-nvidia-driver-gpu-${os}/latest/ami-id`,
      ),
    });
  }

  /**
   * One image per region, by id.
   * @throws GantryError listing every fault.
   */
  static pinned(images: Readonly<Record<string, string>>, props: PinnedAmiProps = {}): Ami {
    if (typeof (props as unknown) !== "object" || props === null) parseValue("Ami.pinned", pinnedAmiProps, props);
    const pinned = parseValue("Ami.pinned", pinnedAmi, { ...props, images });
    return new Ami({
      label: "Ami.pinned",
      user: pinned.user,
      arch: pinned.arch,
      driver: pinned.nvidiaDriver ? "own" : "install",
      rhel: undefined,
      find: (scope) => imageOfRegion(scope, pinned.images),
    });
  }

  /** The image's login name. */
  readonly user: string;
  /** Whether the NVIDIA driver is in it. */
  readonly nvidiaDriver: boolean;
  /** @internal */
  readonly facts: AmiFacts;

  /** @internal Use the factories. */
  constructor(facts: AmiFacts) {
    this.facts = facts;
    this.user = facts.user;
    this.nvidiaDriver = facts.driver === "open" || facts.driver === "own";
  }

  /** The image's id, in Terraform's terms. Adds the data source it needs to `scope`: once per scope. */
  imageId(scope: Construct, arch: Arch): string {
    return this.facts.find(scope, arch);
  }

  /** As error messages show it. */
  toJSON(): string {
    return this.facts.label;
  }
}

function byName(owner: string, name: (arch: Arch) => string): AmiFacts["find"] {
  return (scope, arch) => {
    const filter = [
      { name: "name", values: [name(arch)] },
      { name: "architecture", values: [arch] },
      { name: "virtualization-type", values: ["hvm"] },
      { name: "root-device-type", values: ["ebs"] },
    ];
    return new DataAwsAmi(scope, "Ami", { owners: [owner], mostRecent: true, filter }).id;
  };
}

/** `insecure_value` is the public id in the clear; `value` is marked as a secret and would hide the plan. */
function byParameter(name: (arch: Arch) => string): AmiFacts["find"] {
  return (scope, arch) => new DataAwsSsmParameter(scope, "Ami", { name: name(arch) }).insecureValue;
}

function imageOfRegion(scope: Construct, images: Readonly<Record<string, string>>): string {
  const region = regionOf(scope);
  if (region === undefined) return Fn.lookup(images, new DataAwsRegion(scope, "Region").region) as string;
  const image = images[region];
  if (image !== undefined) return image;
  const known = Object.keys(images).join(", ");
  throw new GantryError(`[${scope.node.path}] ${scope.constructor.name}: invalid props`, [
    {
      property: "ami",
      message: `got Ami.pinned for ${known}; allowed: one for ${region}, the region of the stack's AWS provider`,
    },
  ]);
}

function choice(factory: string, name: string, given: string, allowed: readonly [string, ...string[]]): void {
  parseValue(factory, z.strictObject({ [name]: z.enum(allowed) }), { [name]: given });
}
