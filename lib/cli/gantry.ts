#!/usr/bin/env node
// The command line: what belongs to a project as a whole. Machines are driven by their own generated programs.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const HELP = `usage: gantry check [--diff]     say whether the generated files are what the stacks make
       gantry --help | --version

check runs the app of ./cdktf.json and changes no generated file. Exit codes: 0 they are, 1 they are not, 2 usage or a synth
that fails. In CI it finds files that somebody edited, or forgot to synthesize and commit.

  --diff    also print how each file differs
`;

/** Runs the command line and returns its exit code. */
export function main(args: readonly string[]): number {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { diff: { type: "boolean" }, help: { type: "boolean", short: "h" }, version: { type: "boolean" } },
    });
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help) return print(HELP);
  if (values.version) return print(`${version()}\n`);
  if (positionals.length !== 1 || positionals[0] !== "check") {
    return usage(positionals.length === 0 ? "no command given" : `unknown command: ${positionals.join(" ")}`);
  }
  return check(values.diff ?? false);
}

function check(diff: boolean): number {
  let app: string;
  try {
    app = appOf(readFileSync("cdktf.json", "utf8"));
  } catch (error) {
    return usage(
      `cdktf.json: ${error instanceof Error ? error.message : String(error)}; call gantry in the directory that holds it`,
    );
  }
  const wanted = mkdtempSync(join(tmpdir(), "gantry-check-"));
  try {
    const run = spawnSync(app, {
      shell: true,
      env: { ...process.env, GANTRY_CHECK: wanted, CHECKPOINT_DISABLE: "1" },
      stdio: ["ignore", "inherit", "pipe"],
      encoding: "utf8",
    });
    const report = readReport(join(wanted, "report.json"));
    if (report === undefined) {
      process.stderr.write(run.stderr);
      process.stderr.write(`gantry: ${app}: ${run.status === 0 ? "made no generated files" : "failed"}\n`);
      return 2;
    }
    for (const { change, file } of report) process.stdout.write(`${change.padEnd(8)} ${file}\n`);
    if (diff) for (const { file, wanted: other } of report) showDiff(file, other);
    process.stdout.write(
      report.length === 0
        ? "generated files are what the stacks make\n"
        : "synthesize and commit, or move the change into the stack\n",
    );
    return report.length === 0 ? 0 : 1;
  } finally {
    rmSync(wanted, { recursive: true, force: true });
  }
}

/** One difference, as the synth reports it. */
interface Difference {
  readonly change: string;
  readonly file: string;
  /** What the stack makes of it; the null device when it makes none. */
  readonly wanted: string;
}

function readReport(path: string): Difference[] | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Difference[];
  } catch {
    return undefined; // the synth did not get that far
  }
}

function appOf(text: string): string {
  const { app } = JSON.parse(text) as { app?: unknown };
  if (typeof app !== "string" || app === "") throw new Error('has no "app"');
  return app;
}

function showDiff(file: string, wanted: string): void {
  process.stdout.write("\n");
  spawnSync("git", ["diff", "--no-index", "--", file, wanted], { stdio: "inherit" });
}

function version(): string {
  return (JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as { version: string }).version;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function usage(fault: string): number {
  process.stderr.write(`gantry: ${fault}\n${HELP}`);
  return 2;
}

if (require.main === module) process.exitCode = main(process.argv.slice(2));
