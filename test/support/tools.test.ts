// A missing tool is a loud skip at home and a failure in CI: jest runs on a fixture with nothing on PATH.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

describe("a tool of PyPI", () => {
  /** Runs test/tools/ensure zizmor on a machine that has nothing but node and this python3. */
  function ensure(name: string, python: string) {
    const home = join(scratch, name);
    mkdirSync(join(home, "path"), { recursive: true });
    const pip = `#!/bin/sh\nfor last; do :; done\n/bin/cat "$last" >${home}/asked\nprintf '%s ' "$@" >${home}/called\n: >\${0%/*}/zizmor\n/bin/chmod +x \${0%/*}/zizmor\n`;
    writeFileSync(join(home, "pip"), pip, { mode: 0o755 });
    writeFileSync(join(home, "path/python3"), `#!/bin/sh\n${python}\n`, { mode: 0o755 });
    const env = { HOME: home, PATH: join(home, "path"), GANTRY_TOOLS: join(home, "tools") };
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "test/tools/ensure.cjs"), "zizmor"], {
      env,
      encoding: "utf8",
    });
    return { status, stdout, stderr, home };
  }

  test("comes at the pinned version, and only as the files whose checksums are written down", () => {
    const { status, stderr, home } = ensure("there", '/bin/mkdir -p "$3/bin" && /bin/cp "$HOME/pip" "$3/bin/pip"');
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(readFileSync(join(home, "asked"), "utf8")).toMatch(
      /^zizmor==\d+\.\d+\.\d+( --hash=sha256:[0-9a-f]{64}){4}\n$/,
    );
    expect(readFileSync(join(home, "called"), "utf8")).toContain(
      "install --require-hashes --only-binary :all: --no-deps",
    );
  });

  test("where it cannot be installed, it is said how", () => {
    const { status, stderr } = ensure("missing", "echo ensurepip is not available >&2; exit 1");
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `ensure: zizmor: python3 venv: ensurepip is not available
without apt-get install python3-venv: there is no apt-get
ensure: MISSING zizmor: test/tools/ensure zizmor
`,
    });
  });
});
