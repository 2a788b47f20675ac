import type { Expanded } from "./expanded";
import type { PinnedImage } from "./pinned-image";

/** Text that arrives unchanged in the image, whatever is in it, or {@link Expanded} text. */
export type ContainerfileText = string | Expanded;

/** A file or directory that one `RUN` step sees, and the image does not keep. */
export type ContainerfileMount =
  | {
      /** A directory that stays on the machine between builds, for downloads and compilers. */
      readonly type: "cache";
      /** Where the step sees it: an absolute path. */
      readonly target: string;
      /** Mounts of one id are one directory. @default - the target */
      readonly id?: string;
      /**
       * Whether builds that run at the same time share it, or wait for one another. Only one step of a file may lock a cache.
       *
       * @default "shared"
       */
      readonly sharing?: "shared" | "locked" | "private";
      /** Owner of a new one, a number. @default - root */
      readonly uid?: number;
      /** Group of a new one, a number. @default - root */
      readonly gid?: number;
    }
  | {
      /** A secret of the image, as a file. */
      readonly type: "secret";
      readonly id: string;
      /** Where the step sees it. @default - `/run/secrets/<id>` */
      readonly target?: string;
      /** Whether the build fails without it. @default true */
      readonly required?: boolean;
    }
  | {
      /** A file or directory of the context, or of a stage above, for reading. */
      readonly type: "bind";
      readonly target: string;
      /** Path in the context, or in the stage. @default - all of it */
      readonly source?: string;
      /** A stage above, or an image. @default - the context */
      readonly from?: string | PinnedImage;
    }
  | {
      /** Memory that is gone after the step. */
      readonly type: "tmpfs";
      readonly target: string;
    };

/** One instruction of a stage. {@link Step} has a function for each kind. */
export type ContainerfileStep =
  | { readonly kind: "arg"; readonly name: string; readonly value?: ContainerfileText }
  | { readonly kind: "env"; readonly values: Readonly<Record<string, ContainerfileText>> }
  | { readonly kind: "label"; readonly values: Readonly<Record<string, ContainerfileText>> }
  | {
      readonly kind: "run";
      /** The program and its words: no shell, nothing is expanded. */
      readonly command: readonly string[];
      readonly mounts?: readonly ContainerfileMount[];
    }
  | {
      readonly kind: "shell";
      /** Commands for the image's shell, joined by `&&`. */
      readonly commands: readonly string[];
      readonly mounts?: readonly ContainerfileMount[];
    }
  | {
      readonly kind: "copy";
      readonly sources: readonly string[];
      readonly to: ContainerfileText;
      /** A stage above, or an image. @default - the context */
      readonly from?: string | PinnedImage;
      /** `"user"` or `"user:group"`. @default - root */
      readonly owner?: string;
      /** Octal mode, for example `"0755"`. @default - that of the file */
      readonly mode?: string;
    }
  | { readonly kind: "workdir"; readonly path: ContainerfileText }
  | { readonly kind: "user"; readonly user: ContainerfileText }
  | { readonly kind: "default-shell"; readonly command: readonly string[] }
  | { readonly kind: "stop-signal"; readonly signal: string }
  | { readonly kind: "entrypoint"; readonly command: readonly string[] }
  | { readonly kind: "cmd"; readonly command: readonly string[] }
  | { readonly kind: "expose"; readonly port: number; readonly protocol?: "tcp" | "udp" }
  | { readonly kind: "volume"; readonly paths: readonly string[] }
  | {
      readonly kind: "healthcheck";
      readonly command: readonly string[];
      readonly intervalSeconds?: number;
      readonly timeoutSeconds?: number;
      readonly startPeriodSeconds?: number;
      readonly retries?: number;
    }
  | { readonly kind: "comment"; readonly text: string };

/** One stage: an image to start from, and what is done to it. */
export interface ContainerfileStage {
  /** Name in lower case; later stages may start from it and copy from it. */
  readonly name: string;
  /** `"scratch"`, a stage above, a {@link pinned} image, or text with build arguments such as `expanded("${BASE_IMAGE}")`. */
  readonly from: string | Expanded | PinnedImage;
  /** Platform that it is for, when it is not that of the build: `"linux/amd64"`. @default - that of the build */
  readonly platform?: string;
  /** @default - none */
  readonly steps?: readonly ContainerfileStep[];
}

/** What a {@link Containerfile} consists of. */
export interface ContainerfileProps {
  /** Build arguments that `from` may use, with their defaults; `null`: there is none, each build has to give it. @default - none */
  readonly args?: Readonly<Record<string, string | null>>;
  /** The last one is what is built unless the image names a target. */
  readonly stages: readonly ContainerfileStage[];
}
