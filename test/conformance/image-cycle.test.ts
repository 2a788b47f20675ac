// Cycles: clear, build, verify, and only then the deployment; what the CONFIG file says decides where the image comes from.
import { ModesLab, modesTools } from "../support/modes-lab";
import { withTools } from "../support/tools";

const config = (name: string, rest = "  image: sindri:latest\n") =>
  `workspace:\n  name: ${name}\ndeployment:\n  provider: docker\n${rest}`;

withTools(modesTools, () => {
  let lab: ModesLab;
  beforeAll(async () => {
    lab = await ModesLab.start(PROPS);
    lab.write("one.yaml", config("one"));
    lab.write("two.yaml", config("two"));
  });
  afterAll(() => lab.stop());

  const PROPS = {
    destroy: 'echo "destroy $WORKSPACE" >>deploy.log',
    // What a deployment leaves running must not hold the lock of its workspace.
    deploy:
      'sleep 20 >/dev/null 2>&1 </dev/null & echo "deploy $WORKSPACE $CONFIG_MODE $IMAGE_REF" >>deploy.log; [ ! -e refuse.log ]',
    connect: "echo connected to $WORKSPACE",
    verifyCommand: ["/bin/cat", "/src/main"],
    targetDirectories: ["target"],
    incrementalDirectories: ["target/*/incremental"],
  };
  const deployed = () => {
    try {
      return lab.read("deploy.log").trim().split("\n");
    } catch {
      return [];
    }
  };
  const change = (text: string) => lab.write("v3/src/main", `${text}\n`);

  test("fast: builds base and image, verifies, then destroys and deploys by content", () => {
    const { code, stdout, stderr } = lab.run("cycle", "fast", "--config", "one.yaml");
    expect(code).toBe(0);
    const ref = /^one: deployed, (localhost\/sindri:ctx-\w{16})\n$/.exec(stdout)?.[1];
    expect(deployed()).toEqual(["destroy one", `deploy one local ${ref ?? "?"}`]);
    expect(stderr).toContain("connect: echo connected to $WORKSPACE");
    expect(lab.runs().at(-1)).toMatchObject({
      command: "cycle",
      mode: "cycle-fast",
      image: "sindri",
      outcome: "deployed",
    });
  });

  test("fast clears incremental compilation and keeps dependencies; clean clears the whole target directory", () => {
    lab.write("target/debug/incremental/a", "x");
    lab.write("target/debug/deps/b", "x");
    lab.ok("cycle", "fast", "--config", "one.yaml");
    // It deployed what was built already: no time of a build.
    expect(lab.runs().at(-1)).toMatchObject({ mode: "cycle-fast", outcome: "up to date" });
    expect(lab.exec("find", ["target", "-type", "f"]).stdout).toBe("target/debug/deps/b\n");
    lab.ok("cycle", "clean", "--config", "one.yaml");
    expect(lab.exec("find", ["target"]).code).not.toBe(0);
  });

  test("clean builds anew on the same base, and afterwards the image it replaced is gone", () => {
    const before = lab.images();
    lab.ok("cycle", "clean", "--config", "one.yaml");
    const after = lab.images();
    expect(after["sindri:latest"]).not.toBe(before["sindri:latest"]);
    expect(after["sindri:base-latest"]).toBe(before["sindri:base-latest"]);
    expect(Object.values(after)).not.toContain(before["sindri:latest"]);
    expect(Object.keys(after)).toEqual(Object.keys(before));
  });

  test("nuclear builds the base anew, too, and leaves nothing of before", () => {
    const before = lab.images();
    lab.ok("cycle", "nuclear", "--config", "one.yaml");
    const after = lab.images();
    for (const name of ["sindri:latest", "sindri:base-latest", "sindri:base-3.0.0"]) {
      expect([name, after[name]]).not.toEqual([name, before[name]]);
    }
    expect(Object.values(after).filter((id) => Object.values(before).includes(id))).toEqual([]);
    expect(lab.runs().at(-1)).toMatchObject({ mode: "cycle-nuclear", outcome: "deployed" });
  });

  test.each(["fast", "clean", "nuclear"])("%s: when the build fails, all stays as it was: 65", (kind) => {
    const before = { images: lab.images(), deployed: deployed() };
    change(`broken ${kind}`);
    lab.host.output("touch ~/broken");
    const { code, stdout } = lab.run("cycle", kind, "--config", "one.yaml");
    lab.host.output("rm ~/broken");
    expect([code, stdout]).toEqual([65, ""]);
    expect({ images: lab.images(), deployed: deployed() }).toEqual(before);
  });

  test("nuclear: when only the development image fails, the one that is deployed stays whole", () => {
    const before = lab.images();
    lab.write("v3/Dockerfile.dev", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN false\n");
    const { code } = lab.run("cycle", "nuclear", "--config", "one.yaml");
    lab.write("v3/Dockerfile.dev", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY v3/src /src\n");
    expect(code).toBe(65);
    expect(lab.images()["sindri:latest"]).toBe(before["sindri:latest"]);
    expect(lab.host.run("podman run --rm --network=none localhost/sindri:latest /bin/true").code).toBe(0);
  });

  test("a deployment that fails: 65, and the image of before is still there", () => {
    const before = lab.images();
    change("deploy fails");
    lab.write("refuse.log", "");
    const { code, stderr } = lab.run("cycle", "clean", "--config", "one.yaml");
    lab.exec("rm", ["refuse.log"]);
    expect([code, stderr]).toEqual([65, expect.stringContaining("the one before is still there")]);
    expect(Object.values(lab.images())).toContain(before["sindri:latest"]);
  });

  test("two workspaces at once: each gets its own deployment; the same one twice is 75", async () => {
    change("parallel");
    lab.exec("rm", ["-f", "deploy.log"]);
    lab.host.output("touch ~/gate");
    const one = lab.start("cycle", "clean", "--config", "one.yaml");
    const two = lab.start("cycle", "clean", "--config", "two.yaml");
    await until(
      () =>
        lab.exec("ls", [".gantry"]).stdout.includes("cycle.two.lock") &&
        lab.exec("ls", [".gantry"]).stdout.includes("cycle.one.lock"),
    );
    const again = lab.run("cycle", "fast", "--config", "one.yaml");
    expect([again.code, again.stderr]).toEqual([
      75,
      "image: a cycle of one is running\n  wait for it; other workspaces can go on\n",
    ]);
    expect(lab.run("clear", "hard", "--yes").code).toBe(75);
    lab.host.output("rm ~/gate");
    const ends = await Promise.all([one, two]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(deployed().sort()).toEqual([
      expect.stringMatching(/^deploy one local localhost\/sindri:ctx-\w+$/),
      expect.stringMatching(/^deploy two local localhost\/sindri:ctx-\w+$/),
      "destroy one",
      "destroy two",
    ]);
    for (const line of deployed().filter((each) => each.startsWith("deploy"))) {
      expect(Object.keys(lab.images())).toContain(line.split(" ").at(-1)?.replace("localhost/", ""));
    }
  });

  test("--dry-run says all of it and does none", () => {
    change("dry");
    const before = { images: lab.images(), deployed: deployed() };
    const out = lab.ok("cycle", "clean", "--config", "one.yaml", "--dry-run");
    expect(out).toMatch(/^would run: podman build -t localhost\/sindri:latest /m);
    expect(out.trim().split("\n").slice(-2)).toEqual([`would run: ${PROPS.destroy}`, `would run: ${PROPS.deploy}`]);
    expect({ images: lab.images(), deployed: deployed() }).toEqual(before);
  });

  test("buildFromSource: what is committed is built and deployed, and latest does not move", () => {
    const before = lab.images()["sindri:latest"];
    lab.write("source.yaml", config("src", '  buildFromSource:\n    enabled: true\n    gitRef: "main"\n'));
    change("not committed");
    lab.ok("cycle", "fast", "--config", "source.yaml");
    const ref = deployed().at(-1)?.split(" ") ?? [];
    expect(ref.slice(0, 3)).toEqual(["deploy", "src", "from-source"]);
    expect(lab.host.output(`podman run --rm --network=none ${ref[3] ?? ""} /bin/cat /src/main`)).toBe("1\n");
    expect(lab.images()["sindri:latest"]).toBe(before);
  });

  test("--connect runs the stack's command at the end", () => {
    expect(lab.ok("cycle", "fast", "--config", "one.yaml", "--connect")).toMatch(/\nconnected to one\n$/);
  });

  test.each([
    [["cycle", "fast"], "image: cycle: which deployment?\n  name its file: --config FILE, or CONFIG=FILE\n"],
    [["cycle", "--config", "one.yaml"], "image: cycle: which one?\n  fast, clean or nuclear; see: image help cycle\n"],
  ])("%j is refused: 2", (args, stderr) => {
    expect(lab.run(...args)).toEqual({ code: 2, stdout: "", stderr });
  });

  test("two sources at once are refused, with the table that helps to decide", () => {
    lab.write(
      "both.yaml",
      config("both", "  image: sindri:latest\n  imageConfig:\n    registry: ghcr.io/pacphi/sindri\n"),
    );
    expect(lab.run("cycle", "fast", "--config", "both.yaml")).toEqual({
      code: 2,
      stdout: "",
      stderr: `image: ${lab.project}/both.yaml: it names more than one source: deployment.image, deployment.imageConfig.registry
  one source for one deployment:
  what you want               what the file says                           what is deployed
  try the code as it is here  image: sindri:latest                         the working directory, built
  test what is pushed         buildFromSource.enabled: true, gitRef: REF   that branch, tag or commit, built
  use what is published       imageConfig.registry: REGISTRY/NAME          that image, pulled
                              image: REGISTRY/NAME:TAG                     the same
`,
    });
  });

  test.each([
    ["name: a\nworkspace:\n  name: b\n", "it has two names: name: a, workspace.name: b"],
    [
      "name: a\ndeployment:\n  image: other:1\n",
      "deployment.image is other:1, but what is built here is sindri:latest",
    ],
    [
      "name: a\ndeployment:\n  image: ghcr.io/a/b:1\n  buildFromSource:\n    enabled: true\n  image_config:\n    registry: ghcr.io/a/b\n",
      "it names more than one source: deployment.image, deployment.buildFromSource.enabled, deployment.image_config.registry",
    ],
    [
      "name: a\ndeployment:\n  image_config:\n    version: ^3.0.0\n",
      "a tag, version or digest in deployment.imageConfig means nothing without its registry",
    ],
    [
      "name: a\ndeployment:\n  imageConfig:\n    registry: ghcr.io/a/b:1\n    tagOverride: v2\n",
      "its registry ghcr.io/a/b:1 has a tag or digest, and beside it there is another",
    ],
    [
      'name: a\ndeployment:\n  imageConfig:\n    registry: 127.0.0.1:1/a\n    version: "2.0.0"\n  image_config:\n    version: "3.0.0"\n',
      "it has deployment.imageConfig and deployment.image_config, which are the same",
    ],
    [
      "name: a\ndeployment:\n  buildFromSource:\n    gitRef: main\n",
      "deployment.buildFromSource.gitRef means nothing while deployment.buildFromSource.enabled is not true",
    ],
  ])("%j contradicts itself: 2", (text, said) => {
    lab.write("odd.yaml", text);
    const { code, stdout, stderr } = lab.run("cycle", "fast", "--config", "odd.yaml");
    expect([code, stdout, stderr.split("\n")[0]]).toEqual([2, "", `image: ${lab.project}/odd.yaml: ${said}`]);
  });

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
