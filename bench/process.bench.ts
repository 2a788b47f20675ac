// What a user waits for: the whole process of a synth, and what importing the library loads.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { atMost, inTurn, median, ms, type Figure } from "./figures";

const root = resolve(__dirname, "..");

/** Whole-process synth against a bare cdktf app; modules and memory of the `builder` entry point. */
export async function processFigures(): Promise<Figure[]> {
  const scratch = mkdtempSync(join(tmpdir(), "gantry-bench-"));
  const app = (name: string) => () =>
    execFileSync(process.execPath, ["-r", "ts-node/register", `bench/apps/${name}.ts`], {
      cwd: root,
      env: { ...process.env, CDKTF_OUTDIR: join(scratch, name) },
    });
  const times = await inTurn(7, [app("bare"), app("gantry")]);
  const [bare = NaN, gantry = NaN] = times.map(median);
  rmSync(scratch, { recursive: true });

  execFileSync("npm", ["run", "-s", "build"], { cwd: root, stdio: "inherit" });
  const [cdktf, builder] = [loaded(["cdktf"]), loaded(["cdktf", join(root, "dist/builder/index.js")])];
  const more = builder.modules - cdktf.modules;
  return [
    atMost(1.5, {
      name: "synth-process",
      value: gantry / bare,
      unit: "x",
      detail: `node -r ts-node/register, one builder: ${ms(gantry)}, bare cdktf app with the same resources ${ms(bare)} (medians of 7)`,
    }),
    atMost(200, {
      name: "import-modules",
      value: more,
      unit: "modules",
      detail: `require("cdktf-gantry/builder") on top of the ${cdktf.modules} of require("cdktf")`,
    }),
    atMost(1.5, {
      name: "import-memory",
      value: builder.rss / cdktf.rss,
      unit: "x",
      detail: `resident memory after the import: ${builder.rss} MB, ${cdktf.rss} MB with cdktf alone (medians of 5)`,
    }),
  ];
}

function loaded(modules: readonly string[]): { modules: number; rss: number } {
  const program = `${modules.map((name) => `require(${JSON.stringify(name)});`).join("")}
    console.log(JSON.stringify({ modules: Object.keys(require.cache).length, rss: process.memoryUsage.rss() / 1e6 }))`;
  const runs = Array.from({ length: 5 }, () => {
    const text = execFileSync(process.execPath, ["-e", program], { cwd: root, encoding: "utf8" });
    return JSON.parse(text) as { modules: number; rss: number };
  });
  return { modules: runs[0]?.modules ?? NaN, rss: Math.round(median(runs.map(({ rss }) => rss))) };
}
