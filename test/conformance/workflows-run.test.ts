// The scripts of the workflows, run as a runner would: ci.yml with the stack's own programs and podman on this machine, the
// steps of build-base.yml around its publishing with programs that write down how they were called.
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformStack } from "cdktf";
import { GpuBuilder, Host } from "../../lib/builder";
import { BaseImage, DevImage, GhcrPublication, GhcrRepository, ImageWorkflows } from "../../lib/image";
import { Project } from "../support/project";
import { hasTool, withTools } from "../support/tools";
import { BUILD_BASE, CI, readWorkflow, workflowTemplate, type Job, type Workflow } from "../support/workflow-stack";

/** What a job's scripts need of GitHub, and how far they came. */
interface Runner {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Values of the expressions of `env`. */
  readonly values: Readonly<Record<string, string>>;
}

/** Runs one script of a job; its output, and what it put into GITHUB_OUTPUT. */
function runStep(workflow: Workflow, job: Job | undefined, name: string, { cwd, env, values }: Runner) {
  const step = job?.steps.find((each) => each.name === name);
  if (step?.run === undefined) throw new Error(`no script ${name}`);
  const output = join(cwd, ".output");
  writeFileSync(output, "");
  const given = Object.entries({ ...workflow.env, ...job?.env, ...step.env }).map(([key, value]) => [
    key,
    value.replace(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => values[expression] ?? ""),
  ]);
  const script = ["--noprofile", "--norc", "-eo", "pipefail", "-c", step.run];
  const done = spawnSync("bash", script, {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env.PATH, ...env, ...Object.fromEntries(given), GITHUB_OUTPUT: output, RUNNER_TEMP: cwd },
  });
  const outputs = readFileSync(output, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split("=") as [string, string]);
  return { code: done.status, said: done.stdout + done.stderr, outputs: Object.fromEntries(outputs) };
}

