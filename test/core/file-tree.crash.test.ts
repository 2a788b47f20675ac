import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { contentOf, declare, filesOf, VERSIONS } from "../support/crash-loop";
import { Project } from "../support/project";

const KILLS = 25;
const FILES = "cdktf.out/stacks/lab/files";
const DRAFT = /(^|\/)\.gantry-\d+\.tmp$/;
/** Changes of the disk in one synthesis that writes everything, roughly. */
const STEPS = 950;

let project: Project;
beforeAll(() => {
  project = new Project();
});
afterAll(() => {
  project.remove();
});

/** Files that are neither whole and old nor whole and new. */
function torn(): string[] {
  const paths = project
    .list(FILES)
    .filter((path) => !DRAFT.test(path) && path !== "gantry.json" && !path.endsWith("/"));
  return paths.filter((path) => {
    const text = project.read(join(FILES, path));
    return !["all", ...VERSIONS].some((version) => text === contentOf(path, version));
  });
}

function synthesizeInto(version: string): void {
  project.synth((app) => {
    declare(app, version);
  });
  const files = filesOf(version);
  expect(project.list(FILES)).toEqual([...files.keys(), "gantry.json"].sort()); // no more and no less: no leftovers
  for (const [path, { content, executable }] of files) {
    expect(project.read(join(FILES, path))).toBe(content);
    expect(project.mode(join(FILES, path))).toBe(executable ? "0755" : "0644");
  }
  expect(project.read(`${FILES}/gantry.json`)).not.toContain("pending");
}

test(`kill -9 at ${String(KILLS)} points of progress leaves every file old or new, and no synth needs force`, () => {
  const loop = join(__dirname, "../support/crash-loop.ts");
  let interrupted = 0;
  for (let i = 0; i < KILLS; i++) {
    // A point anywhere in the first, the second or the third synthesis; every fifth one within the very first steps.
    const step = 1 + Math.floor(Math.random() * (i % 5 === 4 ? 20 : 2.5 * STEPS));
    const args = [
      "-r",
      require.resolve("ts-node/register"),
      loop,
      project.path("cdktf.out"),
      String(step),
      String(i % 3),
    ];
    const { signal, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", cwd: join(__dirname, "../..") });
    // Anything else is a synth that failed: over what the kill before it has left.
    expect({ step, signal, stderr: stderr.replace(/^npm warn.*\n/gm, "") }).toEqual({
      step,
      signal: "SIGKILL",
      stderr: "",
    });
    expect({ step, torn: torn() }).toEqual({ step, torn: [] });
    if (project.has(`${FILES}/gantry.json`)) {
      const list = JSON.parse(project.read(`${FILES}/gantry.json`)) as object; // never half
      if ("pending" in list) interrupted++;
    }
    if (i % 6 === 5) synthesizeInto(VERSIONS[Math.floor(i / 6) % 3] ?? "c");
  }
  synthesizeInto("c");
  expect(interrupted).toBeGreaterThan(KILLS / 4); // the kills came where they hurt
}, 300_000); // 25 programs are started one after the other
