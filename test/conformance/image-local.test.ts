// A synthesized stack whose builder is this machine, from nothing to a registry: the constructs and the programs together.
import { execFileSync, spawnSync } from "node:child_process";
import { TerraformStack } from "cdktf";
import { GpuBuilder, Host } from "../../lib/builder";
import { BaseImage, ContainerImage, GhcrPublication, GhcrRepository } from "../../lib/image";
import { LocalEngine } from "../support/local-engine";
import { Project } from "../support/project";
import { registryTools, startStandin, type Ran, type Standin } from "../support/standin";
import { withTools } from "../support/tools";

withTools([...registryTools, "perl", "skopeo"], () => {
  let host: Standin;
  let project: Project;
  const engine = new LocalEngine();
  let env: NodeJS.ProcessEnv;
  let address: string;
  beforeAll(async () => {
    host = await startStandin({ registry: true });
    address = host.registry?.address ?? "";
    project = new Project("gantry it's ");
    env = {
      ...host.env,
      ...engine.env,
      XDG_RUNTIME_DIR: "",
      REGISTRY_PASSWORD: host.registry?.password ?? "",
    };
    project.write("cdktf.json", "{}\n");
    project.write("v3/Dockerfile.base", "FROM scratch\nCOPY tools /tools\n");
    project.write("v3/tools", "1\n");
    project.write("v3/Dockerfile", "FROM localhost/sindri-base:base-latest\nCOPY code /code\n");
    project.write("v3/code", "1\n");
    project.write(".gitignore", "/cdktf.out/\n");
    execFileSync("git", ["init", "-q"], { cwd: project.directory });
    synth();
  });
  afterAll(async () => {
    engine.remove();
    project.remove();
    await host.stop();
  });

  function synth(): void {
    const app = project.app();
    const stack = new TerraformStack(app, "lab");
    const builder = new GpuBuilder(stack, "builder", { host: Host.local(), disk: { minFreeGib: 0 } });
    const base = new BaseImage(stack, "sindri-base", {
      context: "v3",
      file: "Dockerfile.base",
      repository: "sindri",
      version: "3.0.0",
      rebuildWhen: ["tools"],
    });
    const image = new ContainerImage(stack, "sindri", { context: "v3", file: "Dockerfile", bases: [base] });
    const common = {
      repository: GhcrRepository.of("pacphi/sindri", { registry: address }),
      builder,
      tokenEnv: "REGISTRY_PASSWORD",
      userName: host.registry?.user ?? "",
      title: `it's "the" $HOME`,
      verifyCommand: [],
    };
    new GhcrPublication(stack, "publish-base", { ...common, image: base });
    new GhcrPublication(stack, "publish", { ...common, image, release: {} });
    app.synth();
  }

  const image = (...args: readonly string[]): Ran => {
    const program = project.path("cdktf.out/stacks/lab/files/bin/image");
    const done = spawnSync(program, args, { cwd: project.directory, env, encoding: "utf8" });
    return { code: done.status ?? 255, stdout: done.stdout, stderr: done.stderr };
  };

  test("everything is published once, in one repository, bases first", () => {
    const first = image("publish", "--quiet");
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(first.stdout.replaceAll(/sha256:[0-9a-f]{64}/g, "DIGEST").replaceAll(/[0-9a-f]{16}/g, "HASH")).toBe(
      `sindri-base: published, ${address}/pacphi/sindri:base-HASH is DIGEST\n` +
        "  base-3.0.0 is on it now\n  base-latest is on it now\n" +
        `sindri: published, ${address}/pacphi/sindri:ctx-HASH is DIGEST\n  latest is on it now\n`,
    );
    const again = image("publish");
    expect([again.code, again.stderr]).toEqual([0, ""]);
    expect(again.stdout).toMatch(/^sindri-base: up to date, .*\nsindri: up to date, .*\n$/);
  });

  test("a change of the code publishes the image and not its base", () => {
    project.write("v3/code", "2\n");
    const { code, stdout } = image("publish", "--quiet");
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^sindri-base: up to date, .*\nsindri: published, .*\n {2}latest is on it now\n$/),
    ]);
  });

  test("verified by digest, and old contents go", () => {
    const { code, stdout } = image("verify");
    expect([code, stdout.match(/: verified, /g)]).toEqual([0, [": verified, ", ": verified, "]]);
    const gc = image("gc", "--keep", "0", "--yes", "sindri");
    expect([gc.code, gc.stdout.split("\n").length]).toEqual([0, 3]);
    expect(image("gc", "--keep", "0", "--yes").stdout).toBe(
      "sindri-base: nothing to remove\nsindri: nothing to remove\n",
    );
  });

  test("every command says how it is used", () => {
    for (const command of ["publish", "verify", "promote", "release", "gc"]) {
      const { code, stdout } = image(command, "--help");
      expect([command, code, stdout]).toEqual([command, 0, expect.stringMatching(`^Usage: image ${command} `)]);
      expect(image(command, "--frob")).toEqual({
        code: 2,
        stdout: "",
        stderr: `image: ${command}: unknown option --frob\n  see: image help ${command}\n`,
      });
    }
  });
});
