import type { Parallelism } from "./parallelism";
import type { EnvironmentHome } from "./tanka-environment";

/** A port of a pod that Tilt forwards to 127.0.0.1. */
export interface TiltForward {
  /** Port of 127.0.0.1 on this machine. */
  readonly local: number;
  /** Port of the container, or the name that a service gives it, such as `"metrics"`. @default - the same number as `local` */
  readonly port?: number | string;
  /** What Tilt's page calls it. @default - the address */
  readonly name?: string;
  /** Path that a click on it opens, such as `"/metrics"`. @default - none */
  readonly path?: string;
}

/** A link on the page of a resource. */
export interface TiltLink {
  /** Where it goes: `http://` or `https://`. */
  readonly url: string;
  /** What it says. @default - the address */
  readonly name?: string;
}

/** How a workload runs on this machine instead, when only the infrastructure is in the cluster. */
export interface TiltHostRunProps {
  /** Directory that it starts in, relative to the project directory, such as `"crates/server"`. */
  readonly directory: string;
  /** What is started. @default - `["cargo", "watch", "-x", "run"]` */
  readonly command?: readonly string[];
  /**
   * Environment, over what the workload's own declaration gives. Secrets come from the environment that Tilt is started in.
   *
   * @default - the settings of the workload; the host and port of its queue are those of a forward of redis
   */
  readonly env?: Readonly<Record<string, string>>;
}

/** What Tilt does with a release or a workload of the cluster. */
export interface TiltResourceProps {
  /** Group on Tilt's page. @default - `"infrastructure"` for a chart, `"application"` for a workload */
  readonly group?: string;
  /** Names of resources that must be ready before. @default - for queue workers, KEDA and the redis of their queue; else none */
  readonly dependsOn?: readonly string[];
  /** Ports that are forwarded to this machine; a number is the same port on both sides. @default - every port of a service, and none of a chart */
  readonly forwards?: readonly (number | TiltForward)[];
  /** Links on its page. @default - none */
  readonly links?: readonly (string | TiltLink)[];
  /** The workload of a chart that has the name of the release on Tilt's page, and the forwards. @default - the one named as the release, else the first whose name begins so */
  readonly main?: string;
  /** Whether a change is applied at once, or when somebody clicks. @default "auto" */
  readonly trigger?: "auto" | "manual";
  /** Whether it starts with `tilt up`. @default true */
  readonly autoStart?: boolean;
  /** How it runs on this machine with `--infra-only`. @default - it does not */
  readonly onHost?: TiltHostRunProps;
}

/** When Tilt builds an image, and with what. */
export interface TiltBuildProps {
  /** Files and directories whose changes cause a build, relative to the project directory. @default - the image's inputs, else its whole context */
  readonly triggers?: readonly string[];
  /** Build arguments, over those of the image. `tilt_config.json` overrides both. No secrets. @default - none */
  readonly args?: Readonly<Record<string, string>>;
}

/** A button on Tilt's page. */
export interface TiltToolProps {
  /** What it runs, in the project directory. */
  readonly command: readonly string[];
  /** Whether it runs on, as a log does, until it is stopped. @default false */
  readonly stays?: boolean;
  /** Resources that must be ready before. @default - none */
  readonly dependsOn?: readonly string[];
}

/** What Tilt does with a cluster while people work on its programs. */
export interface TiltWorkflowProps {
  /** The cluster whose charts and workloads it deploys. */
  readonly cluster: EnvironmentHome;
  /**
   * Contexts of kubeconfig that it may deploy to; any other is refused before a program runs. Native k3s calls every cluster
   * `default`: take that out when another cluster of yours is called so, too.
   *
   * @default - those of the environment; for one that names none, those of the cluster, `k3d-<name>`, `default` and `k3s`
   */
  readonly contexts?: readonly string[];
  /** Environment that it renders, unless `TANKA_ENV` or `--environment` name another. @default "local" */
  readonly environment?: string;
  /** How much it does at the same time. @default - 2 */
  readonly parallelism?: Parallelism;
  /** What builds images. @default - docker where it is installed, else podman */
  readonly engine?: "docker" | "podman";
  /** Releases and workloads by name, as far as they differ from the defaults. @default - all as by default */
  readonly resources?: Readonly<Record<string, TiltResourceProps>>;
  /** Images by name, as far as they differ from the defaults. @default - all as by default */
  readonly builds?: Readonly<Record<string, TiltBuildProps>>;
  /** Files and directories whose changes build every image that has `triggers`, such as `["crates/common", "Cargo.lock"]`. @default - none */
  readonly sharedTriggers?: readonly string[];
  /** What never causes a build, in the pattern language of `.dockerignore`. @default - "target", ".git", ".gantry", "cdktf.out" and "node_modules", wherever they are */
  readonly ignore?: readonly string[];
  /** More buttons, by name. @default - `trigger-test-job`, and for each workload `scale-<name>` or `view-<name>-logs` */
  readonly tools?: Readonly<Record<string, TiltToolProps>>;
  /** Path of the justfile; `false`: none. @default "justfile" */
  readonly justfile?: string | false;
}
