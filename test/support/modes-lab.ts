// A synthesized stack with build modes in a git project, its programs, and a stand-in host to build on.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { App, TerraformStack, Testing } from "cdktf";
import { GpuBuilder, Host } from "../../lib/builder";
import {
  BaseImage,
  BuildModes,
  DevImage,
  GhcrPublication,
  GhcrRepository,
  type BuildModesProps,
} from "../../lib/image";
import { labTools, type RunLine } from "./lab";
import { startStandin, type Ran, type Standin, type StandinProps } from "./standin";

/** What the tests that build need. */
export const modesTools = labTools;

/** What a test may say of its build modes. */
export type ModesProps = Partial<Omit<BuildModesProps, "builder" | "dev">> & {
  /** @default "podman" */
  readonly engine?: "podman" | "docker";
};

export class ModesLab {
  /** A lab with the images `sindri-base` and `sindri`, whose names are those of the maintainer guide; both published where there is a registry. */
  static async start(props: ModesProps = {}, hostProps: StandinProps = {}): Promise<ModesLab> {
    const host = await startStandin(hostProps);
    try {
      return new ModesLab(host, props);
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  readonly project = realpathSync(mkdtempSync(join(tmpdir(), "gantry modes-")));
  readonly root = join(this.project, "cdktf.out/stacks/lab/files");
  readonly bin = join(this.project, "stubs");

  private constructor(
    readonly host: Standin,
    props: ModesProps,
  ) {
    host.output(`
      mkdir -p shell/bin bin && cp /bin/busybox shell/bin && for i in sh sleep cat touch false true; do ln -s busybox shell/bin/$i; done
      printf 'FROM scratch\\nCOPY . /\\nENV PATH=/bin\\n' >shell/Containerfile
      podman build -q -t localhost/shell:1 shell >/dev/null
      cat >bin/podman <<'END'
#!/bin/bash
printf '%s\\n' "$*" >>~/podman.log
if [ "$1" = build ] && [ -e ~/broken ]; then echo 'broken on purpose'; exit 3; fi
if [ "$1" = build ]; then while [ -e ~/gate ]; do sleep 0.05; done; fi
PATH=\${PATH#*:} exec podman "$@"
END
      chmod +x bin/podman`);
    mkdirSync(this.bin);
    this.write("cdktf.json", "{}\n");
    this.write(".gitignore", "/cdktf.out/\n/stubs/\n/target/\n*.log\n*.yaml\n");
    this.write("v3/Dockerfile.base", "FROM localhost/shell:1\nARG RUST_VERSION\nRUN touch /rust\n");
    this.write("v3/Dockerfile.dev", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY v3/src /src\nENV CLI=1\n");
    this.write("v3/src/main", "1\n");
    this.git("init", "-q", "-b", "main");
    this.git("add", "-A");
    this.git("commit", "-q", "-m", "first");
    this.configure(props);
  }

  /** Synthesizes the stack anew. */
  configure({ engine = "podman", ...props }: ModesProps): void {
    const outdir = join(this.project, "cdktf.out");
    const app = Testing.stubVersion(new App({ outdir, stackTraces: false }));
    const stack = new TerraformStack(app, "lab");
    const { address, port, user, hostKey, identityFile } = this.host;
    const builder = new GpuBuilder(stack, "builder", {
      host: Host.existing({ address, port, user, hostKey, identityFile }),
      disk: { minFreeGib: 0 },
      engine,
    });
    const base = new BaseImage(stack, "sindri-base", {
      context: "v3",
      file: "Dockerfile.base",
      repository: "sindri",
      version: "3.0.0",
      args: { RUST_VERSION: "1.93" },
      allowFloatingBase: true,
    });
    const dev = new DevImage(stack, "sindri", { base, context: ".", file: "v3/Dockerfile.dev", inputs: ["v3/src"] });
    new BuildModes(stack, "modes", { builder, base, dev, prefix: "v3", ...props });
    const { registry } = this.host;
    if (registry !== undefined) {
      const repository = GhcrRepository.of("acme/sindri", { registry: registry.address });
      const userName = registry.user;
      new GhcrPublication(stack, "publish-base", { image: base, repository, builder, userName });
      new GhcrPublication(stack, "publish-dev", {
        image: dev,
        repository,
        builder,
        userName,
        verifyCommand: ["/bin/true"],
      });
    }
    app.synth();
  }

  write(path: string, text: string, mode = 0o644): string {
    const file = join(this.project, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
    return file;
  }

  read(path: string): string {
    return readFileSync(join(this.project, path), "utf8");
  }

  git(...args: readonly string[]): string {
    const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
    return execFileSync("git", [...identity, ...args], { cwd: this.project, encoding: "utf8", stdio: "pipe" });
  }

  /** Environment of the programs: no terminal, a home of their own. */
  env(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      ...this.host.env,
      SSH_AUTH_SOCK: "",
      XDG_RUNTIME_DIR: this.host.scratch,
      XDG_CACHE_HOME: join(this.project, "cdktf.out/cache"),
      ...more,
      PATH: `${this.bin}:${process.env.PATH ?? ""}`,
    };
  }

  /** Runs any program in the project, to its end. */
  exec(
    program: string,
    args: readonly string[],
    { env = {}, cwd = this.project }: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
  ): Ran {
    const done = spawnSync(program, args, { cwd, encoding: "utf8", input: "", env: this.env(env) });
    return { code: done.status ?? 255, stdout: done.stdout, stderr: done.stderr };
  }

  /** Runs the program `image` to its end. */
  run(...args: readonly string[]): Ran {
    return this.exec(join(this.root, "bin/image"), args);
  }

  /** The same for a run that must succeed; its output. */
  ok(...args: readonly string[]): string {
    const { code, stdout, stderr } = this.run(...args);
    if (code !== 0) throw new Error(`image ${args.join(" ")}: exit ${String(code)}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Runs it while the test goes on. */
  start(...args: readonly string[]): Promise<Ran> {
    return new Promise((resolve) => {
      const child = spawn(join(this.root, "bin/image"), args, {
        cwd: this.project,
        env: this.env(),
        stdio: ["ignore", "pipe", "pipe"],
      });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (part) => (stdout += String(part)));
      child.stderr.on("data", (part) => (stderr += String(part)));
      child.on("close", (code) => {
        resolve({ code: code ?? 255, stdout, stderr });
      });
    });
  }

  /** Names of images on the host, without `localhost/`, each with its id. */
  images(): Record<string, string> {
    const lines = this.host.output("podman image ls --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}'").trim();
    const entries = lines
      .split("\n")
      .map((line) => line.replace(/^localhost\//, "").split(" ") as [string, string])
      .filter(([name]) => name !== "shell:1");
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Lines of the run log of the program `image`. */
  runs(): (RunLine & { readonly program: string; readonly mode?: string })[] {
    return this.read(".gantry/runs.jsonl")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as RunLine & { readonly program: string })
      .filter(({ program }) => program === "image");
  }

  async stop(): Promise<void> {
    rmSync(this.project, { recursive: true, force: true });
    await this.host.stop();
  }
}
