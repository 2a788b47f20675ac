// The generated workflows, as the linters of GitHub's workflows and a reader of YAML see them.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { withoutComments } from "../../lib/core/render/yaml";
import { ACTIONS } from "../../lib/image/workflows/actions";
import { buildBaseWorkflow, renderBuildBase } from "../../lib/image/workflows/build-base.render";
import { ciWorkflow, renderCi } from "../../lib/image/workflows/ci.render";
import { imageWorkflowsProps } from "../../lib/image/image-workflows.schema";
import { differences, hostileStrings, unchanged } from "../support/hostile";
import { which, withTools } from "../support/tools";
import { BUILD_BASE, CI, readWorkflow, stepsOf, workflowTemplate } from "../support/workflow-stack";

/** Every form that the two workflows have. */
const forms = {
  all: workflowTemplate(),
  one: workflowTemplate(
    { baseFrom: "actions-cache", schedule: false },
    { platforms: ["linux/arm64"], args: {}, hasCache: true, engine: "docker" },
  ),
  silent: workflowTemplate({ attest: false }, { sign: false }),
  bare: workflowTemplate({ attest: false }, { hasDev: false, hasCache: true }),
};
const texts = Object.entries(forms).flatMap(([form, template]) =>
  [BUILD_BASE, CI].map((path): [string, string] => [`${form} ${path}`, template.file(path)]),
);

withTools(["actionlint", "shellcheck", "zizmor"], () => {
  let directory: string;
  let paths: string[];
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "gantry-workflows-"));
    paths = texts.map(([name, text]) => {
      const [form = "", path = ""] = name.split(" ");
      mkdirSync(join(directory, form, ".github/workflows"), { recursive: true });
      writeFileSync(join(directory, form, path), text);
      return join(directory, form, path);
    });
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  const lint = (tool: string, ...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(which(tool) ?? tool, args, { cwd: directory, encoding: "utf8" });
    return { status, stdout, stderr };
  };
  const actionlint = (...files: readonly string[]) =>
    lint("actionlint", "-no-color", "-shellcheck", which("shellcheck") ?? "", "-pyflakes", "", ...files);
  const zizmor = (...files: readonly string[]) =>
    lint("zizmor", "--offline", "--no-progress", "--quiet", "--color=never", "--persona=auditor", ...files);

  test("actionlint and, in the scripts, shellcheck find nothing", () => {
    expect(actionlint(...paths)).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("zizmor at its strictest finds nothing", () => {
    const { status, stdout } = zizmor(...paths);
    expect({ status, stdout: stdout.replace(/^No findings to report.*\n/, "") }).toEqual({ status: 0, stdout: "" });
  });

  test("the linters look: an unpinned action, an injection and an unquoted variable are found", () => {
    const bad = join(directory, "bad.yml");
    writeFileSync(
      bad,
      `on: pull_request\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n      - run: echo \${{ github.head_ref }}; echo $HOME\n`,
    );
    expect(actionlint(bad)).toMatchObject({ status: 1, stdout: expect.stringMatching(/SC2086/) });
    const { status, stdout } = zizmor(bad);
    expect(status).not.toBe(0);
    for (const audit of ["unpinned-uses", "template-injection", "artipacked"]) expect(stdout).toContain(audit);
  });
});

