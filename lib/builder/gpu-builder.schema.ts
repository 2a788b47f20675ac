import { z } from "zod";
import { Cidr } from "../core/cidr";
import { Duration } from "../core/duration";
import { hostProp } from "../core/host";
import { instanceOf, tokenOr } from "../core/props";
import { relativeDirectory } from "../core/relative-path.schema";
import { identityFile, loginName, publicKey } from "../core/ssh.schema";
import { Ami } from "./ami";
import { instanceTypeFacts } from "./instance-types";

const builder = {
  engine: z.enum(["podman", "docker"]).default("podman"),
  project: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/)
    .describe("a label of lower-case letters, digits, dots, dashes and underscores, at most 63")
    .optional(),
  remoteRoot: relativeDirectory
    .refine((path) => /^[A-Za-z0-9._/-]+$/.test(path))
    .describe("a directory below the home directory on the host, of letters, digits, dots, dashes and slashes")
    .default("development"),
  maxIterations: z.int().min(1).max(100).default(5),
  keepSnapshots: z.int().min(1).max(100).default(5),
  tmuxSession: loginName.describe("a name of lower-case letters, digits, dashes and underscores").default("builder"),
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

const cidr = z
  .string()
  .refine(Cidr.isCidr)
  .describe('a block of addresses in CIDR notation, such as "203.0.113.4/32"');
const notEveryone = cidr
  .refine((text) => !Cidr.isCidr(text) || !Cidr.parse(text).isEverything)
  .describe('a block of addresses in CIDR notation, such as "203.0.113.4/32"; not everyone ("0.0.0.0/0", "::/0")');
const duration = (least: Duration) =>
  instanceOf(Duration, "a Duration")
    .refine((value) => value.toSeconds() >= least.toSeconds())
    .describe(`a Duration of at least ${least.toString()}`);

/** @internal Runtime twin of `Ec2BuilderProps`. */
export const ec2BuilderProps = z
  .strictObject({
    ...builder,
    instanceType: z
      .string()
      .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/)
      .describe('an EC2 instance type, such as "g6.xlarge"'),
    ami: instanceOf(Ami, 'an Ami, such as Ami.deepLearningBase("ubuntu-24.04")'),
    gpu: z.enum(["nvidia", "amd", "none"]).optional(),
    arch: z.enum(["x86_64", "arm64"]).optional(),
    access: z.enum(["ssh", "ssm"]).default("ssh"),
    sshFrom: z.array(tokenOr(notEveryone)).optional(),
    sshPublicKey: publicKey.optional(),
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
      .regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$|^[a-z]{2}(-[a-z0-9]+)+-\d[a-z]$/)
      .describe('an availability zone, such as "us-west-2a"')
      .optional(),
    elasticIp: z.boolean().default(false),
    disk: z
      .strictObject({
        sizeGib: z.int().min(8).max(16384).default(200),
        minFreeGib,
        iops: z.int().min(3000).max(16000).optional(),
        throughputMibps: z.int().min(125).max(1000).optional(),
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
        maxPriceUsd: z.number().positive().describe("a price per hour above 0").optional(),
      })
      .optional(),
    idleStop: duration(Duration.minutes(5)).optional(),
    maxAge: duration(Duration.hours(1)).optional(),
    tags: z.record(z.string().min(1).max(128), tokenOr(z.string().max(256))).default({}),
    outputPrefix: z
      .string()
      .regex(/^([a-z][a-z0-9_]*)?$/)
      .describe('lower-case letters, digits and underscores, such as "arm_"')
      .default(""),
  })
  .refine((props) => props.access !== "ssh" || (props.sshFrom?.length ?? 0) > 0, {
    path: ["sshFrom"],
    error: 'allowed: at least one block of addresses, such as ["203.0.113.4/32"]; or access "ssm", which opens no port',
    when: always,
  })
  .refine((props) => props.access !== "ssm" || props.sshFrom === undefined, {
    path: ["sshFrom"],
    error: 'allowed: nothing, since access "ssm" opens no port',
    when: always,
  })
  .refine((props) => (props.sshPublicKey === undefined) !== (props.keyName === undefined), {
    path: ["sshPublicKey"],
    error: "allowed: exactly one of sshPublicKey and keyName",
    when: always,
  })
  .refine((props) => props.subnetId === undefined || props.availabilityZone === undefined, {
    path: ["availabilityZone"],
    error: "allowed: nothing beside subnetId, which says the zone",
    when: always,
  })
  .refine((props) => isKnown(props.instanceType) || (props.gpu !== undefined && props.arch !== undefined), {
    path: ["instanceType"],
    error: "allowed: a type of a family we know, or any type together with gpu and arch",
    when: always,
  })
  .refine(({ disk }) => !(disk.minFreeGib >= disk.sizeGib), {
    path: ["disk", "minFreeGib"],
    error: "allowed: less than disk.sizeGib",
  });

/** Rules between props are checked even when single props are wrong, so that one error names all faults. */
function always({ value }: { readonly value: unknown }): boolean {
  return typeof value === "object" && value !== null;
}

/** Text of another form is the fault of `instanceType` itself, named by its own rule. */
function isKnown(instanceType: unknown): boolean {
  return typeof instanceType !== "string" || !instanceType.includes(".") || instanceTypeFacts(instanceType) !== undefined;
}
