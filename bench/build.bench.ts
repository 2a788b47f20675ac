// Sync and build over ssh: the generated program against the runbook's two commands, on the same loopback host.
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startDelay } from "../test/support/delay";
import { startStandin, type Standin } from "../test/support/standin";
import { atLeast, atMost, inTurn, median, ms, type Figure } from "./figures";

const root = resolve(__dirname, "..");

interface Case {
  readonly files: number;
  /** Extra round trip in ms. */
  readonly rtt: number;
}

/** No-op and one-file edit, with few and many files, near and far. */
export async function buildFigures(): Promise<Figure[]> {
  const standin = await startStandin();
  try {
    const figures: Figure[] = [];
    for (const one of [
      { files: 62, rtt: 0 },
      { files: 2000, rtt: 0 },
      { files: 62, rtt: 50 },
    ]) {
      figures.push(...(await measure(standin, one)));
    }
    return figures;
  } finally {
    await standin.stop();
  }
}

async function measure(standin: Standin, { files, rtt }: Case): Promise<Figure[]> {
  const delay = rtt > 0 ? await startDelay(standin.port, rtt / 2) : undefined;
  const port = delay?.port ?? standin.port;
  const project = mkdtempSync(join(tmpdir(), "gantry-bench-"));
  const name = `bench-${files}-${rtt}`;
  try {
    writeTree(join(project, name), files);
    const program = synthesize(project, name, standin, port);
    const ours = () => run(project, program, ["build", name], standin.env);
    const theirs = () => runbook(project, name, standin, port);
    const edit = () => appendFileSync(join(project, name, "src-0", "file-0.txt"), "edited\n");
    standin.output(`mkdir -p ~/development/runbook-${name}`);
    theirs();
    ours(); // both have everything over there now
    const what = `${files} files, ${rtt} ms round trip`;

    // The runbook's build moves its tag each time. Our first look after that asks the engine again, those that follow do not.
    const noop = await inTurn(7, [theirs, ours, ours]);
    const [seedNoop = NaN, ourFirst = NaN, ourNoop = NaN] = noop.map(median);
    const edited = await inTurn(5, [
      () => {
        edit();
        theirs();
      },
      () => {
        edit();
        ours();
      },
    ]);
    const [seedEdit = NaN, ourEdit = NaN] = edited.map(median);
    const figures = [
      atLeast(10, {
        name: `noop-${files}${rtt ? `-rtt${rtt}` : ""}`,
        value: seedNoop / ourNoop,
        unit: "x faster",
        detail: `nothing changed, ${what}: ${ms(ourNoop)} (${ms(ourFirst)} when the engine was used in between), rsync + podman build ${ms(seedNoop)} (medians of 7)`,
      }),
      atMost(1, {
        name: `edit-${files}${rtt ? `-rtt${rtt}` : ""}`,
        value: ourEdit / seedEdit,
        unit: "x",
        detail: `one file edited, ${what}: ${ms(ourEdit)}, rsync + podman build ${ms(seedEdit)} (medians of 5)`,
      }),
    ];
    return figures;
  } finally {
    rmSync(project, { recursive: true, force: true });
    await delay?.stop();
  }
}

/** A git checkout with `files` text files of 17 KiB in folders of 50, and a Containerfile that takes them in. */
function writeTree(dir: string, files: number): void {
  const line = "one line of source text that stands for many others of its kind\n".repeat(270);
  for (let i = 0; i < files - 1; i++) {
    const folder = join(dir, `src-${Math.floor(i / 50)}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${i}.txt`), `${i}\n${line}`);
  }
  writeFileSync(join(dir, "Containerfile"), "FROM scratch\nCOPY . /src\n");
  // Written in the second of its index, a file is read by git each time, until the index is written again.
  execFileSync("find", [dir, "-exec", "touch", "-d", "1 minute ago", "{}", "+"]);
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", dir, "-c", "user.name=b", "-c", "user.email=b@example.com", ...args]);
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "bench");
}

function synthesize(project: string, name: string, standin: Standin, port: number): string {
  writeFileSync(join(project, "cdktf.json"), "{}\n");
  const main = `
    const { App, LocalBackend, TerraformStack } = require("cdktf");
    const { GpuBuilder, Host } = require(${JSON.stringify(join(root, "lib/builder"))});
    const { ContainerImage } = require(${JSON.stringify(join(root, "lib/image"))});
    const app = new App({ outdir: "cdktf.out" });
    const stack = new TerraformStack(app, "bench");
    new LocalBackend(stack, { path: "bench.tfstate" });
    const host = Host.existing(${JSON.stringify({ address: standin.address, port, user: standin.user, identityFile: standin.identityFile, hostKey: standin.hostKey })});
    new GpuBuilder(stack, "builder", { host, disk: { minFreeGib: 0 } })
      .build(new ContainerImage(stack, ${JSON.stringify(name)}, { context: ${JSON.stringify(name)} }));
    app.synth();`;
  execFileSync(process.execPath, ["-r", join(root, "node_modules/ts-node/register"), "-e", main], {
    cwd: project,
    env: { ...process.env, NODE_PATH: join(root, "node_modules"), TS_NODE_PROJECT: join(root, "tsconfig.json") },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return join(project, "cdktf.out/stacks/bench/files/bin/builder");
}

/** The two commands of the runbook, with the `-e` it forgot. */
function runbook(project: string, name: string, standin: Standin, port: number): void {
  const known = join(project, "known_hosts");
  writeFileSync(known, `[${standin.address}]:${port} ${standin.hostKey}\n`);
  const ssh = [
    "-i",
    standin.identityFile,
    "-p",
    String(port),
    "-o",
    `UserKnownHostsFile=${known}`,
    "-o",
    "BatchMode=yes",
  ];
  const to = `${standin.user}@${standin.address}`;
  run(
    project,
    "rsync",
    ["-az", "--exclude=.git", "-e", ["ssh", ...ssh].join(" "), `${name}/`, `${to}:development/runbook-${name}/`],
    standin.env,
  );
  const build = `cd ~/development/runbook-${name} && podman build -t runbook-${name}:dev -f Containerfile .`;
  run(project, "ssh", [...ssh, to, build], standin.env);
}

function run(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit ${String(status)}\n${stdout}${stderr}`);
}
