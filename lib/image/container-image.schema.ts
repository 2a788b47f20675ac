import { z } from "zod";
import { instanceOf } from "../core/props";
import { relativeDirectory } from "../core/relative-path.schema";
import { Containerfile } from "./containerfile";

const word = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const imageName = z
  .string()
  .regex(/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/)
  .max(128);
const tag = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/);
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
  .describe("a name of letters, digits and underscores");
const platform = z
  .string()
  .regex(/^linux\/(amd64|arm64|arm\/v7|ppc64le|s390x|riscv64)$/)
  .describe('a platform, such as "linux/amd64" or "linux/arm64"');

/** @internal What all images have, but for `bases`: that needs the class itself. */
export const imageShape = {
  context: relativeDirectory.optional(),
  // Filled in from the construct's id before it is checked. No "/": the name is also that of a file and a directory.
  imageName: imageName
    .describe(
      'an image name in lower case, without registry, "/" and tag, such as "vllm-bootc" (by default the construct\'s id)',
    )
    .prefault(""),
  repository: imageName.describe('a name in lower case without registry, "/" and tag, such as "sindri"').optional(),
  movingTag: tag
    .refine((text) => !/^(ctx|base)-[0-9a-f]{16}$/.test(text))
    .describe('an image tag, such as "latest" (not the tag of one content)')
    .optional(),
  file: relativeDirectory.optional(),
  containerfile: instanceOf(Containerfile, "a Containerfile, made by Containerfile.of({…})").optional(),
  target: z.string().regex(word).describe("the name of a stage of the Containerfile").optional(),
  platform: platform.optional(),
  platforms: z
    .array(platform)
    .min(1)
    .refine((platforms) => new Set(platforms).size === platforms.length, "allowed: each platform once")
    .optional(),
  args: z
    .record(
      variable,
      z
        .string()
        .regex(/^[^\0]*$/)
        .describe("text without NUL"),
    )
    .default({}),
  labels: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/)
        .describe('a label such as "org.opencontainers.image.source"'),
      z
        .string()
        .regex(/^[^\0]*$/)
        .describe("text without NUL"),
    )
    .default({}),
  secrets: z
    .array(
      z.strictObject({
        id: z.string().regex(word).describe("letters, digits, dots, dashes and underscores"),
        file: z
          .string()
          .regex(/^[^\0\n-][^\0\n]*$/)
          .describe("the path of a file on your machine, not the secret itself"),
      }),
    )
    .refine((secrets) => new Set(secrets.map(({ id }) => id)).size === secrets.length, "allowed: each id once")
    .default([]),
  baseArg: variable.optional(),
  inputs: z
    .array(
      relativeDirectory
        .refine((path) => !/(^|\/)\.?(\/|$)/.test(path))
        .describe('a path in the context without "." and "..", such as "rust-toolchain.toml" or "scripts"'),
    )
    .optional(),
  allowFloatingBase: z.boolean().optional(),
};
