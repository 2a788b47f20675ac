import { Annotations } from "cdktf";
import { Construct } from "constructs";
import { z } from "zod";
import { GantryError } from "../core/errors";
import type { BuildSecret, ImageSource } from "../core/image-source";
import { instanceOf, parseProps } from "../core/props";
import { looksSecret } from "../core/show-value";
import type { ContainerImageProps } from "./container-image.props";
import { imageFaults } from "./container-image.rules";
import { imageShape } from "./container-image.schema";
import type { Containerfile } from "./containerfile";
import type { ImageTags } from "./image-tags";

export type { ContainerImageProps, ImageProps } from "./container-image.props";

/** @internal Runtime twin of {@link ContainerImageProps}. */
export const containerImageProps = z.strictObject({
  ...imageShape,
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
  /** Its Containerfile as data; `undefined`: it is a file. */
  readonly containerfile: Containerfile | undefined;
  readonly containerfileText: string | undefined;
  readonly target: string | undefined;
  readonly platform: string | undefined;
  /** Platforms that it is published for; `undefined`: that of the machine that builds. */
  readonly platforms: readonly string[] | undefined;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly secrets: readonly BuildSecret[];
  readonly bases: readonly ContainerImage[];
  readonly baseArg: string | undefined;
  readonly inputs: readonly string[] | undefined;
  readonly allowFloatingBase: boolean;
  readonly dockerFormat: boolean;

  /** What its builds are called. */
  readonly tags: ImageTags;

  /** @throws GantryError listing every fault of the props. */
  constructor(scope: Construct, id: string, props: ContainerImageProps) {
    super(scope, id);
    const given: unknown = props; // from JavaScript it may be nothing at all
    const named = typeof given === "object" && given !== null ? { ...props, imageName: props.imageName ?? id } : given;
    const parsed = this.parse(named);
    const faults = imageFaults(parsed);
    if (faults.length > 0) {
      throw new GantryError(`[${this.node.path}] ${this.constructor.name}: invalid props`, faults);
    }
    const typed = parsed.containerfile?.withLabels(parsed.labels, parsed.target);
    this.imageName = parsed.imageName;
    this.context = parsed.context ?? ".";
    this.file = parsed.file ?? "Containerfile";
    this.containerfile = typed;
    this.containerfileText = typed?.render();
    this.target = parsed.target;
    this.platform = parsed.platform;
    this.platforms = parsed.platforms;
    this.args = { ...typed?.buildArgs, ...parsed.args };
    this.labels = typed === undefined ? parsed.labels : {}; // they are in the Containerfile
    this.secrets = parsed.secrets;
    this.bases = parsed.bases;
    this.baseArg = parsed.baseArg;
    this.inputs = typed?.readsContext === false ? [] : parsed.inputs;
    this.allowFloatingBase = parsed.allowFloatingBase ?? false;
    this.dockerFormat = typed?.needsDockerFormat ?? false;
    this.tags = this.tagsOf(parsed);
    Object.freeze(this.args);
    for (const [name, value] of Object.entries(this.args)) {
      if (!looksSecret(value)) continue;
      Annotations.of(this).addWarning(
        `args.${name} looks like a secret and would stay in the image's history; use secrets`,
      );
    }
  }

  /** @internal Checks the props; kinds of image with other props have a schema of their own. */
  protected parse(props: unknown): z.output<typeof containerImageProps> {
    return parseProps(this, containerImageProps, props);
  }

  /** @internal */
  protected tagsOf({ imageName, repository, movingTag }: z.output<typeof containerImageProps>): ImageTags {
    return {
      repository: repository ?? imageName,
      contentPrefix: "ctx-",
      versionTag: undefined,
      movingTag: movingTag ?? "latest",
    };
  }
}
