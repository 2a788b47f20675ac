// After jest's own summary: which external tools were missing and how many tests that cost. Counts go to the file in
// GANTRY_TEST_RESULT, for the last line of `npm test`.
const fs = require("node:fs");
const path = require("node:path");
const { howToGet } = require("../tools/table.cjs");

module.exports = class SkipReporter {
  onRunComplete(_contexts, results) {
    const perTool = new Map();
    const byHand = [];
    for (const file of results.testResults) {
      for (const one of file.testResults) {
        if (one.status !== "pending" && one.status !== "todo") continue;
        const missing = one.ancestorTitles.map((title) => /^\[missing: (.*)\]$/.exec(title)?.[1]).find(Boolean);
        if (missing === undefined) {
          byHand.push(`${path.relative(process.cwd(), file.testFilePath)}: ${one.fullName}`);
        } else {
          for (const tool of missing.split(", ")) perTool.set(tool, (perTool.get(tool) ?? 0) + 1);
        }
      }
    }
    const lines = [];
    if (perTool.size > 0) {
      lines.push("", "SKIPPED because a tool is missing (under CI=true these fail):", "");
      const rows = [...perTool].sort(([a], [b]) => a.localeCompare(b));
      const width = Math.max(...rows.map(([tool]) => tool.length));
      for (const [tool, count] of rows) {
        lines.push(`  ${tool.padEnd(width)}  ${String(count).padStart(4)} tests  ${howToGet(tool)}`);
      }
    }
    if (byHand.length > 0) lines.push("", "Skipped in the source:", ...byHand.map((name) => `  ${name}`));
    if (lines.length > 0) process.stderr.write(`${lines.join("\n")}\n`);

    const report = process.env.GANTRY_TEST_RESULT;
    if (report !== undefined) {
      const counts = {
        passed: results.numPassedTests,
        failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
        skipped: results.numPendingTests + results.numTodoTests,
        skips: lines,
      };
      fs.writeFileSync(report, JSON.stringify(counts));
    }
  }
};
