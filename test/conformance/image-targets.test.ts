// The targets of the generated Makefile and justfile, run by GNU make and just themselves.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ModesLab, modesTools } from "../support/modes-lab";
import { which, withTools } from "../support/tools";

const TARGETS = [
  "v3-docker-build-base",
  "v3-docker-build-fast",
  "v3-docker-build-fast-nocache",
  "v3-docker-build-from-source",
  "v3-cache-status",
  "v3-cache-clear-soft",
  "v3-cache-clear-medium",
  "v3-cache-clear-hard",
  "v3-cache-nuke",
  "v3-cycle-fast",
  "v3-cycle-clean",
  "v3-cycle-nuclear",
];
const CONFIG = "workspace:\n  name: one\ndeployment:\n  provider: docker\n  image: sindri:latest\n";

withTools([...modesTools, "make", "just"], () => {
  let lab: ModesLab;
  beforeAll(async () => {
    lab = await ModesLab.start({
      destroy: 'echo "destroy $CONFIG" >>deploy.log',
      deploy: 'echo "deploy $CONFIG $IMAGE_REF" >>deploy.log',
    });
    lab.write("one.yaml", CONFIG);
  });
  afterAll(() => lab.stop());

  const make = (...args: readonly string[]) =>
    lab.exec("make", ["-s", "-C", lab.root, ...args], { env: { FORCE: "1" } });
  const just = (...args: readonly string[]) =>
    lab.exec(which("just") ?? "just", args, { cwd: lab.root, env: { FORCE: "1" } });

  test.each(TARGETS)("make %s", (target) => {
    const { code, stdout, stderr } = make(target, `CONFIG=${lab.project}/one.yaml`);
    expect([code, code === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
  });

  test.each(TARGETS)("just %s", (target) => {
    const words = target.includes("cycle") ? [`CONFIG=${lab.project}/one.yaml`] : [];
    const { code, stdout, stderr } = just(target, ...words);
    expect([code, code === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
  });

  test("both were at it", () => {
    expect(lab.read("deploy.log").match(/^deploy /gm)).toHaveLength(6);
  });

  test("help shows the table, with the times that were measured", () => {
    const { stdout } = make();
    for (const target of TARGETS) expect(stdout).toContain(`\n${target} `);
    expect(stdout.split("\n")[0]).toMatch(/^TARGET +DESCRIPTION +TIME +MEASURED +USE WHEN$/);
    expect(stdout).toMatch(/^v3-docker-build-base +Build base image +up to 20m +[\d.]+ s +Toolchain changes$/m);
    expect(just("help").stdout).toBe(stdout);
    expect(just().stdout).toBe(stdout);
  });

  const awkward = `it's a "$HOME" $(date) file#1.yaml`;

  test("a CONFIG with spaces, quotes and dollars arrives as it is, and is relative to where one stands", () => {
    const below = join(lab.project, "one dir");
    mkdirSync(below, { recursive: true });
    writeFileSync(join(below, awkward), CONFIG);
    const last = () => lab.read("deploy.log").trim().split("\n").at(-1);
    const made = lab.exec("make", ["-s", "-f", `${lab.root}/Makefile`, "v3-cycle-fast", `CONFIG=${awkward}`], {
      cwd: below,
    });
    expect([made.code, made.stderr.includes("not there")]).toEqual([0, false]);
    expect(last()).toMatch(/file#1\.yaml localhost\/sindri:ctx-\w+$/);
    expect(last()).toContain(`deploy ${below}/${awkward} `);
    const before = lab.read("deploy.log").length;
    const ran = lab.exec(
      which("just") ?? "just",
      ["-f", `${lab.root}/justfile`, "v3-cycle-fast", `CONFIG=${awkward}`],
      { cwd: below },
    );
    expect(ran.code).toBe(0);
    expect(lab.read("deploy.log").length).toBeGreaterThan(before);
    expect(last()).toContain(`deploy ${below}/${awkward} `);
  });

  test("REF and options go to the program", () => {
    const ref = "main";
    expect(make("v3-docker-build-from-source", `REF=${ref}`, "ARGS=--dry-run").stdout).toContain(
      "would run: podman tag",
    );
    for (const words of [["--ref", ref], [`REF=${ref}`]]) {
      const { stdout } = just("v3-docker-build-from-source", ...words, "--dry-run");
      expect([words, stdout]).toEqual([words, expect.stringContaining("would run: podman tag")]);
    }
    expect(just("v3-docker-build-from-source", "REF=-x").stderr).toContain("-x is not a branch, tag or commit");
    expect(make("v3-docker-build-from-source", "REF=-x")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("-x is not a branch, tag or commit"),
    });
  });

  test("a build that fails: not 0, the deployment stays, latest does not move", () => {
    const before = { images: lab.images(), deployed: lab.read("deploy.log") };
    lab.write("v3/src/main", "broken\n");
    lab.host.output("touch ~/broken");
    for (const target of ["v3-cycle-fast", "v3-cycle-clean", "v3-cycle-nuclear"]) {
      expect(make(target, `CONFIG=${lab.project}/one.yaml`).code).not.toBe(0);
      expect(just(target, `CONFIG=${lab.project}/one.yaml`).code).toBe(65);
    }
    lab.host.output("rm ~/broken");
    expect({ images: lab.images(), deployed: lab.read("deploy.log") }).toEqual(before);
  });

  test("hard and nuke want a yes", () => {
    for (const target of ["v3-cache-clear-hard", "v3-cache-nuke"]) {
      const { code, stderr } = lab.exec("make", ["-s", "-C", lab.root, target]);
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/remove these \(.*\)\?\n {2}say it with --yes\n.*Error 77/s),
      ]);
    }
  });
});
