import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack, Testing, Token } from "cdktf";
import { setFileRoot } from "../../lib";
import { Host } from "../../lib/builder";
import type { ImageWorkflowsProps } from "../../lib/image";
import { touchedBy } from "../support/purity";
import { messageOf, Project } from "../support/project";
import {
  BUILD_BASE,
  CI,
  declareWorkflows,
  readWorkflow,
  workflowTemplate,
  type WorkflowStackProps,
} from "../support/workflow-stack";

const fixtures = join(__dirname, "../fixtures/workflows");
const faultOf = (props: Partial<ImageWorkflowsProps>, own: WorkflowStackProps = {}) =>
  messageOf(() => declareWorkflows(new TerraformStack(Testing.app(), "lab"), props, own));
const buildBase = (props: Partial<ImageWorkflowsProps> = {}, own: WorkflowStackProps = {}) =>
  readWorkflow(workflowTemplate(props, own).file(BUILD_BASE));
const ci = (props: Partial<ImageWorkflowsProps> = {}, own: WorkflowStackProps = {}) =>
  readWorkflow(workflowTemplate(props, own).file(CI));

/** Compares with a committed file; `GANTRY_TEST_UPDATE=1` writes it. */
function expectFixture(name: string, text: string): void {
  const path = join(fixtures, name);
  if (process.env.GANTRY_TEST_UPDATE === "1") {
    mkdirSync(fixtures, { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, "utf8"));
}

test("both workflows of the document's images, to the letter", () => {
  const template = workflowTemplate();
  expectFixture("build-base.yml", template.file(BUILD_BASE));
  expectFixture("ci.yml", template.file(CI));
});

test("one platform, no build arguments, a build cache, GitHub's cache, docker, another branch", () => {
  const template = workflowTemplate(
    { branch: "release/v3", baseFrom: "actions-cache", schedule: false },
    { platforms: ["linux/arm64"], args: {}, hasCache: true, engine: "docker", tokenEnv: "PACKAGES_TOKEN" },
  );
  expectFixture("build-base.one.yml", template.file(BUILD_BASE));
  expectFixture("ci.cache.yml", template.file(CI));
});

test("the development image becomes one of the program's", () => {
  const template = workflowTemplate();
  expect(template.env("image/image.env")).toMatchObject({ IMAGES: "sindri-base sindri" });
  expect(template.env("image/images/sindri.env")).toMatchObject({ ROLE: "dev" });
  expect(ci({}, { hasDev: false }).env).toEqual({
    PROGRAM: "cdktf.out/stacks/lab/files/bin/image",
    BUILDER: "cdktf.out/stacks/lab/files/bin/builder",
    BASE: "sindri-base",
    ENGINE: "podman",
  });
});

test("pushes that do not touch the base start nothing", () => {
  const paths = (props: Partial<ImageWorkflowsProps>, own: WorkflowStackProps) =>
    (buildBase(props, own).on.push as { paths: string[] }).paths;
  const own = ".github/workflows/build-base.yml";
  expect(paths({}, {})).toEqual(["v3/Dockerfile.base", own]);
  expect(paths({ paths: ["stacks/**"] }, { rebuildWhen: ["packages.txt", "keys"] })).toEqual([
    "v3/Dockerfile.base",
    "v3/packages.txt",
    "v3/packages.txt/**",
    "v3/keys",
    "v3/keys/**",
    "stacks/**",
    own,
  ]);
  expect(paths({}, { context: "." })).toEqual(["Dockerfile.base", own]);
  expect(paths({}, { context: "a[b]*+?!" })).toEqual(["a\\[b\\]\\*\\+\\?\\!/Dockerfile.base", own]);
});

test("a stack whose own sources start nothing is warned of", () => {
  const warning =
    "[lab/workflows] a push that changes the base's build arguments does not start build-base.yml; name the stack's sources in paths";
  expect(workflowTemplate().warnings).toEqual([warning]);
  expect(workflowTemplate({ paths: ["stacks/**"] }).warnings).toEqual([]);
  expect(workflowTemplate({}, { args: {} }).warnings).toEqual([]);
});

test("a run by hand has a switch for each version, and what it tries is neither pushed nor tagged", () => {
  const { on, jobs } = buildBase({ argInputs: ["RUST_VERSION"] });
  const { inputs } = on.workflow_dispatch as { inputs: Record<string, { type: string; options?: string[] }> };
  expect(Object.entries(inputs).map(([name, { type, options }]) => [name, type, options])).toEqual([
    ["force", "boolean", undefined],
    ["platforms", "choice", ["all", "linux/amd64", "linux/arm64"]],
    ["rust_version", "string", undefined],
  ]);
  const isToPublish = "github.ref == 'refs/heads/main' && !inputs.rust_version";
  expect(jobs.publish?.if).toBe(isToPublish);
  expect(jobs["build-amd64"]?.steps.find(({ name }) => name === "Push")?.if).toBe(isToPublish);
  expect(Object.keys((buildBase({ argInputs: [] }).on.workflow_dispatch as { inputs: object }).inputs)).toEqual([
    "force",
    "platforms",
  ]);
});

test("without attestations: the bills of materials stay with the run, the image is still signed", () => {
  const { jobs } = buildBase({ attest: false });
  const names = (id: string) => jobs[id]?.steps.map(({ name }) => name);
  expect(names("sbom")).toEqual(["Log in", "Find the image of the platform", "Write the bill of materials"]);
  expect(names("sign")).toEqual(["Log in", "Set up cosign", "Sign"]);
  expect(jobs.sbom?.permissions).toEqual({ packages: "read" });
  expect(jobs.sign?.permissions).toEqual({ packages: "write", "id-token": "write" });
  const silent = buildBase({ attest: false }, { sign: false }).jobs;
  expect(Object.keys(silent)).toEqual(["build-amd64", "build-arm64", "publish", "sbom", "verify"]);
  expect(silent.verify?.needs).toEqual(["publish", "sbom"]);
  expect(silent.verify?.steps.map(({ name }) => name)).not.toContain("Set up cosign");
});

test("runners, times and the place of the programs are the stack's to choose", () => {
  const props = {
    runners: { "linux/arm64": "my-arm64" },
    baseTimeoutMinutes: 30,
    ciTimeoutMinutes: 10,
    programDirectory: "out/lab",
    nodeVersion: "24.1",
  };
  const { jobs, env } = buildBase(props);
  expect([jobs["build-amd64"]?.["runs-on"], jobs["build-arm64"]?.["runs-on"]]).toEqual(["ubuntu-24.04", "my-arm64"]);
  expect(jobs["build-arm64"]?.["timeout-minutes"]).toBe(30);
  expect(env.PROGRAM).toBe("out/lab/bin/image");
  const check = ci(props).jobs.check;
  expect(check?.["timeout-minutes"]).toBe(10);
  expect(check?.steps[1]?.with).toEqual({ "node-version": "24.1", "package-manager-cache": false });
});

describe("where the programs come from", () => {
  let project: Project;
  beforeEach(() => (project = new Project()));
  afterEach(() => {
    project.remove();
  });

  test("committed: nothing is generated on the runner", () => {
    const app = project.app();
    const stack = new TerraformStack(app, "lab");
    setFileRoot(stack, project.directory);
    declareWorkflows(stack, {}, { isCommitted: true });
    app.synth();
    const { env, jobs } = readWorkflow(project.read(CI));
    expect(readWorkflow(project.read(BUILD_BASE)).on.push).toEqual({
      branches: ["main"],
      paths: ["v3/Dockerfile.base", "builder/images/sindri-base.*", BUILD_BASE],
    });
    expect([env.PROGRAM, env.BUILDER]).toEqual(["bin/image", "bin/builder"]);
    expect(jobs.check?.steps.map(({ name }) => name)).toEqual([
      "Check out",
      "Bring what the runner lacks",
      "Bring the base image",
      "Build the development image",
      "Version",
    ]);
  });

  test("neither committed nor generated: said at synth, and nothing is written", () => {
    const app = project.app();
    declareWorkflows(new TerraformStack(app, "lab"), {}, { isCommitted: true });
    expect(
      messageOf(() => {
        app.synth();
      }),
    ).toContain(`[lab/workflows] ImageWorkflows: the runners have no programs
  synthCommand: missing; allowed: a command that generates them, such as "npm ci && npm run synth", or programs that are committed: setFileRoot(stack, ".")`);
    expect(project.has("cdktf.out/stacks/lab/files")).toBe(false);
  });
});

test("all faults of the values at once", () => {
  const props = {
    checks: [
      { name: "a\nb", run: "true" },
      { name: "x", run: "echo ${{ github.token }}" },
      { name: " ", run: " " },
    ],
    branch: "feature/*",
    paths: ["a\nb"],
    schedule: "weekly",
    runners: { "linux/amd64": "${{ inputs.runner }}" },
    baseFrom: "cache",
    synthCommand: "npm ci\nrm -rf /",
    nodeVersion: "lts/*",
    programDirectory: "a b",
    baseTimeoutMinutes: 0,
    runner: "x",
  } as unknown as ImageWorkflowsProps;
  expect(faultOf(props)).toBe(`[lab/workflows] ImageWorkflows: invalid props
  checks[0].name: got "a\\nb"; allowed: one line of text without \${{
  checks[1].run: got "echo \${{ github.token }}"; allowed: a command for bash without \${{; what it needs to know stands in its environment
  checks[2].name: got " "; allowed: one line of text without \${{
  checks[2].run: got " "; allowed: a command for bash without \${{; what it needs to know stands in its environment
  branch: got "feature/*"; allowed: a branch, such as "main"; no pattern
  paths[0]: got "a\\nb"; allowed: a pattern on one line, such as "stacks/**"
  schedule: got "weekly"; allowed: five fields of cron, such as "23 4 * * 1", or false
  runners["linux/amd64"]: got "\${{ inputs.runner }}"; allowed: the label of a runner, such as "ubuntu-24.04"
  baseFrom: got "cache"; allowed: one of "registry", "actions-cache"
  synthCommand: got "npm ci\\nrm -rf /"; allowed: a command on one line, such as "npm ci && npm run synth", without \${{
  nodeVersion: got "lts/*"; allowed: a version of Node.js, such as "22"
  programDirectory: got "a b"; allowed: a relative directory of letters, digits, "_", "-", "." and "/"
  baseTimeoutMinutes: got 0; allowed: a whole number from 1 to 360
  runner: unknown property; did you mean "runners"?`);
});

test("what cannot work on GitHub is refused", () => {
  const host = Host.existing({ address: "192.0.2.10", user: "ubuntu" });
  const own = { registry: "127.0.0.1:5000", host, platforms: ["linux/amd64", "linux/s390x"] };
  expect(faultOf({ argInputs: ["RUST_VERSION", "rust"] }, own)).toBe(`[lab/workflows] ImageWorkflows: invalid props
  publication: got one at 127.0.0.1:5000; allowed: one at ghcr.io, where a workflow's own token is valid
  publication: got one of the builder "builder" on another host; allowed: one with Host.local(), because runners build by themselves
  runners: has no runner for linux/s390x; allowed: a label for each platform of the publication
  argInputs: got "rust"; allowed: build arguments of the base: RUST_VERSION, UBUNTU_VERSION, GH_VERSION`);
});

test("inputs that GitHub could not tell apart, or too many of them", () => {
  const twice = { A_VERSION: "1", a_version: "2", force: "3" };
  expect(faultOf({ argInputs: Object.keys(twice) }, { args: twice }))
    .toBe(`[lab/workflows] ImageWorkflows: invalid props
  argInputs: the input "a_version" would be there twice; allowed: each once, in any case of letters
  argInputs: the input "force" would be there twice; allowed: each once, in any case of letters`);
  const many = Object.fromEntries([..."abcdefghi"].map((letter) => [`${letter}_VERSION`, "1"]));
  expect(faultOf({}, { args: many })).toBe(`[lab/workflows] ImageWorkflows: invalid props
  argInputs: missing, and 9 build arguments end in _VERSION; allowed: at most 8 of them`);
});

test("a Terraform reference is refused: the file is written before apply", () => {
  expect(faultOf({ branch: Token.asString({ resolve: () => "main" }) })).toBe(
    `[lab/workflows] ImageWorkflows: invalid props
  branch: got a Terraform reference (known only after apply); allowed: a branch, such as "main"; no pattern`,
  );
});

test("declaring them touches nothing outside of the tree", () => {
  const empty = () => new TerraformStack(new App({ outdir: "unused", stackTraces: false }), "lab");
  declareWorkflows(empty(), { paths: ["a"] }, { hasCache: true }); // all modules are loaded now
  const stack = empty();
  expect(touchedBy(() => void declareWorkflows(stack, { paths: ["a"] }, { hasCache: true }))).toEqual([]);
});

test("a run for trying takes no place in the queue of those that publish", () => {
  const { group } = readWorkflow(
    workflowTemplate({ branch: "v3" }, { args: { GH_VERSION: "2.86.0" } }).file(BUILD_BASE),
  ).concurrency;
  expect(group).toBe(
    "build-base-${{ github.ref == 'refs/heads/v3' && !inputs.gh_version && 'publish' || github.run_id }}",
  );
});
