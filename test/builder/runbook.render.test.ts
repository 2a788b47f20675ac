import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { ImageSource } from "../../lib/core/image-source";
import type { EnvModel } from "../../lib/core/render/env";
import { renderRunbook } from "../../lib/builder/runbook.render";
import type { RunbookModel } from "../../lib/builder/runbook-model";
import { namedCommands, programCommands } from "../support/program-commands";
import { readMarkdown } from "../support/markdown";

const local: EnvModel = {
  HOST_KIND: "local",
  HOST_USER: "",
  HOST_ADDRESS: "",
  HOST_PORT: "",
  ACCESS: "ssh",
  ENGINE: "podman",
  PROJECT: "lab",
  REMOTE_ROOT: "development",
  TMUX_SESSION: "builder",
  MAX_ITERATIONS: 5,
  MIN_FREE_GIB: 20,
  KEEP_SNAPSHOTS: 5,
  GPU: "none",
  IDLE_STOP_SECONDS: "",
  MAX_AGE_SECONDS: "",
  DATA_HOLDS: "",
};
const existing: EnvModel = {
  ...local,
  HOST_KIND: "existing",
  HOST_USER: "dev",
  HOST_ADDRESS: "192.0.2.10",
  HOST_PORT: 2222,
};
const ec2: EnvModel = {
  ...local,
  HOST_KIND: "ec2",
  HOST_USER: "ubuntu",
  HOST_PORT: 22,
  GPU: "nvidia",
  IDLE_STOP_SECONDS: 1800,
  MAX_AGE_SECONDS: 43200,
  DATA_HOLDS: "home",
};

function image(imageName: string, props: Partial<ImageSource> = {}): ImageSource {
  const { context = imageName, bases = [], secrets = [] } = props;
  return {
    imageName,
    context,
    file: "Containerfile",
    target: undefined,
    platform: undefined,
    args: {},
    secrets,
    bases,
  };
}

const base = image("nvidia-bootc-base");
const vllm = image("vllm-bootc", { bases: [base] });
const both = [base, vllm].map((each) => ({ image: each, tag: "dev" }));

function model(settings: EnvModel, props: Partial<RunbookModel> = {}): RunbookModel {
  return { id: "builder", settings, images: both, rhel: undefined, adoptedRoot: false, ...props };
}

const variants: [string, RunbookModel][] = [
  ["local", model(local)],
  ["existing", model(existing)],
  ["ec2", model(ec2)],
  ["ec2 through ssm", model({ ...ec2, ACCESS: "ssm" })],
  ["ec2 with RHEL and docker", model({ ...ec2, ENGINE: "docker", DATA_HOLDS: "storage" }, { rhel: true })],
  ["without images", model(existing, { images: [] })],
];

test("the runbook of two images on EC2", () => {
  expect(renderRunbook(model(ec2, { rhel: false }))).toBe(
    readFileSync(join(__dirname, "../fixtures/runbook/ec2.md"), "utf8"),
  );
});

test.each(variants)("names only commands and options that the program has: %s", (_name, given) => {
  const program = programCommands();
  const named = namedCommands(renderRunbook(given));
  expect(named.length).toBeGreaterThan(20);
  for (const { program: builder, command, options } of named) {
    expect(builder).toBe("builder");
    expect([...program.keys()]).toContain(command);
    for (const option of options) expect([command, ...(program.get(command) ?? [])]).toContain(option);
  }
});

test.each(variants)("is Markdown without holes: %s", (_name, given) => {
  const text = renderRunbook(given);
  const { tables, kinds, headings } = readMarkdown(text);
  for (const [head = [], ...rows] of tables) for (const row of rows) expect(row).toHaveLength(head.length);
  expect([...kinds].filter((kind) => kind.startsWith("html"))).toEqual([]);
  expect(text).not.toMatch(/undefined|null|NaN|\[object/);
  expect(text).not.toMatch(/\n\n\n| $/m);
  expect(text.endsWith("\n")).toBe(true);
  expect(headings).toEqual(
    expect.arrayContaining(["Prerequisites", "Troubleshooting", "Exit codes", "Sync and build, for a coding agent"]),
  );
});

test("hints that cannot apply are left out", () => {
  const text = (settings: EnvModel, rhel?: boolean) => renderRunbook(model(settings, { rhel }));
  expect(text(ec2, true)).toContain("--rhsm-org");
  expect(text(ec2, false)).not.toMatch(/rhsm|RHEL/);
  expect(text(existing)).toContain("only when the host runs RHEL");
  expect(text(ec2)).toContain("CDI");
  expect(text(existing)).not.toMatch(/CDI|GPU|aws|AWS CLI|tofu|`bin\/builder (start|stop|down|up)/);
  expect(text(local)).not.toMatch(/`bin\/builder (ssh|shell|start)|host key/);
  expect(text({ ...ec2, ACCESS: "ssm" }, false)).not.toContain("sshFrom");
  expect(text({ ...ec2, ENGINE: "docker" }, false)).not.toContain("podman");
});

test("bases come before what is FROM them, in whatever order they were given", () => {
  const text = renderRunbook(model(ec2, { images: [...both].reverse() }));
  expect(text).toBe(renderRunbook(model(ec2)));
  expect(readMarkdown(text).blocks.find(({ language }) => language === "mermaid")?.code).toMatch(
    /image1\["nvidia-bootc-base:dev"\][\s\S]*image1 -->\|FROM\| image2/,
  );
});

test("says which image a changed path belongs to, and what is FROM it", () => {
  const images = [...both, { image: image("site", { context: "." }), tag: "dev" }];
  const table = readMarkdown(renderRunbook(model(ec2, { images }))).tables.find(([head]) =>
    head?.includes("Dependents"),
  );
  expect(table?.slice(1)).toEqual([
    ["nvidia-bootc-base/", "nvidia-bootc-base", "vllm-bootc"],
    ["vllm-bootc/", "vllm-bootc", "none"],
    ["anything else in the project", "site", "none"],
  ]);
});

test("names the files that build secrets come from", () => {
  const images = [{ image: image("app", { secrets: [{ id: "token", file: "~/.config/to`ken" }] }), tag: "dev" }];
  expect(readMarkdown(renderRunbook(model(local, { images }))).spans).toEqual(
    expect.arrayContaining(["token", "~/.config/to`ken"]),
  );
});

test("a setting that is gone is an error, not a hole in the text", () => {
  const { ENGINE: _gone, ...rest } = local;
  expect(() => renderRunbook(model(rest))).toThrow(
    'the settings of "builder" have no ENGINE, which its runbook speaks of',
  );
});

test("any context reads back unchanged", () => {
  const context = fc
    .string({ unit: "grapheme", minLength: 1 })
    .map((text) => `a/${text.replace(/[\0\r\n\u2028\u2029\\]/g, "-")}`);
  fc.assert(
    fc.property(context, (given) => {
      const text = renderRunbook(model(local, { images: [{ image: image("app", { context: given }), tag: "dev" }] }));
      const { tables, kinds } = readMarkdown(text);
      const row = tables.flat().find(([first]) => first === "app");
      expect(row?.[1]).toBe(given);
      expect([...kinds].filter((kind) => kind.startsWith("html"))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
