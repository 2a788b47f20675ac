import ipaddr from "ipaddr.js";
import { z } from "zod";
import { Cidr } from "../core/cidr";
import { instanceOf } from "../core/props";
import { relativeDirectory } from "../core/relative-path.schema";
import type { Data } from "../core/render/model";
import { K3sTarget, targetProp } from "./k3s-target";
import { K3sVersion, versionText } from "./k3s-version";
import { MachineProfile, reservedProps } from "./machine-profile";
import { cpuQuantity, memoryQuantity } from "./quantity";

const label = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
  .describe("a DNS label: lower-case letters, digits and dashes, at most 63");
const address = z
  .string()
  .refine((text) => ipaddr.isValid(text) || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(text))
  .describe("a host name or an IP address");
const ip = z
  .string()
  .refine((text) => ipaddr.isValid(text))
  .describe("an IP address");
const cidr = z
  .string()
  .refine((text) => Cidr.isCidr(text))
  .describe('a block in CIDR notation, such as "10.42.0.0/16"');
const labelKey = z
  .string()
  .regex(/^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/)
  .describe('the name of a label, such as "node-type" or "example.com/pool"');
const labelValue = z
  .string()
  .regex(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/)
  .describe("the value of a label: letters, digits, dots, dashes and underscores, at most 63");
const line = z
  .string()
  .regex(/^[^\0\n\r]+$/)
  .describe("text of one line");

const node = z.strictObject({
  name: label,
  machine: instanceOf(MachineProfile, "a MachineProfile, such as MachineProfile.dgxSpark()").optional(),
  arch: z.enum(["amd64", "arm64"]).optional(),
  cpu: cpuQuantity.optional(),
  memory: memoryQuantity.optional(),
  reserved: reservedProps.optional(),
  labels: z.record(labelKey, labelValue).default({}),
  taints: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9./_-]{0,314}(=[A-Za-z0-9._-]{0,63})?:(NoSchedule|PreferNoSchedule|NoExecute)$/)
        .describe('a taint, such as "gpu=true:NoSchedule"'),
    )
    .default([]),
  nodeIp: ip.optional(),
});

const flags = z.record(
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]*$/)
    .describe('the name of a flag without dashes before it, such as "max-pods"'),
  z.union([line, z.number(), z.boolean()]),
);
const registryName = z
  .string()
  .regex(/^(\*|[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?)$/)
  .describe('a registry, such as "docker.io" or "registry.lan:5000", or "*" for all');

/** @internal Runtime twin of `K3sClusterProps`. */
export const k3sClusterProps = z.strictObject({
  // Filled in from the id before it is checked.
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/)
    .describe("a name of lower-case letters, digits and dashes, at most 40 (by default the id)")
    .prefault(""),
  version: z.union([instanceOf(K3sVersion, "K3sVersion.pinned(…)"), versionText]),
  target: targetProp.default(K3sTarget.native()),
  servers: z.array(node).min(1),
  agents: z.array(node).default([]),
  reserved: reservedProps.optional(),
  disable: z
    .array(z.enum(["coredns", "local-storage", "metrics-server", "runtimes", "servicelb", "traefik"]))
    .default([]),
  network: z
    .strictObject({
      clusterCidr: cidr.default("10.42.0.0/16"),
      serviceCidr: cidr.default("10.43.0.0/16"),
      clusterDns: ip.optional(),
      clusterDomain: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/)
        .describe("a domain name")
        .default("cluster.local"),
      flannelBackend: z.enum(["host-gw", "none", "vxlan", "wireguard-native"]).default("vxlan"),
    })
    .prefault({}),
  registrationAddress: address.optional(),
  tlsSans: z.array(address).default([]),
  secretsEncryption: z.boolean().default(true),
  snapshots: z
    .strictObject({
      schedule: z
        .string()
        .regex(/^[0-9*/,-]+( [0-9A-Za-z*/,-]+){4}$/)
        .describe('five fields of cron, such as "0 */12 * * *"')
        .default("0 */12 * * *"),
      keep: z.int().min(1).max(1000).default(5),
      s3: z
        .strictObject({
          bucket: z
            .string()
            .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
            .describe("the name of a bucket"),
          region: z
            .string()
            .regex(/^[a-z0-9-]+$/)
            .describe('a region, such as "us-east-1"')
            .default("us-east-1"),
          endpoint: z
            .string()
            .regex(/^[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?$/)
            .describe('a host without "https://", such as "s3.amazonaws.com"')
            .default("s3.amazonaws.com"),
          folder: z
            .string()
            .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/)
            .describe("a folder in the bucket")
            .optional(),
          credentialsFile: relativeDirectory
            .describe('a relative path with "/" and without "..", such as "secrets/s3.env"')
            .optional(),
        })
        .optional(),
    })
    .optional(),
  registries: z
    .strictObject({
      mirrors: z
        .record(
          registryName,
          z.strictObject({
            endpoints: z
              .array(
                z
                  .string()
                  .regex(/^https?:\/\/[A-Za-z0-9][^\s\0"]*$/)
                  .describe('an address, such as "https://mirror.lan"'),
              )
              .min(1),
            rewrite: z.record(line, line).optional(),
          }),
        )
        .default({}),
      registries: z
        .record(
          registryName,
          z.strictObject({
            caFile: z
              .string()
              .regex(/^\/[^\0\n\r]+$/)
              .describe("an absolute path on the nodes")
              .optional(),
            insecureSkipVerify: z.boolean().default(false),
          }),
        )
        .default({}),
    })
    .prefault({}),
  airgap: z.boolean().default(false),
  rootless: z.boolean().default(false),
  args: z
    .strictObject({
      apiserver: flags.default({}),
      controllerManager: flags.default({}),
      kubelet: flags.default({}),
      kubeProxy: flags.default({}),
      scheduler: flags.default({}),
    })
    .prefault({}),
  allowFlags: z.array(line).default([]),
  config: z
    .record(
      z
        .string()
        .regex(/^[a-z][a-z0-9-]*$/)
        .describe('an option of k3s, such as "protect-kernel-defaults"'),
      z.json() as unknown as z.ZodType<Data, Data>,
    )
    .default({}),
  upgrade: z
    .strictObject({ agentConcurrency: z.int().min(1).max(100).default(1), drain: z.boolean().default(true) })
    .prefault({}),
  directory: relativeDirectory.default("infra"),
});

/** Props with defaults, as they were given. */
export type K3sClusterGiven = z.output<typeof k3sClusterProps>;
/** One node as it was given. */
export type K3sNodeGiven = K3sClusterGiven["servers"][number];
