import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "../..");
const tsNode = join(root, "node_modules/ts-node/register");
let project: string;

/** A project whose stack adopts the project directory as its file root. */
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "gantry-cli-"));
  const app = `
    const { App, LocalBackend, TerraformStack } = require("cdktf");
    const { GeneratedFile, setFileRoot } = require(${JSON.stringify(join(root, "lib/core/generated-file"))});
    const app = new App();
    const stack = new TerraformStack(app, "lab");
    new LocalBackend(stack, { path: "lab.tfstate" });
    setFileRoot(stack, ".");
    new GeneratedFile(stack, "a", { path: "etc/a.conf", content: process.env.CONTENT ?? "a\\n" });
    new GeneratedFile(stack, "b", { path: "bin/b", content: "#!/bin/sh\\n", executable: true });
    app.synth();`;
  writeFileSync(join(project, "main.js"), app);
  writeFileSync(join(project, "cdktf.json"), JSON.stringify({ app: `"${process.execPath}" -r "${tsNode}" main.js` }));
  synth();
});

afterEach(() => {
  rmSync(project, { recursive: true, force: true });
});

const env = { ...process.env, NODE_PATH: join(root, "node_modules"), TS_NODE_PROJECT: join(root, "tsconfig.json") };

function synth(): void {
  execFileSync(process.execPath, ["-r", tsNode, "main.js"], { cwd: project, env });
}

function gantry(args: readonly string[], extra: NodeJS.ProcessEnv = {}) {
  const command = ["-r", tsNode, join(root, "lib/cli/gantry.ts"), ...args];
  return spawnSync(process.execPath, command, { cwd: project, env: { ...env, ...extra }, encoding: "utf8" });
}

test("a tree that is what the stacks make passes, and stays untouched", () => {
  const before = statSync(join(project, "etc/a.conf"));
  const { status, stdout } = gantry(["check"]);
  expect({ status, stdout }).toEqual({ status: 0, stdout: "generated files are what the stacks make\n" });
  expect(statSync(join(project, "etc/a.conf")).mtimeMs).toBe(before.mtimeMs);
});

test("an edited, a missing and a no longer made file are each named, and none is changed", () => {
  appendFileSync(join(project, "etc/a.conf"), "by hand\n");
  unlinkSync(join(project, "bin/b"));
  const { status, stdout } = gantry(["check"]);
  expect(status).toBe(1);
  expect(stdout).toBe(`changed  etc/a.conf
missing  bin/b
synthesize and commit, or move the change into the stack
`);
  expect(readFileSync(join(project, "etc/a.conf"), "utf8")).toBe("a\nby hand\n");
});

test("a stack that changed since the last synth is noticed, and --diff shows how", () => {
  const { status, stdout } = gantry(["check", "--diff"], { CONTENT: "new\n" });
  expect(status).toBe(1);
  expect(stdout).toContain("-a\n+new\n");
});

test("a synth that fails is not taken for a tree that is right", () => {
  writeFileSync(join(project, "main.js"), 'throw new Error("no such luck")');
  const { status, stderr } = gantry(["check"]);
  expect(status).toBe(2);
  expect(stderr).toContain("no such luck");
});

test.each([
  [[], "gantry: no command given"],
  [["sink"], "gantry: unknown command: sink"],
  [["check", "--dif"], "gantry: Unknown option '--dif'"],
])("bad words %j are a usage error that shows the help", (args, fault) => {
  const { status, stderr } = gantry(args);
  expect(status).toBe(2);
  expect(stderr).toContain(fault);
  expect(stderr).toContain("usage: gantry check");
});

test("outside a project it says where to call it", () => {
  unlinkSync(join(project, "cdktf.json"));
  const { status, stderr } = gantry(["check"]);
  expect(status).toBe(2);
  expect(stderr).toContain("call gantry in the directory that holds it");
});

test("help and version", () => {
  expect(gantry(["--help"])).toMatchObject({ status: 0, stderr: "" });
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  expect(gantry(["--version"]).stdout).toBe(`${version}\n`);
});
