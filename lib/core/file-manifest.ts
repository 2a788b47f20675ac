import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { MANIFEST } from "./file-path";

const owner = {
  construct: z.string(),
  stack: z.string(),
  sharedWith: z.array(z.string()).min(1).readonly().optional(),
};
const entry = z.object({
  sha256: z.string(),
  mode: z.enum(["0644", "0755"]),
  ...owner,
});
const pendingEntry = z.object({ sha256: z.array(z.string()), ...owner });
const manifestSchema = z.object({
  version: z.literal(1),
  files: z.record(z.string(), entry),
  pending: z.record(z.string(), pendingEntry).default({}),
});

/** Whose file it is: the paths of the construct and the stack it belongs to, and of other stacks that make the same file. */
export interface FileOwner {
  readonly construct: string;
  readonly stack: string;
  readonly sharedWith?: readonly string[] | undefined;
}

/** What the manifest says of one generated file: its content, its mode, and whose it is. A stack prunes only its own files. */
export type ManifestEntry = Readonly<z.output<typeof entry>>;

/** Contents of one file that were on their way when a synth was cut short. They count as ours too. */
export interface PendingEntry extends FileOwner {
  readonly sha256: readonly string[];
}

/** `gantry.json`: the files that synthesis made in a directory, and so may overwrite and prune. */
export interface FileManifest {
  readonly files: ReadonlyMap<string, ManifestEntry>;
  readonly pending: ReadonlyMap<string, PendingEntry>;
}

/** The stacks that a file belongs to. */
export function stacksOf({ stack, sharedWith = [] }: FileOwner): string[] {
  return [stack, ...sharedWith];
}

/** Reads the manifest of a directory; an absent one lists nothing. @throws Error when it cannot be read as one. */
export function readManifest(root: string): FileManifest {
  const file = join(root, MANIFEST);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { files: new Map(), pending: new Map() };
    throw error;
  }
  const remedy = "restore it from version control, or remove it and adopt the files with GANTRY_FORCE=1";
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new Error(`${file} is not JSON; ${remedy}`);
  }
  const { success, data: manifest } = manifestSchema.safeParse(data);
  if (!success) throw new Error(`${file} is not a list of generated files of version 1; ${remedy}`);
  return { files: new Map(Object.entries(manifest.files)), pending: new Map(Object.entries(manifest.pending)) };
}

/** The manifest's text: sorted, so that equal trees have equal manifests. */
export function renderManifest({ files, pending }: FileManifest): string {
  const data = { version: 1, files: sorted(files), ...(pending.size > 0 && { pending: sorted(pending) }) };
  return `${JSON.stringify(data, null, 2)}\n`;
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
