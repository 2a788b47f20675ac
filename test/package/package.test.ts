// What is published: the packed tarball, installed by others and used there.
import { readdirSync, readFileSync, rmSync, statSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import {
  commonJs,
  esm,
  type Flavour,
  flavours,
  install,
  node,
  pack,
  type Packed,
  root,
  typed,
  typeErrors,
  write,
} from "./consumer";

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "gantry-package-")));
let packed: Packed;
beforeAll(() => {
  packed = pack(scratch);
}, 300_000);
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe("the tarball", () => {
  const library = readdirSync(join(root, "lib"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(join(root, "lib"), join(entry.parentPath, entry.name)));
  const paths = () => packed.files.map(({ path }) => path);

  test("holds every file of lib that is not TypeScript, with its mode", () => {
    const assets = library.filter((file) => !file.endsWith(".ts"));
    const modes = new Map(packed.files.map(({ path, mode }) => [path, (mode & 0o100) !== 0]));
    expect(assets.length).toBeGreaterThan(0);
    for (const file of assets) {
      const isProgram = (statSync(join(root, "lib", file)).mode & 0o100) !== 0;
      expect([file, modes.get(`dist/${file}`)]).toEqual([file, isProgram]);
      expect(readFileSync(join(root, "dist", file))).toEqual(readFileSync(join(root, "lib", file)));
    }
  });

  test("holds script and types of every source file, and nothing else of ours", () => {
    const sources = library.filter((file) => file.endsWith(".ts")).map((file) => `dist/${file.slice(0, -3)}`);
    const assets = library.filter((file) => !file.endsWith(".ts")).map((file) => `dist/${file}`);
    const expected = [
      ...sources.flatMap((file) => [`${file}.js`, `${file}.d.ts`]),
      ...assets,
      ...["CHANGELOG.md", "LICENSE", "README.md", "package.json"],
    ];
    expect(paths().sort()).toEqual(expected.sort());
  });

  test("holds every file that package.json names", () => {
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      main: string;
      types: string;
      bin: Record<string, string>;
      exports: Record<string, string | Record<string, string>>;
    };
    const entries = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === "string" ? entry : Object.values(entry),
    );
    const named = [manifest.main, manifest.types, ...Object.values(manifest.bin), ...entries];
    expect(named.map((file) => file.replace(/^\.\//, "")).filter((file) => !paths().includes(file))).toEqual([]);
  });
});

describe.each(Object.keys(flavours) as Flavour[])("a project on %s", (flavour) => {
  const dir = join(scratch, flavour);
  beforeAll(() => {
    install(dir, flavour, packed.tarball);
    write(dir, "main.cjs", commonJs);
    write(dir, "main.mjs", esm);
    write(dir, "common.cts", typed);
    write(dir, "module.mts", esm);
  }, 600_000);

  /** Every generated file, by its path. */
  const tree = (outdir: string) => {
    const files = readdirSync(join(dir, outdir), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const named = files.map((entry) => join(entry.parentPath, entry.name)).sort();
    return named.map((file) => [relative(join(dir, outdir), file), readFileSync(file, "utf8")] as const);
  };

  test("synthesizes from CommonJS and from ESM, the same", () => {
    node(dir, "main.cjs", "out-cjs");
    node(dir, "main.mjs", "out-esm");
    const files = tree("out-cjs");
    const names = files.map(([name]) => name);
    expect(names).toContain("stacks/lab/cdk.tf.json");
    expect(names.filter((name) => name.startsWith("stacks/lab/files/bin/"))).toEqual([
      "stacks/lab/files/bin/builder",
      "stacks/lab/files/bin/here",
    ]);
    expect(tree("out-esm")).toEqual(files);
    expect(files.filter(([, text]) => text.includes(dir) || text.includes(root)).map(([name]) => name)).toEqual([]);
  });

  test("type-checks, with all declaration files and as strictly as it goes", () => {
    write(dir, "globals.d.ts", "declare const process: { readonly argv: readonly string[] };\n");
    const errors = typeErrors(dir, ["globals.d.ts", "common.cts", "module.mts"]);
    // Faults of the engine's own declarations are not ours to mend: they name a file of another package.
    const isForeign = (line: string) => /^(\s|node_modules\/(?!cdktf-gantry\/))/.test(line);
    expect(errors.filter((line) => !isForeign(line))).toEqual([]);
  });

  test("does not have Pulumi, nor needs it", () => {
    expect(readdirSync(join(dir, "node_modules")).filter((name) => name.startsWith("@pulumi"))).toEqual([]);
  });

  test("loads few modules for the builder", () => {
    const count = `
      require("cdktf-gantry/builder");
      const modules = Object.keys(require.cache).map((file) => file.slice(process.cwd().length + 1).replace(/^node_modules\\//, ""));
      console.log(JSON.stringify(modules));`;
    const modules = JSON.parse(node(dir, "-e", count)) as string[];
    const of = (...names: string[]) => modules.filter((file) => names.some((name) => file.startsWith(`${name}/`)));
    expect(of("@pulumi", "typescript", "jest")).toEqual([]);
    expect(of("@cdktf/provider-aws").filter((file) => !/^@cdktf\/provider-aws\/lib\/[\w-]+\//.test(file))).toEqual([]);
    // The engine itself is 380 modules (its successor 280), zod 95; the provider's root would be 2,200.
    expect(of("cdktf-gantry", "@cdktf/provider-aws", "zod", "yaml", "ipaddr.js").length).toBeLessThan(200);
    expect(modules.length).toBeLessThan(600);
  });

  test("has the command line", () => {
    expect(node(dir, "node_modules/.bin/gantry", "--version")).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
