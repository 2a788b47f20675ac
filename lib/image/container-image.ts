import { Annotations } from "cdktf";
import { Construct } from "constructs";
import { z } from "zod";
import type { BuildSecret, ImageSource } from "../core/image-source";
import { instanceOf, parseProps } from "../core/props";
import { relativeDirectory } from "../core/relative-path.schema";
import { looksSecret } from "../core/show-value";
import type { ImageTags } from "./image-tags";

/** What a {@link ContainerImage} is built from. */
export interface ContainerImageProps {
  /** Directory of the build context, relative to the project directory (the one that holds `cdktf.json`). */
  readonly context: string;
  /** Name without registry, `/` and tag. @default - the construct's id */
  readonly imageName?: string;
  /** The Containerfile, relative to the context. @default "Containerfile" */
  readonly file?: string;
  /** Stage of the Containerfile to build. @default - the last one */
  readonly target?: string;
  /** Platform, for example `"linux/amd64"`. @default - that of the machine that builds */
  readonly platform?: string;
  /** Build arguments. They are part of the image's history: no secrets here. @default - none */
  readonly args?: Readonly<Record<string, string>>;
  /** Secrets the build may mount, by file on your machine. @default - none */
  readonly secrets?: readonly BuildSecret[];
  /** Images of this stack that it is built `FROM`: they are built first, and a change of theirs rebuilds it. @default - none */
  readonly bases?: readonly ContainerImage[];
}

const word = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** @internal Runtime twin of {@link ContainerImageProps}. */
export const containerImageProps = z.strictObject({
  context: relativeDirectory,
  // Filled in from the construct's id before it is checked. No "/": the name is also that of a file and a directory.
  imageName: z
    .string()
    .regex(/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/)
    .max(128)
    .describe(
      'an image name in lower case, without registry, "/" and tag, such as "vllm-bootc" (by default the construct\'s id)',
    )
    .prefault(""),
  file: relativeDirectory.default("Containerfile"),
  target: z.string().regex(word).describe("the name of a stage of the Containerfile").optional(),
  platform: z
    .string()
    .regex(/^linux\/(amd64|arm64|arm\/v7|ppc64le|s390x|riscv64)$/)
    .describe('a platform, such as "linux/amd64" or "linux/arm64"')
    .optional(),
  args: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
        .describe("a name of letters, digits and underscores"),
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
  bases: z.array(z.lazy(() => instanceOf(ContainerImage, "a ContainerImage"))).default([]),
});

/**
 * A container image and the source it is built from.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * const base = new ContainerImage(stack, "nvidia-bootc-base", { context: "nvidia-bootc-base" });
 * new ContainerImage(stack, "vllm-bootc", { context: "vllm-bootc", bases: [base] });
 */
export class ContainerImage extends Construct implements ImageSource {
  readonly imageName: string;
  readonly context: string;
  readonly file: string;
  readonly target: string | undefined;
  readonly platform: string | undefined;
  readonly args: Readonly<Record<string, string>>;
  readonly secrets: readonly BuildSecret[];
  readonly bases: readonly ContainerImage[];

  /** What its builds are called. */
  readonly tags: ImageTags;

  /** @throws GantryError listing every fault of the props. */
  constructor(scope: Construct, id: string, props: ContainerImageProps) {
    super(scope, id);
    const given: unknown = props; // from JavaScript it may be nothing at all
    const named = typeof given === "object" && given !== null ? { ...props, imageName: props.imageName ?? id } : given;
    const parsed = parseProps(this, containerImageProps, named);
    this.imageName = parsed.imageName;
    this.context = parsed.context;
    this.file = parsed.file;
    this.target = parsed.target;
    this.platform = parsed.platform;
    this.args = parsed.args;
    this.secrets = parsed.secrets;
    this.bases = parsed.bases;
    this.tags = { repository: this.imageName, contentPrefix: "ctx-", versionTag: undefined, movingTag: "latest" };
    for (const [name, value] of Object.entries(this.args)) {
      if (!looksSecret(value)) continue;
      Annotations.of(this).addWarning(
        `args.${name} looks like a secret and would stay in the image's history; use secrets`,
      );
    }
  }
}
