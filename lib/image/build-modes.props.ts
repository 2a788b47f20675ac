import type { Duration } from "../core/duration";
import type { ImageBuilder } from "../core/image-builder";
import type { ContainerImage } from "./container-image";

/** The repository that builds from source take. */
export interface BuildSourceProps {
  /** Address of the repository, without a password. @default - the remote `origin` of the project */
  readonly url?: string;
  /** Branch, tag or commit, when nobody names one. @default - the default branch of the repository */
  readonly ref?: string;
  /** Directory of the mirrors: `~/.cache/<cacheName>/repos`, on macOS `~/Library/Caches/<cacheName>/repos`. @default - the repository name of `dev` */
  readonly cacheName?: string;
}

/** Times after which `image history` warns of a mode. */
export interface BuildBudgetProps {
  /** Building the base. @default 20 minutes */
  readonly base?: Duration;
  /** A fast build or cycle. @default 5 minutes */
  readonly fast?: Duration;
  /** A clean cycle. @default 15 minutes */
  readonly clean?: Duration;
  /** A nuclear cycle. @default 50 minutes */
  readonly nuclear?: Duration;
}

/** Which images are built how, and what happens around it. */
export interface BuildModesProps {
  /** Builds all of them. */
  readonly builder: ImageBuilder;
  /** The image of daily work: what a cycle builds and deploys. */
  readonly dev: ContainerImage;
  /** The image that survives a hard clear. @default - the first base of `dev`, if it has one */
  readonly base?: ContainerImage;
  /** What a release builds. @default - none */
  readonly production?: ContainerImage;
  /** In front of the targets' names: `"v3"` makes `v3-cycle-fast`. @default - nothing */
  readonly prefix?: string;
  /** @default - the project's own repository */
  readonly source?: BuildSourceProps;
  /**
   * Command line that makes a deployment, run by `bash -c` in the project directory with `CONFIG` (the file), `IMAGE_REF` (the image by
   * its content), `CONFIG_MODE` and `WORKSPACE` in its environment. @default - none: a cycle ends when the image is verified
   */
  readonly deploy?: string;
  /** Command line that removes the deployment of before; it must succeed when there is none. @default - none */
  readonly destroy?: string;
  /** Command line that connects to a deployment. @default - none */
  readonly connect?: string;
  /** What an image must be able to run before it gets its names, such as `["--version"]`. @default - nothing: it only has to be there, for the right platform */
  readonly verifyCommand?: readonly string[];
  /** Command lines after a verified build of `dev`, such as `"cargo install --path v3/crates/sindri"`. @default - none */
  readonly afterBuild?: readonly string[];
  /** Directories of incremental compilation, relative to the project; `*` stands for any name. @default - none */
  readonly incrementalDirectories?: readonly string[];
  /** Directories that compilers fill as a whole, such as `"v3/target"`. @default - none */
  readonly targetDirectories?: readonly string[];
  /** @default - 20, 5, 15 and 50 minutes */
  readonly budgets?: BuildBudgetProps;
  /** Bases that a monthly clear keeps, 1 to 100. @default 2 */
  readonly keepBases?: number;
  /** Also writes a timer for systemd that clears what is old. @default - none */
  readonly maintenance?: "weekly" | "monthly";
  /** Path of the Makefile, or `false` for none. @default "Makefile" */
  readonly makefile?: string | false;
  /** Path of the justfile, or `false` for none. @default "justfile" */
  readonly justfile?: string | false;
}
