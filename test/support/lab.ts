// A project in git with images, its generated program, and a stand-in host to build on: what the tests of the program share.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EnvModel } from "../../lib/core/render/env";
import { FileRoot, settingsOf } from "./file-root";
import { type Ran, type Standin, type StandinProps, startStandin } from "./standin";

/** What the tests that build need. */
export const labTools = ["ssh", "sshd", "podman", "rsync", "git", "perl", "busybox"] as const;

/** A program that runs while the test goes on. */
export interface Running {
  readonly child: ChildProcess;
  /** What it has printed so far, both streams. */
  output(): string;
  /** Waits until it has printed something that matches. */
  printed(pattern: RegExp): Promise<void>;
  readonly ended: Promise<Ran>;
}

/** One line of `.gantry/runs.jsonl`. */
export interface RunLine {
  readonly start: string;
  readonly command: string;
  readonly image?: string;
  readonly hash?: string;
  readonly run?: string;
  readonly phases: Readonly<Record<string, number>>;
  readonly ms: number;
  readonly outcome: string;
  readonly exit: number;
}

/** Images by name; each has its context in the directory of its name. */
export type Images = Readonly<Record<string, EnvModel>>;

export class Lab {
  /** A lab on a new ssh host. Stop it in `afterAll`. */
  static async start(images: Images, settings: EnvModel = {}, standin: StandinProps = {}): Promise<Lab> {
    const host = await startStandin(standin);
    try {
      return new Lab(host, images, settings);
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  readonly files: FileRoot;

  private constructor(
    readonly host: Standin,
    readonly images: Images,
    readonly settings: EnvModel,
  ) {
    this.files = new FileRoot({ ...settingsOf(host), ...settings }, images);
    this.write(".gitignore", "/files/\n/bin/\n.env\n*.ignored\n");
    this.git("init", "-q");
    // A shell to run steps with: no registry can be reached.
    host.output(`
      mkdir -p shell/bin bin && cp /bin/busybox shell/bin && for i in sh sleep cat touch false; do ln -s busybox shell/bin/$i; done
      printf 'FROM scratch\\nCOPY . /\\nENV PATH=/bin\\n' >shell/Containerfile
      podman build -q -t localhost/shell:1 shell >/dev/null
      cat >bin/podman <<'END'
#!/bin/bash
# A gate before every build: shut, the build waits until ~/gate is gone. Notes the arguments.
printf '%s\\n' "$*" >>~/podman.log
if [ "$1" = build ]; then while [ -e ~/gate ]; do sleep 0.05; done; fi
PATH=\${PATH#*:} exec podman "$@"
END
      chmod +x bin/podman
    `);
  }

  get project(): string {
    return this.files.project;
  }

  /** Writes the settings anew, with these instead. */
  configure(settings: EnvModel, images: Images = this.images): void {
    this.files.configure({ ...settingsOf(this.host), ...this.settings, ...settings }, images);
  }

  write(path: string, text: string | Buffer, mode = 0o644): void {
    const file = join(this.project, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
  }

  remove(path: string): void {
    rmSync(join(this.project, path), { recursive: true, force: true });
  }

  read(path: string): string {
    return readFileSync(join(this.project, path), "utf8");
  }

  git(...args: readonly string[]): string {
    const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"];
    return execFileSync("git", [...identity, ...args], { cwd: this.project, encoding: "utf8", stdio: "pipe" });
  }

  /** Runs the program to its end. */
  run(...args: readonly string[]): Ran {
    return this.files.run(args, { env: this.env() });
  }

  /** Runs the program and expects success; its output. */
  ok(...args: readonly string[]): string {
    const { code, stdout, stderr } = this.run(...args);
    if (code !== 0) throw new Error(`${args.join(" ")}: exit ${String(code)}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts the program. */
  start(...args: readonly string[]): Running {
    const child = spawn(this.files.program, args, {
      env: { ...this.env(), PATH: `${this.files.bin}:${process.env.PATH ?? ""}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let wake: () => void = () => undefined;
    child.stdout.on("data", (part) => ((stdout += String(part)), wake()));
    child.stderr.on("data", (part) => ((stderr += String(part)), wake()));
    const ended = new Promise<Ran>((resolve) => {
      child.on("close", (code) => {
        resolve({ code: code ?? 255, stdout, stderr });
        wake();
      });
    });
    return {
      child,
      output: () => stdout + stderr,
      ended,
      printed: async (pattern) => {
        while (!pattern.test(stdout + stderr)) {
          if (child.exitCode !== null && child.stdout.destroyed) {
            throw new Error(`ended without printing ${String(pattern)}:\n${stdout}${stderr}`);
          }
          await new Promise<void>((resolve) => (wake = resolve));
        }
      },
    };
  }

  /** Lines of the run log; a test may empty it with {@link forgetRuns}. */
  runs(): RunLine[] {
    const file = join(this.project, ".gantry/runs.jsonl");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as RunLine);
  }

  forgetRuns(): void {
    this.remove(".gantry/runs.jsonl");
  }

  /** Builds wait before their first step until {@link openGate}. */
  shutGate(): void {
    this.host.output("touch ~/gate");
  }

  openGate(): void {
    this.host.output("rm -f ~/gate");
  }

  /** What is below a directory of an image: files with mode and content, links with target, directories. */
  tree(image: string, directory: string): Record<string, string> {
    const json = this.host.output(`
      id=$(podman create localhost/${image} x) && rm -rf out && mkdir out && podman export "$id" | tar -xf - -C out
      podman rm "$id" >/dev/null
      cd out/${directory} && perl -MFile::Find -MJSON::PP -e '
        my %tree;
        find({ no_chdir => 1, wanted => sub {
          my $name = substr $_, 2; return if $_ eq ".";
          if (-l $_) { $tree{$name} = "link " . readlink $_ }
          elsif (-d _) { $tree{$name} = "directory" }
          else { local $/; open my $f, "<", $_; $tree{$name} = sprintf "%03o %s", (stat _)[2] & 0777, scalar(<$f>) // "" }
        } }, ".");
        print JSON::PP->new->utf8->encode({ map { my ($k, $v) = ($_, $tree{$_}); utf8::decode($k); utf8::decode($v); ($k, $v) } keys %tree })'`);
    return JSON.parse(json) as Record<string, string>;
  }

  /** Id of an image on the host, or nothing. */
  imageId(name: string): string {
    return this.host.run(`podman image inspect --format '{{.Id}}' localhost/${name} 2>/dev/null`).stdout.trim();
  }

  async stop(): Promise<void> {
    // The connection kept open would only end with the host.
    this.files.stop();
    await this.host.stop();
  }

  private env(): NodeJS.ProcessEnv {
    return { ...this.host.env, SSH_AUTH_SOCK: "", XDG_RUNTIME_DIR: this.host.scratch };
  }
}
