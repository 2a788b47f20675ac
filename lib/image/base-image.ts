import type { Construct } from "constructs";
import { z } from "zod";
import { parseProps } from "../core/props";
import { ContainerImage, type containerImageProps, type ImageProps } from "./container-image";
import { imageShape } from "./container-image.schema";
import type { ImageTags } from "./image-tags";

/** Build arguments of a base image. The three that the guides of many projects know have a type; others may be added. */
export interface BaseImageArgs {
  /** Rust toolchain, for example `"1.93"`. */
  readonly RUST_VERSION?: string;
  /** Ubuntu release, for example `"24.04"`. */
  readonly UBUNTU_VERSION?: string;
  /** GitHub CLI, for example `"2.86.0"`. */
  readonly GH_VERSION?: string;
  readonly [name: string]: string | undefined;
}

/** What a {@link BaseImage} is built from. */
export interface BaseImageProps extends Omit<ImageProps, "inputs" | "args"> {
  /** Version of it, for example `"3.0.0"`: the tag is `base-3.0.0`. @default - no version tag */
  readonly version?: string;
  /** Build arguments. A change of one rebuilds the base. @default - none */
  readonly args?: BaseImageArgs;
  /**
   * Paths in the context, besides the Containerfile, whose changes rebuild the base. The build sees nothing else of the context, so
   * that code of the project cannot cause a rebuild. @default - none: the Containerfile and the arguments alone
   */
  readonly rebuildWhen?: readonly string[];
}

const RELEASES = ["RUST_VERSION", "UBUNTU_VERSION", "GH_VERSION"];
const { inputs, args, baseArg: _, ...shape } = imageShape;

/** @internal Runtime twin of {@link BaseImageProps}. */
export const baseImageProps = z.strictObject({
  ...shape,
  version: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$/)
    .refine((version) => version !== "latest")
    .describe('a version, such as "3.0.0"')
    .optional(),
  args: args
    .unwrap()
    .superRefine((given, context) => {
      for (const name of RELEASES) {
        const value = given[name];
        if (value === undefined || /^\d+(\.\d+){1,3}([.-][A-Za-z0-9.-]+)?$/.test(value)) continue;
        context.addIssue({ code: "custom", path: [name], message: 'allowed: a version, such as "24.04" or "2.86.0"' });
      }
    })
    .default({}),
  rebuildWhen: inputs.unwrap().default([]),
});

/**
 * The image that the others of a project start from: a system, toolchains, a user. It is built rarely, published with its version,
 * and only what it is made of causes a rebuild.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * const base = new BaseImage(stack, "sindri-base", {
 *   context: "v3",
 *   file: "Dockerfile.base",
 *   repository: "sindri",
 *   version: "3.0.0",
 *   args: { RUST_VERSION: "1.93", UBUNTU_VERSION: "24.04", GH_VERSION: "2.86.0" },
 * });
 * new DevImage(stack, "sindri", { base, context: ".", file: "v3/Dockerfile.dev" });
 */
export class BaseImage extends ContainerImage {
  /** Version of it; `undefined`: none was given. */
  readonly version: string | undefined;

  /** @throws GantryError listing every fault of the props. */
  constructor(scope: Construct, id: string, props: BaseImageProps) {
    super(scope, id, props as ImageProps);
    this.version = props.version;
  }

  /** @internal */
  protected override parse(props: unknown): z.output<typeof containerImageProps> {
    const { rebuildWhen, version, args: given, ...rest } = parseProps(this, baseImageProps, props);
    return {
      ...rest,
      ...(version === undefined ? {} : { version }),
      args: given,
      inputs: [...rebuildWhen],
      bases: [],
    };
  }

  /** @internal */
  protected override tagsOf(parsed: z.output<typeof containerImageProps>): ImageTags {
    const { version } = parsed as { readonly version?: string };
    return {
      repository: parsed.repository ?? parsed.imageName,
      contentPrefix: "base-",
      versionTag: version === undefined ? undefined : `base-${version}`,
      movingTag: parsed.movingTag ?? "base-latest",
    };
  }
}
