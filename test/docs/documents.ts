// What the documentation of this repository consists of: Markdown files, and the examples in the comments of the library.
import { readFileSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";

export const root = resolve(__dirname, "../..");

/** Directories that hold no documents of ours: brought along, generated, or input of a test. */
const passedOver = new Set([
  "node_modules",
  "dist",
  "cdktf.out",
  ".git",
  ".scratch",
  ".gantry",
  "fixtures",
  "golden",
  "api",
]);

/** Paths of all files with an ending, relative to the repository. */
export function filesEndingIn(ending: string, directory = root): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return passedOver.has(entry.name) ? [] : filesEndingIn(ending, path);
    return entry.name.endsWith(ending) ? [relative(root, path)] : [];
  });
}

/** Text of a file of the repository. */
export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The code of each `@example` in a source file, except of what is internal. */
export function examplesIn(source: string): string[] {
  return [...source.matchAll(/\/\*\*([\s\S]*?)\*\//g)].flatMap(([, comment = ""]) => {
    const text = comment.replace(/^\s*\* ?/gm, "");
    const example = /^@example\s*\n([\s\S]*?)(?=^@|$(?![\s\S]))/m.exec(text)?.[1];
    return example === undefined || text.includes("@internal") ? [] : [example.trimEnd()];
  });
}

/** The anchors GitHub gives to the headings of a document. */
export function anchorsOf(headings: readonly string[]): Set<string> {
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replace(/ /g, "-"),
    ),
  );
}
