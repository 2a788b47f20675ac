// Runs a synthesized stack through the real tofu and terraform, offline, against the AWS schema provider.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awsMirror, awsProviderTools } from "./aws/mirror";

/** Both must accept every stack. */
export const terraforms = ["tofu", "terraform"] as const;
export type Terraform = (typeof terraforms)[number];

/** External tools a test file names in `withTools` before it plans a stack. */
export const terraformTools = [...terraforms, ...awsProviderTools] as const;

export interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly name: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Readonly<Record<string, unknown>> | null;
    readonly after: Readonly<Record<string, unknown>> | null;
    readonly after_unknown: Readonly<Record<string, unknown>>;
    readonly replace_paths?: readonly (readonly (string | number)[])[];
  };
}

/** What `show -json` says of a plan: the parts tests read. */
export interface Plan {
  readonly resource_changes?: readonly ResourceChange[];
  readonly resource_drift?: readonly ResourceChange[];
  readonly output_changes?: Readonly<Record<string, { readonly actions: readonly string[] }>>;
}

export interface RunOptions {
  /** Environment on top of ours: `AWSSTUB_DRIFT`, `AWSSTUB_VALUES`, … (see test/support/aws/README.md). */
  readonly env?: Readonly<Record<string, string>>;
}

/** A copy of a stack's directory, initialised. Dispose of it in the end. */
export interface Workspace {
  readonly dir: string;
  /** Runs any subcommand; returns standard output, throws with all output when it fails. */
  run(args: readonly string[], options?: RunOptions): string;
  validate(): void;
  plan(args?: readonly string[], options?: RunOptions): Plan;
  apply(options?: RunOptions): void;
  /** Values of the outputs, by name. */
  outputs(): Readonly<Record<string, unknown>>;
  /** Puts another synthesis of the stack in place; the state stays. */
  replaceStack(dir: string): void;
  destroy(): void;
  dispose(): void;
}

/** Copies a stack's directory (the one with `cdk.tf.json`) and initialises it there, whatever backend it names. */
export function openStack(dir: string, binary: Terraform): Workspace {
  const work = mkdtempSync(join(tmpdir(), `gantry-${binary}-`));
  const types = new Set<string>();
  const run = (args: readonly string[], options: RunOptions = {}) => {
    const known = { AWSSTUB_TYPES: [...types].join(",") || "none" };
    const env = { ...process.env, TF_IN_AUTOMATION: "1", TF_INPUT: "0", ...known, ...options.env };
    const done = spawnSync(binary, args, { cwd: work, env, encoding: "utf8", maxBuffer: 256 << 20 });
    if (done.status === 0) return done.stdout;
    throw new Error(`${binary} ${args.join(" ")}: exit ${String(done.status)}\n${done.stdout}${done.stderr}`);
  };
  const place = (from: string) => {
    cpSync(from, work, { recursive: true, filter: (file) => !/\/\.terraform|\.tfstate/.test(file.slice(from.length)) });
    for (const type of typesOf(join(work, "cdk.tf.json"))) types.add(type);
    // The state stays in the copy, whatever backend the stack declares.
    const local = { terraform: { backend: { local: { path: "copy.tfstate" } } } };
    writeFileSync(join(work, "copy_override.tf.json"), JSON.stringify(local));
  };
  try {
    place(dir);
    run(["init", "-no-color", `-plugin-dir=${awsMirror()}`]);
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    throw error;
  }
  return {
    dir: work,
    run,
    validate: () => void run(["validate", "-no-color"]),
    plan: (args = [], options = {}) => {
      run(["plan", "-no-color", "-out=copy.plan", ...args], options);
      return JSON.parse(run(["show", "-json", "copy.plan"])) as Plan;
    },
    apply: (options = {}) => void run(["apply", "-no-color", "-auto-approve"], options),
    outputs: () => {
      const outputs = JSON.parse(run(["output", "-json"])) as Record<string, { readonly value: unknown }>;
      return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
    },
    replaceStack: (from) => {
      rmSync(join(work, "cdk.tf.json"), { force: true });
      place(from);
    },
    destroy: () => void run(["destroy", "-no-color", "-auto-approve"]),
    dispose: () => {
      rmSync(work, { recursive: true, force: true });
    },
  };
}

/** The kinds of resources and data sources a stack names: the provider need not describe the other two thousand. */
function typesOf(file: string): string[] {
  const stack = JSON.parse(readFileSync(file, "utf8")) as Partial<Record<"resource" | "data", object>>;
  return [...Object.keys(stack.resource ?? {}), ...Object.keys(stack.data ?? {}).map((type) => `data.${type}`)];
}

/** Validates and plans a stack from nothing. */
export function planStack(dir: string, { binary }: { readonly binary: Terraform }): Plan {
  const stack = openStack(dir, binary);
  try {
    stack.validate();
    return stack.plan();
  } finally {
    stack.dispose();
  }
}

/** What a stack's whole life showed. */
export interface StackLife {
  readonly plan: Plan;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Addresses the plan right after the apply would still change: none, in a sound stack. */
  readonly unsettled: readonly string[];
  /** Resources left in the state after the destroy: none. */
  readonly left: readonly string[];
}

/** Validate, plan, apply, plan again, destroy. */
export function cycleStack(dir: string, { binary }: { readonly binary: Terraform }): StackLife {
  const stack = openStack(dir, binary);
  try {
    stack.validate();
    const plan = stack.plan();
    stack.apply();
    const outputs = stack.outputs();
    const unsettled = changed(stack.plan());
    stack.destroy();
    const state = JSON.parse(readFileSync(join(stack.dir, "copy.tfstate"), "utf8")) as {
      readonly resources: readonly { readonly mode: string; readonly type: string; readonly name: string }[];
    };
    const left = state.resources.filter(({ mode }) => mode === "managed").map(({ type, name }) => `${type}.${name}`);
    return { plan, outputs, unsettled, left };
  } finally {
    stack.dispose();
  }
}

/** Addresses a plan would change, drop or make. */
export function changed(plan: Plan): string[] {
  const isChange = ({ change }: ResourceChange) => !change.actions.every((each) => each === "no-op" || each === "read");
  return (plan.resource_changes ?? []).filter(isChange).map(({ address }) => address);
}

/** Addresses a plan would replace. */
export function replaced(plan: Plan): string[] {
  const isReplacement = ({ change }: ResourceChange) =>
    change.actions.includes("delete") && change.actions.includes("create");
  return (plan.resource_changes ?? []).filter(isReplacement).map(({ address }) => address);
}
