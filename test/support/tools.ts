// Which external programs a test file needs, and what happens when one is not there.
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

interface Tool {
  /** The file looked for on PATH, when it is not the tool's name. */
  readonly find?: string;
}

const table = JSON.parse(readFileSync(join(__dirname, "../tools/tools.json"), "utf8")) as {
  readonly tools: Readonly<Record<string, Tool>>;
};

/** Where a program is on PATH, or nothing. */
export function which(program: string): string | undefined {
  for (const dir of (process.env["PATH"] ?? "").split(delimiter)) {
    if (dir === "") continue;
    const file = join(dir, program);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // not here
    }
  }
  return undefined;
}

/** Whether a tool of `test/tools/tools.json` is there. */
export function hasTool(name: string): boolean {
  const tool = table.tools[name];
  if (tool === undefined) throw new Error(`${name} is not in test/tools/tools.json`);
  return which(tool.find ?? name) !== undefined;
}

/**
 * The tests in `body` need these external tools. When one is missing they are skipped, and the table at the end of the
 * run says so; under `CI=true` they fail instead. The reporter reads the title of the block.
 *
 * @example withTools(["podman", "sshd"], () => { test("…", …); });
 */
export function withTools(names: readonly string[], body: () => void): void {
  const missing = names.filter((name) => !hasTool(name));
  if (missing.length === 0) {
    body();
  } else if (process.env["CI"] === "true") {
    test(`external tools are there: ${names.join(", ")}`, () => {
      throw new Error(`missing: ${missing.join(", ")}; test/tools/ensure says how to get them`);
    });
  } else {
    describe.skip(`[missing: ${missing.join(", ")}]`, body);
  }
}
