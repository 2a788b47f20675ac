// What the examples make, byte by byte. After a wanted change: GANTRY_TEST_UPDATE=1 npx jest test/golden, and review the diff.
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { exampleNames, synthesizeExample } from "../../scripts/examples";
import { looksSecret } from "../../lib/core/show-value";
import { SECRET, synthesizeOn, type Machine } from "../support/determinism";
import { goldenTree, readModes, readTree, root, writeTree } from "./trees";

const work = mkdtempSync(join(tmpdir(), "gantry-golden-"));
afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

function synthesize(example: string, machine: Machine): string {
  return synthesizeOn(machine, join(root, "examples", example, "main.ts"), join(work, example));
}

test("there are examples", () => {
  expect(exampleNames()).toContain("gpu-builder");
});

describe.each(exampleNames())("examples/%s", (example) => {
  let here = "";
  let elsewhere = "";
  beforeAll(() => {
    here = synthesize(example, "here");
    elsewhere = synthesize(example, "elsewhere");
  });

  test("makes what is committed", () => {
    const committed = join(__dirname, example);
    const made = goldenTree(here);
    if (process.env.GANTRY_TEST_UPDATE === "1") writeTree(committed, made);
    const known = existsSync(committed) ? readTree(committed) : new Map<string, string>();
    expect([...known.keys()].sort()).toEqual([...made.keys()].sort());
    for (const [path, text] of made) expect(`${path}\n${known.get(path) ?? ""}`).toBe(`${path}\n${text}`);
  });

  test("makes the same, byte by byte, in another directory, time zone, language and umask", () => {
    expect(readTree(elsewhere)).toEqual(readTree(here));
    const modes = (outdir: string) =>
      readdirSync(join(outdir, "stacks")).map((stack) => readModes(join(outdir, "stacks", stack, "files")));
    expect(modes(elsewhere)).toEqual(modes(here));
  });

  test("may put the files of all its stacks into one root", () => {
    const outdir = join(work, `${example}-shared`);
    const ops = join(outdir, "ops");
    synthesizeExample(example, outdir, { CDKTF_CONTEXT_JSON: JSON.stringify({ "gantry:root": ops }) });
    const stacks = readdirSync(join(here, "stacks")).map((stack) => join(here, "stacks", stack, "files"));
    const wanted = stacks.filter((files) => existsSync(files)).flatMap((files) => [...readTree(files).keys()]);
    expect([...readTree(ops).keys()].sort()).toEqual([...new Set(wanted)].sort());
    expect(existsSync(join(outdir, "stacks", readdirSync(join(here, "stacks"))[0] ?? "", "files"))).toBe(false);
  });

  test("says nothing of this machine, the time, or a secret", () => {
    const today = new Date().toISOString().slice(0, 10);
    const names = [hostname()].filter((name) => name.length > 5); // "vm" is a word of its own
    const local = [work, root, process.execPath, ...names, "user-here", "ap-northeast-3", today, SECRET, "TfToken"];
    for (const [path, text] of readTree(here)) {
      for (const word of local) expect(`${path}: ${text.includes(word) ? word : "fine"}`).toBe(`${path}: fine`);
    }
    for (const [path, text] of goldenTree(here)) {
      const found = [
        ...(/(?<![\w.~$}:/-])\/(home|root|Users|private|tmp|work|mnt|builds)\b/.exec(text) ?? []),
        ...(/\b1[789]\d{8}(\d{3})?\b/.exec(text) ?? []), // seconds or milliseconds since 1970
        ...text.split(/\s/).filter(looksSecret),
      ];
      expect([path, ...found]).toEqual([path]);
    }
  });
});