test("hostile names of checks are refused or come back as they are", () => {
  const { strings, seed } = hostileStrings();
  const isTaken = (name: string) => imageWorkflowsProps.shape.checks.safeParse([{ name, run: "true" }]).success;
  const taken = strings.filter(isTaken);
  const refused = strings.filter((name) => !isTaken(name));
  expect(taken.length).toBeGreaterThan(100);
  for (const name of refused) expect(name).toMatch(/^\s*$|\p{C}|\p{Zl}|\p{Zp}|\$\{\{/u);
  const template = workflowTemplate({ checks: taken.map((name) => ({ name, run: "true" })) });
  const { jobs } = readWorkflow(template.file(CI));
  const came = (jobs.check?.steps ?? []).slice(-taken.length).map(({ name }) => name);
  expect(differences(seed, taken, came)).toEqual(unchanged(seed, taken));
});

test("a reader of YAML gets the model back", () => {
  const common = {
    stack: "lab",
    program: "bin/image",
    builderProgram: "bin/builder",
    synthCommand: "echo 'a: b' # no comment",
    nodeVersion: "22",
    engine: "podman",
    tokenEnv: "GITHUB_TOKEN",
    branch: "no",
    timeoutMinutes: 5,
  } as const;
  const base = {
    ...common,
    image: "base",
    publication: "1e3",
    writesCache: true,
    attests: true,
    signs: true,
    registry: "ghcr.io",
    repository: "a/b",
    platforms: [{ platform: "linux/amd64", runner: "on" }],
    args: [{ name: "A_VERSION", value: "1.10: #" }],
    paths: ["*", "!x", "a b", "&a", "- x", "22:22"],
    schedule: "0 0 * * 0",
  };
  expect(parse(renderBuildBase(base))).toEqual(withoutComments(buildBaseWorkflow(base)));
  const ci = {
    ...common,
    base: "base",
    dev: { name: "~", reference: "localhost/~:latest" },
    runner: "no",
    baseFrom: "actions-cache",
    checks: [
      { name: "yes # really", run: "set -e\n\ttrue: x\n" },
      { name: "'", run: '  "a"  ' },
    ],
  } as const;
  expect(parse(renderCi(ci))).toEqual(withoutComments(ciWorkflow(ci)));
});

describe.each(texts)("%s", (name, text) => {
  const workflow = readWorkflow(text);
  const steps = stepsOf(workflow);

  test("every action is one of the table, by commit, with its version behind it", () => {
    const table = Object.values(ACTIONS).map((action) => `${action.name}@${action.commit} # ${action.version}`);
    const used = [...text.matchAll(/^ +uses: (.*)$/gm)].map(([, line = ""]) => line);
    expect(used.length).toBeGreaterThan(0);
    for (const line of used) {
      expect(line).toMatch(/^[\w.-]+(\/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      expect(table).toContain(line);
    }
  });

  test("no expression stands in a script, and every step says what it does", () => {
    const scripts = steps.flatMap(({ run }) => run ?? []);
    expect(scripts.length).toBeGreaterThan(2);
    for (const script of scripts) expect(script).not.toContain("${{");
    for (const step of steps) expect(step.name).toMatch(/^[A-Z]/);
  });

  test("rights are given to jobs one by one, with time limits, and clones keep no token", () => {
    expect(workflow.permissions).toEqual({});
    expect(workflow.concurrency.group).not.toBe("");
    for (const job of Object.values(workflow.jobs)) {
      expect(job["timeout-minutes"]).toBeLessThanOrEqual(360);
      expect(Object.keys(job.permissions).length).toBeGreaterThan(0);
    }
    for (const { uses, with: given } of steps) {
      if (uses?.startsWith("actions/checkout@")) expect(given).toEqual({ "persist-credentials": false });
    }
  });

  test("pull requests write nothing, and get no secret", () => {
    expect(text).not.toContain("secrets.");
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    if (!("pull_request" in workflow.on)) {
      expect(name).toContain("build-base");
      return;
    }
    for (const job of Object.values(workflow.jobs)) {
      expect(job.permissions).toEqual({ contents: "read", packages: "read" });
    }
    const isOfBranch = "github.event_name == 'push' && steps.cache.outputs.cache-hit != 'true'";
    for (const step of steps.filter(({ uses }) => uses?.startsWith("actions/cache/save@"))) {
      expect(step.if).toBe(isOfBranch);
    }
    // Actions that fill a cache by themselves are told not to.
    expect(text).not.toMatch(/uses: actions\/cache@/);
    for (const step of steps.filter(({ uses }) => uses?.startsWith("actions/setup-node@"))) {
      expect(step.with).toMatchObject({ "package-manager-cache": false });
    }
    expect(workflow.concurrency["cancel-in-progress"]).toBe("${{ github.event_name == 'pull_request' }}");
  });

  test("only jobs that publish may write packages, and only those that sign have an identity", () => {
    const writes = Object.entries(workflow.jobs)
      .filter(([, { permissions }]) => Object.values(permissions).includes("write"))
      .map(([id, { permissions }]) => `${id}: ${Object.keys(permissions).join(" ")}`);
    const builds = Object.keys(workflow.jobs).filter((id) => id.startsWith("build-"));
    const published = [...builds, "publish"].map((id) => `${id}: contents packages`);
    const signs: Readonly<Record<string, readonly string[]>> = {
      bare: ["sign: packages id-token"],
      silent: [],
    };
    const attests = ["sbom", "sign"].map((id) => `${id}: packages id-token attestations`);
    const expected = [...published, ...(signs[name.split(" ")[0] ?? ""] ?? attests)];
    expect(writes).toEqual(name.includes("build-base") ? expected : []);
  });
});
