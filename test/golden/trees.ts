// Trees of files, for the comparison of what the examples make with what is committed beside this file.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

export const root = join(__dirname, "../..");

/** Where the programs of `lib/gantry/<folder>` come from. */
const ORIGINS: Readonly<Record<string, string>> = {
  common: "lib/core/scripts",
  builder: "lib/builder/scripts/client",
  host: "lib/builder/scripts/host",
  image: "lib/image/scripts/image",
  dev: "lib/image/scripts/dev",
  cluster: "lib/cluster/scripts/cluster",
};

/** Programs that stand elsewhere, under the name that people call. */
const ENTRIES = [
  "lib/core/scripts/launcher.sh",
  "lib/image/scripts/dev-shim.sh",
  ...["install.sh", "state.sh", "uninstall.sh"].map((name) => `lib/cluster/scripts/k3s/${name}`),
  ...["helm.libsonnet", "values.libsonnet"].map((name) => `lib/cluster/tanka/${name}`),
  ...["Tiltfile", "justfile"].map((name) => `lib/cluster/tilt/${name}`),
];

/** Texts by path. */
export type Tree = ReadonlyMap<string, string>;

/** All files below a directory, by relative path, sorted. */
export function readTree(directory: string): Map<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map(({ parentPath, name }) => relative(directory, join(parentPath, name))).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(directory, path), "utf8")]));
}

/** Modes of all files below a directory, such as `0755`. */
export function readModes(directory: string): Map<string, string> {
  const modeOf = (path: string) => (statSync(join(directory, path)).mode & 0o7777).toString(8).padStart(4, "0");
  return new Map([...readTree(directory).keys()].map((path) => [path, modeOf(path)]));
}

/** Puts a tree where another one was. */
export function writeTree(directory: string, tree: Tree): void {
  rmSync(directory, { recursive: true, force: true });
  for (const [path, text] of tree) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

/**
 * The part of an example's output that says something: `cdk.tf.json` and the files that were rendered. Programs are copies
 * of files of `lib`; of those and of the manifest, `files.txt` has only path, mode and origin.
 */
export function goldenTree(outdir: string): Map<string, string> {
  const golden = new Map<string, string>();
  for (const stack of readdirSync(join(outdir, "stacks")).sort()) {
    const directory = join(outdir, "stacks", stack);
    golden.set(`${stack}/cdk.tf.json`, readFileSync(join(directory, "cdk.tf.json"), "utf8"));
    const modes = readModes(join(directory, "files"));
    const origins = [...readTree(join(directory, "files"))].map(([path, text]) => {
      const origin = path === "gantry.json" ? "the list of these files" : originOf(path, text);
      if (origin === undefined) golden.set(`${stack}/files/${path}`, text);
      return `${modes.get(path) ?? ""} ${path}${origin === undefined ? "" : ` (${origin})`}\n`;
    });
    golden.set(`${stack}/files.txt`, origins.join(""));
  }
  return golden;
}

function originOf(path: string, text: string): string | undefined {
  const [, folder = "", name = ""] = /^lib\/gantry\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  const programs = ORIGINS[folder];
  const origins = programs === undefined ? ENTRIES : [`${programs}/${name}`];
  return origins.find((origin) => readFileSync(join(root, origin), "utf8") === text);
}
