// A project with services, the generated program of a DevStack, and podman with a store of its own on this machine: what the
// tests of the program share. The project's path has spaces. Services are busybox in an image FROM scratch.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { renderEnv } from "../../lib/core/render/env";
import { renderCompose } from "../../lib/image/compose.render";
import { devSettings, serviceSettings } from "../../lib/image/dev-settings";
import type { DevStackProps } from "../../lib/image/dev-stack.props";
import { devStackProps } from "../../lib/image/dev-stack.schema";
import type { Ran } from "./standin";
import { hasTool, which } from "./tools";

/** What the tests that run services need. */
export const devTools = ["podman", "busybox", "catatonit", "cni-plugins", "perl"] as const;

const LIB = join(__dirname, "../../lib");

export class DevLab {
  readonly home = mkdtempSync(join(tmpdir(), "gantry-dev-"));
  readonly project = join(this.home, "my project");
  readonly root = join(this.project, "files");
  readonly bin = join(this.home, "bin");
  readonly id: string;
  private readonly env: NodeJS.ProcessEnv;

  constructor(props: DevStackProps, id = `dev${process.pid}`) {
    this.id = id;
    mkdirSync(this.bin, { recursive: true });
    this.write("cdktf.json", "{}\n");
    this.copy("core/scripts/launcher.sh", `bin/${id}`);
    for (const [from, to] of [
      ["core/scripts", "common"],
      ["image/scripts/dev", "dev"],
    ] as const) {
      for (const name of readdirSync(join(LIB, from))) this.copy(join(from, name), join("lib/gantry", to, name));
    }
    for (const name of ["dev-fast.sh", "rebuild-clean.sh", "dev-local.sh", "podman-dev.sh", "setup.sh"]) {
      this.copy("image/scripts/dev-shim.sh", join("scripts", name));
    }
    this.configure(props);
    writeFileSync(
      join(this.home, "storage.conf"),
      `[storage]\ndriver = "overlay"\ngraphroot = "${this.home}/store"\nrunroot = "${this.home}/run"\n`,
    );
    const limit = spawnSync("bash", ["-c", "ulimit -Hn"], { encoding: "utf8" }).stdout.trim();
    writeFileSync(
      join(this.home, "containers.conf"),
      (/^\d+$/.test(limit) ? `[containers]\ndefault_ulimits = ["nofile=${limit}:${limit}", "nproc=8192:8192"]\n` : "") +
        `[network]\nnetwork_config_dir = "${this.home}/net"\n` +
        `[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n${hasTool("runc") ? 'runtime = "runc"\n' : ""}`,
    );
    this.env = {
      ...process.env,
      HOME: this.home,
      XDG_RUNTIME_DIR: "",
      CONTAINERS_STORAGE_CONF: join(this.home, "storage.conf"),
      CONTAINERS_CONF: join(this.home, "containers.conf"),
      BUILDAH_ISOLATION: "chroot",
      PATH: `${this.bin}:${process.env.PATH ?? ""}`,
    };
  }

  /** Writes the settings anew. */
  configure(props: DevStackProps): void {
    const model = devStackProps.parse({ project: "lab", ...props });
    rmSync(join(this.root, this.id), { recursive: true, force: true });
    this.write(`files/${this.id}/dev.env`, renderEnv({ ...devSettings(this.id, model), STACK_DIR: ".." }));
    for (const [name, service] of Object.entries(model.services)) {
      this.write(`files/${this.id}/services/${name}.env`, renderEnv(serviceSettings(this.id, name, model, service)));
    }
    this.write(`files/${this.id}/compose.yaml`, renderCompose(this.id, model));
  }

  /** The source of an image: a web server for `/app/src` on a port, and `version.txt` as what it depends on. */
  webService(directory: string, port: number): void {
    mkdirSync(join(this.project, directory, "bin"), { recursive: true });
    copyFileSync(which("busybox") ?? "/bin/busybox", join(this.project, directory, "bin/busybox"));
    this.write(
      `${directory}/Containerfile`,
      `FROM scratch
COPY bin /bin
ENV PATH=/bin
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY version.txt /modules/
CMD ["httpd", "-f", "-p", "${port}", "-h", "/app/src"]
`,
    );
    this.write(`${directory}/version.txt`, "1\n");
    this.write(`${directory}/src/index.html`, "one\n");
  }

  write(path: string, text: string, mode = 0o644): void {
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

  /** Puts a program before all others on the program's PATH. */
  stub(name: string, body: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  }

  unstub(name: string): void {
    rmSync(join(this.bin, name), { force: true });
  }

  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Ran {
    return this.exec(join(this.root, "bin", this.id), args, env);
  }

  /** Runs the program as another user of this machine, when the tests run as root. */
  runAs(uid: number, args: readonly string[]): Ran {
    if (process.getuid?.() !== 0) return this.run(args);
    for (const path of [this.home, this.project, this.root]) chmodSync(path, 0o755);
    const program = join(this.root, "bin", this.id);
    return this.exec("setpriv", ["--reuid", String(uid), "--regid", String(uid), "--clear-groups", program, ...args]);
  }

  /** The command lines of all processes below the lab's own. */
  processes(): string {
    return spawnSync("ps", ["-eo", "args"], { encoding: "utf8" }).stdout;
  }

  /** Runs one of the scripts with a name of its own. */
  shim(name: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Ran {
    return this.exec(join(this.root, "scripts", name), args, env);
  }

  /** Runs the program and expects success; its output. */
  ok(...args: readonly string[]): string {
    const { code, stdout, stderr } = this.run(args);
    if (code !== 0) throw new Error(`${args.join(" ")}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts the program. */
  start(...args: readonly string[]): ChildProcess {
    return spawn(join(this.root, "bin", this.id), args, {
      cwd: this.home,
      env: this.env,
      stdio: "ignore",
      detached: true,
    });
  }

  /** Runs podman in the lab's store; its standard output. */
  podman(...args: readonly string[]): string {
    return this.engine(args).stdout.trim();
  }

  /** The same; all that it said. */
  engine(args: readonly string[]): Ran {
    return this.exec("podman", args);
  }

  /** The id of a container, by the name of its service. */
  containerId(service: string): string {
    return this.podman("inspect", "--format", "{{.Id}}", `${this.id}-${service}-dev`);
  }

  stop(): void {
    for (const container of this.podman("ps", "-aq").split("\n")) {
      if (container !== "") this.podman("rm", "-f", "-t", "0", container);
    }
    for (const network of this.podman("network", "ls", "-q", "--filter", "label=io.gantry.project").split("\n")) {
      if (network !== "") this.podman("network", "rm", "-f", network);
    }
    // The images' files may belong to subordinate ids, or, as root, be mounted.
    if (process.getuid?.() === 0)
      spawnSync("sh", ["-c", 'grep " $0/" /proc/mounts | cut -d " " -f 2 | sort -r | xargs -r umount -l', this.home]);
    else spawnSync("podman", ["unshare", "rm", "-rf", join(this.home, "store")], { env: this.env });
    rmSync(this.home, { recursive: true, force: true });
  }

  private exec(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Ran {
    const done = spawnSync(program, args, {
      cwd: this.home,
      env: { ...this.env, ...env },
      input: "",
      encoding: "utf8",
    });
    return { code: done.status ?? 255, stdout: done.stdout, stderr: done.stderr };
  }

  private copy(from: string, to: string): void {
    mkdirSync(dirname(join(this.root, to)), { recursive: true });
    copyFileSync(join(LIB, from), join(this.root, to));
    chmodSync(join(this.root, to), 0o755);
  }
}
