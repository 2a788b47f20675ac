import { z } from "zod";
import { instanceOf } from "../core/props";
import { Expanded } from "./expanded";
import { PinnedImage } from "./pinned-image";

const wellFormed = (text: string) => !text.includes("\0") && !/\p{Surrogate}/u.test(text);
const plain = z.string().refine(wellFormed).describe("text without NUL, in valid Unicode");
const oneLine = z
  .string()
  .refine((text) => wellFormed(text) && !text.includes("\n"))
  .describe("one line of text without NUL, in valid Unicode");
const expandedText = instanceOf(Expanded, "expanded(…)");
const text = z.union([plain, expandedText]).describe('text without NUL, in valid Unicode, or expanded("… ${NAME} …")');
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
  .refine((name) => name !== "GANTRY_LF")
  .describe("a name of letters, digits and underscores");
const labelKey = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/)
  .describe('a label such as "org.opencontainers.image.source"');
const words = z
  .array(plain)
  .min(1)
  .refine(([program]) => program !== undefined && program !== "")
  .describe('a program and its words, such as ["apt-get", "update"]');
const stageName = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{0,63}$/)
  .refine((name) => name !== "scratch")
  .describe('a stage name of lower-case letters, digits, dots, dashes and underscores, not "scratch"');
const place = z
  .string()
  .regex(/^\/[^\0\n,"]*$/)
  .describe('an absolute path without a comma or a quotation mark, such as "/root/.cache"');
const secretId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/)
  .describe("letters, digits, dots, dashes and underscores");
const otherImage = z
  .union([stageName, instanceOf(PinnedImage, "pinned(…)")])
  .describe("the name of a stage above, or pinned(…)");
const source = z
  .string()
  .refine((path) => wellFormed(path) && path !== "" && !path.split("/").includes("..") && !/[*?[\\]/.test(path))
  .describe(
    'a path without "..", and without * ? [ \\, which the engines take for a pattern (copy the directory instead)',
  );
const seconds = z.int().min(1).max(86_400);
const id = z.int().min(0).max(4_294_967_294);

/** @internal */
export const containerfileMount = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("cache"),
    target: place,
    id: secretId.optional(),
    sharing: z.enum(["shared", "locked", "private"]).optional(),
    uid: id.optional(),
    gid: id.optional(),
  }),
  z.strictObject({
    type: z.literal("secret"),
    id: secretId,
    target: place.optional(),
    required: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal("bind"),
    target: place,
    source: z
      .string()
      .regex(/^[^\0\n,"]+$/)
      .describe("a path without a comma or a quotation mark")
      .optional(),
    from: otherImage.optional(),
  }),
  z.strictObject({ type: z.literal("tmpfs"), target: place }),
]);

const mounts = z.array(containerfileMount).optional();

/** Whether a remark begins in a line of shell. It would hide the commands that are joined to it. */
const hasRemark = (line: string) => /(^|[\s;&|(])#/.test(line.replace(/\\.|'[^']*'|"(?:\\.|[^"\\])*"/g, "q"));

// In shell form the lines are the Containerfile's own, and podman 4.3 knows no heredocs.
const command = z
  .string()
  .refine((line) => wellFormed(line) && !/[\n\r]|\\\s*$|<<|^\s*(--|\[\s*")|^\s*$/.test(line) && !hasRemark(line))
  .describe(
    'one line of shell without a remark (#) that does not start with "--" or [" and has no "<<" and no backslash at its end (run(["sh", "-c", …]) takes any text)',
  );

/** @internal */
export const containerfileStep = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("arg"), name: variable, value: text.optional() }),
  z.strictObject({ kind: z.literal("env"), values: z.record(variable, text) }),
  z.strictObject({ kind: z.literal("label"), values: z.record(labelKey, text) }),
  z.strictObject({ kind: z.literal("run"), command: words, mounts }),
  z.strictObject({ kind: z.literal("shell"), commands: z.array(command).min(1), mounts }),
  z.strictObject({
    kind: z.literal("copy"),
    sources: z.array(source).min(1),
    to: text,
    from: otherImage.optional(),
    owner: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/)
      .describe('"user" or "user:group"')
      .optional(),
    mode: z
      .string()
      .regex(/^0?[0-7]{3}$/)
      .describe('an octal mode, such as "0755"')
      .optional(),
  }),
  z.strictObject({ kind: z.literal("workdir"), path: text }),
  z.strictObject({ kind: z.literal("user"), user: text }),
  z.strictObject({ kind: z.literal("default-shell"), command: words }),
  z.strictObject({
    kind: z.literal("stop-signal"),
    signal: z
      .string()
      .regex(/^(SIG[A-Z][A-Z0-9]*([+-]\d{1,2})?|[1-9]\d?)$/)
      .describe('the name or number of a signal, such as "SIGQUIT" or "SIGRTMIN+3"'),
  }),
  z.strictObject({ kind: z.literal("entrypoint"), command: z.array(plain) }),
  z.strictObject({ kind: z.literal("cmd"), command: z.array(plain) }),
  z.strictObject({
    kind: z.literal("expose"),
    port: z.int().min(1).max(65_535),
    protocol: z.enum(["tcp", "udp"]).optional(),
  }),
  z.strictObject({
    kind: z.literal("volume"),
    paths: z
      .array(
        z
          .string()
          .refine((path) => wellFormed(path) && path.startsWith("/") && !/[\s\u0085]$/.test(path))
          .describe("an absolute path that does not end in white space, which podman would take away"),
      )
      .min(1),
  }),
  z.strictObject({
    kind: z.literal("healthcheck"),
    command: words,
    intervalSeconds: seconds.optional(),
    timeoutSeconds: seconds.optional(),
    startPeriodSeconds: seconds.optional(),
    retries: z.int().min(1).max(100).optional(),
  }),
  z.strictObject({ kind: z.literal("comment"), text: plain }),
]);

/** @internal Runtime twin of `ContainerfileStage`. */
export const containerfileStage = z.strictObject({
  name: stageName,
  from: z
    .union([z.string().regex(/^[a-z0-9][A-Za-z0-9._:/@-]{0,254}$/), expandedText, instanceOf(PinnedImage, "pinned(…)")])
    .describe('"scratch", a stage above, pinned(…), or expanded("${NAME}")'),
  platform: z
    .string()
    .regex(/^linux\/(amd64|arm64|arm\/v7|ppc64le|s390x|riscv64)$/)
    .describe('a platform, such as "linux/amd64"')
    .optional(),
  steps: z.array(containerfileStep).optional(),
});

/** @internal Runtime twin of `ContainerfileProps`. */
export const containerfileProps = z.strictObject({
  args: z.record(variable, oneLine.nullable()).optional(),
  stages: z.array(containerfileStage).min(1),
});
