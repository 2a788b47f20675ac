import { z } from "zod";
import { relativeDirectory } from "../core/relative-path.schema";

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,40}$/)
  .describe("lower-case letters, digits and dashes, at most 41");
const word = z
  .string()
  .regex(/^[^\0\n\r]+$/)
  .describe("text of one line");
const text = z
  .string()
  .regex(/^[^\0]*$/)
  .describe("text without NUL");
const lineOfText = z
  .string()
  .regex(/^[^\0\n\r]*$/)
  .describe("text of one line");
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
  .describe("a name of letters, digits and underscores");
const port = z.int().min(1).max(65535).describe("a port, 1 to 65535");
const stage = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/)
  .describe("the name of a stage of the Containerfile");
const command = z.array(text.min(1)).min(1);

/** A path of the project that an engine takes in `-v`, where a colon ends it. */
const projectPath = z
  .string()
  .transform((path) => (path === "./" ? "." : path.replace(/^\.\//, "").replace(/(?<=.)\/+$/, "")))
  .pipe(relativeDirectory.refine((path) => !path.includes(":")))
  .describe('a relative path with "/" and without ".." and ":", such as "src"');
const inContainer = z
  .string()
  .regex(/^\/[^\0\n\r:]*[^\0\n\r:/]$/)
  .refine((path) => !path.split("/").includes(".."))
  .describe('an absolute path without ".." and ":", such as "/app/src"');

const build = z.strictObject({
  context: projectPath,
  file: projectPath.default("Containerfile"),
  target: stage.optional(),
  productionFile: projectPath.optional(),
  productionTarget: stage.optional(),
  args: z.record(variable, text).default({}),
});

const service = z.strictObject({
  build: build.optional(),
  image: z
    .string()
    .regex(/^([a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}|localhost\/[a-z0-9][a-z0-9._:/-]*)$/)
    .describe('an image by digest, "docker.io/library/redis@sha256:…", or of this machine, "localhost/…"')
    .optional(),
  entrypoint: command.optional(),
  command: command.optional(),
  devices: z
    .array(
      z
        .string()
        .regex(/^(\/dev(\/[A-Za-z0-9._-]+)+|[a-z0-9.-]+\/[a-z0-9-]+=[A-Za-z0-9._:-]+)$/)
        .describe('a device, such as "/dev/snd" or "nvidia.com/gpu=all"'),
    )
    .default([]),
  ports: z.array(z.union([port, z.strictObject({ host: port, container: port })])).default([]),
  live: z.record(projectPath, inContainer).default({}),
  volumes: z.record(name, inContainer).default({}),
  dependencies: z.array(projectPath).default([]),
  dependencyVolumes: z.record(name, inContainer).default({}),
  env: z.record(variable, lineOfText).default({}),
  envFile: projectPath.optional(),
  health: z
    .strictObject({
      path: z
        .string()
        .regex(/^\/[^\0-\x20\x7f]*$/)
        .describe('a path, such as "/health"')
        .optional(),
      port: port.optional(),
      command: command.optional(),
      timeoutSeconds: z.int().min(1).max(3600).default(60),
    })
    .optional(),
  dependsOn: z.array(name).default([]),
  stopSeconds: z.int().min(0).max(300).default(10),
  user: z.enum(["host", "image"]).default("host"),
  fullOnly: z.boolean().default(false),
});

const model = z.strictObject({
  path: projectPath,
  url: z
    .string()
    .regex(/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)[:/])[^\s\0]+$/)
    .describe('an address, "https://…"'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("64 hexadecimal digits"),
});

const native = z.strictObject({
  command,
  python: z
    .string()
    .regex(/^3\.\d{1,2}$/)
    .describe('a version of Python, such as "3.11"')
    .default("3.11"),
  requirements: projectPath.optional(),
  needs: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/)
        .describe('the name of a program, such as "ffmpeg"'),
    )
    .default([]),
  port: port.optional(),
  env: z.record(variable, lineOfText).default({}),
  envFile: projectPath.optional(),
  venv: projectPath.default(".venv"),
});

/** @internal Runtime twin of `DevStackProps`. */
export const devStackProps = z.strictObject({
  services: z
    .record(name, service)
    .refine((services) => Object.keys(services).length > 0, "allowed: at least one service"),
  engine: z.enum(["podman", "docker"]).default("podman"),
  // Filled in from the stack's id before it is checked.
  project: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/)
    .describe(
      "a label of lower-case letters, digits, dots, dashes and underscores, at most 63 (by default the stack's id)",
    )
    .prefault(""),
  network: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/)
    .describe("a name of letters, digits, dots, dashes and underscores")
    .optional(),
  envTemplate: projectPath.default(".env.example"),
  directories: z.array(projectPath).default([]),
  models: z.array(model).default([]),
  external: z.record(name, z.strictObject({ port, purpose: word.optional() })).default({}),
  native: native.optional(),
  scripts: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/)
    .describe('the name of a folder, such as "scripts"')
    .default("scripts"),
});

/** Props with defaults. */
export type DevStackModel = z.output<typeof devStackProps>;
/** One service with defaults. */
export type DevServiceModel = z.output<typeof service>;

/** The ports of a service, both sides named. */
export function portsOf(given: DevServiceModel): { readonly host: number; readonly container: number }[] {
  return given.ports.map((each) => (typeof each === "number" ? { host: each, container: each } : each));
}
