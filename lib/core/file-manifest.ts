import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MANIFEST } from "./file-path";

/** What the manifest says of one generated file. */
export interface ManifestEntry {
  readonly sha256: string;
  readonly mode: "0644" | "0755";
  /** Path of the construct that makes the file. */
  readonly construct: string;
  /** Path of the stack it belongs to: a stack prunes only its own files. */
  readonly stack: string;
}

/** `gantry.json`: the files that synthesis made in a directory, and so may overwrite and prune. */
export interface FileManifest {
  readonly version: 1;
  readonly files: Readonly<Record<string, ManifestEntry>>;
  /** Contents that were on their way when a synth was cut short. They count as ours, like those in `files`. */
  readonly pending?: Readonly<Record<string, string>>;
}

/** Reads the manifest of a directory; an absent one lists nothing. @throws Error when it cannot be read as one. */
export function readManifest(root: string): FileManifest {
  let text: string;
  try {
    text = readFileSync(join(root, MANIFEST), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { version: 1, files: {} };
    throw error;
  }
  const remedy = `restore it from version control, or remove it and adopt the files with GANTRY_FORCE=1`;
  let data: Partial<FileManifest> | null;
  try {
    data = JSON.parse(text) as Partial<FileManifest> | null;
  } catch {
    throw new Error(`${join(root, MANIFEST)} is not JSON; ${remedy}`);
  }
  if (data?.version !== 1 || typeof data.files !== "object") {
    throw new Error(`${join(root, MANIFEST)} is not a list of generated files of version 1; ${remedy}`);
  }
  return data as FileManifest;
}

/** The manifest's text: sorted, so that equal trees have equal manifests. */
export function renderManifest(manifest: FileManifest): string {
  const files = Object.fromEntries(Object.entries(manifest.files).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ ...manifest, files }, null, 2)}\n`;
}
