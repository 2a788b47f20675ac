// A lab with the program `image` on top of its builder, and a registry that wants a login behind a proxy.
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { renderEnv, type EnvModel } from "../../lib/core/render/env";
import { Lab, labTools } from "./lab";
import { startRegistryProxy, type RegistryProxy } from "./registry-proxy";
import type { Ran, StandinRegistry } from "./standin";

/** What the tests with a registry need. */
export const registryLabTools = [...labTools, "skopeo", "docker-registry", "htpasswd"] as const;

const SCRIPTS = join(__dirname, "../../lib/image/scripts/image");

export class RegistryLab {
  /** A lab with one image `app` in the repository `acme/tool`, `base-` tags, version 1.0.0. */
  static async start(): Promise<RegistryLab> {
    const lab = await Lab.start({ app: { TAG: "base-latest" } }, {}, { registry: true });
    const registry = lab.host.registry;
    if (registry === undefined) throw new Error("no registry");
    const proxy = await startRegistryProxy(registry.address);
    return new RegistryLab(lab, registry, proxy);
  }

  private constructor(
    readonly lab: Lab,
    readonly registry: StandinRegistry,
    readonly proxy: RegistryProxy,
  ) {
    const { files } = lab;
    mkdirSync(join(files.root, "lib/gantry/image"), { recursive: true });
    for (const name of readdirSync(SCRIPTS))
      copyFileSync(join(SCRIPTS, name), join(files.root, "lib/gantry/image", name));
    copyFileSync(files.program, join(files.root, "bin/image"));
    this.image({});
    this.publication({});
    this.version("1");
    lab.git("add", "-A");
    lab.git("commit", "-q", "-m", "first");
  }

  /** Settings of the image and of the program. */
  image(settings: EnvModel, program: EnvModel = {}): void {
    this.lab.files.write(
      "image/image.env",
      renderEnv({ PROJECT: "lab", BUILDER: "builder", IMAGES: "app", PUBLICATIONS: "publish", ...program }),
    );
    this.lab.files.write(
      "image/images/app.env",
      renderEnv({
        IMAGE: "app",
        ROLE: "base",
        CONTEXT: "app",
        REPOSITORY: "tool",
        CONTENT_PREFIX: "base-",
        MOVING_TAG: "base-latest",
        ...settings,
      }),
    );
  }

  /** Settings of the publication. */
  publication(settings: EnvModel, name = "publish"): void {
    this.lab.files.write(
      `image/publications/${name}.env`,
      renderEnv({
        IMAGE: "app",
        REGISTRY: this.proxy.address,
        NAME: "acme/tool",
        CONTENT_PREFIX: "base-",
        VERSION_TAG: "base-1.0.0",
        VERSION: "1.0.0",
        MOVING_TAGS: "base-latest",
        SOURCE_LABEL: "https://github.com/acme/tool",
        TITLE: `it's "the" $tool`,
        USER_NAME: this.registry.user,
        INSECURE: 1,
        RUN_COUNT: 1,
        RUN_1: "--version",
        ...settings,
      }),
    );
  }

  /** The sources of another content: an image that prints `tool <version>`. */
  version(text: string): void {
    this.lab.write("app/Containerfile", `FROM localhost/shell:1\nCOPY f /f\nENTRYPOINT ["/bin/cat", "/f"]\n`);
    this.lab.write("app/f", `tool ${text}\n`);
  }

  /** Runs the program to its end, with the token in the environment. The proxy answers meanwhile. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const { files, host } = this.lab;
    return new Promise((resolve) => {
      const child = spawn(join(files.root, "bin/image"), args, {
        env: {
          ...host.env,
          SSH_AUTH_SOCK: "",
          XDG_RUNTIME_DIR: host.scratch,
          GITHUB_TOKEN: this.registry.password,
          ...env,
          PATH: `${files.bin}:${process.env.PATH ?? ""}`,
        },
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

  /** The same for a run that must succeed; its output. */
  async ok(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0) throw new Error(`image ${args.join(" ")}: exit ${String(code)}\n${stdout}${stderr}`);
    return stdout;
  }

  /** One look past the program: runs skopeo on the host, logged in, against the registry itself. `REPO` is the repository. */
  skopeo(command: string): string {
    const { address, user, password } = this.registry;
    return this.lab.host.output(
      `export REGISTRY_AUTH_FILE=$HOME/look.json REPO=${address}/acme/tool
       [ -e look.json ] || skopeo login -u ${user} -p ${password} --tls-verify=false ${address} >/dev/null
       ${command}`,
    );
  }

  /** Digests by tag, as the registry has them now. */
  tags(repository = "acme/tool"): Record<string, string> {
    const lines = this.skopeo(
      `REPO=\${REPO%/*/*}/${repository}
       skopeo list-tags --tls-verify=false docker://$REPO 2>/dev/null | sed -n 's/^ *"\\([^"]*\\)",*$/\\1/p' | while read -r tag; do
         printf '%s sha256:%s\\n' "$tag" "$(skopeo inspect --tls-verify=false --raw docker://$REPO:$tag | sha256sum | cut -d' ' -f1)"
       done`,
    );
    return Object.fromEntries(
      lines
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split(" ") as [string, string]),
    );
  }

  /** Content hash of the sources now. */
  hash(): string {
    const { images } = JSON.parse(this.lab.ok("status", "--json", "app")) as { images: { hash: string }[] };
    return images[0]?.hash ?? "";
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.lab.stop();
  }
}
