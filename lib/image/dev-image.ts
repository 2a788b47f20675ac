import type { Construct } from "constructs";
import { z } from "zod";
import { instanceOf, parseProps } from "../core/props";
import { BaseImage } from "./base-image";
import { ContainerImage, type containerImageProps, type ImageProps } from "./container-image";
import { imageShape } from "./container-image.schema";

/** What a {@link DevImage} is built from. */
export interface DevImageProps extends ImageProps {
  /** The base that its Containerfile starts from. */
  readonly base: BaseImage;
  /** Build argument that it starts `FROM`, as in `ARG BASE_IMAGE` and `FROM ${BASE_IMAGE}`. @default "BASE_IMAGE" */
  readonly baseArg?: string;
}

/** @internal Runtime twin of {@link DevImageProps}. */
export const devImageProps = z.strictObject({
  ...imageShape,
  base: instanceOf(BaseImage, "a BaseImage"),
  baseArg: imageShape.baseArg.unwrap().default("BASE_IMAGE"),
});

/**
 * The image that daily work builds, on top of a {@link BaseImage}. Its Containerfile begins with `ARG BASE_IMAGE` and
 * `FROM ${BASE_IMAGE}`; each build gives it the base by digest, and fails when the result does not stand on that base.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * const base = new BaseImage(stack, "sindri-base", { context: "v3", file: "Dockerfile.base", version: "3.0.0" });
 * new DevImage(stack, "sindri", { base, context: ".", file: "v3/Dockerfile.dev" });
 */
export class DevImage extends ContainerImage {
  readonly base: BaseImage;

  /** @throws GantryError listing every fault of the props. */
  constructor(scope: Construct, id: string, props: DevImageProps) {
    super(scope, id, props);
    this.base = props.base;
  }

  /** @internal */
  protected override parse(props: unknown): z.output<typeof containerImageProps> {
    const { base, ...rest } = parseProps(this, devImageProps, props);
    return { ...rest, bases: [base] };
  }
}
