import type { ContainerImage } from "./container-image";
import type { GhcrPublication } from "./publication";

/** A command that judges a fresh development image. */
export interface WorkflowCheck {
  /** Title of the step. */
  readonly name: string;
  /** For bash. The image is `$IMAGE`, the engine `$ENGINE`. */
  readonly run: string;
}

/** What the {@link ImageWorkflows} do, when, and on which machines. */
export interface ImageWorkflowsProps {
  /** Publication of the base image on ghcr.io. Its builder must be the machine that programs run on (`Host.local()`): a runner. */
  readonly publication: GhcrPublication;
  /** Image that `ci.yml` builds on the base. @default - none: only the base is brought */
  readonly dev?: ContainerImage;
  /** Commands that judge it. @default - none */
  readonly checks?: readonly WorkflowCheck[];
  /** Branch that publishes and fills caches. @default "main" */
  readonly branch?: string;
  /**
   * Patterns of further files whose pushes run `build-base.yml`, such as `"stacks/**"`. @default - none: the context of the base, or
   * its inputs alone where it names them
   */
  readonly paths?: readonly string[];
  /** When the base is built anew by itself, in cron's five fields (UTC); `false`: never. @default "23 4 * * 1" */
  readonly schedule?: string | false;
  /** Build arguments that a run by hand may give another value, at most 8. @default - those whose names end in `_VERSION` */
  readonly argInputs?: readonly string[];
  /**
   * Whether bills of materials and provenance become attestations on GitHub. A private repository needs GitHub Enterprise Cloud for
   * that; without, the bills of materials are artifacts of the run. Whether the image is signed, the publication says. @default true
   */
  readonly attest?: boolean;
  /** Label of the runner of each platform. @default - GitHub's own: `ubuntu-24.04`, for arm64 `ubuntu-24.04-arm` */
  readonly runners?: Readonly<Record<string, string>>;
  /**
   * Where `ci.yml` looks for the base first: in the registry, or in GitHub's cache, which holds it as a tar under the hash of what
   * it is made of. What is not found is taken from the registry, else built. @default "registry"
   */
  readonly baseFrom?: "registry" | "actions-cache";
  /**
   * Command that generates the programs, such as `"npm ci && npm run synth"`. @default - none: they are committed, in a file root that
   * the stack names (`setFileRoot(stack, ".")`)
   */
  readonly synthCommand?: string;
  /** Version of Node.js for it. @default "22" */
  readonly nodeVersion?: string;
  /** Directory that holds `bin/`. @default - the repository's root, or where the command puts the stack's files */
  readonly programDirectory?: string;
  /** Longest build of the base, in minutes, 1 to 360. @default 90 */
  readonly baseTimeoutMinutes?: number;
  /** Longest run of `ci.yml`, in minutes, 1 to 360. @default 60 */
  readonly ciTimeoutMinutes?: number;
}
