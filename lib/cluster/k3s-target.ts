import { z } from "zod";
import { Ami } from "../core/aws/ami";
import { Cidr } from "../core/cidr";
import { existingHostProps, type ExistingHost } from "../core/host";
import { instanceOf, parseValue, tokenOr } from "../core/props";
import { identityFile, publicKey } from "../core/ssh.schema";

/** k3s in containers of docker, made by k3d. */
export interface K3dTargetProps {
  /** Port on this machine of a registry that k3d makes beside the cluster. @default - no registry: images are imported */
  readonly registryPort?: number;
  /** Port on this machine of the Kubernetes API. @default - a free one, chosen by k3d */
  readonly apiPort?: number;
}

/** Machines of EC2 that the stack makes. */
export interface Ec2TargetProps {
  /** Instance type of the servers. */
  readonly instanceType: string;
  /** Instance type of the agents. @default - that of the servers */
  readonly agentInstanceType?: string;
  /** What they boot from. @default Ami.ubuntu("24.04") */
  readonly ami?: Ami;
  /** The VPC of the subnets. May be a Terraform reference. */
  readonly vpcId: string;
  /** Subnets that the nodes are spread over, in turn. For several servers, of several availability zones. May be Terraform references. */
  readonly subnetIds: readonly string[];
  /** How the program reaches them. `"ssm"` opens no port and needs the AWS CLI with its session plugin. @default "ssh" */
  readonly access?: "ssh" | "ssm";
  /** Blocks of addresses that may reach port 22, in CIDR notation; everyone is refused. Needed for `"ssh"`. */
  readonly sshFrom?: readonly string[];
  /** Blocks of addresses that may reach the Kubernetes API, port 6443, in CIDR notation; everyone is refused. @default - none: only the nodes */
  readonly apiFrom?: readonly string[];
  /** Public key that is let in, one line. Give this or {@link keyName}. */
  readonly sshPublicKey?: string;
  /** Name of an EC2 key pair that exists. May be a Terraform reference. Give this or {@link sshPublicKey}. */
  readonly keyName?: string;
  /** Private key file on your machine; a leading `~/` is your home directory. @default - the keys ssh itself tries */
  readonly identityFile?: string;
  /** Root disk of each node in GiB, gp3 and encrypted. @default 100 */
  readonly diskGib?: number;
  /** Whether each node has a public address. @default true */
  readonly publicAddress?: boolean;
  /** Tags on everything that takes tags, beside `Name` and `gantry:project`. @default - none */
  readonly tags?: Readonly<Record<string, string>>;
  /** Prefix of the Terraform outputs `<node>_instance_id`, `<node>_public_ip`, `<node>_private_ip`. @default - the cluster's name and "_" */
  readonly outputPrefix?: string;
}

const port = z.int().min(1024).max(65535).describe("a port, 1024 to 65535");

/** @internal Runtime twin of {@link K3dTargetProps}. */
export const k3dTargetProps = z.strictObject({ registryPort: port.optional(), apiPort: port.optional() });

const block = z
  .string()
  .refine((text) => Cidr.isCidr(text) && !Cidr.parse(text).isEverything)
  .describe('a block of addresses by its first one, such as "203.0.113.4/32"; not everyone ("0.0.0.0/0", "::/0")');
const instanceType = z
  .string()
  .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/)
  .describe('an EC2 instance type, such as "m7g.xlarge"');

