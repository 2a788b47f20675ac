// The CONFIG file: the schema and the reader that runs where there is no node judge alike.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { configFile, configJsonSchema, configKeys } from "../../lib/image/config-file.schema";
import { withTools } from "../support/tools";

const READER = join(__dirname, "../../lib/image/scripts/image/config-read.pl");

test("the keys as lines", () => {
  expect(
    configKeys()
      .split("\n")
      .map((line) => line.split("\t").slice(0, 3).join(" ")),
  ).toEqual([
    "workspace.name string required",
    "deployment.provider string ",
    "deployment.image string ",
    "deployment.buildFromSource.enabled boolean ",
    "deployment.buildFromSource.gitRef string ",
    "deployment.imageConfig.registry string ",
    "extensions strings ",
    "",
  ]);
});

test("JSON Schema for editors", () => {
  expect(configJsonSchema()).toMatchObject({
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    required: ["workspace"],
    additionalProperties: false,
  });
});

withTools(["perl"], () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "gantry-config-"));
    writeFileSync(join(directory, "keys.tsv"), configKeys());
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  const read = (text: string) => {
    writeFileSync(join(directory, "c.yaml"), text);
    const done = spawnSync("perl", [READER, "keys.tsv", "c.yaml"], { cwd: directory, encoding: "utf8" });
    return { code: done.status, stdout: done.stdout, stderr: done.stderr };
  };

  const GUIDE = `# sindri.yaml for local development (Path A)
workspace:
  name: sindri-dev02

deployment:
  provider: docker
  image: sindri:latest # ← Key: reference the locally-built image

extensions:
  - cloud-tools
  - github
  # ... your extensions
`;

  test("the file of the guide", () => {
    expect(read(GUIDE)).toEqual({
      code: 0,
      stdout:
        "workspace.name\tsindri-dev02\ndeployment.provider\tdocker\ndeployment.image\tsindri:latest\nextensions\tcloud-tools\nextensions\tgithub\n",
      stderr: "",
    });
  });

  // What both take, and both with the same values.
  test.each([
    GUIDE,
    "workspace:\n  name: a\n",
    "---\nworkspace: # one\n  name: 'a'\ndeployment:\n    buildFromSource:\n        enabled: true\n        gitRef: \"feature/my-branch\" # or a tag\n",
    'workspace:\n  name: a\ndeployment:\n  image: "sindri:latest"\nextensions:\n- one\n- "two"\n',
    "workspace:\r\n  name: a\r\ndeployment:\r\n  buildFromSource:\r\n    enabled: false\r\n",
    "workspace:\n  name: a\ndeployment:\n  buildFromSource:\n    enabled: true\n    gitRef: '1234567'\n",
    "workspace:\n  name: a\ndeployment:\n  imageConfig:\n    registry: ghcr.io/pacphi/sindri:1.0\n",
    "deployment:\n  provider: docker\nworkspace:\n\n  # a\n  name: a1b2\n",
  ])("%j is taken as YAML and zod take it", (text) => {
    const flat: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (Array.isArray(value)) value.forEach((item) => flat.push(`${path}\t${String(item)}`));
      else if (typeof value === "object" && value !== null) {
        for (const [key, inner] of Object.entries(value)) visit(inner, path === "" ? key : `${path}.${key}`);
      } else flat.push(`${path}\t${String(value)}`);
    };
    visit(configFile.parse(parse(text)), "");
    const { code, stdout, stderr } = read(text);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.trim().split("\n").sort()).toEqual(flat.sort());
  });

  const HEAD = "workspace:\n  name: a\ndeployment:\n";

  // What both refuse.
  test.each([
    ["", "1: workspace.name: missing; allowed: a name of lower-case letters, digits and dashes, at most 63 characters"],
    [`${HEAD}  imag: x\n`, '4: deployment.imag: unknown key; did you mean "image"?'],
    [`${HEAD}  image: x\nfrob: 1\n`, "5: frob: unknown key; allowed: workspace, deployment, extensions"],
    [`${HEAD}  image: 5\n`, '4: deployment.image: got 5, which YAML does not take for a text; quote it: "5"'],
    [
      `${HEAD}  buildFromSource:\n    enabled: "true"\n`,
      '5: deployment.buildFromSource.enabled: got the text "true"; allowed: true or false',
    ],
    [
      `${HEAD}  buildFromSource:\n    enabled: yes\n`,
      "5: deployment.buildFromSource.enabled: got yes; allowed: true or false",
    ],
    [
      `${HEAD}  buildFromSource:\n    gitRef: 1234567\n`,
      '5: deployment.buildFromSource.gitRef: got 1234567, which YAML does not take for a text; quote it: "1234567"',
    ],
    [
      `${HEAD}  buildFromSource:\n    gitRef: "--upload-pack=x"\n`,
      '5: deployment.buildFromSource.gitRef: got "--upload-pack=x"; allowed: a branch, tag or commit',
    ],
    [`${HEAD}  image: x\n  image: y\n`, "5: deployment.image: is there already"],
    [`${HEAD}  image:\n    - x\n`, "5: deployment.image: got a list; allowed: an image, such as sindri:latest"],
    [`${HEAD}  image: x\nextensions: one\n`, '5: extensions: got "one"; allowed: a list, one "- …" a line'],
    [`${HEAD}  image: x\nextensions:\n  - a: b\n`, "6: extensions: lists hold words, not lists or mappings"],
    [
      "workspace:\n  name: A B\ndeployment:\n  image: x\n",
      '2: workspace.name: got "A B"; allowed: a name of lower-case letters, digits and dashes, at most 63 characters',
    ],
    ["workspace: a\ndeployment:\n  image: x\n", "1: workspace: got a value; allowed: a mapping"],
    [`${HEAD}  image: "x\n`, "4: a quote is not closed, or something follows it"],
    [`${HEAD}\timage: x\n`, "4: tabs cannot indent; use spaces"],
    [`${HEAD}  image: x\n---\nworkspace: {}\n`, "5: only one document a file"],
  ])("%j is refused by both", (text, fault) => {
    const { code, stdout, stderr } = read(text);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.split("\n")).toContain(`c.yaml:${fault}`);
    expect(() => configFile.parse(parse(text))).toThrow();
  });

  // YAML that is beyond the reader: refused, not guessed.
  test.each([
    [`${HEAD}  image: &a x\n`, "4: anchors, aliases and tags are not understood; quote the text if it is one"],
    [`${HEAD}  image: !!str x\n`, "4: anchors, aliases and tags are not understood; quote the text if it is one"],
    [`${HEAD}  image: >\n    x\n`, "4: texts of several lines are not understood"],
    [
      `${HEAD}  image: x\nextensions: [a, b]\n`,
      "5: lists and mappings in one line are not understood; write one item a line",
    ],
    [`${HEAD}  "image": x\n`, "4: keys are plain words, not quoted"],
    [`${HEAD}  image: x\n    y\n`, '5: this is neither "key: value" nor "- item"'],
    ["%YAML 1.2\n---\nworkspace:\n  name: a\n", "1: directives are not understood"],
  ])("%j is beyond the reader", (text, fault) => {
    const { code, stderr } = read(text);
    expect(code).toBe(2);
    expect(stderr.split("\n")).toContain(`c.yaml:${fault}`);
  });

  test("all faults together, in the order of the file", () => {
    expect(read("workspace:\n  nam: a\ndeployment:\n  image: [x]\n").stderr).toBe(
      'c.yaml:2: workspace.nam: unknown key; did you mean "name"?\n' +
        "c.yaml:4: lists and mappings in one line are not understood; write one item a line\n" +
        "c.yaml:4: workspace.name: missing; allowed: a name of lower-case letters, digits and dashes, at most 63 characters\n",
    );
  });
});
