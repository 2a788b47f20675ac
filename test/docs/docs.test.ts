import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { namedCommands, programCommands } from "../support/program-commands";
import { readMarkdown } from "../support/markdown";
import { anchorsOf, examplesIn, filesEndingIn, read, root } from "./documents";
import { compileFaults, run, type Snippet } from "./snippets";

const documents = filesEndingIn(".md");
const blocks = documents.flatMap((path) =>
  readMarkdown(read(path)).blocks.map(({ language, code }, i) => ({
    where: `${path}, block ${i + 1}`,
    language,
    code,
  })),
);
const inDocuments = blocks.filter(({ language }) => language === "ts");
const inComments: Snippet[] = filesEndingIn(".ts", join(root, "lib")).flatMap((path) =>
  examplesIn(read(path)).map((code) => ({ where: path, code })),
);

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "gantry-docs-"));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("the documents are found", () => {
  expect(documents).toEqual(
    expect.arrayContaining([
      "README.md",
      "docs/builder.md",
      "docs/files.md",
      "docs/workflows.md",
      "examples/gpu-builder/README.md",
    ]),
  );
  expect(inDocuments.length).toBeGreaterThan(3);
  expect(inComments.length).toBeGreaterThan(2);
});

test.each(documents)("links lead somewhere: %s", (path) => {
  const broken = readMarkdown(read(path)).links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(readMarkdown(read(target)).headings).has(anchor);
  });
  expect(broken).toEqual([]);
});

test("npm scripts that are named exist", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = documents.flatMap((path) => {
    const { spans, blocks: code } = readMarkdown(read(path));
    return [...spans, ...code.map((block) => block.code)].flatMap((text) =>
      [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name),
    );
  });
  expect(named).toContain("demo");
  expect(named.filter((name = "") => scripts[name] === undefined)).toEqual([]);
});

/** Programs that are not a builder's, by the name that the documents give them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  cluster: "cluster/scripts/cluster",
  image: "image/scripts/image",
  jarvis: "image/scripts/dev",
};

test("commands and options of our programs that are named exist", () => {
  const wrong = documents.flatMap((path) =>
    namedCommands(read(path)).flatMap(({ program, command, options }) => {
      const known = programCommands(PROGRAMS[program]).get(command);
      if (known === undefined) return [`${path}: ${program} ${command}`];
      return options.filter((option) => !known.has(option)).map((option) => `${path}: ${program} ${command} ${option}`);
    }),
  );
  expect(wrong).toEqual([]);
});

test("programs that npx is told to run are here, or named with a version", () => {
  const named = blocks.flatMap(({ where, code }) =>
    [...code.matchAll(/\bnpx ([\w@./-]+)/g)].map(([, name = ""]) => `${where}: ${name}`),
  );
  const { bin } = JSON.parse(read("package.json")) as { bin: Record<string, string> };
  const here = (name: string) => name in bin || existsSync(join(root, "node_modules/.bin", name));
  expect(named.filter((each) => !/\w@\d/.test(each) && !here(each.replace(/.*: /, "")))).toEqual([]);
});

test("modes that a comparison of times names are those of the run log", () => {
  const script = read("lib/image/scripts/image/cmd-build.sh");
  const named = documents.flatMap((path) =>
    [...read(path).matchAll(/history\s+--compare\s+([\w-]+)\s+([\w-]+)/g)].flatMap(([, one = "", two = ""]) => [
      one,
      two,
    ]),
  );
  expect(named).toContain("build-fast");
  expect(named.filter((mode) => !script.includes(`RUN_MODE=${mode}`))).toEqual([]);
});

test("the two commands of the README are as they were promised", () => {
  const { spans } = readMarkdown(read("README.md"));
  expect(spans).toEqual(expect.arrayContaining(["npm ci && npm run demo", "npm ci && npm test"]));
});

test("versions that the README names are those of package.json", () => {
  const { devDependencies, version } = JSON.parse(read("package.json")) as {
    devDependencies: Record<string, string>;
    version: string;
  };
  const text = read("README.md");
  expect(text).toContain(`cdktf-gantry-${version}.tgz`);
  for (const [name, installed] of [...text.matchAll(/((?:@[\w-]+\/)?[\w-]+)@(\d+\.\d+\.\d+)/g)].map(
    ([, a = "", b]) => [a, b] as const,
  )) {
    if (devDependencies[name] !== undefined) expect(`${name}@${installed}`).toBe(`${name}@${devDependencies[name]}`);
  }
});

test("JSON in documents is JSON", () => {
  for (const { code } of blocks.filter(({ language }) => language === "json"))
    expect(() => JSON.parse(code) as unknown).not.toThrow();
});

test("TypeScript in documents and comments compiles", () => {
  expect(compileFaults([...inDocuments, ...inComments], join(scratch, "compile"))).toEqual([]);
});

const apps = [...inComments, ...inDocuments.filter(({ code }) => code.includes("app.synth()"))];
test.each(apps.map((snippet) => [snippet.where, snippet] as const))("runs, and synthesizes: %s", (_where, snippet) => {
  const out = mkdtempSync(join(scratch, "out-"));
  process.env.CDKTF_OUTDIR = out;
  try {
    run(snippet);
  } finally {
    delete process.env.CDKTF_OUTDIR;
  }
  if (snippet.code.includes("new App(")) expect(readdirSync(out)).toContain("manifest.json");
});
