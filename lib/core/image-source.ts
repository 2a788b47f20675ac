/** A secret that an image build may read while it runs. It never becomes part of the image, its hash or any file of ours. */
export interface BuildSecret {
  /** Name used in the Containerfile: `RUN --mount=type=secret,id=…`. */
  readonly id: string;
  /** File on the user's machine that holds it, relative to the project directory. Read when a build runs, never at synth. */
  readonly file: string;
}

/** What a machine that builds images needs to know of one. */
export interface ImageSource {
  /** Name without registry and tag, for example `"vllm-bootc"`. */
  readonly imageName: string;
  /** Directory of the build context, relative to the project directory. */
  readonly context: string;
  /** The Containerfile, relative to the context. */
  readonly file: string;
  /** Stage to build; `undefined`: the last one. */
  readonly target: string | undefined;
  /** Platform such as `"linux/amd64"`; `undefined`: that of the machine. */
  readonly platform: string | undefined;
  /** Build arguments. */
  readonly args: Readonly<Record<string, string>>;
  readonly secrets: readonly BuildSecret[];
  /** Images of ours that this one is built `FROM`. */
  readonly bases: readonly ImageSource[];
  /** Text of the Containerfile, when the stack makes it; `file` is then only its name. */
  readonly containerfileText?: string | undefined;
  /** Labels of the image. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The only paths of the context that builds see and that cause one; `undefined`: all of it. */
  readonly inputs?: readonly string[] | undefined;
  /** Build argument that gets the one base, by its digest; `undefined`: the Containerfile names its base itself. */
  readonly baseArg?: string | undefined;
  /** Whether its Containerfile may stand on images of others by a tag. */
  readonly allowFloatingBase?: boolean;
  /** Whether it needs docker's image format, the only one that keeps a health check. */
  readonly dockerFormat?: boolean;
}
