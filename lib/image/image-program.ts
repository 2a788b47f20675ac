import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { GantryError } from "../core/errors";
import { GeneratedFile } from "../core/generated-file";
import type { ImageBuilder } from "../core/image-builder";
import { addLauncher, ProgramLibrary } from "../core/program-library";
import { renderEnv, type EnvModel } from "../core/render/env";
import type { ContainerImage } from "./container-image";
import { IMAGE_PROGRAMS } from "./programs";

const ID = "ImageProgram";
const NAME = "image";

/** What an image is to the program: `base` survives a hard clear, `dev` is what a cycle builds, `production` what a release builds. */
export type ImageRole = "base" | "dev" | "production" | "image";

/**
 * The program `bin/image` of a stack: builds images on the stack's builder, publishes, verifies and releases them, and clears
 * caches by tiers. {@link GhcrPublication} and {@link BuildModes} make it and put in what it knows.
 */
export class ImageProgram extends Construct {
  /**
   * The image program of the stack that a builder is in; made on first use.
   *
   * @throws GantryError when the stack's images are built on another builder already.
   */
  static of(builder: ImageBuilder): ImageProgram {
    const stack = TerraformStack.of(builder);
    const known = stack.node.tryFindChild(ID) as ImageProgram | undefined;
    if (known === undefined) return new ImageProgram(stack, builder);
    if (known.builder === builder) return known;
    throw new GantryError(`[${stack.node.path}] ImageProgram: two builders`, [
      {
        property: "builder",
        message: `got "${builder.programName}", but the images of this stack are built on "${known.builder.programName}"; allowed: one builder for all, or another stack`,
      },
    ]);
  }

  /** The program `bin/image`. */
  readonly program: GeneratedFile;
  /** Settings the program reads: `image/image.env`. */
  readonly settings: GeneratedFile;

  private readonly images = new Map<ContainerImage, ImageRole>();
  private readonly publications = new Map<string, EnvModel>();
  private modes: EnvModel = {};

  private constructor(
    stack: TerraformStack,
    readonly builder: ImageBuilder,
  ) {
    super(stack, ID);
    ProgramLibrary.of(this).add(IMAGE_PROGRAMS);
    this.program = addLauncher(this, NAME);
    this.settings = new GeneratedFile(this, "Settings", {
      path: `${NAME}/image.env`,
      content: ({ stackDirectory, adoptedRoot }) =>
        renderEnv({
          PROJECT: builder.project,
          ENGINE: builder.engine,
          BUILDER: builder.programName,
          BUILDER_IS_LOCAL: builder.isLocal ? 1 : "",
          IMAGES: [...this.images.keys()].map(({ imageName }) => imageName).join(" "),
          PUBLICATIONS: [...this.publications.keys()].join(" "),
          STACK_DIR: stackDirectory,
          PROJECT_DIR: adoptedRoot ? "." : "",
          ...this.modes,
        }),
    });
  }

  /** Has the builder build an image, and the program know it. The bases it is `FROM` come along. */
  addImage(image: ContainerImage, role: ImageRole = "image"): void {
    for (const base of image.bases) this.addImage(base);
    const known = this.images.get(image);
    if (known !== undefined && (known === role || role === "image")) return;
    this.images.set(image, role);
    if (known !== undefined) return;
    this.builder.build(image, { tag: image.tags.movingTag });
    new GeneratedFile(this, `Image-${image.imageName}`, {
      path: `${NAME}/images/${image.imageName}.env`,
      content: () => renderEnv(this.imageSettings(image)),
    });
  }

  /** Adds the settings of a publication, `image/publications/<name>.env`. */
  addPublication(name: string, settings: EnvModel): void {
    if (this.publications.has(name)) throw new Error(`a publication named ${name} is there already`);
    this.publications.set(name, settings);
    new GeneratedFile(this, `Publication-${name}`, {
      path: `${NAME}/publications/${name}.env`,
      content: renderEnv(settings),
    });
  }

  /** Adds the settings of the build modes to `image.env`. */
  addModes(settings: EnvModel): void {
    this.modes = { ...this.modes, ...settings };
  }

  private imageSettings(image: ContainerImage): EnvModel {
    const { repository, contentPrefix, versionTag, movingTag } = image.tags;
    return {
      IMAGE: image.imageName,
      ROLE: this.images.get(image) ?? "image",
      CONTEXT: image.context,
      CONTAINERFILE: image.file,
      BASES: image.bases.map(({ imageName }) => imageName).join(" "),
      BASE_ARG: image.baseArg ?? "",
      PLATFORMS: (image.platforms ?? []).join(" "),
      REPOSITORY: repository,
      CONTENT_PREFIX: contentPrefix,
      VERSION: versionTag?.slice(contentPrefix.length) ?? "",
      VERSION_TAG: versionTag ?? "",
      MOVING_TAG: movingTag,
    };
  }
}
