// The newcomer's first command, as it stands in the README.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { withTools } from "../support/tools";
import { cache, searchPath, which } from "../tools/table.cjs";

const root = resolve(__dirname, "../..");
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "gantry-demo-"));
});

afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function demo(path: string) {
  const env = { ...process.env, HOME: home, GANTRY_TOOLS: cache, PATH: path };
  return spawnSync("npm", ["run", "-s", "demo"], { cwd: root, env, encoding: "utf8" });
}

withTools(["podman", "git", "rsync", "tofu"], () => {
  test("the demo synthesizes, validates, builds, and has nothing to do the second time", () => {
    const { status, stdout } = demo(searchPath);
    expect(status).toBe(0);
    expect(stdout).toContain("tofu validate gpu-builder: valid");
    expect(stdout).toMatch(
      /and again, with nothing changed:\nhello: up to date, localhost\/hello:dev is ctx-[0-9a-f]+\n/,
    );
    expect(stdout).toContain("files/builder/RUNBOOK.md");
    expect(stdout).not.toContain("GpuBuilder:");
  }, 120_000);
});

test("without an engine it says how to get one and still ends well", () => {
  for (const [name, target] of [
    ["node", process.execPath],
    ["npm", which("npm")],
    ["sh", which("sh")],
    ["env", which("env")],
  ] as const) {
    if (target !== undefined) symlinkSync(target, join(home, name));
  }
  const { status, stdout, stderr } = demo(home);
  expect(stderr).toBe("");
  expect(stdout).toContain("There is no podman or docker that works here");
  expect(stdout).toContain("local-builder doctor");
  expect(status).toBe(0);
}, 120_000);
