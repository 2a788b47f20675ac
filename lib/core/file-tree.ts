import { devNull } from "node:os";
import { join } from "node:path";
import { Disk, sha256 } from "./disk";
import { readManifest, renderManifest, type FileManifest, type ManifestEntry } from "./file-manifest";
import { MANIFEST, PathClaims, pathFault } from "./file-path";
import { renderJson } from "./render/json";

/** One rendered file. */
export interface RenderedFile {
  readonly path: string;
  readonly content: string;
  readonly executable: boolean;
  /** Path of the construct that made it, for the manifest and for errors. */
  readonly construct: string;
}

/** The files one stack puts below one directory. */
export interface FileTree {
  readonly root: string;
  readonly stack: string;
  readonly files: readonly RenderedFile[];
}

/** What has to happen below one root. */
interface Plan {
  readonly disk: Disk;
  readonly before: FileManifest;
  readonly after: FileManifest;
  readonly write: RenderedFile[];
  readonly chmod: RenderedFile[];
  readonly remove: string[];
}

/**
 * Brings the directories to what the trees say. Everything is checked before the first byte is written; each file is
 * replaced by a rename, so that a crash leaves it old or new; files that are right already are not touched.
 *
 * `GANTRY_FORCE=1` overwrites files that were edited by hand. `GANTRY_CHECK=DIR` changes nothing below the roots: it
 * puts a report and what would be written into DIR, and throws when that is anything.
 *
 * @throws Error with every fault: two files of one path, a link or a foreign file in the way, a file edited by hand,
 * a directory that cannot be written.
 */
export function writeTrees(trees: readonly FileTree[], env: NodeJS.ProcessEnv = process.env): void {
  const roots = new Map<string, FileTree[]>();
  for (const tree of trees) roots.set(tree.root, [...(roots.get(tree.root) ?? []), tree]);
  const checkDirectory = env["GANTRY_CHECK"];
  const overwrite = env["GANTRY_FORCE"] === "1" || checkDirectory !== undefined;
  const faults: string[] = [];
  const plans = [...roots].map(([root, sharing]) => makePlan(root, sharing, overwrite, faults));
  if (faults.length > 0) throw new Error(`generated files: nothing was written\n  ${faults.join("\n  ")}`);
  if (checkDirectory === undefined) plans.forEach(carryOut);
  else check(plans, checkDirectory);
}

function makePlan(root: string, trees: readonly FileTree[], overwrite: boolean, faults: string[]): Plan {
  const before = readManifest(root);
  const disk = new Disk(root);
  const stacks = new Set(trees.map(({ stack }) => stack));
  const claims = new PathClaims();
  const after: Record<string, ManifestEntry> = {};
  const plan: Plan = { disk, before, after: { version: 1, files: after }, write: [], chmod: [], remove: [] };

  for (const { stack, files } of trees) {
    for (const file of files) {
      const sum = sha256(file.content);
      after[file.path] = { sha256: sum, mode: file.executable ? "0755" : "0644", construct: file.construct, stack };
      const fault = claims.claim(file.path, file.construct) ?? disk.blocked(file.path);
      const current = fault === undefined ? disk.read(file.path) : undefined;
      const changes = current?.sha256 !== sum;
      const foreign = changes && current && !overwrite ? notOurs(root, before, file.path, current.sha256, stacks) : undefined;
      const wrong = fault ?? foreign;
      if (wrong !== undefined) faults.push(`[${file.construct}] ${file.path}: ${wrong}`);
      else if (changes) plan.write.push(file);
      else if (current.executable !== file.executable) plan.chmod.push(file);
    }
  }
  for (const [path, entry] of Object.entries(before.files)) {
    if (after[path]) continue;
    if (!stacks.has(entry.stack)) {
      after[path] = entry; // made by another app that shares this directory
      continue;
    }
    if (pathFault(path) !== undefined || disk.blocked(path) !== undefined) continue; // a list never leads out of the root
    const current = disk.read(path);
    if (current === undefined) continue;
    const fault = overwrite ? undefined : notOurs(root, before, path, current.sha256, stacks);
    if (fault === undefined) plan.remove.push(path);
    else faults.push(`[${entry.construct}] ${path} (no longer made): ${fault}`);
  }
  return plan;
}

/** Why a file that would change is not ours to change, or nothing when the last synth left it like this. */
function notOurs(root: string, before: FileManifest, path: string, sum: string, stacks: ReadonlySet<string>): string | undefined {
  const entry = before.files[path];
  const pending = before.pending?.[path];
  if (entry === undefined && pending === undefined) {
    return `${join(root, path)} is there already and was not made by a stack; move it away, or overwrite it with GANTRY_FORCE=1`;
  }
  if (sum !== entry?.sha256 && sum !== pending) {
    return "was edited by hand since the last synth; see how with `npx gantry check --diff`, then move the change into the stack, or drop it with GANTRY_FORCE=1";
  }
  if (entry !== undefined && !stacks.has(entry.stack)) {
    return `belongs to stack "${entry.stack}", which this app does not have; remove it there, or take it over with GANTRY_FORCE=1`;
  }
  return undefined;
}

function carryOut({ disk, before, after, write, chmod, remove }: Plan): void {
  const settled = renderManifest(after);
  if (write.length + remove.length > 0) {
    // First say what is coming: if this synth is cut short, the next one still knows both contents as ours.
    const pending = Object.fromEntries(write.map(({ path }) => [path, after.files[path]?.sha256 ?? ""]));
    disk.write(MANIFEST, renderManifest({ ...before, pending: { ...before.pending, ...pending } }), false);
  }
  for (const { path, content, executable } of write) disk.write(path, content, executable);
  for (const { path, executable } of chmod) disk.chmod(path, executable);
  for (const path of remove) disk.remove(path);
  if (disk.read(MANIFEST)?.sha256 !== sha256(settled)) disk.write(MANIFEST, settled, false);
}

/** Puts `report.json` and what would be written into `directory`, for `gantry check`; throws when that is anything. */
function check(plans: readonly Plan[], directory: string): void {
  const out = new Disk(directory);
  const report = plans.flatMap(({ disk, write, chmod, remove }, i) => {
    const line = (change: string, path: string, wanted: string) => ({ change, file: join(disk.root, path), wanted });
    return [
      ...write.map(({ path, content, executable }) => {
        const copy = `${i}/${path}`;
        out.write(copy, content, executable);
        return line(disk.read(path) ? "changed" : "missing", path, join(directory, copy));
      }),
      ...chmod.map(({ path }) => line("mode", path, join(disk.root, path))),
      ...remove.map((path) => line("extra", path, devNull)),
    ];
  });
  out.write("report.json", renderJson(report), false);
  if (report.length === 0) return;
  const lines = report.map(({ change, file }) => `${change}: ${file}`);
  throw new Error(`generated files are not what the stack makes\n  ${lines.join("\n  ")}`);
}
