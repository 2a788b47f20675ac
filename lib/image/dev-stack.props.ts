/** How a service's image is built. */
export interface DevBuildProps {
  /** Directory of the build context, relative to the project directory. */
  readonly context: string;
  /** The Containerfile, relative to the context. @default "Containerfile" */
  readonly file?: string;
  /** Stage that development runs. @default - the last one */
  readonly target?: string;
  /** The Containerfile of `build`, relative to the context, when production has one of its own. @default - `file` */
  readonly productionFile?: string;
  /** Stage that `build` makes for production. @default - the last one */
  readonly productionTarget?: string;
  /** Build arguments. They are part of the image's history: no secrets here. @default - none */
  readonly args?: Readonly<Record<string, string>>;
}

/** A port of a service. */
export interface DevPort {
  /** Port of 127.0.0.1 on this machine. */
  readonly host: number;
  /** Port in the container. */
  readonly container: number;
}

/** How one sees that a service is up: an answer to HTTP, or a command in the container that succeeds. */
export interface DevHealthProps {
  /** Path that must answer with 2xx or 3xx, for example `"/health"`. Exactly one of `path` and `command`. @default - none */
  readonly path?: string;
  /** Host port that is asked. @default - the service's first port */
  readonly port?: number;
  /** Command in the container. Exactly one of `path` and `command`. @default - none */
  readonly command?: readonly string[];
  /** How long a service may take to come up, 1 to 3600 seconds. @default 60 */
  readonly timeoutSeconds?: number;
}

/** One service of a {@link DevStack}. Paths on this machine are relative to the project directory (the one with `cdktf.json`). */
export interface DevServiceProps {
  /** What its image is built from. Exactly one of `build` and `image`. @default - none */
  readonly build?: DevBuildProps;
  /** A ready image by digest, `"docker.io/library/redis@sha256:…"`, or `"localhost/…"`. Exactly one of `build` and `image`. @default - none */
  readonly image?: string;
  /** Entrypoint instead of the image's own, which then brings no command either. @default - the image's */
  readonly entrypoint?: readonly string[];
  /** Command instead of the image's own. @default - the image's */
  readonly command?: readonly string[];
  /** Devices: a path such as `"/dev/snd"`, or a GPU by its CDI name, `"nvidia.com/gpu=all"`. @default - none */
  readonly devices?: readonly string[];
  /** Ports; a number is the same port on both sides. Bound to 127.0.0.1 only. @default - none */
  readonly ports?: readonly (number | DevPort)[];
  /** Directories with code, by where the container has them: a change shows without a build. @default - none */
  readonly live?: Readonly<Record<string, string>>;
  /** Volumes that outlive containers and images, by where the container has them: `models` is `<id>-models`. @default - none */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Files that, beside the Containerfile, decide whether the image is built anew: lock files, `requirements.txt`. @default - none */
  readonly dependencies?: readonly string[];
  /**
   * Volumes for what a build installs, such as `{ "node-modules": "/app/node_modules" }`. Named by the dependency hash, so
   * that an old one never hides what a new image brings. @default - none
   */
  readonly dependencyVolumes?: Readonly<Record<string, string>>;
  /** Environment. No secrets: it is in a generated file. @default - none */
  readonly env?: Readonly<Record<string, string>>;
  /** File with more environment, one `NAME=value` a line, for example `".env"`. @default - none */
  readonly envFile?: string;
  /** How one sees that it is up. @default - it is up when its container runs */
  readonly health?: DevHealthProps;
  /** Services that must be up before. @default - none */
  readonly dependsOn?: readonly string[];
  /** How long it may take to stop before it is killed, 0 to 300 seconds. @default 10 */
  readonly stopSeconds?: number;
  /**
   * Whose files it writes in mounted directories with rootless podman. `"host"`: yours, by `--userns=keep-id`; the image's
   * own directories must then be writable for everybody. `"image"`: whatever the image's user is. @default "host"
   */
  readonly user?: "host" | "image";
  /** Whether `fast` leaves it to `full`. @default false */
  readonly fullOnly?: boolean;
}

/** A file that is downloaded once. */
export interface DevModel {
  /** Where it goes, relative to the project directory. */
  readonly path: string;
  /** Where it comes from: `https://…`, or `http://` on 127.0.0.1. */
  readonly url: string;
  /** What it must be: 64 hexadecimal digits. */
  readonly sha256: string;
}

/** The strategy without containers. */
export interface DevNativeProps {
  /** The server, run in the foreground in the virtual environment. */
  readonly command: readonly string[];
  /** Least version of Python, for example `"3.11"`. @default "3.11" */
  readonly python?: string;
  /** File with the packages, for pip or uv: `"requirements.txt"`, or a `pyproject.toml`. @default - none */
  readonly requirements?: string;
  /** Programs that must be installed, for example `["ffmpeg"]`. @default - none */
  readonly needs?: readonly string[];
  /** Port the server listens on, looked at before it starts. @default - none */
  readonly port?: number;
  /** Environment. @default - none */
  readonly env?: Readonly<Record<string, string>>;
  /** File with more environment. @default - none */
  readonly envFile?: string;
  /** Directory of the virtual environment. @default ".venv" */
  readonly venv?: string;
}

/** A server that the services use and somebody else starts, such as LM Studio. */
export interface DevExternalProps {
  /** Its port on this machine. */
  readonly port: number;
  /** What is missing without it, for people. @default - nothing is said */
  readonly purpose?: string;
}

/** The services of a {@link DevStack} and what they share. */
export interface DevStackProps {
  /** The services by name. A container is called `<id>-<name>-dev`. */
  readonly services: Readonly<Record<string, DevServiceProps>>;
  /** Container engine. @default "podman" */
  readonly engine?: "podman" | "docker";
  /** Label `io.gantry.project` of all that is made. @default - the stack's id in lower case */
  readonly project?: string;
  /** Network of the services, a bridge. @default - `<id>-dev-network` */
  readonly network?: string;
  /** File that `setup` makes `.env` from. @default ".env.example" */
  readonly envTemplate?: string;
  /** Directories that `setup` makes. @default - none */
  readonly directories?: readonly string[];
  /** Files that `setup` and `local` download when they are missing. @default - none */
  readonly models?: readonly DevModel[];
  /** Servers that must be there already, by name. @default - none */
  readonly external?: Readonly<Record<string, DevExternalProps>>;
  /** The strategy without containers. @default - there is none */
  readonly native?: DevNativeProps;
  /** Folder of `dev-fast.sh`, `rebuild-clean.sh`, `dev-local.sh`, `podman-dev.sh` and `setup.sh`. @default "scripts" */
  readonly scripts?: string;
}
