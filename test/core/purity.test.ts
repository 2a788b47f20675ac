import fs from "node:fs";
import net from "node:net";
import { App, TerraformStack } from "cdktf";
import {
  Cidr,
  contentHash,
  Duration,
  GeneratedFile,
  Host,
  planSteps,
  renderEnv,
  renderJson,
  renderNixValue,
  renderYaml,
  setFileRoot,
  Size,
  staticFile,
} from "../../lib/index";
import { Project } from "../support/project";
import { touchedBy } from "../support/purity";

let project: Project;
beforeAll(() => {
  project = new Project();
});
afterAll(() => {
  project.remove();
});

function emptyStack(): TerraformStack {
  return new TerraformStack(new App({ outdir: project.path("cdktf.out"), stackTraces: false }), "lab");
}

function declare(stack: TerraformStack): void {
  new GeneratedFile(stack, "A", { path: "a", content: "a" });
  new GeneratedFile(stack, "B", { path: "b", content: () => String(Date.now()), executable: true });
  new GeneratedFile(stack, "C", { path: "c", content: "c" }).overrideContent(staticFile("/no/such/program.sh"));
  setFileRoot(stack, ".");
  Host.existing({ address: "192.0.2.10", identityFile: "~/.ssh/id" });
  Host.local();
  const model = { a: [Cidr.parse("10.0.0.0/8").host(1), Duration.hours(1).toString(), Size.gibibytes(1).toString()] };
  planSteps([{ kind: "copy", id: contentHash(model), source: "a", target: "b", content: model }]);
  renderEnv({ A: "a" });
  renderJson(model);
  renderNixValue(model);
  renderYaml(model);
}

test("the core touches nothing but the tree until synthesis", () => {
  declare(emptyStack()); // all modules are loaded now
  const stack = emptyStack();
  expect(touchedBy(() => declare(stack))).toEqual([]);
});

test.each<[string, () => unknown]>([
  ["fs.readFileSync", () => fs.readFileSync("/etc/hostname")],
  ["fs.existsSync", () => fs.existsSync("/")],
  ["net.connect", () => net.connect(1)],
  ["Date.now", () => Date.now()],
  ["new Date()", () => new Date()],
  ["Math.random", () => Math.random()],
  ["env.HOME", () => process.env.HOME],
  ["process.cwd", () => process.cwd()],
])("the traps see %s", (name, action) => {
  expect(touchedBy(action)).toEqual([name]);
});
