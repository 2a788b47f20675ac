// Images on a base: given by digest, and the check that they stand on it. Containerfiles that the stack makes. Narrow contexts.
import { renderContainerfile } from "../../lib/image";
import { Lab, labTools } from "../support/lab";
import { withTools } from "../support/tools";

const DEV = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY f /f\n";

withTools(labTools, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({
      base: { NARROW: 1, TAG: "base-latest" },
      dev: { BASES: "base", BASE_ARG: "BASE_IMAGE", TAG: "latest" },
      made: { GENERATED: 1, CONTEXT: "made", NARROW: 1, TAG: "dev" },
    });
    lab.write("base/Containerfile", "FROM localhost/shell:1\nRUN echo base >/base\n");
    lab.write("base/code", "1\n");
    lab.write("dev/Containerfile", DEV);
    lab.write("dev/f", "1\n");
    lab.write("made/code", "1\n");
    made("one");
  });
  afterAll(() => lab.stop());

  const made = (text: string) => {
    lab.files.write(
      "builder/images/made.Containerfile",
      renderContainerfile({
        stages: [
          {
            name: "shell",
            from: "localhost/shell:1",
            steps: [{ kind: "run", command: ["sh", "-c", `echo ${text} >/made`] }],
          },
        ],
      }),
    );
  };
  const json = (...args: readonly string[]) =>
    lab
      .ok(...args)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { image: string; hash: string; outcome: string });

  test("the dev image starts from the base just built, by its digest", () => {
    const [base, dev] = json("build", "--json", "dev", "base");
    expect([base?.outcome, dev?.outcome]).toEqual(["built", "built"]);
    const digest = lab.host.output("podman image inspect --format '{{.Digest}}' localhost/base:base-latest").trim();
    expect(lab.host.output("grep -e '--build-arg' podman.log")).toContain(
      `--build-arg BASE_IMAGE=localhost/base@${digest} `,
    );
    expect(lab.tree("dev:latest", ".")).toMatchObject({ base: "644 base\n", f: "644 1\n" });
  });

  test("only what the base names as its inputs rebuilds it: code does not", () => {
    const before = json("build", "--json", "base")[0];
    lab.write("base/code", "2\n");
    expect(json("build", "--json", "base")[0]).toMatchObject({ outcome: "up to date", hash: before?.hash });
    expect(lab.host.output("ls development/base/current")).toBe("Containerfile\n");
    lab.configure({}, { ...lab.images, base: { NARROW: 1, INPUT_COUNT: 1, INPUT_1: "code", TAG: "base-latest" } });
    const narrow = json("build", "--json", "base")[0];
    expect(narrow?.outcome).toBe("built");
    expect(lab.host.output("ls development/base/current")).toBe("Containerfile\ncode\n");
    lab.write("base/other", "3\n");
    expect(json("build", "--json", "base")[0]).toMatchObject({ outcome: "up to date", hash: narrow?.hash });
    lab.write("base/code", "3\n");
    const changed = json("build", "--json", "base")[0];
    expect(changed?.outcome).toBe("built");
    expect(lab.host.output("cat development/base/current/code")).toBe("3\n");
    lab.configure({}, { ...lab.images, base: { NARROW: 1, INPUT_COUNT: 1, INPUT_1: "gone", TAG: "base-latest" } });
    expect(lab.run("build", "base")).toMatchObject({
      code: 2,
      stderr: `builder: base: ${lab.project}/base/gone is not there\n  the stack names it as an input of the image\n`,
    });
    lab.configure({});
  });

  test("an image that does not stand on its base is refused, and the tag stays", () => {
    lab.ok("build", "dev");
    const before = lab.imageId("dev:latest");
    lab.write("dev/Containerfile", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS tools\nFROM localhost/shell:1\nCOPY f /f\n");
    const { code, stdout } = lab.run("build", "dev");
    expect(code).toBe(65);
    const reference = /base (localhost\/base@sha256:[0-9a-f]{64})/.exec(stdout)?.[1] ?? "";
    expect(stdout.slice(stdout.indexOf("\nThe build failed"))).toBe(`
The build failed: the image does not stand on its base ${reference}.
  Its last stage (or target) starts from something else, so what the base has was built anew or is missing.
  | 1:ARG BASE_IMAGE
  | 2:FROM \${BASE_IMAGE} AS tools
  | 3:FROM localhost/shell:1
  Put "ARG BASE_IMAGE" before the first FROM, and let the last stage be "FROM \${BASE_IMAGE}".
  localhost/dev:latest did not move
`);
    expect(lab.imageId("dev:latest")).toBe(before);
    lab.write("dev/Containerfile", DEV);
  });

  test("a Containerfile of the stack's: no file in the context, and a change of it is a change of content", () => {
    const first = json("build", "--json", "made")[0];
    expect(first?.outcome).toBe("built");
    expect(lab.tree("made:dev", ".")).toMatchObject({ made: "644 one\n" });
    expect(lab.host.output("ls -A development/made/current")).toBe("");
    expect(json("build", "--json", "made")[0]).toMatchObject({ outcome: "up to date", hash: first?.hash });
    lab.write("made/code", "2\n");
    expect(json("build", "--json", "made")[0]).toMatchObject({ outcome: "up to date", hash: first?.hash });
    made("two");
    expect(json("build", "--json", "made")[0]).toMatchObject({ outcome: "built" });
    expect(lab.tree("made:dev", ".")).toMatchObject({ made: "644 two\n" });
    // Built again from the same content, the runner gets its Containerfile again.
    expect(json("build", "--json", "--no-cache", "made")[0]).toMatchObject({ outcome: "built" });
  });

  test("outside of git a narrow context is as narrow", () => {
    lab.write("plain.ignored/Containerfile", "FROM scratch\nCOPY . /\n");
    lab.write("plain.ignored/.dockerignore", "**/*.tmp\n");
    lab.write("plain.ignored/sub/left.tmp", "1\n");
    lab.write("plain.ignored/sub/in", "1\n");
    lab.write("plain.ignored/subway", "1\n");
    lab.write("plain.ignored/other/out", "1\n");
    const plain = { CONTEXT: "plain.ignored", NARROW: 1, INPUT_COUNT: 1, INPUT_1: "sub" };
    lab.configure({}, { ...lab.images, plain });
    const before = json("build", "--json", "plain")[0];
    expect(before?.outcome).toBe("built");
    expect(lab.tree("plain:dev", ".")).toEqual({
      Containerfile: "644 FROM scratch\nCOPY . /\n",
      sub: "directory",
      "sub/in": "644 1\n",
    });
    lab.write("plain.ignored/other/out", "2\n");
    expect(json("build", "--json", "plain")[0]).toMatchObject({ outcome: "up to date", hash: before?.hash });
    lab.write("plain.ignored/sub/in", "2\n");
    expect(json("build", "--json", "plain")[0]).toMatchObject({ outcome: "built" });
    lab.configure({});
  });

  test("images of others by a tag are warned of, unless the stack allows them", () => {
    lab.write("dev/Containerfile", `${DEV}COPY --from=example.invalid/tool:1 /x /\n`);
    const warning =
      "dev: Containerfile takes example.invalid/tool:1, which may be another image tomorrow; pin it by @sha256:…, or allowFloatingBase in the stack\n";
    expect(lab.run("build", "--dry-run", "dev").stderr).toBe(warning);
    lab.configure({}, { ...lab.images, dev: { ...lab.images.dev, FLOATING: 1 } });
    expect(lab.run("build", "--dry-run", "dev").stderr).toBe("");
    lab.configure({});
    lab.write("dev/Containerfile", DEV);
  });

  test("labels reach the image and are part of the content", () => {
    const before = json("build", "--json", "made")[0];
    lab.configure(
      {},
      {
        ...lab.images,
        made: { ...lab.images.made, LABEL_COUNT: 1, LABEL_1: "org.opencontainers.image.title=it's <&> one" },
      },
    );
    const after = json("build", "--json", "made")[0];
    expect(after?.outcome).toBe("built");
    expect(after?.hash).not.toBe(before?.hash);
    expect(
      lab.host.output(
        `podman image inspect --format '{{index .Labels "org.opencontainers.image.title"}}' localhost/made:dev`,
      ),
    ).toBe("it's <&> one\n");
    lab.configure({});
  });
});
