import { devNull } from "node:os";
import { join, relative } from "node:path";
import { Disk, realDirectory } from "./disk";
import { GantryError, type Fault } from "./errors";
import { renderManifest, type FileManifest } from "./file-manifest";
import { MANIFEST, PathClaims } from "./file-path";
import { makePlan, type FilePlan, type FileTree } from "./file-plan";
import { renderJson } from "./render/json";

/**
 * Brings the directories to what the trees say. Everything is checked before the first byte is written; each file is
 * replaced by a rename, so that a crash leaves it old or new; files that are right already are not touched.
 *
 * `GANTRY_FORCE=1` overwrites files that were edited by hand. `GANTRY_CHECK=DIR` changes nothing below the roots: it
 * puts a report and what would be written into DIR, and throws when that is anything.
 *
 * @throws GantryError with every fault: two files of one path, a link or a foreign file in the way, a file edited by
 * hand, a directory that cannot be written.
 */
export function writeTrees(trees: readonly FileTree[], env: NodeJS.ProcessEnv = process.env): void {
  const roots = new Map<string, FileTree[]>();
  for (const tree of trees) {
    const root = realDirectory(tree.root); // two names of one directory are one root
    roots.set(root, [...(roots.get(root) ?? []), tree]);
  }
  const report = checkDirectory(env);
  const overwrite = env.GANTRY_FORCE === "1" || report !== undefined;
  const faults: Fault[] = [];
  const claims = new PathClaims(); // over all roots: one may lie within another
  for (const root of roots.keys()) claims.claim(join(root, MANIFEST), "the list of generated files");
  const plans = [...roots].flatMap(([root, sharing]) => makePlan(root, sharing, overwrite, claims, faults) ?? []);
  if (faults.length > 0) throw new GantryError("generated files: nothing was written", faults);
  if (report === undefined) plans.forEach(carryOut);
  else check(plans, report);
}

/** Where a check puts its report; `undefined`: this is no check. */
export function checkDirectory(env: NodeJS.ProcessEnv): string | undefined {
  return env.GANTRY_CHECK === "" ? undefined : env.GANTRY_CHECK;
}

function carryOut(plan: FilePlan): void {
  const { disk, before, write, chmod, remove, manifest } = plan;
  for (const path of oneOfEachDirectory([MANIFEST, ...before.pending.keys(), ...remove])) disk.sweep(path);
  // First say what is coming: if this synth is cut short, the next one knows old and new contents as ours.
  if (write.length + remove.length > 0) disk.write(MANIFEST, renderManifest(announcement(plan)), false);
  // Removed first: a file may have to make room for a directory, a directory for a file, `readme` for `README`.
  for (const path of remove) if (disk.blocked(path) === undefined) disk.remove(path);
  for (const { path, content, executable } of write) disk.write(path, content, executable);
  for (const { path, executable } of chmod) disk.chmod(path, executable);
  if (manifest === undefined) disk.remove(MANIFEST);
  else if (!disk.holds(MANIFEST, manifest)) disk.write(MANIFEST, manifest, false);
}

/** The manifest of the time between: what was there, and every content of ours that a changing file may have now. */
function announcement({ disk, before, after, write }: FilePlan): FileManifest {
  const pending = new Map(before.pending);
  for (const { path } of write) {
    const entry = after.files.get(path);
    if (entry === undefined) continue;
    const now = disk.read(path)?.sha256;
    const stillPending = now !== undefined && pending.get(path)?.sha256.includes(now) ? [now] : [];
    const sums = [...new Set([...stillPending, entry.sha256])];
    const { construct, stack, sharedWith } = entry;
    pending.set(path, { sha256: sums, construct, stack, ...(sharedWith && { sharedWith }) });
  }
  return { files: before.files, pending };
}

function oneOfEachDirectory(paths: readonly string[]): string[] {
  return [...new Map(paths.map((path) => [path.slice(0, path.lastIndexOf("/") + 1), path])).values()];
}

/** Puts `report.json` and what would be written into `directory`, for `gantry check`; throws when that is anything. */
function check(plans: readonly FilePlan[], directory: string): void {
  const out = new Disk(directory);
  const report = plans.flatMap(({ disk, write, chmod, remove, manifest }, i) => {
    const name = (path: string) => relative(process.cwd(), join(disk.root, path));
    const changed = (path: string, content: string, executable: boolean) => {
      const copy = `${i}/${path}`;
      out.write(copy, content, executable);
      return { change: disk.read(path) ? "changed" : "missing", file: name(path), wanted: join(directory, copy) };
    };
    const extra = (path: string) => ({ change: "extra", file: name(path), wanted: devNull });
    const list = manifest === undefined ? [extra(MANIFEST)] : [changed(MANIFEST, manifest, false)];
    return [
      ...write.map(({ path, content, executable }) => changed(path, content, executable)),
      ...chmod.map(({ path }) => ({ change: "mode", file: name(path), wanted: name(path) })),
      ...remove.filter((path) => disk.read(path)).map(extra),
      ...(disk.holds(MANIFEST, manifest) ? [] : list),
    ];
  });
  out.write("report.json", renderJson(report), false);
  if (report.length === 0) return;
  const lines = report.map(({ change, file }) => `${change}: ${file}`);
  throw new Error(`generated files are not what the stack makes\n  ${lines.join("\n  ")}`);
}
