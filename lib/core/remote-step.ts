import { contentHash } from "./content-hash";
import type { Data } from "./render/model";

/** Brings a directory of generated files to the host. */
export interface CopyStep {
  readonly kind: "copy";
  /** Names the step within its plan. */
  readonly id: string;
  /** Directory below the file root. */
  readonly source: string;
  /** Directory on the host, relative to the login user's home. */
  readonly target: string;
  /** What decides whether the step must run again: normally the contents of the files. */
  readonly content: Data;
}

/** Runs a program on the host. */
export interface RunStep {
  readonly kind: "run";
  /** Names the step within its plan. */
  readonly id: string;
  /** Program on the host, relative to the login user's home, and its arguments. No secrets: they show in process lists. */
  readonly command: readonly string[];
  /** Settings the program reads as environment variables. No secrets: they land in Terraform and Pulumi state. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What takes the step back when it is removed from the plan. @default - nothing to take back */
  readonly undo?: readonly string[];
}

/** One thing that must happen on a host, said without naming the engine that makes it happen. */
export type RemoteStep = CopyStep | RunStep;

/** A step with the hash that says whether it, or anything before it, has changed. */
export type PlannedStep = RemoteStep & {
  /** Hex sha256 of this step and all before it: the same for the script, Terraform and Pulumi. */
  readonly trigger: string;
};

/**
 * Orders steps into a plan: each gets a trigger that covers it and everything before it, so that a change runs the
 * step and all that follow.
 *
 * @throws Error when two steps share an id.
 */
export function planSteps(steps: readonly RemoteStep[]): PlannedStep[] {
  const ids = new Set<string>();
  let previous = "";
  return steps.map((step) => {
    if (step.id === "") throw new Error("a step has no id");
    if (ids.has(step.id)) throw new Error(`two steps are called "${step.id}"`);
    ids.add(step.id);
    previous = contentHash([previous, step as unknown as Data]);
    return { ...step, trigger: previous };
  });
}
