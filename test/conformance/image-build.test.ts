// The program image builds on its builder: what it names, when, and what a failure leaves.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { Duration } from "../../lib";
import { ModesLab, modesTools } from "../support/modes-lab";
import { withTools } from "../support/tools";

withTools(modesTools, () => {
  let lab: ModesLab;
  beforeAll(async () => {
    lab = await ModesLab.start({
      verifyCommand: ["/bin/cat", "/src/main"],
      afterBuild: ['echo "$IMAGE_REF" >>after.log'],
    });
  });
  afterAll(() => lab.stop());

  const hashOf = (out: string) => /([0-9a-f]{16})\n$/.exec(out)?.[1] ?? "";

  test("the base: by content, by version, and last by the name that moves", () => {
    const out = lab.ok("build", "--base");
    const hash = hashOf(out);
    expect(out).toBe(`sindri-base: built, sindri:base-latest is base-${hash}\n`);
    const images = lab.images();
    const id = images["sindri:base-latest"];
    expect(images).toEqual({
      [`sindri-base:ctx-${hash}`]: id,
      "sindri-base:base-latest": id,
      [`sindri:base-${hash}`]: id,
      "sindri:base-3.0.0": id,
      "sindri:base-latest": id,
    });
    expect(lab.runs().at(-1)).toMatchObject({ command: "build", mode: "build-base", outcome: "built", exit: 0 });
  });

  test("the development image on it: verified, named, and then the stack's commands run", () => {
    const out = lab.ok("build");
    const hash = hashOf(out);
    expect(out).toMatch(
      /^sindri-base: up to date, sindri:base-latest is base-\w+\nsindri: built, sindri:latest is ctx-\w+\n$/,
    );
    expect(lab.images()).toMatchObject({ "sindri:latest": lab.images()[`sindri:ctx-${hash}`] });
    expect(lab.read("after.log")).toBe(`localhost/sindri:ctx-${hash}\n`);
    expect(lab.runs().at(-1)).toMatchObject({ mode: "build-fast", outcome: "built", hash });
  });

  test("again: nothing is built, and no command runs a second time", () => {
    expect(lab.ok("build", "--dev")).toMatch(/^sindri: up to date, sindri:latest is ctx-[0-9a-f]{16}\n$/);
    expect(lab.read("after.log").trim().split("\n")).toHaveLength(1);
    expect(lab.runs().at(-1)).toMatchObject({ mode: "build-fast", outcome: "up to date" });
  });

  test("a build that fails moves nothing: 65", () => {
    const before = lab.images();
    lab.write("v3/src/main", "2\n");
    lab.host.output("touch ~/broken");
    const { code, stderr } = lab.run("build");
    lab.host.output("rm ~/broken");
    expect([code, stderr]).toEqual([65, expect.stringContaining("image: the build failed; no name moved\n")]);
    expect(lab.images()).toEqual(before);
    expect(lab.runs().at(-1)).toMatchObject({ mode: "build-fast", exit: 65 });
  });

  test("an image that does not run gets no name, and the moving one goes back", () => {
    const before = lab.images()["sindri:latest"];
    lab.write("v3/Dockerfile.dev", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nENV CLI=1\n");
    const { code, stderr } = lab.run("build");
    expect(code).toBe(65);
    expect(stderr).toContain(
      "does not run: /bin/cat /src/main\n  no name was moved; the running deployment was left alone\n",
    );
    expect(lab.images()["sindri:latest"]).toBe(before);
    lab.write("v3/Dockerfile.dev", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY v3/src /src\nENV CLI=1\n");
    lab.ok("build");
    expect(lab.images()["sindri:latest"]).not.toBe(before);
  });

  test("nor does one that was built without us, or whose build nobody waited for", () => {
    const before = lab.images()["sindri:latest"];
    lab.write("v3/Dockerfile.dev", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nENV CLI=2\n");
    expect(lab.exec(join(lab.root, "bin/builder"), ["build", "sindri"]).code).toBe(0);
    expect(lab.images()["sindri:latest"]).not.toBe(before);
    expect(lab.run("build").code).toBe(65);
    expect(lab.images()["sindri:latest"]).toBe(before);
  });

  test.each([
    ["build", []],
    ["cycle", ["fast", "--config", "one.yaml"]],
  ])("%s, interrupted while it verifies: 130, and the moving name goes back", async (command, args) => {
    const before = lab.images()["sindri:latest"];
    lab.write("one.yaml", "name: one\ndeployment:\n  image: sindri:latest\n");
    lab.write(
      "v3/Dockerfile.dev",
      `ARG BASE_IMAGE\nFROM \${BASE_IMAGE}\nENTRYPOINT ["/bin/sh", "-c", "sleep 60"]\nENV CLI=${command}\n`,
    );
    const child = spawn(join(lab.root, "bin/image"), [command, ...args], {
      cwd: lab.project,
      env: lab.env(),
      stdio: ["ignore", "ignore", "pipe"],
      detached: true, // a terminal interrupts all of its processes
    });
    let said = "";
    child.stderr.on("data", (part) => {
      const seen = said.includes("verifying: ");
      said += String(part);
      if (!seen && said.includes("verifying: ")) setTimeout(() => process.kill(-(child.pid ?? 0), "SIGINT"), 500);
    });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    expect([code, said]).toEqual([130, expect.stringContaining("verifying: ")]);
    expect(lab.images()["sindri:latest"]).toBe(before);
    child.stderr.destroy(); // the container on the host still has it
    lab.host.output("podman rm -fa -t 0");
    lab.write("v3/Dockerfile.dev", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY v3/src /src\nENV CLI=1\n");
  });

  test("built anew: another image of the same content, verified anew", () => {
    const before = lab.images()["sindri:latest"];
    const out = lab.ok("build", "--no-cache");
    expect(lab.images()["sindri:latest"]).not.toBe(before);
    expect(lab.images()["sindri:latest"]).toBe(lab.images()[`sindri:ctx-${hashOf(out)}`]);
    expect(lab.runs().at(-1)).toMatchObject({ mode: "build-fast-nocache", outcome: "built" });
  });

  test("a platform that the machine is not: 65, and nothing is named", () => {
    const before = lab.images();
    const { code } = lab.run("build", "--base", "--platform", "linux/s390x");
    expect(code).toBe(65);
    expect(lab.images()).toEqual(before);
  });

  test("--json: one line for each image", () => {
    const line = JSON.parse(lab.ok("build", "--json")) as Record<string, string>;
    expect(line).toEqual({
      image: "sindri",
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
      outcome: "up to date",
      name: "sindri:latest",
      content: `sindri:ctx-${line.hash ?? ""}`,
    });
  });

  test("--dry-run: says what would be done, and changes nothing", () => {
    lab.write("v3/src/main", "dry\n");
    const before = lab.images();
    const out = lab.ok("build", "--dry-run");
    expect(out).toMatch(/^would run: podman build -t localhost\/sindri:latest /m);
    expect(out).toMatch(/^would run: podman tag localhost\/sindri:ctx-\w+ sindri:ctx-\w+ sindri:latest$/m);
    expect(lab.images()).toEqual(before);
  });

  test("longer than the budget: warned of", () => {
    lab.configure({ budgets: { fast: Duration.seconds(1) } });
    lab.write("v3/Dockerfile.dev", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY v3/src /src\nRUN sleep 2\n");
    const { code, stderr } = lab.run("build");
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^image: warning: build-fast took \d+ s; its budget is 1 s \(see: image history\)$/m),
    ]);
  });

  test.each([
    [["build", "--ref", "main"], "image: build: --ref is for --from-source\n  the working directory has no ref\n"],
    [["build", "nobody"], "image: unknown image: nobody\n  image builds: sindri-base sindri\n"],
    [["build", "--frob"], "image: build: unknown option --frob\n  see: image help build\n"],
  ])("%j is refused: 2", (args, stderr) => {
    expect(lab.run(...args)).toEqual({ code: 2, stdout: "", stderr });
  });
});
