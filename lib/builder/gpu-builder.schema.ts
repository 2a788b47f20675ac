import { z } from "zod";
import { Cidr } from "../core/cidr";
import { Duration } from "../core/duration";
import { hostProp } from "../core/host";
import { instanceOf, tokenOr } from "../core/props";
import { relativeDirectory } from "../core/relative-path.schema";
import { identityFile, publicKey } from "../core/ssh.schema";
import { Ami } from "../core/aws/ami";
import { ec2Rules, withRules } from "./gpu-builder.rules";

const builder = {
  engine: z.enum(["podman", "docker"]).default("podman"),
  // Filled in from the stack's id before it is checked.
  project: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/)
    .describe(
      "a label of lower-case letters, digits, dots, dashes and underscores, at most 63 (by default the stack's id)",
    )
    .prefault(""),
  remoteRoot: relativeDirectory
    .refine((path) => /^[A-Za-z0-9._/-]+$/.test(path))
    .describe("a directory below the home directory on the host, of letters, digits, dots, dashes and slashes")
    .default("development"),
  maxIterations: z.int().min(1).max(100).default(5),
  keepSnapshots: z.int().min(1).max(100).default(5),
  // tmux takes dots and colons for the parts of a target.
  tmuxSession: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/)
    .describe("a name of lower-case letters, digits, dashes and underscores")
    .default("builder"),
  provision: z.enum(["by-hand", "on-deploy"]).default("by-hand"),
};

const minFreeGib = z.int().min(0).max(16384).default(20);

/** @internal Runtime twin of `HostBuilderProps`. */
export const hostBuilderProps = z.strictObject({
  ...builder,
  host: hostProp,
  gpu: z.boolean().default(false),
  disk: z.strictObject({ minFreeGib }).prefault({}),
});

const sshFrom = z
  .string()
  .refine((text) => Cidr.isCidr(text) && !Cidr.parse(text).isEverything)
  .describe(
    'a block of addresses by its first one, such as "203.0.113.4/32" or "10.1.0.0/24", or a reference to one block; not everyone ("0.0.0.0/0", "::/0")',
  );
const duration = (least: Duration) =>
  z
    .custom<Duration>((value) => value instanceof Duration && value.toSeconds() >= least.toSeconds(), { abort: false })
    .describe(`a Duration of at least ${least.toString()}`);
const ec2PublicKey = publicKey
  .refine((key) => /^ssh-(ed25519|rsa) /.test(key))
  .describe(
    'the one line of an OpenSSH public key file, such as "ssh-ed25519 AAAA… me@laptop" or "ssh-rsa AAAA…", the types EC2 takes (never a private key)',
  );

/** @internal Runtime twin of `Ec2BuilderProps`. */
export const ec2BuilderProps = withRules(
  z.strictObject({
    ...builder,
    instanceType: z
      .string()
      .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/)
      .describe('an EC2 instance type, such as "g6.xlarge"'),
    ami: instanceOf(
      Ami,
      'an Ami, such as Ami.deepLearningBase("ubuntu-24.04") or Ami.pinned({ "us-west-2": "ami-…" })',
    ),
    gpu: z.enum(["nvidia", "amd", "none"]).optional(),
    arch: z.enum(["x86_64", "arm64"]).optional(),
    access: z.enum(["ssh", "ssm"]).default("ssh"),
    sshFrom: z.array(tokenOr(sshFrom)).optional(),
    sshPublicKey: ec2PublicKey.optional(),
    keyName: tokenOr(z.string().min(1).max(255)).optional(),
    identityFile: identityFile.optional(),
    subnetId: tokenOr(
      z
        .string()
        .regex(/^subnet-[0-9a-f]+$/)
        .describe('a subnet id, such as "subnet-0123456789abcdef0"'),
    ).optional(),
    availabilityZone: z
      .string()
      .regex(/^[a-z]{2,4}(-[a-z]+)+-\d[a-z]$/)
      .describe('an availability zone, such as "us-west-2a"')
      .optional(),
    elasticIp: z.boolean().default(false),
    disk: z
      .strictObject({
        sizeGib: z.int().min(8).max(16384).default(200),
        minFreeGib,
        iops: z.int().min(3000).max(16000).default(3000),
        throughputMibps: z.int().min(125).max(1000).default(125),
      })
      .prefault({}),
    dataVolume: z
      .strictObject({
        sizeGib: z.int().min(1).max(16384),
        holds: z.enum(["home", "storage"]).default("home"),
        protect: z.boolean().default(false),
      })
      .optional(),
    spot: z
      .strictObject({
        onInterruption: z.enum(["stop"]).default("stop"),
        maxPriceUsd: z
          .number()
          .min(0.0001)
          .max(1000)
          .describe("a price per hour in US dollars, from 0.0001 to 1000")
          .optional(),
      })
      .optional(),
    idleStop: duration(Duration.minutes(5)).optional(),
    maxAge: duration(Duration.hours(1)).optional(),
    tags: z
      .record(
        z
          .string()
          .regex(/^(?!aws:)[\p{L}\p{N} _.:/=+@-]{1,128}$/iu)
          .describe('a tag name of letters, digits, spaces and _.:/=+-@, at most 128, that does not begin with "aws:"'),
        tokenOr(
          z
            .string()
            .regex(/^[\p{L}\p{N} _.:/=+@-]{0,256}$/u)
            .describe("a tag value of letters, digits, spaces and _.:/=+-@, at most 256"),
        ),
      )
      .default({}),
    outputPrefix: z
      .string()
      .regex(/^([a-z][a-z0-9_]*)?$/)
      .describe('lower-case letters, digits and underscores, such as "arm_"')
      .default(""),
  }),
  ec2Rules,
);

/** Props of a builder on EC2, checked and with defaults. */
export type Ec2Props = z.output<typeof ec2BuilderProps>;
/** Props of a builder on a host that is there already, checked and with defaults. */
export type HostProps = z.output<typeof hostBuilderProps>;
/** Tags for everything that takes tags. */
export type Tags = Ec2Props["tags"];
