// Images: publishing what is published already, and building on a base against building from nothing.
import { execFileSync, spawnSync, type ExecFileSyncOptions } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { GpuBuilder, Host } from "../lib/builder";
import { BaseImage, BuildModes, DevImage, GhcrPublication, GhcrRepository } from "../lib/image";
import { findTool } from "../test/tools/table.cjs";
import { ModesLab } from "../test/support/modes-lab";
import { LocalEngine } from "../test/support/local-engine";
import { startStandin } from "../test/support/standin";
import { atLeast, inTurn, median, ms, type Figure } from "./figures";

/** A no-op `publish`, and a code change with and without the base. */
export async function imageFigures(): Promise<Figure[]> {
  return [await publishFigure(), await baseFigure()];
}

/** The guide's manual publication against `image publish`, of the base of the other figure, on a builder that is this machine. */
async function publishFigure(): Promise<Figure> {
  const engine = new LocalEngine();
  const project = mkdtempSync(join(tmpdir(), "gantry-bench-"));
  const standin = await startStandin({ registry: true });
  try {
    const { address = "", user = "", password = "" } = standin.registry ?? {};
    mkdirSync(join(project, "v3"));
    execFileSync("cp", [rootfs(), join(project, "v3/rootfs.tar")]);
    writeFileSync(join(project, "cdktf.json"), "{}\n");
    writeFileSync(join(project, ".gitignore"), "/cdktf.out/\n");
    writeFileSync(join(project, "v3/Dockerfile.base"), SYSTEM);
    for (const args of [
      ["init", "-q"],
      ["add", "-A"],
      ["-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-qm", "b"],
    ])
      execFileSync("git", args, { cwd: project });
    synthesizePublication(project, address, user);
    const env = { ...process.env, ...standin.env, ...engine.env, XDG_RUNTIME_DIR: "", GITHUB_TOKEN: password };
    const run = (command: string, args: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, env, encoding: "utf8" });
      if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit ${String(status)}\n${stdout}${stderr}`);
    };
    const ours = () => run(join(project, "cdktf.out/stacks/lab/files/bin/image"), ["publish", "--quiet"]);
    const guide = `set -e; cd v3
      podman build -q -f Dockerfile.base -t sindri:base-3.0.0 . >/dev/null
      podman tag sindri:base-3.0.0 sindri:base-latest
      printf %s "$GITHUB_TOKEN" | podman login -u ${user} --password-stdin --tls-verify=false ${address} >/dev/null
      for tag in base-3.0.0 base-latest; do podman tag sindri:$tag ${address}/guide/sindri:$tag; done
      for tag in base-3.0.0 base-latest; do podman push -q --tls-verify=false ${address}/guide/sindri:$tag; done`;
    const theirs = () => run("bash", ["-c", guide]);
    ours();
    theirs();
    const times = await inTurn(7, [theirs, ours]);
    const [manual = NaN, program = NaN] = times.map(median);
    return atLeast(20, {
      name: "publish-noop",
      value: manual / program,
      unit: "x faster",
      detail: `nothing changed, a registry on this machine: image publish ${ms(program)}, the guide's build, tag, login and push ${ms(manual)} (medians of 7)`,
    });
  } finally {
    await standin.stop();
    engine.remove();
    rmSync(project, { recursive: true, force: true });
  }
}

function synthesizePublication(project: string, registry: string, userName: string): void {
  const app = new App({ outdir: join(project, "cdktf.out"), stackTraces: false });
  const stack = new TerraformStack(app, "lab");
  new LocalBackend(stack, { path: "bench.tfstate" });
  const builder = new GpuBuilder(stack, "builder", { host: Host.local(), disk: { minFreeGib: 0 } });
  const image = new BaseImage(stack, "sindri-base", {
    context: "v3",
    file: "Dockerfile.base",
    repository: "sindri",
    version: "3.0.0",
    rebuildWhen: ["rootfs.tar"],
  });
  const repository = GhcrRepository.of("acme/sindri", { registry });
  new GhcrPublication(stack, "publish", { image, repository, builder, userName });
  app.synth();
}

