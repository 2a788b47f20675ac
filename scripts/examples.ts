// npm run examples -- OUT: synthesizes every example into OUT/<example>/stacks/<stack>/{cdk.tf.json,files/…}.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "..");

/** Folders below `examples/` that have an app. */
export function exampleNames(): string[] {
  const folders = readdirSync(join(root, "examples"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => name).filter((name) => existsSync(join(root, "examples", name, "main.ts")));
}

/** Runs one example's app, as `cdktf synth` would, with its output in `outdir`. */
export function synthesizeExample(name: string, outdir: string, env: NodeJS.ProcessEnv = {}): void {
  mkdirSync(outdir, { recursive: true });
  execFileSync(process.execPath, ["-r", "ts-node/register", join("examples", name, "main.ts")], {
    cwd: root,
    env: { ...process.env, CDKTF_OUTDIR: outdir, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
}

if (require.main === module) {
  const [out, ...rest] = process.argv.slice(2);
  if (out === undefined || rest.length > 0) {
    console.error("usage: npm run examples -- OUT");
    process.exit(2);
  }
  const base = resolve(process.env.INIT_CWD ?? process.cwd(), out); // npm changes to the package's directory
  for (const name of exampleNames()) {
    synthesizeExample(name, join(base, name));
    console.log(
      `${name}: ${readdirSync(join(base, name, "stacks"))
        .sort()
        .join(", ")}`,
    );
  }
}
