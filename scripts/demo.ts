// npm run demo: the whole way on this machine, without a cloud and without root. Synthesizes the example, has tofu or terraform
// validate it, syncs and builds a small image twice with podman or docker, and says what was made and what to do next.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { awsProviderTools } from "../test/support/aws/mirror";
import { openStack, terraforms } from "../test/support/terraform";
import { findTool, searchPath } from "../test/tools/table.cjs";

const root = resolve(__dirname, "..");
const outdir = "cdktf.out";
const stacks = ["gpu-builder", "gpu-builder-local"];
const program = `${outdir}/stacks/gpu-builder-local/files/bin/local-builder`;

process.env.PATH = searchPath;
process.env.CHECKPOINT_DISABLE = "1";

function main(): void {
  const engine = ["podman", "docker"].find(works);
  step("1. Synthesize: one declaration, Terraform JSON and programs out");
  run(process.execPath, ["-r", "ts-node/register", "examples/gpu-builder/main.ts"], {
    CDKTF_OUTDIR: outdir,
    CDKTF_CONTEXT_JSON: JSON.stringify({ engine: engine ?? "podman" }),
  });
  console.log(`${stacks.length} stacks in ${outdir}/stacks`);

  step("2. Validate with tofu and terraform");
  validate();

  step("3. Sync and build an image on this machine, twice");
  if (engine === undefined) {
    console.log("There is no podman or docker that works here, so nothing was built. To get one:");
    console.log("  Debian, Ubuntu: sudo apt-get install podman      Fedora, RHEL: sudo dnf install podman");
    console.log("  macOS:          brew install podman && podman machine init && podman machine start");
  } else {
    run(program, ["build", "hello"]);
    console.log("\nand again, with nothing changed:");
    run(program, ["build", "hello"]);
  }

  step("4. What was made");
  table();
  console.log(`
Next:
  less ${outdir}/stacks/gpu-builder/files/builder/RUNBOOK.md     the runbook, with this stack's names
  ${program} help
  ${engine === undefined ? `${program} doctor` : `echo hi >>examples/gpu-builder/hello/greeting.txt && ${program} build hello`}
The stacks are examples/gpu-builder/*.ts: change them, and run npm run synth.`);
}

function validate(): void {
  const binaries = terraforms.filter((binary) => findTool(binary) !== undefined);
  if (binaries.length === 0) console.log("skipped: neither tofu nor terraform is on PATH");
  else if (!awsProviderTools.every((tool) => findTool(tool) !== undefined)) {
    console.log(
      "skipped: the AWS provider is not here, and without Go its stand-in cannot be built; `tofu init` fetches the real one",
    );
  } else {
    console.log("(the first time, the stand-in for the AWS provider is built: half a minute)");
    for (const stack of stacks) {
      for (const binary of binaries) {
        const workspace = openStack(join(root, outdir, "stacks", stack), binary);
        try {
          workspace.validate();
        } finally {
          workspace.dispose();
        }
        console.log(`${binary} validate ${stack}: valid`);
      }
    }
  }
}

function table(): void {
  for (const stack of stacks) {
    const files = join(outdir, "stacks", stack, "files");
    const manifest = JSON.parse(readFileSync(join(root, files, "gantry.json"), "utf8")) as {
      files: Record<string, unknown>;
    };
    const paths = Object.keys(manifest.files);
    const shared = paths.filter((path) => path.startsWith("lib/"));
    const rows = [
      ["cdk.tf.json", "what cdktf deploy, tofu and terraform apply"],
      ...paths.filter((path) => !shared.includes(path)).map((path) => [`files/${path}`, purpose(path)]),
      [`files/lib/gantry/ (${shared.length} files)`, "the programs' library, the same for every builder"],
    ];
    console.log(`${join(outdir, "stacks", stack)}/`);
    for (const [path = "", what = ""] of rows) console.log(`  ${path.padEnd(48)} ${what}`);
  }
}

function purpose(path: string): string {
  if (path.startsWith("bin/")) return "the program: sync, build, loop, ssh, doctor …";
  if (path.endsWith("builder.env")) return "its settings";
  if (path.includes("/images/")) return "one image: context, arguments, bases";
  return path.endsWith("RUNBOOK.md") ? "the runbook, with real names" : "";
}

/** An engine that answers: a docker client alone is not one. */
function works(engine: string): boolean {
  return spawnSync(engine, ["info"], { stdio: "ignore", timeout: 20_000 }).status === 0;
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const file = existsSync(join(root, command)) ? join(root, command) : command;
  const { status, error } = spawnSync(file, args, { cwd: root, env: { ...process.env, ...env }, stdio: "inherit" });
  if (status === 0) return;
  console.error(`demo: ${command} ${args.join(" ")}: ${error?.message ?? `exit ${String(status)}`}`);
  process.exit(1);
}

function step(title: string): void {
  console.log(`\n== ${title}`);
}

main();
