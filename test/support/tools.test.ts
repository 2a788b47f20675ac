// A missing tool is a loud skip at home and a failure in CI: jest runs on a fixture with nothing on PATH.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "gantry-tools-"));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function run(ci: string) {
  const report = join(scratch, `report-${ci}.json`);
  const fixture = ["--testMatch", "<rootDir>/test/fixtures/tools/*.test.ts", "--testPathIgnorePatterns", "nothing"];
  const args = [join(root, "node_modules/jest/bin/jest.js"), "--no-cache", "--watchman=false", ...fixture];
  const env = {
    HOME: scratch,
    PATH: scratch,
    GANTRY_TOOLS: scratch,
    GANTRY_TEST_RESULT: report,
    CI: ci,
    NO_COLOR: "1",
  };
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
  const { passed, failed, skipped } = JSON.parse(readFileSync(report, "utf8")) as Record<string, number>;
  return { status, stderr, counts: { passed, failed, skipped } };
}

test("at home: skipped, with what is missing and how to get it", () => {
  const { status, stderr, counts } = run("false");
  expect({ status, counts }).toEqual({ status: 0, counts: { passed: 1, failed: 0, skipped: 2 } });
  expect(stderr).toContain(`SKIPPED because a tool is missing (under CI=true these fail):

  tmux     2 tests  apt-get install tmux
  tofu     2 tests  test/tools/ensure tofu
`);
});

test("in CI: failed", () => {
  const { status, stderr, counts } = run("true");
  expect({ status, counts }).toEqual({ status: 1, counts: { passed: 1, failed: 1, skipped: 0 } });
  expect(stderr).toContain("missing: tofu, tmux; test/tools/ensure says how to get them");
});
