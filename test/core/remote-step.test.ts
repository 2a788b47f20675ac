import { Token } from "cdktf";
import { planSteps, type RemoteStep } from "../../lib/core/remote-step";
import { messageOf } from "../support/project";

const copy: RemoteStep = {
  kind: "copy",
  id: "programs",
  source: "lib/host",
  target: ".gantry/lib",
  content: [["a.sh", "1"]],
};
const setup: RemoteStep = {
  kind: "run",
  id: "setup",
  command: ["bash", "setup.sh"],
  environment: { GPU: "none", ENGINE: "podman" },
};
const check: RemoteStep = { kind: "run", id: "check", command: ["bash", "check.sh"], undo: ["bash", "clean.sh"] };

const triggers = (...steps: RemoteStep[]) => planSteps(steps).map(({ trigger }) => trigger);

test("a plan keeps the steps as they are, in order, and adds triggers", () => {
  const plan = planSteps([copy, setup, check]);
  expect(plan.map(({ trigger, ...step }) => [step, trigger])).toEqual(
    [copy, setup, check].map((step) => [step, expect.stringMatching(/^[0-9a-f]{64}$/) as string]),
  );
  expect(new Set(triggers(copy, setup, check)).size).toBe(3);
});

test("a step that changes triggers itself and all that follow, and none before", () => {
  const [a, b, c] = triggers(copy, setup, check);
  const changed = triggers(copy, { ...setup, environment: { GPU: "nvidia", ENGINE: "podman" } }, check);
  expect(changed[0]).toBe(a);
  expect(changed[1]).not.toBe(b);
  expect(changed[2]).not.toBe(c);
});

test.each<[string, RemoteStep]>([
  ["content", { ...copy, content: [["a.sh", "2"]] }],
  ["target", { ...copy, target: "elsewhere" }],
  ["source", { ...copy, source: "elsewhere" }],
  ["id", { ...copy, id: "other" }],
  ["command", { ...setup, command: ["bash", "setup.sh", "--yes"] }],
  ["the words of a command", { ...setup, command: ["bash setup.sh"] }],
  ["undo", { ...setup, undo: ["true"] }],
])("%s is part of the trigger", (_name, step) => {
  expect(triggers(step)).not.toEqual(triggers(step.kind === "copy" ? copy : setup));
});

test("a step taken out or put elsewhere changes what follows", () => {
  expect(triggers(setup, check)[1]).not.toBe(triggers(copy, setup, check)[2]);
  expect(triggers(check, setup)[1]).not.toBe(triggers(setup, check)[0]);
});

test("the same plan has the same triggers, whatever the order of its keys", () => {
  const environment = { ENGINE: "podman", GPU: "none" };
  expect(triggers(copy, { ...setup, environment })).toEqual(triggers(copy, setup));
});

test("no step, no plan", () => {
  expect(planSteps([])).toEqual([]);
});

test("steps have names of their own", () => {
  expect(messageOf(() => planSteps([copy, setup, { ...check, id: "setup" }]))).toBe('two steps are called "setup"');
  expect(messageOf(() => planSteps([{ ...check, id: "" }]))).toBe("a step has no id");
});

test("a plan is made at synth: what is known only after apply cannot be in it", () => {
  const step: RemoteStep = { ...setup, environment: { ADDRESS: Token.asString({ ref: "x" }) } };
  expect(messageOf(() => planSteps([step]))).toBe(
    "hashed data[1].environment.ADDRESS is a Terraform reference, known only after apply; a generated file cannot hold it",
  );
});
