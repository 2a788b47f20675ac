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
    "name string name",
    "workspace.name string name",
    "deployment.provider string ",
    "deployment.image string ",
    "deployment.buildFromSource.enabled boolean ",
    "deployment.buildFromSource.gitRef string ",
    "deployment.imageConfig.registry string ",
    "deployment.imageConfig.version string ",
    "deployment.imageConfig.tagOverride string ",
    "deployment.imageConfig.digest string ",
    "deployment.image_config.registry string ",
    "deployment.image_config.version string ",
    "deployment.image_config.tag_override string ",
    "deployment.image_config.digest string ",
    "extensions strings ",
    "",
  ]);
});

test("JSON Schema for editors", () => {
  expect(configJsonSchema()).toMatchObject({
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    anyOf: [{ required: ["name"] }, { required: ["workspace"], properties: { workspace: { required: ["name"] } } }],
    additionalProperties: {},
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
    'name: a\n"deployment":\n  image: x\nextensions: [one, "two"] # here\n',
    "name: a\ndeployment:\n  image_config:\n    registry: ghcr.io/a/b\n    version: '>=3.0, <4' # newest\n    tag_override: v3-latest\n",
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

  // Whatever else a project has in its file is for its own programs.
  const OTHERS = `---
version: "3.0"
name: dev
$schema: https://example.com/schema.json

deployment:
  distro: ubuntu
  image_config:
    registry: ghcr.io/pacphi/sindri
    version: "^3.0.0"              # the newest 3.x.x
    tag_override: null
    digest: ~
    pull_policy: IfNotPresent
  resources:
    gpu: {enabled: true, tier: "a4000"}
    limits: [
      4GB,
    ]
  volumes:
    workspace:
      path: /alt/home
      name: [not, ours]
  provider: docker
extensions:
  profile: fullstack
  additional:
  - one
  autoInstall: true
secrets:
- name: KEY
  source: vault
- name: OTHER
  text: |
    deployment:
      image: not-this

    extensions: x
anchors: &all
  - *other
  - !tag x
providers:
  docker:
    ports:
      - "3000:3000"
"quoted": { a: 1 }
`;

  test("what is for others may be any YAML", () => {
    expect(read(OTHERS)).toEqual({
      code: 0,
      stdout:
        "name\tdev\ndeployment.provider\tdocker\ndeployment.image_config.registry\tghcr.io/pacphi/sindri\n" +
        "deployment.image_config.version\t^3.0.0\n",
      stderr: "",
    });
    const text = OTHERS.replace("*other", "x"); // an alias of nothing
    expect(configFile.safeParse(parse(text, { logLevel: "error" })).success).toBe(true);
  });

  // The schema lets them pass; the reader knows what they are likely to mean.
  test.each([
    ["name: a\ndeployment:\n  imag: x\n", '3: deployment.imag: unknown key; did you mean "image"?'],
    [
      "name: a\ndeployment:\n  build_from_source:\n    enabled: true\n",
      '3: deployment.build_from_source: unknown key; did you mean "buildFromSource"?',
    ],
    ["name: a\nDeployment:\n  image: x\n", '2: Deployment: unknown key; did you mean "deployment"?'],
    ["workspace:\n  nam: a\n", '2: workspace.nam: unknown key; did you mean "name"?'],
  ])("%j only just misses a key", (text, fault) => {
    const { code, stdout, stderr } = read(text);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.split("\n")).toContain(`c.yaml:${fault}`);
  });

  const HEAD = "workspace:\n  name: a\ndeployment:\n";

  // What both refuse.
  test.each([
    [
      "",
      "1: name or workspace.name: missing; allowed: a name of lower-case letters, digits and dashes, at most 63 characters",
    ],
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
    ["workspace: a\ndeployment:\n  image: x\n", "1: workspace: got a value; allowed: a mapping, one key a line"],
    [`${HEAD}  image:\n    x: 1\n`, "4: deployment.image: got a mapping; allowed: an image, such as sindri:latest"],
    [
      `${HEAD}  imageConfig:\n    registry: ghcr.io/a/b\n    version: newest\n`,
      '6: deployment.imageConfig.version: got "newest"; allowed: a version or a range of versions, such as "3.1.0" or "^3.0.0"',
    ],
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
      `${HEAD}  image: x\nextensions: [a, [b]]\n`,
      "5: lists and mappings in one line are not understood; write one item a line",
    ],
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
        "c.yaml:4: name or workspace.name: missing; allowed: a name of lower-case letters, digits and dashes, at most 63 characters\n",
    );
  });
});

withTools(["perl"], () => {
  const PICK = join(__dirname, "../../lib/image/scripts/image/version-pick.pl");
  const TAGS = [
    "latest",
    "3.0.0",
    "v3.1.2",
    "3.1.10",
    "3.2.0-rc.1",
    "4.0.0",
    "0.2.5",
    "v0.3.0",
    "0.3.0",
    "base-3.9.9",
    "3.1",
  ];

  test.each([
    ["^3.0.0", "3.1.10"],
    ["^3.1", "3.1.10"],
    ["~3.0.0", "3.0.0"],
    ["~3", "3.1.10"],
    [">=3.0, <3.1.10", "v3.1.2"],
    [">3.1.10", "4.0.0"],
    ["3.1", "3.1.10"],
    ["=3.0.0", "3.0.0"],
    ["^0.2.1", "0.2.5"],
    ["^0", "0.3.0"],
    ["<=0.3.0-rc.1", "0.2.5"],
    [">3.0.0-rc.1 <3.1", "3.0.0"],
    ["=3.2.0-rc.1", undefined],
    ["^5", undefined],
  ])("the newest version in %s", (range, tag) => {
    const done = spawnSync("perl", [PICK, range], { input: JSON.stringify({ Tags: TAGS }), encoding: "utf8" });
    expect([done.status, done.stdout, done.stderr]).toEqual([
      tag === undefined ? 1 : 0,
      tag === undefined ? "" : `${tag}\n`,
      "",
    ]);
  });
});
