import type { ProgramSource } from "./steps";

/** A machine of GitHub's that builds for its own platform. */
export interface PlatformRunner {
  /** For example `"linux/arm64"`. */
  readonly platform: string;
  /** Label of the runner, for example `"ubuntu-24.04-arm"`. */
  readonly runner: string;
}

/** A build argument that a run by hand may give another value. */
export interface ArgInput {
  /** The argument, for example `"RUST_VERSION"`. */
  readonly name: string;
  /** The stack's value. */
  readonly value: string;
}

/** What is in `build-base.yml`. */
export interface BuildBaseModel extends ProgramSource {
  readonly stack: string;
  /** The program of the stack's builder, relative to the repository. */
  readonly builderProgram: string;
  /** The base's name in the programs. */
  readonly image: string;
  /** The publication's name in the program. */
  readonly publication: string;
  /** Whether the publication has a build cache in the registry. */
  readonly writesCache: boolean;
  /** Whether GitHub keeps attestations of what is published. */
  readonly attests: boolean;
  /** Whether it is signed. */
  readonly signs: boolean;
  /** For example `"ghcr.io"`. */
  readonly registry: string;
  /** Name in the registry, for example `"pacphi/sindri"`. */
  readonly repository: string;
  /** Variable that the program reads its token from. */
  readonly tokenEnv: string;
  readonly platforms: readonly PlatformRunner[];
  readonly args: readonly ArgInput[];
  /** Branch whose pushes publish. */
  readonly branch: string;
  /** Patterns of the files that the base is made from. */
  readonly paths: readonly string[];
  /** When it runs by itself; `undefined`: never. */
  readonly schedule: string | undefined;
  readonly timeoutMinutes: number;
}

/** Runner of the jobs that build nothing. */
export const RUNNER = "ubuntu-24.04";
/** Digest of what the job `publish` published. */
export const DIGEST = "needs.publish.outputs.digest";
/** When there is something to sign: a new image, or one whose signing is asked for again. */
export const IS_TO_SIGN = "needs.publish.outputs.digest && (needs.publish.outputs.changed == 'true' || inputs.force)";
/** Tags move for what is on the branch, and as the stack has it. */
export const isToPublish = ({ branch, args }: BuildBaseModel) =>
  [`github.ref == 'refs/heads/${branch}'`, ...args.map((arg) => `!inputs.${inputOf(arg)}`)].join(" && ");

/** `registry/name`. */
export const imageOf = ({ registry, repository }: BuildBaseModel) => `${registry}/${repository}`;
/** The platform in ids of jobs and names of files. */
export const archOf = ({ platform }: PlatformRunner) => platform.slice("linux/".length).replaceAll("/", "-");
/** The input for a build argument. */
export const inputOf = ({ name }: ArgInput) => name.toLowerCase();
