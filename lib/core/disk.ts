import { createHash } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** What stands at a path below a {@link Disk}. */
export interface FileOnDisk {
  readonly sha256: string;
  readonly executable: boolean;
}

const DRAFT = /^\.gantry-(\d+)\.tmp$/;

/**
 * One directory that generated files go to. Paths are checked relative paths; nothing here follows a symbolic link
 * below the root. The root itself may be one.
 */
export class Disk {
  private readonly directories = new Map<string, string | undefined>();
  private readonly writable = new Map<string, string | undefined>();
  private readonly made = new Set<string>();

  constructor(readonly root: string) {}

  /** Why no file can ever stand at `path`, or nothing when one can. Files in `leaving` will be gone by then. */
  blocked(path: string, leaving: ReadonlySet<string> = new Set()): string | undefined {
    const inTheWay = this.parentFault(dirname(path), leaving);
    if (inTheWay !== undefined) return inTheWay;
    const stat = this.stat(path);
    if (stat?.isSymbolicLink()) return `${join(this.root, path)} is a symbolic link; remove it`;
    if (stat?.isDirectory() && this.holdsOnly(path, leaving)) return undefined;
    if (stat && !stat.isFile()) return `${join(this.root, path)} is there and is not a file; remove it`;
    return undefined;
  }

  /** Why the files of the directory that holds `path` cannot be changed, or nothing when they can. */
  readOnly(path: string): string | undefined {
    const parent = dirname(path);
    if (!this.writable.has(parent)) this.writable.set(parent, notWritable(join(this.root, parent)));
    return this.writable.get(parent);
  }

  /** @throws Error when the file is there and cannot be read. */
  read(path: string): FileOnDisk | undefined {
    const stat = this.stat(path);
    if (!stat?.isFile()) return undefined;
    return { sha256: sha256(readFileSync(join(this.root, path))), executable: isExecutable(stat) };
  }

  /** Whether the file at `path` is this text; `undefined`: whether there is none. */
  holds(path: string, content: string | undefined): boolean {
    return this.read(path)?.sha256 === (content === undefined ? undefined : sha256(content));
  }

  /**
   * Puts the whole content in place by a rename: a reader, or a process killed here, leaves the old file or the new
   * one. Not flushed to the medium, as git does not flush a work tree: 2,000 files would take ten times as long, and a
   * synth makes them again.
   */
  write(path: string, content: string, executable: boolean): void {
    const target = join(this.root, path);
    const draft = join(dirname(target), `.gantry-${process.pid}.tmp`);
    const before = this.stat(path);
    this.makeDirectory(dirname(path));
    try {
      writeFileSync(draft, content);
      chmodSync(draft, modeOf(before, executable)); // explicitly: the umask must not decide
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }

  chmod(path: string, executable: boolean): void {
    chmodSync(join(this.root, path), modeOf(this.stat(path), executable));
  }

  /** Removes a file, if it is there, and the directories that this leaves empty. */
  remove(path: string): void {
    this.made.clear();
    rmSync(join(this.root, path), { force: true });
    for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) {
      try {
        rmdirSync(join(this.root, parent));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") return; // not empty
      }
    }
  }

  /** Removes what processes that were killed while writing have left in the directory that holds `path`. */
  sweep(path: string): void {
    const directory = dirname(join(this.root, path));
    for (const name of isDirectory(directory) ? readdirSync(directory) : []) {
      const pid = DRAFT.exec(name)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(directory, name), { force: true });
    }
  }

  private makeDirectory(path: string): void {
    if (this.made.has(path)) return;
    mkdirSync(join(this.root, path), { recursive: true });
    this.made.add(path);
  }

  private parentFault(parent: string, leaving: ReadonlySet<string>): string | undefined {
    if (this.directories.has(parent)) return this.directories.get(parent);
    const above = parent === "." ? undefined : this.parentFault(dirname(parent), leaving);
    const fault = above ?? (parent === "." ? this.rootFault() : this.directoryFault(parent, leaving));
    this.directories.set(parent, fault);
    return fault;
  }

  private rootFault(): string | undefined {
    for (let directory = this.root; ; directory = dirname(directory)) {
      const stat = statOf(directory);
      if (stat?.isSymbolicLink() && !isDirectory(directory)) return `${directory} is a symbolic link to no directory`;
      if (stat) return isDirectory(directory) ? undefined : `${directory} is not a directory`;
      if (directory === dirname(directory)) return undefined;
    }
  }

  private directoryFault(path: string, leaving: ReadonlySet<string>): string | undefined {
    const stat = this.stat(path);
    const directory = join(this.root, path);
    if (stat?.isSymbolicLink()) return `${directory} is a symbolic link; generated files never go through one`;
    if (stat && !stat.isDirectory() && !leaving.has(path)) return `${directory} is not a directory`;
    return undefined;
  }

  private holdsOnly(path: string, leaving: ReadonlySet<string>): boolean {
    const entries = readdirSync(join(this.root, path), { withFileTypes: true });
    return (
      entries.length > 0 &&
      entries.every((entry) => {
        const inside = `${path}/${entry.name}`;
        if (entry.isDirectory()) return this.holdsOnly(inside, leaving);
        return leaving.has(inside) || DRAFT.test(entry.name);
      })
    );
  }

  private stat(path: string): Stats | undefined {
    return statOf(join(this.root, path));
  }
}

/** Hex sha256 of a file's content. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The directory that an absolute path stands for, links resolved as far as it exists. */
export function realDirectory(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(realDirectory(dirname(path)), basename(path));
  }
}

function notWritable(directory: string): string | undefined {
  const above = dirname(directory);
  if (!isDirectory(directory) && directory !== above) return notWritable(above); // it will be made there
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch {
    return `${directory} is not writable`;
  }
}

/** Read and write permissions that a person has set are kept; who may read a program may run it. */
function modeOf(before: Stats | undefined, executable: boolean): number {
  const base = before?.isFile() ? before.mode & 0o666 : 0o644;
  return executable ? base | ((base & 0o444) >> 2) : base;
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined; // something above it is a file
    throw error;
  }
}

function isExecutable(stat: Stats): boolean {
  return (stat.mode & 0o100) !== 0;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false; // we write nothing yet: it is of an earlier process of the same number
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // there, and of another user
  }
}
