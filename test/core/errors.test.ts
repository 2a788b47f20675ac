import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { inspect } from "node:util";
import { GantryError } from "../../lib/core/errors";

const faults = [
  { property: "a", message: "got 1; allowed: 2" },
  { property: "b", message: "missing" },
];

test("an error holds its faults, and its message lists them", () => {
  const error = new GantryError("[lab/x] X: invalid props", faults);
  expect(error.faults).toEqual(faults);
  expect(error.message).toBe("[lab/x] X: invalid props\n  a: got 1; allowed: 2\n  b: missing");
});

test("whoever prints it prints each fault once, Node with an error that nobody catches, too", () => {
  const shown = inspect(new GantryError("[lab/x] X: invalid props", faults));
  expect(shown.match(/got 1; allowed: 2/g)).toHaveLength(1);
  const program = `
    const { GantryError } = require(${JSON.stringify(join(__dirname, "../../lib/core/errors"))});
    throw new GantryError("x", JSON.parse(process.argv[1]));`;
  const args = ["-r", require.resolve("ts-node/register"), "-e", program, JSON.stringify(faults)];
  const { stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8", cwd: join(__dirname, "../..") });
  expect(status).toBe(1);
  expect(stderr.match(/got 1; allowed: 2/g)).toHaveLength(1);
});
