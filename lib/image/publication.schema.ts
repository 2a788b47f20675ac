import { Construct } from "constructs";
import { z } from "zod";
import type { ImageBuilder } from "../core/image-builder";
import { instanceOf } from "../core/props";
import { relativeDirectory } from "../core/relative-path.schema";
import { looksSecret } from "../core/show-value";
import { ContainerImage } from "./container-image";
import { GhcrRepository } from "./ghcr";

const isBuilder = (value: unknown): boolean =>
  Construct.isConstruct(value) && "programName" in value && "build" in value && typeof value.build === "function";

const line = (example: string) =>
  z
    .string()
    .regex(/^[^\0\r\n]+$/)
    .describe(`one line of text, such as "${example}"`);

const repository = instanceOf(GhcrRepository, 'a GhcrRepository, such as GhcrRepository.of("pacphi/sindri")');

/** @internal Runtime twin of `GhcrPublicationProps`. */
export const ghcrPublicationProps = z.strictObject({
  image: instanceOf(ContainerImage, "a ContainerImage"),
  repository,
  builder: z.custom<ImageBuilder>(isBuilder, { abort: false }).describe("a builder, such as a GpuBuilder"),
  platforms: z
    .array(
      z
        .string()
        .regex(/^linux\/(amd64|arm64|arm\/v7|ppc64le|s390x|riscv64)$/)
        .describe('a platform, such as "linux/amd64" or "linux/arm64"'),
    )
    .min(1)
    .refine((platforms) => new Set(platforms).size === platforms.length, "allowed: each platform once")
    .optional(),
  tags: z
    .array(
      z
        .string()
        .regex(/^(?!sha256-)[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/)
        .refine((tag) => !/(^|-)(v?\d+\.\d+\.\d+([.-].*)?|[0-9a-f]{16})$/.test(tag))
        .describe('a tag that moves, such as "base-latest"; not a version and not a content hash'),
    )
    .refine((tags) => new Set(tags).size === tags.length, "allowed: each tag once")
    .optional(),
  cache: repository.optional(),
  sign: z.boolean().default(false),
  retention: z
    .strictObject({
      keepVersions: z.int().min(0).max(1000).default(5),
      cacheDays: z.int().min(1).max(3650).default(30),
    })
    .prefault({}),
  tokenEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .refine((name) => !looksSecret(name))
    .describe('the name of an environment variable, such as "GITHUB_TOKEN", not the token itself')
    .default("GITHUB_TOKEN"),
  userName: z
    .string()
    .regex(/^[^\0\s:-][^\0\s:]*$/)
    .describe("a user name without blanks and colons")
    .optional(),
  source: z
    .string()
    .regex(/^https?:\/\/[^\0\s@]+$/)
    .describe('an address without a password, such as "https://github.com/pacphi/sindri"')
    .optional(),
  title: line("Sindri base").optional(),
  description: line("Toolchains for Sindri").optional(),
  licenses: line("Apache-2.0 OR MIT").optional(),
  verifyCommand: z
    .array(
      z
        .string()
        .regex(/^[^\0]*$/)
        .describe("text without NUL"),
    )
    .optional(),
  release: z
    .strictObject({ versionFile: relativeDirectory.optional(), changelog: relativeDirectory.default("CHANGELOG.md") })
    .optional(),
});
