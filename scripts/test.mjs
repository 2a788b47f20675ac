// npm test: brings the tools, then types, lint, format, shell, tests. Every part runs, whatever the one before it said.
// With arguments only the tests that match them: npm test -- test/core
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, "node_modules/.bin", name);
const isCi = process.env.CI === "true";
const args = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "gantry-test-"));
const result = join(scratch, "result.json");
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const tests = { name: "tests", command: [bin("jest"), ...args] };
const everything = [
  { name: "tools", command: [join(root, "test/tools/ensure")], atHome: "tools are missing: their tests are skipped" },
  { name: "types", command: ["npm", "run", "--silent", "typecheck"] },
  { name: "lint", command: ["npm", "run", "--silent", "lint"] },
  { name: "format", command: [bin("prettier"), "--check", "--log-level=warn", "."] },
  { name: "shell", command: [process.execPath, join(root, "scripts/lint-shell.mjs")] },
  tests,
];

// A log file has no colours, whatever CI=true makes of it.
const plain = process.stdout.isTTY ? {} : { NO_COLOR: "1", FORCE_COLOR: "0" };

const rows = [];
for (const { name, command, atHome } of args.length > 0 ? [tests] : everything) {
  console.log(`\n== ${name}`);
  const start = Date.now();
  const { status, error } = spawnSync(command[0], command.slice(1), {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...plain, CHECKPOINT_DISABLE: "1", GANTRY_TEST_RESULT: result },
  });
  if (error !== undefined) console.error(String(error));
  let verdict = status === 0 ? "ok" : "FAILED";
  if (status !== 0 && atHome !== undefined && !isCi) verdict = atHome;
  rows.push({ name, verdict, seconds: Math.round((Date.now() - start) / 1000) });
}

let counts = { passed: 0, failed: 0, skipped: 0, skips: [] };
try {
  counts = JSON.parse(readFileSync(result, "utf8"));
} catch {
  // the test program died: it counts as a failed part
}
const testsRow = rows.at(-1);
if (testsRow.verdict === "ok" && counts.passed === 0) testsRow.verdict = "FAILED: no test ran";
// A part that fails counts as one failure; failing tests are counted one by one.
const failedParts = rows.filter(({ verdict }) => verdict.startsWith("FAILED"));
const failed = failedParts.filter((row) => row !== testsRow || counts.failed === 0).length + counts.failed;

console.log("\n== summary");
for (const { name, verdict, seconds } of rows)
  console.log(`${name.padEnd(8)}${`${seconds} s`.padStart(7)}  ${verdict}`);
for (const line of counts.skips) console.log(line);
console.log(`\n${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
