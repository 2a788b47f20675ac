// Which external programs a test file needs, and what happens when one is not there.
import { findTool } from "../tools/table.cjs";

export { which } from "../tools/table.cjs";

/** Whether a tool of `test/tools/tools.json` is there. */
export function hasTool(name: string): boolean {
  return findTool(name) !== undefined;
}

/** The tests in `body` need to be root: as {@link withTools}, for a right instead of a tool. */
export function asRoot(body: () => void): void {
  if (process.getuid?.() === 0) {
    body();
  } else if (process.env.CI === "true") {
    test("runs as root", () => {
      throw new Error("these tests need to be root, for a throw-away account");
    });
  } else {
    describe.skip("[not root]", body);
  }
}

/**
 * The tests in `body` need these external tools (names of `test/tools/tools.json`). When one is missing they are skipped,
 * and the table at the end of the run says so; under `CI=true` they fail instead. The reporter reads the block's title.
 *
 * @example withTools(["podman", "sshd"], () => { test("…", …); });
 */
export function withTools(names: readonly string[], body: () => void): void {
  const missing = names.filter((name) => findTool(name) === undefined);
  if (missing.length === 0) {
    body();
  } else if (process.env.CI === "true") {
    test(`external tools are there: ${names.join(", ")}`, () => {
      throw new Error(`missing: ${missing.join(", ")}; test/tools/ensure says how to get them`);
    });
  } else {
    describe.skip(`[missing: ${missing.join(", ")}]`, body);
  }
}