describe("build-base.yml", () => {
  let project: Project;
  let runner: Runner;
  const workflow = readWorkflow(workflowTemplate().file(BUILD_BASE));
  beforeEach(() => {
    project = new Project();
    runner = { cwd: project.directory, env: { PATH: `${project.path("bin")}:${process.env.PATH ?? ""}` }, values: {} };
  });
  afterEach(() => {
    project.remove();
  });

  /** A program that writes its arguments down, one line a call, and prints a text. */
  const stub = (path: string, prints = "", code = 0) => {
    project.write(
      path,
      `#!/bin/bash\nprintf '<%s>' "$@" >>calls; echo >>calls\ncat <<'END'\n${prints}\nEND\nexit ${code}\n`,
    );
    chmodSync(project.path(path), 0o755);
  };
  const calls = () => (existsSync(project.path("calls")) ? project.read("calls") : "");

  test("versions of a run by hand come to the builder as they are, whatever is in them", () => {
    stub(workflow.env.BUILDER ?? "");
    const hostile = `1.94 "$(touch ran)"; touch ran #\`touch ran\``;
    const values = { "inputs.rust_version": hostile, "inputs.force || github.event_name == 'schedule'": "false" };
    expect(runStep(workflow, workflow.jobs["build-amd64"], "Build", { ...runner, values })).toMatchObject({ code: 0 });
    expect(calls()).toBe(`<build><--build-arg><RUST_VERSION=${hostile}><sindri-base>\n`);
    expect(project.has("ran")).toBe(false);
  });

  test("once a week every step is built anew", () => {
    stub(workflow.env.BUILDER ?? "");
    const values = { "inputs.force || github.event_name == 'schedule'": "true" };
    runStep(workflow, workflow.jobs["build-arm64"], "Build", { ...runner, values });
    expect(calls()).toBe("<build><--no-cache><--pull><sindri-base>\n");
  });

  test("each platform is pushed alone, then the index is made", () => {
    const answer = { digest: "sha256:abc", outcome: "published" };
    stub(workflow.env.PROGRAM ?? "", JSON.stringify(answer));
    runStep(workflow, workflow.jobs["build-arm64"], "Push", runner);
    const { outputs } = runStep(workflow, workflow.jobs.publish, "Assemble and tag", runner);
    expect(outputs).toEqual({ digest: "sha256:abc", changed: "true" });
    expect(calls()).toBe(
      "<publish><--platform><linux/arm64><--partial><publish-base>\n<publish><--assemble><--json><publish-base>\n",
    );
  });

  test("what was published before is not signed again, and a failure fails the step", () => {
    stub(workflow.env.PROGRAM ?? "", JSON.stringify({ digest: "sha256:abc", outcome: "up to date" }));
    const publish = () => runStep(workflow, workflow.jobs.publish, "Assemble and tag", runner);
    expect(publish().outputs).toEqual({ digest: "sha256:abc", changed: "false" });
    stub(workflow.env.PROGRAM ?? "", "{}");
    expect(publish()).toMatchObject({ code: 1 });
    stub(workflow.env.PROGRAM ?? "", "", 69);
    expect(publish()).toMatchObject({ code: 69 });
  });

  test("the bill of materials is of each platform's own image", () => {
    const platforms = [
      { digest: "sha256:a", platform: { os: "linux", architecture: "amd64" } },
      { digest: "sha256:b", platform: { os: "linux", architecture: "arm64" } },
      { digest: "sha256:c", platform: { os: "unknown", architecture: "unknown" } },
    ];
    const find = (manifest: object, platform: string) => {
      stub("bin/skopeo", JSON.stringify(manifest));
      const values = { "needs.publish.outputs.digest": "sha256:i", "matrix.platform": platform };
      return runStep(workflow, workflow.jobs.sbom, "Find the image of the platform", { ...runner, values });
    };
    expect(find({ manifests: platforms }, "linux/arm64").outputs).toEqual({ digest: "sha256:b" });
    expect(find({ manifests: platforms }, "linux/s390x").code).not.toBe(0);
    expect(find({ config: {} }, "linux/amd64").outputs).toEqual({ digest: "sha256:i" });
    expect(calls()).toMatch(/^<inspect><--raw><docker:\/\/ghcr.io\/pacphi\/sindri@sha256:i>\n/);
  });

  test("the login goes through standard input, the signature is for the digest", () => {
    stub("bin/docker");
    stub("bin/cosign");
    const values = { "github.token": "s3cret", "needs.publish.outputs.digest": "sha256:i" };
    const env = { ...runner.env, GITHUB_ACTOR: "me" };
    runStep(workflow, workflow.jobs.sign, "Log in", { ...runner, env, values });
    runStep(workflow, workflow.jobs.sign, "Sign", { ...runner, env, values });
    expect(calls()).toBe(
      "<login><ghcr.io><--username><me><--password-stdin>\n" +
        "<sign><--yes><--recursive><ghcr.io/pacphi/sindri@sha256:i>\n",
    );
  });
});