/** @internal Runtime twin of {@link Ec2TargetProps}. */
export const ec2TargetProps = z
  .strictObject({
    instanceType,
    agentInstanceType: instanceType.optional(),
    ami: instanceOf(Ami, 'an Ami, such as Ami.ubuntu("24.04")').optional(),
    vpcId: tokenOr(
      z
        .string()
        .regex(/^vpc-[0-9a-f]+$/)
        .describe('a VPC id, such as "vpc-0123456789abcdef0"'),
    ),
    subnetIds: z
      .array(
        tokenOr(
          z
            .string()
            .regex(/^subnet-[0-9a-f]+$/)
            .describe('a subnet id, such as "subnet-0123456789abcdef0"'),
        ),
      )
      .min(1),
    access: z.enum(["ssh", "ssm"]).default("ssh"),
    sshFrom: z.array(block).default([]),
    apiFrom: z.array(block).default([]),
    sshPublicKey: publicKey
      .refine((key) => /^ssh-(ed25519|rsa) /.test(key))
      .describe('the one line of an OpenSSH public key file, "ssh-ed25519 AAAA…" or "ssh-rsa AAAA…"')
      .optional(),
    keyName: tokenOr(z.string().min(1).max(255)).optional(),
    identityFile: identityFile.optional(),
    diskGib: z.int().min(20).max(16384).default(100),
    publicAddress: z.boolean().default(true),
    tags: z.record(z.string().regex(/^(?!aws:).{1,128}$/), tokenOr(z.string().max(256))).default({}),
    outputPrefix: z
      .string()
      .regex(/^([a-z][a-z0-9_]*)?$/)
      .describe('lower-case letters, digits and underscores, such as "ci_"')
      .optional(),
  })
  .refine(({ access, sshFrom }) => access === "ssm" || sshFrom.length > 0, {
    path: ["sshFrom"],
    error: 'allowed: at least one block of addresses, such as ["203.0.113.4/32"]; or access "ssm", which opens no port',
  })
  .refine(({ access, sshFrom }) => access === "ssh" || sshFrom.length === 0, {
    path: ["sshFrom"],
    error: 'allowed: nothing, since access "ssm" opens no port',
  })
  .refine(({ sshPublicKey, keyName }) => (sshPublicKey === undefined) !== (keyName === undefined), {
    path: ["sshPublicKey"],
    error: "allowed: exactly one of sshPublicKey and keyName",
  });

/** @internal Checked props of EC2 machines. */
export type Ec2TargetModel = z.output<typeof ec2TargetProps>;

const hosts = z.strictObject({
  hosts: z
    .array(existingHostProps.extend({ kind: z.literal("existing") }).describe("Host.existing({...})"))
    .min(1)
    .describe("at least one Host.existing({...})"),
});

/** This machine, with systemd. */
export interface NativeTarget {
  readonly kind: "native";
}

/** Machines that are there already, by ssh. */
export interface SshTarget {
  readonly kind: "ssh";
  readonly hosts: readonly ExistingHost[];
}

/** Containers of this machine. */
export interface K3dTarget extends K3dTargetProps {
  readonly kind: "k3d";
}

/** Machines of EC2. */
export interface Ec2Target extends Ec2TargetModel {
  readonly kind: "ec2";
}

/** Where a cluster runs. Made by {@link K3sTarget}. */
export type K3sTarget = NativeTarget | SshTarget | K3dTarget | Ec2Target;

const made = new WeakSet<object>();

function target<T extends K3sTarget>(value: T): T {
  made.add(value);
  return Object.freeze(value);
}

/** Makes {@link K3sTarget} values. */
export const K3sTarget = {
  /** This machine, as a service of systemd: `sudo infra/k3s/install.sh`. */
  native(): NativeTarget {
    return target({ kind: "native" });
  },

  /**
   * Machines that are there already, one for each node: first the servers, then the agents, in the order of the props.
   * @throws GantryError listing every fault.
   */
  ssh(given: readonly ExistingHost[]): SshTarget {
    const parsed = parseValue("K3sTarget.ssh", hosts, { hosts: given });
    return target({ kind: "ssh", hosts: parsed.hosts as readonly ExistingHost[] });
  },

  /**
   * Containers of docker on this machine, made by k3d.
   * @throws GantryError listing every fault.
   */
  k3d(props: K3dTargetProps = {}): K3dTarget {
    return target({ kind: "k3d", ...(parseValue("K3sTarget.k3d", k3dTargetProps, props) as K3dTargetProps) });
  },

  /**
   * Machines of EC2 that the stack makes.
   * @throws GantryError listing every fault.
   */
  ec2(props: Ec2TargetProps): Ec2Target {
    return target({ kind: "ec2", ...parseValue("K3sTarget.ec2", ec2TargetProps, props) });
  },
};

/** @internal A prop that holds a {@link K3sTarget}. */
export const targetProp: z.ZodType<K3sTarget, K3sTarget> = z
  .custom<K3sTarget>((value) => typeof value === "object" && value !== null && made.has(value), { abort: false })
  .describe("K3sTarget.native(), .ssh([…]), .ec2({…}) or .k3d()");
