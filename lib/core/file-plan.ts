import { join } from "node:path";
import { Disk, sha256 } from "./disk";
import { reasonOf, type Fault } from "./errors";
import {
  readManifest,
  renderManifest,
  stacksOf,
  type FileManifest,
  type FileOwner,
  type ManifestEntry,
} from "./file-manifest";
import { MANIFEST, pathFault, type PathClaims } from "./file-path";

/** One rendered file. */
export interface RenderedFile {
  readonly path: string;
  readonly content: string;
  readonly executable: boolean;
  /** Whether an equal file of another stack is the same file, not a second one. */
  readonly shared?: boolean;
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
export interface FilePlan {
  readonly disk: Disk;
  readonly before: FileManifest;
  readonly after: FileManifest;
  readonly write: readonly RenderedFile[];
  readonly chmod: readonly RenderedFile[];
  readonly remove: readonly string[];
  /** Text of the manifest in the end; `undefined`: nothing is left to list. */
  readonly manifest: string | undefined;
}

/**
 * Compares what the trees of one root say with what is there. Changes nothing; adds what is wrong to `faults`, and
 * returns nothing when the root's list of files cannot be read.
 */
export function makePlan(
  root: string,
  trees: readonly FileTree[],
  overwrite: boolean,
  claims: PathClaims,
  faults: Fault[],
): FilePlan | undefined {
  const disk = new Disk(root);
  const before = attempt(join(root, MANIFEST), faults, () => {
    refuse(disk.blocked(MANIFEST));
    return readManifest(root);
  });
  if (before === undefined) return undefined;
  const stacks = new Set(trees.map(({ stack }) => stack));
  const wanted = trees.flatMap(({ files }) => files.map(({ path }) => path));
  const remove = leaving(before, new Set(wanted), stacks);
  const removed = new Set(remove);
  const removedAnyCase = new Map(remove.map((path) => [path.toLowerCase(), path]));
  const after = { files: new Map<string, ManifestEntry>(), pending: new Map(before.pending) };
  const write: RenderedFile[] = [];
  const chmod: RenderedFile[] = [];

  for (const { file, makers } of together(trees)) {
    const sum = sha256(file.content);
    const mode = file.executable ? "0755" : "0644";
    const owner = ownerOf(file, makers, before.files.get(file.path), stacks);
    after.files.set(file.path, { sha256: sum, mode, ...owner });
    after.pending.delete(file.path);
    attempt(`[${file.construct}] ${file.path}`, faults, () => {
      refuse(claims.claim(join(root, file.path), file.construct) ?? disk.blocked(file.path, removed));
      const current = disk.read(file.path);
      // Where upper and lower case are the same, this is what stands there, and removing it removes this file too.
      const oldName = removedAnyCase.get(file.path.toLowerCase());
      const changes = current?.sha256 !== sum || oldName !== undefined;
      const wrongMode = current !== undefined && current.executable !== file.executable;
      if (current !== undefined && current.sha256 !== sum && !overwrite) {
        refuse(notOurs(root, before, oldName ?? file.path, current.sha256, stacks));
      }
      if (changes || wrongMode) refuse(disk.readOnly(file.path));
      if (changes) write.push(file);
      else if (wrongMode) chmod.push(file);
    });
  }
  for (const path of remove) {
    const owner = (before.files.get(path) ?? before.pending.get(path))?.construct ?? "";
    after.pending.delete(path);
    attempt(`[${owner}] ${path} (no longer made)`, faults, () => {
      const current = disk.blocked(path) === undefined ? disk.read(path) : undefined;
      if (current === undefined) return;
      if (!overwrite) refuse(notOurs(root, before, path, current.sha256, stacks));
      refuse(disk.readOnly(path));
    });
  }
  for (const [path, entry] of before.files) {
    // Made by another app that shares this directory.
    const others = stacksOf(entry).filter((stack) => !stacks.has(stack));
    if (others.length > 0 && !after.files.has(path)) after.files.set(path, { ...entry, ...ownedBy(others, entry) });
  }

  const manifest = after.files.size + after.pending.size === 0 ? undefined : renderManifest(after);
  if (!disk.holds(MANIFEST, manifest)) {
    attempt(join(root, MANIFEST), faults, () => refuse(disk.readOnly(MANIFEST)));
  }
  return { disk, before, after, write, chmod, remove, manifest };
}

/** The files of all trees, each with the constructs that make it, by stack. Equal shared files are one. */
function together(trees: readonly FileTree[]) {
  const found: { readonly file: RenderedFile; readonly makers: Map<string, string> }[] = [];
  const shared = new Map<string, (typeof found)[number]>();
  for (const { stack, files } of trees) {
    for (const file of files) {
      const other = shared.get(file.path);
      if (file.shared && other?.file.content === file.content && other.file.executable === file.executable) {
        other.makers.set(stack, file.construct);
        continue;
      }
      const first = { file, makers: new Map([[stack, file.construct]]) };
      found.push(first);
      if (file.shared) shared.set(file.path, first);
    }
  }
  return found;
}

/** Whose a file is now: of the stacks that make it, and a shared one still of those of other apps. */
function ownerOf(
  file: RenderedFile,
  makers: ReadonlyMap<string, string>,
  before: ManifestEntry | undefined,
  stacks: ReadonlySet<string>,
): FileOwner {
  const others = file.shared && before ? stacksOf(before).filter((stack) => !stacks.has(stack)) : [];
  const owner = ownedBy([...others, ...makers.keys()], before);
  return { ...owner, construct: makers.get(owner.stack) ?? owner.construct };
}

/** The owner when these stacks are left. A shared file is made by the same construct in each of its stacks. */
function ownedBy(stacks: readonly string[], before: FileOwner | undefined): FileOwner {
  const [stack = "", ...sharedWith] = [...stacks].sort();
  const { construct, stack: first } = before ?? { construct: "", stack: "" };
  const inStack = construct.startsWith(`${first}/`) ? stack + construct.slice(first.length) : construct;
  return { construct: inStack, stack, sharedWith: sharedWith.length > 0 ? sharedWith : undefined };
}

/** Files that the last synth made, or was about to make, for these stacks alone, and that none of them makes now. */
function leaving(before: FileManifest, wanted: ReadonlySet<string>, stacks: ReadonlySet<string>): string[] {
  const mine = [...before.files, ...before.pending].filter(
    ([path, owner]) => !wanted.has(path) && stacksOf(owner).every((stack) => stacks.has(stack)),
  );
  // A list that somebody wrote by hand never leads out of the root.
  return [...new Set(mine.map(([path]) => path))].filter((path) => pathFault(path) === undefined);
}

/** Why a file that would change is not ours to change, or nothing when the last synth left it like this. */
function notOurs(
  root: string,
  before: FileManifest,
  path: string,
  sum: string,
  stacks: ReadonlySet<string>,
): string | undefined {
  const entry = before.files.get(path);
  const pending = before.pending.get(path);
  const owner = entry ?? pending;
  if (owner === undefined) {
    return `${join(root, path)} is there already and was not made by a stack; move it away, or overwrite it with GANTRY_FORCE=1`;
  }
  if (sum !== entry?.sha256 && !pending?.sha256.includes(sum)) {
    return "was edited by hand since the last synth; see how with `npx gantry check --diff`, then move the change into the stack, or drop it with GANTRY_FORCE=1";
  }
  if (!stacksOf(owner).some((stack) => stacks.has(stack))) {
    return `belongs to stack "${owner.stack}", which this app does not have; remove it there, or take it over with GANTRY_FORCE=1`;
  }
  return undefined;
}

/** Runs `step`; what it throws becomes a fault of `property`. */
function attempt<T>(property: string, faults: Fault[], step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    faults.push({ property, message: reasonOf(error) });
    return undefined;
  }
}

function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw new Error(fault);
}