withTools(["podman", "rsync", "git", "perl", "jq", "busybox"], () => {
  let project: Project;
  let runner: Runner;
  let workflow: Workflow;
  beforeAll(() => {
    project = new Project();
    const home = project.path("home");
    mkdirSync(home);
    const storage = `[storage]\ndriver = "overlay"\ngraphroot = "${home}/store"\nrunroot = "${home}/run"\n`;
    const runtime = hasTool("runc") ? 'runtime = "runc"\n' : "";
    const ulimits = 'default_ulimits = ["nofile=20000:20000", "nproc=8192:8192"]\n';
    project.write("home/storage.conf", storage);
    project.write(
      "home/containers.conf",
      `[containers]\n${ulimits}[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n${runtime}`,
    );
    project.write("v3/Dockerfile.base", "FROM scratch\nCOPY busybox /bin/cat\n");
    project.write("v3/Dockerfile.dev", 'ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY f /f\nENTRYPOINT ["/bin/cat"]\n');
    project.write("v3/f", "hello\n");
    execFileSync("cp", [execFileSync("which", ["busybox"], { encoding: "utf8" }).trim(), project.path("v3/busybox")]);
    project.write(".gitignore", "/home/\n/cdktf.out/\n/.gantry/\n/base.tar\n/.output\n");
    project.write("cdktf.json", "{}\n");
    execFileSync("git", ["init", "-q"], { cwd: project.directory });
    declare();
    workflow = readWorkflow(project.read(`cdktf.out/stacks/lab/files/${CI}`));
    runner = {
      cwd: project.directory,
      env: {
        HOME: home,
        CONTAINERS_STORAGE_CONF: join(home, "storage.conf"),
        CONTAINERS_CONF: join(home, "containers.conf"),
        BUILDAH_ISOLATION: "chroot",
        // Nobody answers: a test talks to no registry.
        HTTPS_PROXY: "http://127.0.0.1:9",
      },
      values: { "github.token": "t0ken" },
    };
  });
  afterAll(() => {
    const env = { ...process.env, ...runner.env };
    if (process.getuid?.() === 0) spawnSync("umount", [project.path("home/store/overlay")]);
    else spawnSync("podman", ["unshare", "rm", "-rf", project.path("home/store")], { env });
    project.remove();
  });

  function declare(): void {
    project.synth((app) => {
      const stack = new TerraformStack(app, "lab");
      const builder = new GpuBuilder(stack, "builder", { host: Host.local(), disk: { minFreeGib: 0 } });
      const base = new BaseImage(stack, "sindri-base", {
        context: "v3",
        file: "Dockerfile.base",
        repository: "sindri",
        rebuildWhen: ["busybox"],
      });
      const publication = new GhcrPublication(stack, "publish-base", {
        image: base,
        repository: GhcrRepository.of("pacphi/sindri"),
        builder,
      });
      new ImageWorkflows(stack, "workflows", {
        publication,
        dev: new DevImage(stack, "sindri", { base, context: "v3", file: "Dockerfile.dev" }),
        checks: [{ name: "Read", run: '"$ENGINE" run --rm --network=none "$IMAGE" /f' }],
        baseFrom: "actions-cache",
        synthCommand: "npm run synth",
      });
    });
  }

  const step = (name: string, values: Readonly<Record<string, string>> = {}) =>
    runStep(workflow, workflow.jobs.check, name, { ...runner, values: { ...runner.values, ...values } });

  test("ci.yml: builds what nobody has, keeps it, and the next run takes it from the cache", () => {
    const { outputs } = step("Hash what the base image is made of");
    expect(outputs).toEqual({ hash: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(step("Bring the base image")).toMatchObject({
      code: 0,
      said: expect.stringContaining("STEP 2/3: COPY busybox"),
    });
    expect(step("Build the development image")).toMatchObject({ code: 0 });
    expect(step("Read")).toMatchObject({ code: 0, said: "hello\n" });
    expect(step("Pack the base image", { "steps.base.outputs.hash": outputs.hash ?? "" })).toMatchObject({ code: 0 });
    expect(existsSync(project.path("base.tar"))).toBe(true);

    // Another runner: nothing is there but the sources and the cache's tar.
    const podman = (...args: string[]) =>
      execFileSync("podman", args, { env: { ...process.env, ...runner.env }, encoding: "utf8" });
    podman("rmi", "--all", "--force");
    execFileSync("rm", [
      "-rf",
      project.path("home/.gantry"),
      project.path("home/development"),
      project.path(".gantry"),
    ]);
    appendFileSync(project.path("v3/f"), "again\n");
    expect(step("Hash what the base image is made of").outputs).toEqual(outputs);
    expect(step("Load the base image")).toMatchObject({ code: 0 });
    const brought = step("Bring the base image");
    expect(brought).toMatchObject({ code: 0, said: expect.not.stringContaining("STEP") });
    expect(brought.said).toContain("sindri-base: ");
    expect(step("Build the development image")).toMatchObject({ code: 0 });
    expect(step("Read")).toMatchObject({ code: 0, said: "hello\nagain\n" });
  });

  test("ci.yml: a build or a check that fails fails the run", () => {
    project.write("v3/Dockerfile.dev", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY missing /f\n");
    expect(step("Build the development image")).toMatchObject({ code: 65 });
    project.write("v3/Dockerfile.dev", 'ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nENTRYPOINT ["/bin/cat"]\n');
    expect(step("Build the development image")).toMatchObject({ code: 0 });
    expect(step("Read").code).toBe(1);
  });
});
