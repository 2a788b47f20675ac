// The main job of the program on a real ssh host with real podman: when it builds, when it does not, and what it leaves.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { Lab, labTools } from "../support/lab";
import { withTools } from "../support/tools";

const FROM = "FROM localhost/shell:1\n";

withTools(labTools, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({
      app: {},
      base: {},
      top: { BASES: "base" },
      extra: { ARG_COUNT: 1, ARG_1: "COLOUR=it's $HOME `x`", SECRET_COUNT: 1, SECRET_1: "token=secrets/token" },
    });
    lab.write(".git/info/exclude", "/secrets/\n");
  });
  afterAll(() => lab.stop());
  beforeEach(() => {
    for (const name of ["app", "base", "top", "extra"]) lab.remove(name);
    lab.write("app/Containerfile", `${FROM}COPY f /f\nRUN cat /f >/g\n`);
    lab.write("app/f", "1\n");
    lab.write("base/Containerfile", `${FROM}COPY b /b\n`);
    lab.write("base/b", "1\n");
    lab.write("top/Containerfile", "FROM localhost/base:dev\nRUN cat /b >/t\n");
    lab.forgetRuns();
    lab.openGate();
    lab.host.output("rm -f ~/podman.log");
    lab.configure({});
  });

  const hashOf = (image: string) => {
    const { images } = JSON.parse(lab.ok("status", "--json", image)) as { images: { hash: string }[] };
    return images[0]?.hash ?? "";
  };
  const podmanCalls = (command: string) =>
    lab.host
      .run("cat ~/podman.log")
      .stdout.split("\n")
      .filter((line) => line.startsWith(`${command} `));
  const lastRun = () => {
    const runs = lab.runs();
    return runs[runs.length - 1];
  };

  test("builds once; then it is one look, and nothing else", () => {
    const out = lab.ok("build", "app");
    const hash = hashOf("app");
    const id = lab.imageId("app:dev");
    expect(out).toMatch(
      new RegExp(
        `\\nSuccessfully tagged localhost/app:dev\\n  context  ctx-${hash}\\n  digest   sha256:[0-9a-f]{64}\\n` +
          "  size     [\\d.]+ MiB\\n  time     [\\d.]+ s\\n  steps    0 cached, 2 rebuilt\\n$",
      ),
    );
    expect(lab.imageId(`app:ctx-${hash}`)).toBe(id);
    const labels = lab.host.output("podman image inspect --format '{{json .Labels}}' localhost/app:dev");
    expect(JSON.parse(labels)).toMatchObject({ "io.gantry.project": "lab" });
    lab.host.output("rm ~/podman.log");
    expect(lab.run("build", "app")).toEqual({
      code: 0,
      stdout: `app: up to date, localhost/app:dev is ctx-${hash}\n`,
      stderr: "",
    });
    expect(lab.host.output("wc -l <~/podman.log").trim()).toBe("1");
    expect(lastRun()).toMatchObject({ command: "build", image: "app", hash, outcome: "up to date", exit: 0 });
  });

  test("a change back to old content moves the tag without a build", () => {
    lab.ok("build", "app");
    const first = lab.imageId("app:dev");
    lab.write("app/f", "2\n");
    lab.ok("build", "app");
    expect(lab.imageId("app:dev")).not.toBe(first);
    lab.write("app/f", "1\n");
    lab.host.output("rm ~/podman.log");
    expect(lab.ok("build", "app")).toBe(`app: tag moved, localhost/app:dev is ctx-${hashOf("app")}\n`);
    expect(lab.imageId("app:dev")).toBe(first);
    expect(podmanCalls("build")).toEqual([]);
  });

  test("a step that fails: 65, the step and its last lines, the tag stays, and the next run builds again", () => {
    lab.ok("build", "app");
    const good = lab.imageId("app:dev");
    lab.write("app/Containerfile", `${FROM}COPY f /f\nRUN cat /f && cat /missing\n`);
    const failed = lab.run("build", "app");
    expect(failed.code).toBe(65);
    expect(failed.stdout).toMatch(
      /\nThe build failed \(podman, exit \d+\)\.\n {2}step {2}STEP 3\/\d+: RUN cat \/f && cat \/missing\n/,
    );
    expect(failed.stdout).toMatch(/ {2}\| 1\n {2}\| cat: can't open '\/missing'/);
    expect(failed.stdout).toMatch(/ {2}localhost\/app:dev did not move\n$/);
    expect(lab.imageId("app:dev")).toBe(good);
    expect(lastRun()).toMatchObject({ outcome: "build failed", exit: 65 });
    expect(lab.run("build", "app").code).toBe(65);
    expect(podmanCalls("build")).toHaveLength(2); // a failure is no success to be kept
    const { code, stdout } = lab.run("logs", "app");
    expect([code, stdout.includes("can't open '/missing'")]).toEqual([0, true]);
    expect(lab.run("attach", "app").code).toBe(65);
    lab.write("app/Containerfile", `${FROM}COPY f /f\nRUN cat /f\n`);
    lab.ok("build", "app");
    expect(lab.imageId("app:dev")).not.toBe(good);
  });

  test("a full disk is said in one line", () => {
    lab.host.output(
      `cp bin/podman bin/podman.real && sed -i '2i if [ "$1" = build ]; then echo "Error: committing: write /x: no space left on device" >\\&2; exit 125; fi' bin/podman`,
    );
    try {
      lab.write("app/f", "full\n");
      const { code, stdout } = lab.run("build", "app");
      expect(code).toBe(65);
      expect(stdout).toContain(`  why   the builder's disk is full: see what "prune --dry-run" would free\n`);
    } finally {
      lab.host.output("mv bin/podman.real bin/podman");
    }
  });

  test("bases are built first, once, and go into the hash", () => {
    lab.ok("build", "top");
    const built = podmanCalls("build").map((line) => /builds\/(\w+)\//.exec(line)?.[1]);
    expect(built).toEqual(["base", "top"]);
    expect(lab.runs().map(({ image, outcome }) => [image, outcome])).toEqual([
      ["base", "built"],
      ["top", "built"],
    ]);
    const before = hashOf("top");
    lab.write("base/b", "2\n");
    expect(hashOf("top")).not.toBe(before);
    lab.ok("build", "top");
    expect(lab.tree("top:dev", "").t).toMatch(/ 2\n$/);
    // With top there, its base is not needed.
    lab.host.output(`podman untag localhost/base:dev localhost/base:dev localhost/base:ctx-${hashOf("base")}`);
    expect(lab.ok("build", "top")).toMatch(/^top: up to date/);
  });

  test("a base tag that somebody moved is put back before the build", () => {
    lab.ok("build", "base");
    const base = lab.imageId("base:dev");
    lab.host.output("podman tag localhost/shell:1 localhost/base:dev");
    lab.write("top/Containerfile", "FROM localhost/base:dev\nRUN cat /b >/t2\n");
    lab.ok("build", "top");
    expect(lab.imageId("base:dev")).toBe(base);
    expect(lab.tree("top:dev", "").t2).toMatch(/ 1\n$/);
  });

  test("no name means all, in order; --tag, --target and --build-arg make other images", () => {
    lab.write(
      "app/Containerfile",
      `${FROM.trim()} AS one\nARG A=0\nRUN echo $A >/a\nFROM one AS two\nRUN echo two >/two\n`,
    );
    lab.configure({}, { base: {}, app: {}, top: { BASES: "base" } });
    lab.ok("build");
    expect(lab.runs().map(({ image }) => image)).toEqual(["base", "app", "top"]);
    lab.ok("build", "--tag", "small", "--target=one", "--build-arg", "A=x y", "app");
    const tree = lab.tree("app:small", "");
    expect([tree.a, tree.two]).toEqual([expect.stringMatching(/ x y\n$/), undefined]);
    expect(lab.tree("app:dev", "").two).toBeDefined();
    expect(lab.ok("build", "--tag", "small", "--target=one", "--build-arg", "A=x y", "app")).toContain("up to date");
    expect(lab.ok("build", "app")).toContain("up to date");
  });

  test("build arguments arrive unchanged; secrets reach the step and nothing else", () => {
    const secret = "s3cret value\nwith lines 'and' $quotes";
    lab.write("secrets/token", secret);
    lab.write("secrets/other", "0ther-secret");
    lab.write(
      "extra/Containerfile",
      `${FROM}ARG COLOUR\nRUN printf %s "$COLOUR" >/colour\n` +
        "RUN --mount=type=secret,id=token --mount=type=secret,id=second cat /run/secrets/token /run/secrets/second | busybox md5sum >/sum\n",
    );
    lab.ok("build", "--secret", `id=second,src=${join(lab.project, "secrets/other")}`, "extra");
    const tree = lab.tree("extra:dev", "");
    expect(tree.colour).toMatch(/ it's \$HOME `x`$/);
    const sum = createHash("md5").update(`${secret}0ther-secret`).digest("hex");
    expect(tree.sum).toBe(`644 ${sum}  -\n`);
    // Neither in the log, the request, the arguments of the engine, nor left on the host.
    const leaks = (text: string) =>
      lab.host.output(
        `grep -rlF ${text} ~/.gantry ~/development ~/podman.log "$XDG_RUNTIME_DIR" /dev/shm 2>/dev/null | grep -v /overlay || true`,
      );
    expect([leaks("s3cret"), leaks("0ther-secret")]).toEqual(["", ""]);
    expect(lab.host.output('ls "$XDG_RUNTIME_DIR"/gantry-secrets')).toBe("");
    expect(lab.read(".gantry/runs.jsonl")).not.toContain("cret value");
    // Another value is the same content, another id is not.
    lab.write("secrets/token", "changed");
    expect(lab.ok("build", "--secret", `id=second,src=${join(lab.project, "secrets/other")}`, "extra")).toContain(
      "up to date",
    );
  });

  test("a missing secret is a usage error before anything runs", () => {
    lab.remove("secrets");
    lab.write("extra/Containerfile", FROM);
    lab.host.output("rm -f ~/podman.log");
    expect(lab.run("build", "extra")).toEqual({
      code: 2,
      stdout: "",
      stderr:
        `builder: build secrets are missing: token (${lab.project}/secrets/token)\n` +
        "  each is a file on this machine at run time; its content is never kept\n",
    });
    expect(lab.host.run("cat ~/podman.log").code).not.toBe(0);
  });

  test("--force builds again from the cache, --no-cache every step", () => {
    lab.ok("build", "app");
    expect(lab.ok("build", "--force", "app")).toContain("steps    2 cached, 0 rebuilt");
    expect(lab.ok("build", "--no-cache", "app")).toContain("steps    0 cached, 2 rebuilt");
  });

  test("--json: one line on standard output, the log on standard error", () => {
    const { code, stdout, stderr } = lab.run("build", "--force", "--json", "app");
    expect([code, stderr.includes("STEP 1/")]).toEqual([0, true]);
    expect(JSON.parse(stdout)).toEqual({
      image: "app",
      hash: hashOf("app"),
      tag: "localhost/app:dev",
      outcome: "built",
      run: expect.stringMatching(/^\d{8}T\d{6}-[0-9a-f]{8}$/),
      id: lab.imageId("app:dev"),
      digest: expect.stringMatching(/^sha256:/),
      size: expect.any(Number),
      seconds: expect.any(Number),
      cached: 2,
      rebuilt: 0,
    });
    expect(JSON.parse(lab.ok("build", "--json", "app"))).toMatchObject({ outcome: "up to date" });
    lab.write("app/Containerfile", `${FROM}RUN false\n`);
    const failed = lab.run("build", "--json", "app");
    expect([failed.code, JSON.parse(failed.stdout)]).toMatchObject([
      65,
      { outcome: "build failed", step: expect.stringContaining("RUN false") },
    ]);
  });

  test("--quiet says one line, and the end of the log when it fails", () => {
    expect(lab.run("build", "--force", "--quiet", "app")).toEqual({
      code: 0,
      stdout: `app: built, localhost/app:dev is ctx-${hashOf("app")}\n`,
      stderr: "",
    });
    lab.write("app/Containerfile", `${FROM}RUN false\n`);
    const { code, stdout, stderr } = lab.run("build", "--quiet", "app");
    expect([code, stdout, stderr.includes("RUN false")]).toEqual([65, "", true]);
  });

  test("--dry-run says what would be done and leaves nothing on the host", () => {
    lab.write("app/f", "dry\n");
    const state = () =>
      lab.host.output("find ~/.gantry ~/development -printf '%p %T@\\n' 2>/dev/null | sort; podman image ls -aq");
    const before = state();
    const hash = hashOf("app");
    expect(lab.run("build", "--dry-run", "app")).toEqual({
      code: 0,
      stdout:
        `would run: rsync the context ${lab.project}/app to ~/development/app/${hash}/ on the builder\n` +
        `would run: podman build -t localhost/app:dev -f Containerfile . (there, context ctx-${hash})\n`,
      stderr: "",
    });
    expect(lab.run("sync", "--dry-run", "app").code).toBe(0);
    expect(state()).toEqual(before);
    // Nor on a host that has never seen us.
    lab.host.output("mv .gantry .gantry-away; mv development development-away");
    try {
      expect(lab.run("build", "--dry-run", "app").code).toBe(0);
      expect(lab.host.output("ls -d .gantry development 2>/dev/null || echo none")).toBe("none\n");
    } finally {
      lab.host.output("mv .gantry-away .gantry; mv development-away development");
    }
  });

  test.each([
    "build app",
    "build --force app",
    "build --tag other app",
    "sync app",
    "loop app",
    "status",
    "prune --all",
    "logs --list",
    "doctor",
    "setup",
    "up",
    "shell",
    "shell -- true",
    "ssh",
    "version",
  ])("%s, with --json --dry-run, prints nothing but JSON", (line) => {
    const [command = "", ...words] = line.split(" ");
    lab.write("app/f", `${line}\n`);
    const { stdout, stderr } = lab.run(command, "--json", "--dry-run", ...words);
    for (const text of stdout.split("\n").filter((each) => each !== "")) {
      expect(() => JSON.parse(text) as unknown).not.toThrow();
    }
    expect(stderr).not.toContain("No such file");
    if (!["build", "sync", "loop"].includes(command)) return;
    expect(JSON.parse(stdout)).toMatchObject({ image: "app", outcome: "dry run" });
    expect(JSON.parse(stdout)).not.toHaveProperty("run");
    expect(stderr).toContain("would run: ");
  });

  test("too little room: refused before anything is copied, with what would free how much", () => {
    lab.ok("build", "app");
    lab.write("app/f", "room\n");
    lab.configure({ MIN_FREE_GIB: 1_000_000 });
    const { code, stderr } = lab.run("build", "app");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /What would free space:\n {2}prune {8} +[\d.]+ GiB {2}.*\n {2}prune --all {2} +[\d.]+ GiB {2}\d+ images.*\n/,
    );
    expect(stderr).toMatch(/builder: the builder's disk is too full for a build: \d+ of 1000000 GiB free in \//);
    expect(lab.host.run(`test -d ~/development/app/${hashOf("app")}`).code).toBe(1);
    // What needs no build needs no room.
    lab.write("app/f", "1\n");
    expect(lab.run("build", "app").code).toBe(0);
  });

  test("wrong usage is 2, and says what is right", () => {
    const faults: readonly (readonly [readonly string[], string])[] = [
      [["build", "nope"], "builder: unknown image: nope\n  builder builds: app base top extra\n"],
      [["build", "../app"], "builder: unknown image: ../app\n  builder builds: app base top extra\n"],
      [["build", "--frob"], "builder: build: unknown option --frob\n  see: builder help build\n"],
      [["build", "--tag"], "builder: build: --tag needs a value\n  see: builder help build\n"],
      [
        ["build", "--tag", "ctx-1", "app"],
        "builder: build: ctx-1 is not a tag\n  letters, digits, _ . - and not ctx-…\n",
      ],
      [["build", "--build-arg", "1=2"], "builder: build: --build-arg wants NAME=VALUE, not 1=2\n"],
      [["frob"], "builder: unknown command: frob\n  see: builder help\n"],
      [["attach", "base", "app"], "builder: attach: unexpected argument app\n  see: builder help attach\n"],
    ];
    for (const [args, message] of faults) expect(lab.run(...args)).toEqual({ code: 2, stdout: "", stderr: message });
  });

  test("every command has help with its options, without a project or a host", () => {
    const commands =
      "up status setup sync build loop ssh attach logs shell start stop prune doctor down version help".split(" ");
    for (const command of commands) {
      const { code, stdout } = lab.files.run([command, "--help"], { env: { GANTRY_PROJECT: "/nonexistent" } });
      expect([command, code, stdout]).toEqual([command, 0, expect.stringMatching(/^Usage: builder /)]);
      expect(lab.files.run(["help", command], { env: { GANTRY_PROJECT: "/nonexistent" } }).stdout).toBe(stdout);
    }
    expect(lab.ok("help")).toContain("69  the builder cannot be reached");
    expect(lab.ok()).toBe(lab.ok("help"));
  });

  test("the run log is JSON, a line for every image of every run, with its phases", () => {
    lab.write("app/f", "log\n");
    lab.run("build", "app");
    lab.run("build", "app");
    lab.run("build", "nope");
    lab.run("shell", "--", "true");
    expect(lab.runs()).toEqual([
      expect.objectContaining({ command: "build", image: "app", outcome: "built", exit: 0, run: expect.any(String) }),
      expect.objectContaining({ command: "build", image: "app", outcome: "up to date", exit: 0 }),
      expect.objectContaining({ command: "build", outcome: "unknown image: nope", exit: 2 }),
      expect.objectContaining({ command: "shell", outcome: "done", exit: 0 }),
    ]);
    const [first] = lab.runs();
    expect(Object.keys(first?.phases ?? {})).toEqual(["hash", "probe", "sync", "build"]);
    expect(first?.start).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test("shell runs a command with its words and exit code; called through a link it is the same builder", () => {
    const { code, stdout } = lab.run(
      "shell",
      "--",
      "sh",
      "-c",
      'printf "<%s>" "$@"; exit 7',
      "sh",
      "a  b",
      "it's",
      "$HOME",
    );
    expect([code, stdout]).toEqual([7, "<a  b><it's><$HOME>"]);
    const link = join(lab.files.bin, "linked");
    symlinkSync(lab.files.program, link);
    expect(execFileSync(link, ["version"], { encoding: "utf8" })).toMatch(
      /^builder, programs [0-9a-f]{16}, library [0-9a-f]{16}, bash /,
    );
  });
});
