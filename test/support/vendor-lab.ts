// `bin/cluster vendor` in a project of its own, with a repository of charts on this machine.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chartSettings } from "../../lib/cluster/chart-lock.render";
import { HelmChart, type HelmChartProps } from "../../lib/cluster/helm-chart";
import { renderEnv } from "../../lib/core/render/env";
import type { Ran } from "./standin";

const LIB = join(__dirname, "../../lib");

export class VendorLab {
  readonly project = mkdtempSync(join(tmpdir(), "gantry-vendor-"));
  readonly vendor = join(this.project, "tanka/vendor");
  readonly cache = join(this.project, "cache/gantry/charts");
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** What is published, by path; `hang` sends the beginning and no more, `cut` ends there. */
  readonly published = new Map<string, Buffer | { readonly hang: Buffer } | { readonly cut: Buffer }>();
  private server: Server | undefined;

  constructor() {
    this.write("cdktf.json", "{}\n");
    mkdirSync(join(this.project, "bin"));
    mkdirSync(join(this.project, "lib/gantry"), { recursive: true });
    copyFileSync(join(LIB, "core/scripts/launcher.sh"), join(this.project, "bin/cluster"));
    symlinkSync(join(LIB, "core/scripts"), join(this.project, "lib/gantry/common"));
    symlinkSync(join(LIB, "cluster/scripts/cluster"), join(this.project, "lib/gantry/cluster"));
    this.write("cluster/cluster.env", renderEnv({ CLUSTER: "lab", ENVIRONMENTS: "local", PROJECT_DIR: "." }));
  }

  /** Puts a program before all others on the program's PATH. */
  stub(name: string, body: string): void {
    mkdirSync(join(this.project, "path"), { recursive: true });
    writeFileSync(join(this.project, "path", name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  }

  /** Starts the repository; its address. */
  async serve(): Promise<string> {
    this.server = createServer((request, response) => {
      const path = request.url ?? "";
      this.asked.push(path);
      const file = this.published.get(path);
      if (file === undefined) response.writeHead(404).end();
      else if (Buffer.isBuffer(file)) response.end(file);
      else {
        const part = "hang" in file ? file.hang : file.cut;
        response.writeHead(200, { "content-length": part.length + 1000 }).write(part, () => {
          if ("cut" in file) response.destroy();
        });
      }
    });
    const { server } = this;
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** What the stack pins. */
  pin(...charts: (HelmChartProps & { readonly name?: string; readonly version?: string })[]): void {
    const pinned = charts.map(({ name = "tiny", version = "1.0.0", ...props }) =>
      HelmChart.pinned(name, version, props),
    );
    this.write("cluster/charts.env", renderEnv(chartSettings(pinned)));
  }

  start(args: readonly string[]): ChildProcess {
    return spawn("bash", [join(this.project, "bin/cluster"), "vendor", ...args], {
      env: {
        ...process.env,
        PATH: `${join(this.project, "path")}:${process.env.PATH}`,
        XDG_CACHE_HOME: join(this.project, "cache"),
        TMPDIR: this.project,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Runs it to its end. What is on standard error has no progress in it. */
  async run(...args: string[]): Promise<Ran> {
    const child = this.start(args);
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()));
    const code = await new Promise<number>((ended) => child.on("close", (status) => ended(status ?? 255)));
    const progress = /^\S+ \d\S*: (downloading|reading|[\d.]+ [KM]?i?B from) .*\n/gm;
    return { code, stdout, stderr: stderr.replace(progress, "").replaceAll(this.project, "PROJECT") };
  }

  write(path: string, content: string | Buffer): void {
    mkdirSync(dirname(join(this.project, path)), { recursive: true });
    writeFileSync(join(this.project, path), content);
  }

  read(path: string): string {
    return readFileSync(join(this.project, path), "utf8");
  }

  has(path: string): boolean {
    return existsSync(join(this.project, path));
  }

  /** Whether nothing else is beside the charts. */
  leftovers(): string {
    return spawnSync("find", [this.vendor, "-name", ".stage*"], { encoding: "utf8" }).stdout;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
    rmSync(this.project, { recursive: true, force: true });
  }
}
