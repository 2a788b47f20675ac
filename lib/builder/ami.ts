import { DataAwsAmi } from "@cdktf/provider-aws/lib/data-aws-ami";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { Fn, TerraformStack, Token } from "cdktf";
import type { Construct } from "constructs";
import { z } from "zod";
import { GantryError } from "../core/errors";
import { parseValue } from "../core/props";
import { loginName } from "../core/ssh.schema";
import type { Arch } from "./instance-types";

/** Operating systems that AWS's Deep Learning Base AMIs come with. */
export type DeepLearningOs = "ubuntu-24.04" | "ubuntu-22.04" | "amazon-linux-2023";

/** What {@link Ami.pinned} cannot know of an image. */
export interface PinnedAmiProps {
  /** Its login name. @default "ec2-user" */
  readonly user?: string;
  /** Whether the NVIDIA driver is in it, so that setup only checks it. @default false */
  readonly nvidiaDriver?: boolean;
}

const pinnedImages = z
  .record(
    z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
      .describe('a region such as "us-west-2"'),
    z
      .string()
      .regex(/^ami-[0-9a-f]{8}([0-9a-f]{9})?$/)
      .describe('an image id such as "ami-0123456789abcdef0"'),
  )
  .refine((images) => Object.keys(images).length > 0, "allowed: at least one region");

/** @internal Runtime twin of {@link PinnedAmiProps}. */
export const pinnedAmiProps = z.strictObject({ user: loginName.default("ec2-user"), nvidiaDriver: z.boolean().default(false) });

/**
 * The machine image an EC2 host boots from. Lookups follow the publisher's newest image; hosts ignore a newer one until
 * they are replaced on purpose, so that no `apply` takes a machine away.
 */
export class Ami {
  /** Red Hat Enterprise Linux of a major version, by Red Hat's own account, billed by the hour. */
  static rhel(major: "8" | "9" | "10"): Ami {
    choice("Ami.rhel", major, ["8", "9", "10"]);
    return lookup("ec2-user", "309956199498", (arch) => `RHEL-${major}.*_HVM-*-${arch}-*-Hourly2-GP3`, true);
  }

  /** Amazon Linux, by AWS's public parameter. */
  static amazonLinux(version: "2023"): Ami {
    choice("Ami.amazonLinux", version, ["2023"]);
    return parameter("ec2-user", (arch) => `/aws/service/ami-amazon-linux-latest/al${version}-ami-kernel-default-${arch}`);
  }

  /** Ubuntu Server LTS, by Canonical's public parameter. */
  static ubuntu(version: "22.04" | "24.04"): Ami {
    choice("Ami.ubuntu", version, ["22.04", "24.04"]);
    const disk = version === "22.04" ? "ebs-gp2" : "ebs-gp3"; // the name of the parameter; the disk is ours to choose
    return parameter("ubuntu", (arch) => `/aws/service/canonical/ubuntu/server/${version}/stable/current/${debianArch(arch)}/hvm/${disk}/ami-id`);
  }

  /** Fedora Cloud Base of one release (40 or later), by the Fedora Project's own account. */
  static fedora(release: number): Ami {
    if (!Number.isInteger(release) || release < 40) {
      throw new GantryError("Ami.fedora: invalid props", [{ property: "release", message: `got ${release}; allowed: a whole number of at least 40` }]);
    }
    return lookup("fedora", "125523088429", (arch) => `Fedora-Cloud-Base-AmazonEC2.${arch === "arm64" ? "aarch64" : arch}-${release}-*`);
  }

  /** AWS's Deep Learning Base AMI: the OSS NVIDIA driver and CUDA are in it. By AWS's public parameter. */
  static deepLearningBase(os: DeepLearningOs): Ami {
    choice("Ami.deepLearningBase", os, ["ubuntu-24.04", "ubuntu-22.04", "amazon-linux-2023"]);
    const user = os === "amazon-linux-2023" ? "ec2-user" : "ubuntu";
    return parameter(user, (arch) => `/aws/service/deeplearning/ami/${arch}/base-oss-nvidia-driver-gpu-${os}/latest/ami-id`, true);
  }

  /**
   * One image per region, by id.
   * @throws GantryError listing every fault.
   */
  static pinned(images: Readonly<Record<string, string>>, props: PinnedAmiProps = {}): Ami {
    const byRegion = parseValue("Ami.pinned", pinnedImages, images);
    const { user, nvidiaDriver } = parseValue("Ami.pinned", pinnedAmiProps, props);
    return new Ami(user, nvidiaDriver, (scope) => pick(scope, byRegion), undefined);
  }

  /** @internal Use the factories. */
  constructor(
    /** The image's login name. */
    readonly user: string,
    /** Whether the NVIDIA driver is in it. */
    readonly nvidiaDriver: boolean,
    private readonly find: (scope: Construct, arch: Arch) => string,
    /** Whether it is Red Hat Enterprise Linux; `undefined`: not known. */
    readonly rhel: boolean | undefined,
  ) {}

  /** The image's id, in Terraform's terms. Adds the data source it needs to `scope`, at most once per scope. */
  imageId(scope: Construct, arch: Arch): string {
    return this.find(scope, arch);
  }
}

function lookup(user: string, owner: string, name: (arch: Arch) => string, rhel = false): Ami {
  const find = (scope: Construct, arch: Arch) => {
    const filter = [
      { name: "name", values: [name(arch)] },
      { name: "architecture", values: [arch] },
      { name: "virtualization-type", values: ["hvm"] },
      { name: "root-device-type", values: ["ebs"] },
    ];
    return new DataAwsAmi(scope, "Ami", { owners: [owner], mostRecent: true, filter }).id;
  };
  return new Ami(user, false, find, rhel);
}

/** `insecure_value` is the public id in the clear; `value` is marked as a secret and would hide the plan. */
function parameter(user: string, name: (arch: Arch) => string, nvidiaDriver = false): Ami {
  return new Ami(user, nvidiaDriver, (scope, arch) => new DataAwsSsmParameter(scope, "Ami", { name: name(arch) }).insecureValue, false);
}

function pick(scope: Construct, images: Readonly<Record<string, string>>): string {
  const region = regionOf(scope);
  if (region === undefined) return Fn.lookup(images, new DataAwsRegion(scope, "Region").region) as string;
  const image = images[region];
  if (image !== undefined) return image;
  throw new GantryError(`[${scope.node.path}] Ami.pinned: invalid props`, [
    { property: region, message: `missing; allowed: an image id for the region of the stack's AWS provider; there is one for ${Object.keys(images).join(", ")}` },
  ]);
}

/** Region of the stack's AWS provider where it is written out, else nothing. */
export function regionOf(scope: Construct): string | undefined {
  const stack = TerraformStack.of(scope);
  const provider = stack.node.children.find((child): child is AwsProvider => child instanceof AwsProvider && child.alias === undefined);
  const region = provider?.region;
  return region === undefined || Token.isUnresolved(region) ? undefined : region;
}

function debianArch(arch: Arch): string {
  return arch === "arm64" ? "arm64" : "amd64";
}

function choice(factory: string, given: string, allowed: readonly [string, ...string[]]): void {
  parseValue(factory, z.strictObject({ version: z.enum(allowed) }), { version: given });
}
