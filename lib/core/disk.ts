import { createHash } from "node:crypto";
import { accessSync, chmodSync, constants, lstatSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";

/** What stands at a path below a {@link Disk}. */
export interface FileOnDisk {
  readonly sha256: string;
  readonly executable: boolean;
}

/** One directory that generated files go to. Paths are checked relative paths; nothing here follows a symbolic link below the root. */
export class Disk {
  private readonly directories = new Map<string, string | undefined>();

  constructor(readonly root: string) {}

  /** Why `path` cannot be written, or nothing when it can. */
  blocked(path: string): string | undefined {
    const parent = dirname(path);
    const inTheWay = parent === "." ? this.directoryFault("") : this.parentFault(parent);
    if (inTheWay !== undefined) return inTheWay;
    const stat = this.stat(path);
    if (stat?.isSymbolicLink()) return `${join(this.root, path)} is a symbolic link; remove it`;
    if (stat && !stat.isFile()) return `${join(this.root, path)} is there and is not a file; remove it`;
    return undefined;
  }

  read(path: string): FileOnDisk | undefined {
    const stat = this.stat(path);
    if (!stat?.isFile()) return undefined;
    return { sha256: sha256(readFileSync(join(this.root, path))), executable: (stat.mode & 0o100) !== 0 };
  }

  /** Puts the whole content in place by a rename: a reader, or a crash, sees the old file or the new one. */
  write(path: string, content: string, executable: boolean): void {
    const target = join(this.root, path);
    const draft = join(dirname(target), `.gantry-${process.pid}.tmp`);
    mkdirSync(dirname(target), { recursive: true });
    try {
      writeFileSync(draft, content, { flush: true });
      chmodSync(draft, executable ? 0o755 : 0o644); // explicitly: the umask must not decide
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }

  chmod(path: string, executable: boolean): void {
    chmodSync(join(this.root, path), executable ? 0o755 : 0o644);
  }

  /** Removes a file, and the directories that this leaves empty. */
  remove(path: string): void {
    rmSync(join(this.root, path), { force: true });
    for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) {
      try {
        rmdirSync(join(this.root, parent));
      } catch {
        return; // not empty
      }
    }
  }

  private parentFault(parent: string): string | undefined {
    if (this.directories.has(parent)) return this.directories.get(parent);
    const above = dirname(parent);
    const fault = (above === "." ? this.directoryFault("") : this.parentFault(above)) ?? this.directoryFault(parent);
    this.directories.set(parent, fault);
    return fault;
  }

  private directoryFault(path: string): string | undefined {
    const stat = this.stat(path);
    if (!stat) return undefined;
    const directory = join(this.root, path);
    if (stat.isSymbolicLink() && path !== "") return `${directory} is a symbolic link; generated files never go through one`;
    if (!stat.isDirectory() && !stat.isSymbolicLink()) return `${directory} is not a directory`;
    try {
      accessSync(directory, constants.W_OK);
    } catch {
      return `${directory} is not writable`;
    }
    return undefined;
  }

  private stat(path: string): Stats | undefined {
    return lstatSync(join(this.root, path), { throwIfNoEntry: false });
  }
}

/** Hex sha256 of a file's content. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
