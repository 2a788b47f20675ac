import { Construct } from "constructs";
import { z } from "zod";
import { Duration } from "../core/duration";
import type { ImageBuilder } from "../core/image-builder";
import { instanceOf } from "../core/props";
import { relativeDirectory } from "../core/relative-path.schema";
import { ContainerImage } from "./container-image";

const isBuilder = (value: unknown): boolean =>
  Construct.isConstruct(value) && "programName" in value && "build" in value && typeof value.build === "function";

const commandLine = z
  .string()
  .regex(/^[^\0\r\n]*\S[^\0\r\n]*$/)
  .describe('a command line, such as "sindri deploy --config \\"$CONFIG\\""');
const directories = z
  .array(
    relativeDirectory
      .refine((path) => path.split("/").every((part) => part !== "" && part !== "."))
      .describe('a directory below the project\'s, such as "v3/target" or "v3/target/*/incremental"'),
  )
  .default([]);
const budget = (minutes: number) =>
  z
    .custom<Duration>((value) => value instanceof Duration && value.toSeconds() >= 1, { abort: false })
    .describe("a Duration of at least 1s")
    .default(Duration.minutes(minutes));
const file = (name: string) => z.union([z.literal(false), relativeDirectory]).default(name);

/** @internal Runtime twin of `BuildModesProps`. */
export const buildModesProps = z.strictObject({
  builder: z.custom<ImageBuilder>(isBuilder, { abort: false }).describe("a builder, such as a GpuBuilder"),
  dev: instanceOf(ContainerImage, "a ContainerImage, such as a DevImage"),
  base: instanceOf(ContainerImage, "a ContainerImage, such as a BaseImage").optional(),
  production: instanceOf(ContainerImage, "a ContainerImage").optional(),
  prefix: z
    .string()
    .regex(/^([a-z][a-z0-9-]{0,30}[a-z0-9]|[a-z])$/)
    .describe('lower-case letters, digits and dashes, such as "v3"')
    .optional(),
  source: z
    .strictObject({
      url: z
        .string()
        .regex(/^(?![-\s])[^\0\r\n\t]+$/)
        .refine((url) => !/^[a-z+]+:\/\/[^/@]*:[^/@]*@/.test(url))
        .describe('an address without a password, such as "https://github.com/pacphi/sindri"')
        .optional(),
      ref: z
        .string()
        .regex(/^[A-Za-z0-9_][A-Za-z0-9_./#+@-]*$/)
        .describe('a branch, tag or commit, such as "main"')
        .optional(),
      cacheName: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
        .describe("a directory name of letters, digits, dots, dashes and underscores")
        .optional(),
    })
    .prefault({}),
  deploy: commandLine.optional(),
  destroy: commandLine.optional(),
  connect: commandLine.optional(),
  verifyCommand: z
    .array(
      z
        .string()
        .regex(/^[^\0\r\n]*$/)
        .describe("one word of a command"),
    )
    .default([]),
  afterBuild: z.array(commandLine).default([]),
  incrementalDirectories: directories,
  targetDirectories: directories,
  budgets: z.strictObject({ base: budget(20), fast: budget(5), clean: budget(15), nuclear: budget(50) }).prefault({}),
  keepBases: z.int().min(1).max(100).default(2),
  maintenance: z.enum(["weekly", "monthly"]).optional(),
  makefile: file("Makefile"),
  justfile: file("justfile"),
});
