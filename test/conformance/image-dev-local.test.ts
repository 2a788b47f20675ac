// A maintainer's day with a base, an image on top of it and a release, on this machine: the constructs and the programs together,
// with their files in the checkout itself.
import { execFileSync, spawnSync } from "node:child_process";
import { TerraformStack } from "cdktf";
import { setFileRoot } from "../../lib";
import { GpuBuilder, Host } from "../../lib/builder";
import { BaseImage, BuildModes, ContainerImage, DevImage, GhcrPublication, GhcrRepository } from "../../lib/image";
import { LocalEngine } from "../support/local-engine";
import { Project } from "../support/project";
import { registryTools, startStandin, type Ran, type Standin } from "../support/standin";
import { withTools } from "../support/tools";

withTools([...registryTools, "perl", "skopeo"], () => {
  let host: Standin;
  let project: Project;
  const engine = new LocalEngine();
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    host = await startStandin({ registry: true });
    project = new Project("gantry day ");
    env = { ...host.env, ...engine.env, XDG_RUNTIME_DIR: "", GITHUB_TOKEN: host.registry?.password ?? "" };
    project.write("cdktf.json", "{}\n");
    project.write(
      ".gitignore",
      "/cdktf.out/\n/.gantry/\n*.log\n/bin/\n/image/\n/lib/\n/local/\n/gantry.json\n/Makefile\n/justfile\n",
    );
    project.write(
      "v3/Dockerfile.base",
      'FROM scratch AS tools\nCOPY tools /tools\nFROM scratch\nARG RUST_VERSION\nCOPY --from=tools /tools /tools\nLABEL rust="${RUST_VERSION}"\n',
    );
    project.write("v3/tools/list", "cargo\n");
    // The base is what the last stage starts from; what is compiled comes from another.
    project.write(
      "v3/Dockerfile.dev",
      "ARG BASE_IMAGE=ghcr.io/pacphi/sindri:base-latest\nFROM scratch AS builder\nCOPY v3/crates /out\nFROM ${BASE_IMAGE}\nCOPY --from=builder /out /code\n",
    );
    project.write("v3/Dockerfile", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY v3/Cargo.toml /\n");
    project.write("v3/Cargo.toml", '[workspace.package]\nversion = "3.1.4"\n');
    project.write("v3/crates/main.rs", "one\n");
    git("init", "-q", "-b", "main");
    commit("first");
    git("tag", "archive-2026");
    synth("1.93");
  });
  afterAll(async () => {
    engine.remove();
    project.remove();
    await host.stop();
  });

  function git(...args: readonly string[]): string {
    return execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: project.directory,
      encoding: "utf8",
    }).trim();
  }
  function commit(message: string): void {
    git("add", "-A");
    git("commit", "-q", "-m", message);
  }

  function synth(rust: string): void {
    const app = project.app();
    const stack = new TerraformStack(app, "sindri");
    setFileRoot(stack, project.directory);
    const builder = new GpuBuilder(stack, "local", { host: Host.local(), disk: { minFreeGib: 0 } });
    const base = new BaseImage(stack, "sindri-base", {
      context: "v3",
      file: "Dockerfile.base",
      repository: "sindri",
      version: "3.0.0",
      args: { RUST_VERSION: rust },
      rebuildWhen: ["tools"],
    });
    const dev = new DevImage(stack, "sindri", { base, context: ".", file: "v3/Dockerfile.dev", inputs: ["v3/crates"] });
    const production = new ContainerImage(stack, "sindri-production", {
      bases: [base],
      baseArg: "BASE_IMAGE",
      context: ".",
      file: "v3/Dockerfile",
      inputs: ["v3/Cargo.toml"],
      repository: "sindri",
      movingTag: "production",
    });
    const { address = "", user = "" } = host.registry ?? {};
    const common = { repository: GhcrRepository.of("pacphi/sindri", { registry: address }), builder, userName: user };
    new GhcrPublication(stack, "publish-base", { ...common, image: base, verifyCommand: [] });
    new GhcrPublication(stack, "publish-production", {
      ...common,
      image: production,
      tags: ["latest"],
      verifyCommand: [],
      release: { versionFile: "v3/Cargo.toml" },
    });
    new BuildModes(stack, "modes", {
      builder,
      base,
      dev,
      production,
      prefix: "v3",
      destroy: 'echo "destroy $WORKSPACE" >>deploy.log',
      deploy: 'echo "deploy $WORKSPACE $IMAGE_REF" >>deploy.log',
      afterBuild: ["echo installed >>deploy.log"],
    });
    app.synth();
  }

  const run = (program: string, ...args: readonly string[]): Ran => {
    const done = spawnSync(program, args, { cwd: project.directory, env, encoding: "utf8" });
    return { code: done.status ?? 255, stdout: done.stdout, stderr: done.stderr };
  };
  const image = (...args: readonly string[]) => run(project.path("bin/image"), ...args);
  const ok = (...args: readonly string[]): string => {
    const { code, stdout, stderr } = image(...args);
    if (code !== 0) throw new Error(`image ${args.join(" ")}: exit ${String(code)}\n${stdout}${stderr}`);
    return stdout;
  };
  const podman = (...args: readonly string[]) => execFileSync("podman", args, { env, encoding: "utf8" }).trim();
  const layers = (name: string) =>
    JSON.parse(podman("image", "inspect", "--format", "{{json .RootFS.Layers}}", name)) as string[];
  const id = (name: string) => podman("image", "inspect", "--format", "{{.Id}}", name);

  test("the base is published; a machine without it takes it, and the development image stands on it", () => {
    expect(ok("publish", "sindri-base")).toMatch(/^sindri-base: published, .*\n {2}base-3\.0\.0 is on it now\n/);
    const pushed = layers("localhost/sindri-base:base-latest");
    podman("rmi", "-a", "-f");
    const { code, stdout, stderr } = run("make", "-s", "v3-docker-build-fast");
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^sindri-base: up to date, .*\nsindri: built, sindri:latest is ctx-\w{16}\n$/),
    ]);
    expect(stderr).toMatch(/^sindri-base: taken from /m);
    expect(layers("localhost/sindri:latest").slice(0, pushed.length)).toEqual(pushed);
    expect(project.read("deploy.log")).toBe("installed\n");
  });

  test("an image that left its base is refused, and nothing moves", () => {
    const before = id("localhost/sindri:latest");
    const containerfile = project.read("v3/Dockerfile.dev");
    project.write("v3/Dockerfile.dev", "ARG BASE_IMAGE\nFROM scratch\nCOPY v3/crates /code\n");
    const { code, stderr } = image("build");
    expect([code, stderr]).toEqual([65, expect.stringContaining("image: the build failed; no name moved\n")]);
    expect(id("localhost/sindri:latest")).toBe(before);
    project.write("v3/Dockerfile.dev", containerfile);
  });

  test("a change of the code builds the image alone; another toolchain builds the base, and the image on the new one", () => {
    project.write("v3/crates/main.rs", "two\n");
    expect(ok("build")).toMatch(/^sindri-base: up to date, .*\nsindri: built, /);
    const base = id("localhost/sindri:base-latest");
    synth("1.94");
    expect(ok("build")).toMatch(/^sindri-base: built, .*\nsindri: built, /);
    expect(id("localhost/sindri:base-latest")).not.toBe(base);
    expect(podman("image", "inspect", "--format", '{{index .Config.Labels "rust"}}', "localhost/sindri:latest")).toBe(
      "1.94",
    );
    synth("1.93");
  });

  test("a cycle with a file that says more than where the image comes from", () => {
    project.write(
      "dev.yaml",
      'version: "3.0"\nname: my-dev\ndeployment:\n  provider: docker\n  resources: { memory: 4GB }\nextensions:\n  profile: fullstack\nproviders:\n  docker:\n    ports:\n      - "3000:3000"\n',
    );
    const { code, stdout } = run("make", "-s", "v3-cycle-fast", "CONFIG=dev.yaml");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^my-dev: deployed, localhost\/sindri:ctx-\w{16}\n$/)]);
    expect(project.read("deploy.log").split("\n").slice(-3, -1)).toEqual([
      "destroy my-dev",
      `deploy my-dev ${/localhost\S+/.exec(stdout)?.[0] ?? "?"}`,
    ]);
  });

  test("from source it is named after the version file of the release, not after a tag of an archive", () => {
    commit("second");
    const tag = `3.1.4-${git("rev-parse", "HEAD").slice(0, 7)}`;
    expect(ok("build", "--from-source")).toContain(`sindri:${tag} is ctx-`);
    expect(podman("image", "exists", `localhost/sindri:${tag}`)).toBe("");
  });

  test("built anew or from source on a machine without the base, it takes the published one all the same", () => {
    const taken = () => podman("image", "ls", "--format", "{{.Names}}").includes("sindri-base:base-latest");
    podman("rmi", "-a", "-f");
    const source = image("build", "--from-source");
    expect([source.code, source.stderr]).toEqual([0, expect.stringMatching(/^sindri-base: taken from /m)]);
    expect(taken()).toBe(false); // from source no name moves
    podman("rmi", "-a", "-f");
    const anew = image("build", "--no-cache");
    expect([anew.code, anew.stderr]).toEqual([0, expect.stringMatching(/^sindri-base: taken from /m)]);
    expect(taken()).toBe(true);
    const base = image("build", "--base", "--no-cache");
    expect([base.code, base.stderr.includes("taken from"), base.stdout]).toEqual([
      0,
      false,
      expect.stringMatching(/^sindri-base: built, /),
    ]);
  });

  test("a release stands on the published base", () => {
    project.write("CHANGELOG.md", "# Changes\n\n## [3.1.4] - 2026-01-31\n\n- faster\n");
    commit("release");
    expect(ok("release", "3.1.4", "--skip-ci", "--no-github-release")).toMatch(
      /\nsindri-production: released 3\.1\.4, .*, which latest is on now\n$/,
    );
    const base = layers("localhost/sindri-base:base-latest");
    expect(layers("localhost/sindri-production:production").slice(0, base.length)).toEqual(base);
    expect(ok("status", "sindri-production")).toContain("up to date, published");
  });
});
