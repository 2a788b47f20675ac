import type { BuildSecret } from "../core/image-source";
import type { ContainerImage } from "./container-image";
import type { Containerfile } from "./containerfile";

/** What every image has. */
export interface ImageProps {
  /**
   * Directory of the build context, relative to the project directory (the one that holds `cdktf.json`).
   *
   * @default - needed, unless a `containerfile` copies nothing from it
   */
  readonly context?: string;
  /** Name without registry, `/` and tag. @default - the construct's id */
  readonly imageName?: string;
  /** Name that its builds have in common with others in a registry, as in `<repository>:<tag>`. @default - the image name */
  readonly repository?: string;
  /** Tag that moves to each new build. @default - `"latest"`; `"base-latest"` for a {@link BaseImage} */
  readonly movingTag?: string;
  /** The Containerfile, relative to the context. @default "Containerfile" */
  readonly file?: string;
  /** The Containerfile as data, instead of a file. @default - the file */
  readonly containerfile?: Containerfile;
  /** Stage of the Containerfile to build. @default - the last one */
  readonly target?: string;
  /** Platform, for example `"linux/amd64"`. @default - that of the machine that builds */
  readonly platform?: string;
  /** Platforms that it is published for. @default - `platform`, or that of the machine that builds */
  readonly platforms?: readonly string[];
  /** Build arguments. They are part of the image's history: no secrets here. @default - none */
  readonly args?: Readonly<Record<string, string>>;
  /**
   * Labels. With a Containerfile that is a file: text without `$`, `"`, `\` and line feeds, which podman 4.3 would change on
   * the command line. @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;
  /** Secrets the build may mount, by file on your machine. @default - none */
  readonly secrets?: readonly BuildSecret[];
  /**
   * The only paths of the context that the build sees, and whose changes cause one. @default - what git sees of the context; with
   * a `containerfile` that copies nothing from it, nothing
   */
  readonly inputs?: readonly string[];
  /**
   * Whether it may stand on images of others by a tag, which may be another image tomorrow. A `containerfile` that does is refused
   * without it; one that is a file is read when it is built, and the builder warns. @default false
   */
  readonly allowFloatingBase?: boolean;
}

/** What a {@link ContainerImage} is built from. */
export interface ContainerImageProps extends ImageProps {
  /** Images of this stack that it is built `FROM`: they are built first, and a change of theirs rebuilds it. @default - none */
  readonly bases?: readonly ContainerImage[];
  /**
   * Build argument that the Containerfile starts `FROM`, such as `"BASE_IMAGE"`: builds give it the one base, by its digest, and
   * fail when the image does not stand on that. @default - none: the Containerfile names its base itself
   */
  readonly baseArg?: string;
}
