// What the program image says of images, caches and times: status, inspect, history, doctor, help.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { ModesLab, modesTools } from "../support/modes-lab";
import { withTools } from "../support/tools";

withTools(modesTools, () => {
  let lab: ModesLab;
  beforeAll(async () => {
    lab = await ModesLab.start({ targetDirectories: ["target"] });
    lab.write("one.yaml", "workspace:\n  name: one\ndeployment:\n  provider: docker\n");
  });
  afterAll(() => lab.stop());

  const json = (...args: readonly string[]): unknown => JSON.parse(lab.run(...args, "--json").stdout);
  const findings = (...args: readonly string[]) =>
    (json("doctor", ...args) as { level: string; check: string; what: string; remedy: string }[]).filter(
      ({ check }) => check !== "builder", // of its own tests
    );

  test("status before anything is built, and inspect has nothing to show", () => {
    expect(json("status")).toEqual({
      images: [
        { image: "sindri-base", role: "base", hash: hash, built: "", state: "not built", names: "", published: "" },
        { image: "sindri", role: "dev", hash: hash, built: "", state: "not built", names: "", published: "" },
      ],
    });
    expect(lab.run("inspect")).toEqual({
      code: 1,
      stdout: "",
      stderr: "image: localhost/sindri:latest is not on the builder\n  build it: image build sindri\n",
    });
    expect(lab.run("history").stdout).toBe("no builds yet\n");
  });

  const hash: unknown = expect.stringMatching(/^[0-9a-f]{16}$/);

  test("status after it, and after a change", () => {
    lab.ok("build", "--base");
    lab.ok("build");
    const { images } = json("status", "sindri-base") as { images: { names: string; hash: string }[] };
    expect(images).toEqual([
      expect.objectContaining({
        state: "up to date",
        names: `sindri:base-3.0.0 sindri:base-${images[0]?.hash ?? ""} sindri:base-latest`,
      }),
    ]);
    lab.write("v3/src/main", "changed\n");
    expect(lab.ok("status", "sindri")).toMatch(
      /^sindri +dev +\w{16} +\w{16} +changed since +sindri:ctx-\w{16} sindri:latest$/m,
    );
  });

  test("status of an image is its own, and the content that is asked for comes first where an image is of several", () => {
    lab.write("v3/src/main", "1\n");
    lab.ok("build");
    const before = json("status") as { images: { hash: string; built: string }[] };
    expect(before.images.map(({ hash, built }) => hash === built)).toEqual([true, true]);
    lab.host.output("podman tag localhost/sindri:latest localhost/sindri:ctx-0000000000000000");
    lab.host.output("podman untag localhost/sindri-base:base-latest localhost/sindri-base:base-latest");
    const { images } = json("status") as { images: object[] };
    expect(images).toMatchObject([
      { image: "sindri-base", built: "" },
      { image: "sindri", built: before.images[1]?.hash, state: "up to date" },
    ]);
    lab.host.output(`podman untag localhost/sindri:latest localhost/sindri:ctx-0000000000000000
      podman tag localhost/sindri:base-latest localhost/sindri-base:base-latest`);
    lab.write("v3/src/main", "changed\n");
  });

  test("status --caches: what could be cleared, by kind", () => {
    lab.write("target/debug/x", "x".repeat(100_000));
    const { caches } = json("status", "--caches") as { caches: Record<string, { count: number; bytes: number }> };
    expect(Object.keys(caches)).toEqual(["image", "cache", "snapshot", "run", "target", "incremental", "repos"]);
    expect(caches).toMatchObject({
      image: { count: 2 },
      snapshot: { count: 2 },
      run: { count: 2 },
      target: { count: 1 },
      repos: { count: 0, bytes: 0 },
    });
    expect(caches.target?.bytes).toBeGreaterThan(100_000);
    expect(lab.ok("status", "--caches")).toMatch(/ KiB +1 {2}target directories here$/m);
  });

  test("inspect: layers, arguments, environment, labels, images and caches in one report", () => {
    const seen = json("inspect", "sindri-base") as Record<string, unknown> & {
      layers: string[];
      steps: { step: string }[];
    };
    expect(seen).toMatchObject({
      image: "sindri-base",
      name: "localhost/sindri-base:base-latest",
      args: ["RUST_VERSION=1.93"],
      env: expect.arrayContaining(["PATH=/bin"]),
      labels: expect.objectContaining({ "io.gantry.project": "lab" }),
      names: expect.arrayContaining(["localhost/sindri:base-3.0.0"]),
      caches: expect.arrayContaining([expect.objectContaining({ kind: "target", what: "target" })]),
    });
    expect(seen.layers.length).toBeGreaterThan(0);
    expect(seen.steps.some(({ step }) => step.includes("touch /rust"))).toBe(true);
    const text = lab.ok("inspect", "sindri-base");
    for (const heading of [
      "names",
      "build arguments",
      "environment",
      "labels",
      "layers, the newest first",
      "images of this project on the builder",
      "what the caches use",
    ]) {
      expect(text).toContain(`\n${heading}\n  `.replace("use\n  ", "use\n"));
    }
  });

  describe("history", () => {
    const run = (start: string, mode: string, ms: number, outcome = "built") => {
      appendFileSync(
        join(lab.project, ".gantry/runs.jsonl"),
        `{"start":"${start}","program":"image","command":"build","mode":"${mode}","phases":{},"ms":${String(ms)},"outcome":"${outcome}","exit":0}\n`,
      );
    };
    beforeAll(() => {
      lab.write(".gantry/runs.jsonl", "");
      run("2026-01-01T10:00:00.000Z", "build-from-source", 2_600_000);
      run("2026-01-02T10:00:00.000Z", "build-from-source", 2_800_000);
      run("2026-01-03T10:00:00.000Z", "build-fast", 140_000);
      run("2026-01-04T10:00:00.000Z", "build-fast", 160_000);
      run("2026-01-04T11:00:00.000Z", "build-fast", 50, "up to date");
      run("2026-01-05T10:00:00.000Z", "cycle-clean", 1_000_000, "deployed");
    });

    test("means, the last one, budgets; over the budget is warned of; no-ops do not count", () => {
      const { code, stdout, stderr } = lab.run("history");
      expect(code).toBe(0);
      expect(stdout).toBe(
        [
          "MODE                  RUNS       MEAN       LAST     BUDGET",
          "build-fast               2 2 min 30 s 2 min 40 s      5 min",
          "build-from-source        2     45 min 46 min 40 s          -",
          "cycle-clean              1 16 min 40 s 16 min 40 s     15 min",
          "",
        ].join("\n"),
      );
      expect(stderr).toBe("image: warning: cycle-clean takes 1000.0 s on average; its budget is 900 s\n");
    });

    test("the comparison of the guide: 94.4 %", () => {
      expect(lab.ok("history", "--compare", "build-from-source", "build-fast")).toBe(
        "before: mean 2700.0 s (build-from-source)\nafter:  mean 150.0 s (build-fast)\nimprovement: 94.4 %\n",
      );
    });

    test("before and after a moment", () => {
      expect(json("history", "--split", "2026-01-04")).toContainEqual({
        mode: "build-fast",
        before: 140,
        after: 160,
        improvementPercent: -14.3,
      });
      expect(lab.run("history", "--split", "soon").code).toBe(2);
    });

    test("the table of targets shows what was measured", () => {
      expect(lab.ok("help", "targets")).toMatch(
        /^v3-docker-build-fast +Build using base +up to 5m +2 min 30 s +Daily work$/m,
      );
    });
  });

  describe("doctor", () => {
    test("all is well", () => {
      lab.ok("build");
      expect(findings("--config", "one.yaml")).toEqual([
        expect.objectContaining({ level: "ok", check: "tools" }),
        expect.objectContaining({ level: "ok", check: "sindri-base" }),
        expect.objectContaining({ level: "ok", check: "sindri", what: "stands on images that do not change" }),
        { level: "ok", check: "config", what: "one.yaml: workspace one, local", remedy: "" },
        { level: "ok", check: "sindri", what: "built on sindri:base-latest", remedy: "" },
      ]);
    });

    test("builds take as long as ever: the image is not built on the base", () => {
      lab.host.output("podman build -q -t localhost/sindri:latest --label io.gantry.project=lab shell >/dev/null");
      const { code } = lab.run("doctor");
      expect(code).toBe(1);
      expect(findings()).toContainEqual({
        level: "error",
        check: "sindri",
        what: "not built on the sindri:base-latest that is here: its first layers are others, and builds take as long as without a base",
        remedy: "image build sindri; where that changes nothing, its last stage must be FROM the base",
      });
    });

    test("FROM a tag that may move, a base that is not there, a CONFIG that is wrong", () => {
      lab.write("v3/Dockerfile.base", "FROM ubuntu:24.04 AS one\nFROM one\n");
      lab.write("bad.yaml", "workspace:\n  name: One\n");
      lab.host.output(
        "podman rmi -f localhost/sindri-base:base-latest >/dev/null 2>&1; podman untag localhost/sindri-base:base-latest localhost/sindri-base:base-latest 2>/dev/null; true",
      );
      const found = findings("--config", "bad.yaml");
      expect(found).toContainEqual({
        level: "warning",
        check: "sindri-base",
        what: "FROM a tag that may move: ubuntu:24.04",
        remedy: "pin it by digest: NAME@sha256:…",
      });
      expect(found).toContainEqual(
        expect.objectContaining({
          level: "error",
          check: "sindri",
          what: "its base sindri:base-latest is not on the builder",
        }),
      );
      expect(found).toContainEqual(
        expect.objectContaining({ level: "error", check: "config", what: expect.stringContaining("cannot be used") }),
      );
    });
  });

  test("help names every command, and each has its own", () => {
    const text = lab.ok("help");
    for (const command of [
      "build",
      "cycle",
      "status",
      "inspect",
      "history",
      "clear",
      "doctor",
      "publish",
      "verify",
      "promote",
      "release",
      "gc",
    ]) {
      expect(text).toMatch(new RegExp(`^ {2}${command}\\b`, "m"));
      expect(lab.ok("help", command)).toContain(`Usage: image ${command}`);
    }
    expect(lab.ok("version")).toMatch(/^image, programs \w{16}, builder bin\/builder, bash /);
    expect(lab.run("frobnicate")).toEqual({
      code: 2,
      stdout: "",
      stderr: "image: unknown command: frobnicate\n  see: image help\n",
    });
  });
});
