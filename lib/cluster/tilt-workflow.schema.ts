import { z } from "zod";
import { instanceOf } from "../core/props";
import { relativeDirectory } from "../core/relative-path.schema";
import { DNS_LABEL, DNS_LABEL_WORDS } from "./manifest";
import { Parallelism } from "./parallelism";
import { EnvironmentHome } from "./tanka-environment";

const name = z.string().regex(DNS_LABEL).describe(DNS_LABEL_WORDS);
const group = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/)
  .describe("a label of letters, digits, dashes, dots and underscores, at most 63");
const port = z.int().min(1).max(65535).describe("a port, 1 to 65535");
const word = z
  .string()
  .regex(/^[^\0]*$/)
  .describe("text without NUL");
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
  .describe("a name of letters, digits and underscores");
const command = z.array(word.min(1)).min(1);
const address = z
  .string()
  .regex(/^https?:\/\/[^\s]+$/)
  .describe('an address that starts with "http://" or "https://"');
const projectPath = z
  .string()
  .transform((path) => (path === "./" ? "." : path.replace(/^\.\//, "").replace(/(?<=.)\/+$/, "")))
  .pipe(relativeDirectory)
  .describe('a relative path with "/" and without "..", such as "crates/server"');

const forward = z.strictObject({
  local: port,
  port: z
    .union([
      port,
      z
        .string()
        .regex(/^[a-z]([a-z0-9-]{0,13}[a-z0-9])?$/)
        .describe("the name of a port"),
    ])
    .optional(),
  name: word.min(1).optional(),
  path: z
    .string()
    .regex(/^\/\S*$/)
    .describe("a path that starts with /")
    .optional(),
});

/** @internal What Tilt does with one release or workload. */
const resource = z.strictObject({
  group: group.optional(),
  dependsOn: z.array(word).default([]),
  forwards: z.array(z.union([port, forward])).optional(),
  links: z.array(z.union([address, z.strictObject({ url: address, name: word.min(1).optional() })])).default([]),
  main: name.optional(),
  trigger: z.enum(["auto", "manual"]).default("auto"),
  autoStart: z.boolean().default(true),
  onHost: z
    .strictObject({
      directory: projectPath,
      command: command.default(["cargo", "watch", "-x", "run"]),
      env: z.record(variable, word).default({}),
    })
    .optional(),
});

const build = z.strictObject({
  triggers: z.array(projectPath).min(1).optional(),
  args: z.record(variable, word).default({}),
});

/** @internal Runtime twin of `TiltWorkflowProps`. */
export const tiltWorkflowProps = z.strictObject({
  cluster: instanceOf(EnvironmentHome, "a K3sCluster"),
  contexts: z.array(word.min(1)).min(1).optional(),
  environment: word.min(1).default("local"),
  parallelism: instanceOf(Parallelism, "Parallelism.of(…) or Parallelism.forCores(…)").optional(),
  engine: z.enum(["docker", "podman"]).optional(),
  resources: z.record(z.string(), resource).default({}),
  builds: z.record(z.string(), build).default({}),
  sharedTriggers: z.array(projectPath).default([]),
  ignore: z
    .array(word.min(1))
    .default(["target", ".git", ".gantry", "cdktf.out", "node_modules"].map((each) => `**/${each}`)),
  tools: z
    .record(name, z.strictObject({ command, stays: z.boolean().default(false), dependsOn: z.array(word).default([]) }))
    .default({}),
  justfile: z.union([projectPath, z.literal(false)]).default("justfile"),
});

/** Props of a TiltWorkflow as they were parsed. */
export type TiltModel = z.output<typeof tiltWorkflowProps>;
/** A resource as it was parsed. */
export type TiltResourceModel = z.output<typeof resource>;
/** @internal What a resource is of which the props say nothing. */
export const PLAIN_RESOURCE: TiltResourceModel = resource.parse({});