/** The smallest Debian, made by debootstrap, as an archive; kept for the next time. */
function rootfs(): string {
  const archive = join(process.env.GANTRY_TOOLS ?? join(homedir(), ".cache/gantry-tools"), "bench-rootfs.tar");
  if (existsSync(archive)) return archive;
  if (findTool("debootstrap") === undefined)
    throw new Error("debootstrap is needed to make a base: apt-get install debootstrap, as root");
  const work = mkdtempSync(join(tmpdir(), "gantry-rootfs-"));
  try {
    const quiet: ExecFileSyncOptions = { stdio: ["ignore", "ignore", "inherit"] };
    execFileSync(
      "debootstrap",
      ["--variant=minbase", "bookworm", join(work, "root"), "http://deb.debian.org/debian"],
      quiet,
    );
    execFileSync(
      "tar",
      ["-C", join(work, "root"), "--exclude=./dev/*", "--exclude=./var/cache/apt/*", "-cf", `${archive}.new`, "."],
      quiet,
    );
    execFileSync("mv", [`${archive}.new`, archive]);
    return archive;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const SYSTEM = `FROM scratch
ADD rootfs.tar /
RUN apt-get -o APT::Sandbox::User=root update -q && DEBIAN_FRONTEND=noninteractive apt-get -o APT::Sandbox::User=root install -yq --no-install-recommends build-essential ca-certificates curl git pkg-config libssl-dev rustc cargo
`;
const CODE = `COPY src /src
RUN make -C /src
`;

/**
 * By how much the guide's base takes longer than a change of code on top of it: 45 minutes for all, of which such a change takes 1 to
 * 2. Its 94.4 % are from a mean of 2.5 minutes, in which are changes of dependencies as well.
 */
const BASE_TO_CODE = (45 - 1.5) / 1.5;

async function baseFigure(): Promise<Figure> {
  const lab = await ModesLab.start();
  try {
    execFileSync("cp", [rootfs(), join(lab.project, "v3/rootfs.tar")]);
    lab.write("v3/Dockerfile.base", SYSTEM);
    lab.write("v3/Dockerfile.dev", `ARG BASE_IMAGE\nFROM \${BASE_IMAGE}\n${CODE.replace("COPY src", "COPY v3/src")}`);
    lab.write("v3/Dockerfile.slow", SYSTEM + CODE);
    const parts = (count: number) => {
      for (let i = 0; i < count; i++) lab.write(`v3/src/part${i}.c`, `int part${i}(int x) { return x * ${i}; }\n`);
    };
    parts(1);
    lab.write("v3/src/Makefile", "tool: $(patsubst %.c,%.o,$(wildcard *.c))\n\t$(CC) -o $@ $^\n");
    lab.write("v3/src/main.c", "int main(void) { return 0; }\n");
    lab.git("rm", "-q", "--cached", "v3/src/main");
    rmSync(join(lab.project, "v3/src/main"));
    lab.git("add", "-A");
    lab.git("commit", "-q", "-m", "bench");
    synthesize(lab);
    const { host } = lab;
    const started = process.hrtime.bigint();
    lab.ok("build", "--base");
    const base = Number(process.hrtime.bigint() - started) / 1e6;
    // The guide's target "from source" is everything in one image, built anew each time; its fast build is one on the base.
    const copy = () => {
      execFileSync("cp", ["-rT", join(lab.project, "v3"), join(host.home, "slow")]);
      execFileSync("chown", ["-R", `${host.user}:`, join(host.home, "slow")]);
    };
    let edits = 1;
    const edited = () => `int main(void) { return ${edits++ % 100}; }`;
    const hand = () => {
      host.output(`echo '${edited()}' >slow/src/main.c`);
      host.output("cd ~/slow && podman build -q -t fast:latest -f Dockerfile.fast . >/dev/null");
    };
    lab.write("v3/Dockerfile.fast", `FROM localhost/sindri-base:base-latest\n${CODE}`);
    copy();
    // As much code as it takes for the guide's proportion.
    const [few = NaN] = (await inTurn(3, [hand])).map(median);
    parts(201);
    copy();
    const [many = NaN] = (await inTurn(3, [hand])).map(median);
    const count = Math.max(1, Math.round(1 + (200 * (base / BASE_TO_CODE - few)) / (many - few)));
    for (let i = count; i < 201; i++) rmSync(join(lab.project, `v3/src/part${i}.c`));
    parts(count);
    rmSync(join(host.home, "slow"), { recursive: true });
    copy();
    lab.git("add", "-A");
    lab.git("commit", "-q", "-m", "code");
    lab.ok("build");
    const slow = () => {
      host.output(`echo '${edited()}' >slow/src/main.c`);
      host.output("cd ~/slow && podman build -q --no-cache -t slow:latest -f Dockerfile.slow . >/dev/null");
    };
    const fast = () => {
      lab.write("v3/src/main.c", `${edited()}\n`);
      lab.ok("build");
    };
    const times = await inTurn(3, [slow, hand, fast]);
    const [source = NaN, byHand = NaN, based = NaN] = times.map(median);
    return atLeast(94.4, {
      name: "base-saves",
      value: 100 * (1 - based / source),
      unit: "%",
      detail:
        `one line of code changed, the packages of the example's base and a Rust toolchain on Debian: ${ms(based)} on the base, ${ms(source)} from nothing, ` +
        `${ms(byHand)} on the base without the program (medians of 3); base to code ${((source - byHand) / byHand).toFixed(0)} to 1, in the guide ${BASE_TO_CODE.toFixed(0)} to 1`,
    });
  } finally {
    await lab.stop();
  }
}

function synthesize({ project, host: { address, port, user, hostKey, identityFile } }: ModesLab): void {
  const app = new App({ outdir: join(project, "cdktf.out"), stackTraces: false });
  const stack = new TerraformStack(app, "lab");
  new LocalBackend(stack, { path: "bench.tfstate" });
  const host = Host.existing({ address, port, user, hostKey, identityFile });
  const builder = new GpuBuilder(stack, "builder", { host, disk: { minFreeGib: 0 } });
  const base = new BaseImage(stack, "sindri-base", {
    context: "v3",
    file: "Dockerfile.base",
    rebuildWhen: ["rootfs.tar"],
  });
  const dev = new DevImage(stack, "sindri", { base, context: ".", file: "v3/Dockerfile.dev", inputs: ["v3/src"] });
  new BuildModes(stack, "modes", { builder, base, dev });
  app.synth();
}
