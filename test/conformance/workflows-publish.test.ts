// The publishing steps of build-base.yml with the real program and a registry: whether they understand each other.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RegistryLab, registryLabTools } from "../support/registry-lab";
import { withTools } from "../support/tools";
import { BUILD_BASE, readWorkflow, workflowTemplate, type Workflow } from "../support/workflow-stack";

const HERE = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
const THERE = HERE === "linux/arm64" ? "linux/amd64" : "linux/arm64";

withTools([...registryLabTools, "jq"], () => {
  let lab: RegistryLab;
  beforeAll(async () => {
    lab = await RegistryLab.start();
  });
  afterAll(() => lab.stop());

  const one = readWorkflow(workflowTemplate({}, { platforms: [HERE] }).file(BUILD_BASE));
  const two = readWorkflow(workflowTemplate({}, { platforms: [HERE, THERE] }).file(BUILD_BASE));

  /** Runs a script of a job as a runner does; the registry's proxy answers meanwhile. */
  function step(workflow: Workflow, job: string, name: string) {
    const found = workflow.jobs[job]?.steps.find((each) => each.name === name);
    if (found?.run === undefined) throw new Error(`no script ${name} in ${job}`);
    const { files, host } = lab.lab;
    const output = join(files.bin, "output"); // not among the sources
    writeFileSync(output, "");
    const script = ["--noprofile", "--norc", "-eo", "pipefail", "-c", found.run];
    const env = {
      ...host.env,
      SSH_AUTH_SOCK: "",
      XDG_RUNTIME_DIR: host.scratch,
      ...workflow.env,
      ...found.env,
      PROGRAM: join(files.root, "bin/image"),
      PUBLICATION: "publish",
      GITHUB_TOKEN: lab.registry.password,
      GITHUB_OUTPUT: output,
      PATH: `${files.bin}:${process.env.PATH ?? ""}`,
    };
    return new Promise<{ code: number | null; said: string; outputs: string }>((resolve) => {
      const child = spawn("bash", script, { env, stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      child.stdout.on("data", (part) => (said += String(part)));
      child.stderr.on("data", (part) => (said += String(part)));
      child.on("close", (code) => {
        resolve({ code, said, outputs: readFileSync(output, "utf8") });
      });
    });
  }

  test("one platform: published and to be signed; the second time neither", async () => {
    const first = await step(one, "publish", "Publish");
    const digest = lab.tags()["base-latest"] ?? "none";
    expect(first).toMatchObject({ code: 0, outputs: `digest=${digest}\nchanged=true\n` });
    expect(first.said).not.toContain(lab.registry.password);
    expect(await step(one, "publish", "Publish")).toMatchObject({
      code: 0,
      outputs: `digest=${digest}\nchanged=false\n`,
    });
    lab.publication({ RUN_COUNT: 0 });
    const verified = await step(one, "verify", "Verify");
    expect(verified).toMatchObject({ code: 0, said: expect.stringContaining(`verified, `) });
    expect(verified.said).toContain(digest);
  });

  test("several: each pushes its own, and without all of them there is no index and no tag moves", async () => {
    lab.version("2");
    lab.publication({ PLATFORMS: `${HERE} ${THERE}`, VERSION_TAG: "base-2.0.0", VERSION: "2.0.0" });
    const before = lab.tags();
    const push = await step(two, `build-${HERE.slice("linux/".length)}`, "Push");
    expect(push).toMatchObject({ code: 0, outputs: "" });
    const content = `base-${lab.hash()}`;
    const own = `${content}-${HERE.slice("linux/".length)}`;
    expect(lab.tags()).toEqual({ ...before, [own]: expect.stringMatching(/^sha256:/) });
    const assemble = await step(two, "publish", "Assemble and tag");
    expect(assemble).toMatchObject({ code: 1, outputs: "" });
    expect(assemble.said).toContain(`is not complete: no image for ${THERE}`);
    expect(Object.keys(lab.tags())).not.toContain(content);
  });

  test("a runner of another platform is found out", async () => {
    const wrong = await step(two, `build-${THERE.slice("linux/".length)}`, "Push");
    expect(wrong).toMatchObject({ code: 2, said: expect.stringContaining(`this builder is ${HERE}, not ${THERE}`) });
  });
});
