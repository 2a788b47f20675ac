// A program that synthesizes 220 files again and again, with alternating contents, until it kills itself in the midst of
// it: `node -r ts-node/register crash-loop.ts OUTDIR STEP FIRST` starts with the FIRST version of the contents and dies by SIGKILL at the STEP-th change of the disk (after half
// of it, where it is a write). So a test picks any point of progress, and a slow machine does not change what it tests.
import fs from "node:fs";
import { App, TerraformStack } from "cdktf";
import { GeneratedFile } from "../../lib/core/generated-file";

/** The versions of the contents. Three: what a kill left of two must not stop the third. */
export const VERSIONS = ["a", "b", "c"];

/** All files of one version of the contents, by path. Versions differ in contents, in modes and in what there is. */
export function filesOf(version: string): Map<string, { content: string; executable: boolean }> {
  const files = new Map<string, { content: string; executable: boolean }>();
  for (let i = 0; i < 200; i++) {
    const path = `d${String(i % 7)}/f${String(i)}`;
    files.set(path, { content: contentOf(path, i % 10 === 0 ? "all" : version), executable: i % 3 === 0 });
  }
  for (let i = 0; i < 20; i++) {
    const path = `only-${version}/e${String(i % 4)}/f${String(i)}`;
    files.set(path, { content: contentOf(path, version), executable: version === "a" });
  }
  const swapped = version === "a" ? "swap" : "swap/file"; // a file in one version, a directory in the others
  files.set(swapped, { content: contentOf(swapped, version), executable: false });
  return files;
}

/** Long enough that half of it is seen to be half. */
export function contentOf(path: string, version: string): string {
  return `${`${path} ${version}\n`.repeat(50)}end\n`;
}

export function declare(app: App, version: string): void {
  const stack = new TerraformStack(app, "lab");
  let n = 0;
  for (const [path, { content, executable }] of filesOf(version)) {
    new GeneratedFile(stack, `F${String(n++)}`, { path, content, executable });
  }
}

function dieAt(step: number): void {
  let left = step;
  const die = () => process.kill(process.pid, "SIGKILL");
  const intercept = (name: "renameSync" | "chmodSync" | "mkdirSync" | "rmSync" | "rmdirSync") => {
    const original = fs[name] as (...args: unknown[]) => unknown;
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        if (--left === 0) die();
        return original(...args);
      },
    });
  };
  (["renameSync", "chmodSync", "mkdirSync", "rmSync", "rmdirSync"] as const).forEach(intercept);
  const write = fs.writeFileSync;
  Object.assign(fs, {
    writeFileSync: (path: fs.PathOrFileDescriptor, data: string, options?: fs.WriteFileOptions) => {
      if (--left === 0) {
        write(path, data.slice(0, data.length / 2), options);
        die();
      }
      write(path, data, options);
    },
  });
}

if (require.main === module) {
  const [outdir = "", step = "", first = ""] = process.argv.slice(2);
  dieAt(Number(step));
  for (let round = 0; ; round++) {
    const app = new App({ outdir, stackTraces: false });
    declare(app, VERSIONS[(Number(first) + round) % VERSIONS.length] ?? "a");
    app.synth();
  }
}
