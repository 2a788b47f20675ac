import { z } from "zod";
import { instanceOf } from "../core/props";
import { relativeDirectory } from "../core/relative-path.schema";
import { ContainerImage } from "./container-image";
import { GhcrPublication } from "./publication";

/** GitHub would put something else in its place, whoever wrote it. */
const isWithoutExpression = (text: string) => !text.includes("${{");
const line = z
  .string()
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]*[^\p{C}\p{Z}][^\p{C}\p{Zl}\p{Zp}]*$/u)
  .refine(isWithoutExpression);
const minutes = z.int().min(1).max(360);

/** @internal Runtime twin of `ImageWorkflowsProps`. */
export const imageWorkflowsProps = z.strictObject({
  publication: instanceOf(GhcrPublication, "a GhcrPublication"),
  dev: instanceOf(ContainerImage, "a ContainerImage").optional(),
  checks: z
    .array(
      z.strictObject({
        name: line.describe("one line of text without ${{"),
        run: z
          .string()
          .regex(/\S/)
          .regex(/^[^\0]*$/)
          .refine(isWithoutExpression)
          .describe("a command for bash without ${{; what it needs to know stands in its environment"),
      }),
    )
    .default([]),
  branch: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_./-]*$/)
    .describe('a branch, such as "main"; no pattern')
    .default("main"),
  paths: z.array(line.describe('a pattern on one line, such as "stacks/**"')).default([]),
  schedule: z
    .union([
      z
        .string()
        .regex(/^[0-9*,/-]+( [0-9A-Za-z*,/-]+){4}$/)
        .describe('five fields of cron, such as "23 4 * * 1"'),
      z.literal(false),
    ])
    .default("23 4 * * 1"),
  argInputs: z.array(z.string()).max(8).describe("at most 8 names of build arguments").optional(),
  attest: z.boolean().default(true),
  runners: z
    .record(
      z.string(),
      z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/)
        .describe('the label of a runner, such as "ubuntu-24.04"'),
    )
    .default({}),
  baseFrom: z.enum(["registry", "actions-cache"]).default("registry"),
  synthCommand: line.describe('a command on one line, such as "npm ci && npm run synth", without ${{').optional(),
  nodeVersion: z
    .string()
    .regex(/^\d+(\.\d+){0,2}$/)
    .describe('a version of Node.js, such as "22"')
    .default("22"),
  programDirectory: relativeDirectory
    .regex(/^[A-Za-z0-9_./-]+$/)
    .describe('a relative directory of letters, digits, "_", "-", "." and "/"')
    .optional(),
  baseTimeoutMinutes: minutes.default(90),
  ciTimeoutMinutes: minutes.default(60),
});
