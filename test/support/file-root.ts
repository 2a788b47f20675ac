// The generated files of one builder, put together without a synthesis: for tests of the program.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
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
import { dirname, join, relative } from "node:path";
import { renderEnv, type EnvModel } from "../../lib/core/render/env";
import type { Ran, Standin } from "./standin";

const LIB = join(__dirname, "../../lib");

/** Settings of a builder on a stand-in host. */
export function settingsOf(host: Standin): EnvModel {
  return {
    HOST_KIND: "existing",
    HOST_ADDRESS: host.address,
    HOST_PORT: host.port,
    HOST_USER: host.user,
    HOST_ALIAS: "stand-in",
    HOST_KEY: host.hostKey,
    IDENTITY_FILE: host.identityFile,
  };
}

/** How the program is run. */
export interface RunProps {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Where programs are looked for behind the stubs. @default - `$PATH` */
  readonly path?: string | undefined;
}

/** `bin/builder` and all it reads, in a temporary project. */
export class FileRoot {
  readonly project = mkdtempSync(join(tmpdir(), "gantry-root-"));
  readonly root = join(this.project, "files");
  readonly bin = join(this.project, "bin");
  readonly program = join(this.root, "bin/builder");

  constructor(settings: EnvModel, images: Readonly<Record<string, EnvModel>> = {}) {
    mkdirSync(this.bin);
    this.write("../cdktf.json", "{}\n");
    this.copy("core/scripts/launcher.sh", "bin/builder");
    for (const [from, to] of [
      ["core/scripts", "common"],
      ["builder/scripts/client", "builder"],
      ["builder/scripts/host", "host"],
    ] as const) {
      for (const name of readdirSync(join(LIB, from))) this.copy(join(from, name), join("lib/gantry", to, name));
    }
    this.configure(settings, images);
  }

  /** Writes the settings anew, and the manifest. */
  configure(settings: EnvModel, images: Readonly<Record<string, EnvModel>> = {}): void {
    const names = Object.keys(images).join(" ");
    this.write(
      "builder/builder.env",
      renderEnv({
        PROJECT: "lab",
        IMAGES: names,
        KEEP_SNAPSHOTS: 2,
        MIN_FREE_GIB: 0,
        STACK_DIR: "..",
        ...settings,
      }),
    );
    for (const [name, image] of Object.entries(images)) {
      this.write(`builder/images/${name}.env`, renderEnv({ IMAGE: name, CONTEXT: name, TAG: "dev", ...image }));
    }
    const files = readdirSync(this.root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== "gantry.json")
      .map((entry) => relative(this.root, join(entry.parentPath, entry.name)))
      .sort()
      .map((path) => [
        path,
        {
          sha256: createHash("sha256")
            .update(readFileSync(join(this.root, path)))
            .digest("hex"),
          mode: "0644",
        },
      ]);
    this.write("gantry.json", `${JSON.stringify({ version: 1, files: Object.fromEntries(files) }, null, 2)}\n`);
  }

  /** Writes a file of the root. */
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** Puts a program before all others on the program's PATH. */
  stub(name: string, body: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  }

  run(args: readonly string[], { input = "", env = {}, path = process.env.PATH }: RunProps = {}): Ran {
    const done = spawnSync(this.program, args, {
      input,
      encoding: "utf8",
      env: {
        ...process.env,
        SSH_AUTH_SOCK: "",
        XDG_RUNTIME_DIR: "",
        ...env,
        PATH: `${this.bin}:${path ?? ""}`,
      },
    });
    return { code: done.status ?? 255, stdout: done.stdout, stderr: done.stderr };
  }

  stop(): void {
    rmSync(this.project, { recursive: true, force: true });
  }

  private copy(from: string, to: string): void {
    mkdirSync(dirname(join(this.root, to)), { recursive: true });
    copyFileSync(join(LIB, from), join(this.root, to));
    chmodSync(join(this.root, to), 0o755);
  }
}
