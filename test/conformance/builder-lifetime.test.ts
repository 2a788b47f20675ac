// Builds outlive whoever started them: clients that are killed, networks that drop, two clients at once, runners that die.
import { execFileSync } from "node:child_process";
import { Lab, labTools } from "../support/lab";
import { withTools } from "../support/tools";

const FROM = "FROM localhost/shell:1\n";

withTools([...labTools, "ps"], () => {
  let lab: Lab;
  let content = 0;
  beforeAll(async () => {
    lab = await Lab.start({ app: {}, base: {}, top: { BASES: "base" } });
    lab.host.output("mkdir -p ~/.gantry/locks");
    lab.write("app/Containerfile", `${FROM}COPY f /f\nRUN echo made >/g\n`);
    lab.write("base/Containerfile", `${FROM}COPY b /b\n`);
    lab.write("top/Containerfile", "FROM localhost/base:dev\nRUN cat /b >/t\n");
  });
  afterAll(() => lab.stop());
  beforeEach(async () => {
    lab.openGate();
    await until(() => !lab.host.output("ls ~/.gantry/locks").includes(".owner"));
    change();
  });

  const change = () => {
    lab.write("app/f", `${String((content += 1))}\n`);
    lab.write("base/b", `${String(content)}\n`);
  };
  const hashOf = (image: string) =>
    (JSON.parse(lab.ok("status", "--json", image)) as { images: { hash: string }[] }).images[0]?.hash ?? "";
  const listed = () =>
    lab
      .ok("logs", "--list", "--json")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { image: string; run: string; hash: string; state: string });
  const until = async (what: () => boolean) => {
    while (!what()) await new Promise((resolve) => setTimeout(resolve, 100));
  };
  const waiting = () => lab.host.output("ls ~/.gantry/locks").includes("app.owner");

  test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const)(
    "the client gets %s: the build finishes, attach shows it",
    async (signal) => {
      lab.shutGate();
      const before = lab.imageId("app:dev");
      const client = lab.start("build", "app");
      await until(waiting);
      client.child.kill(signal);
      if (signal !== "SIGKILL") {
        const { code, stderr } = await client.ended;
        expect(code).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
        if (signal !== "SIGHUP") {
          expect(stderr).toContain("The build of app goes on on the builder.\n  come back with: builder attach app\n");
        }
      }
      expect(lab.imageId("app:dev")).toBe(before);
      const back = lab.start("attach", "app");
      lab.openGate();
      const { code, stdout } = await back.ended;
      expect([code, stdout.includes("STEP 1/")]).toEqual([0, true]);
      expect(stdout).toContain("\nSuccessfully tagged localhost/app:dev\n");
      expect(lab.imageId("app:dev")).toBe(lab.imageId(`app:ctx-${hashOf("app")}`));
      expect(lab.ok("build", "app")).toContain("up to date");
    },
  );

  test("--detach leaves at once; attach without a name finds the last build", async () => {
    lab.shutGate();
    const { code, stderr } = lab.run("build", "--detach", "app");
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^app is being built on the builder \(run \S+\); come back with: builder attach app\n$/),
    ]);
    expect(lab.ok("status", "app")).toMatch(/changed since; being built from [0-9a-f]{16} by \S+ \(run \S+\)\n/);
    const back = lab.start("attach");
    lab.openGate();
    expect((await back.ended).code).toBe(0);
    expect(lab.ok("logs")).toContain("Successfully tagged localhost/app:dev");
  });

  test("--detach of an image and its base: the one waits for the other on the host", () => {
    lab.shutGate();
    lab.ok("build", "--detach", "top");
    expect(
      listed()
        .filter(({ state }) => state === "running")
        .map(({ image }) => image)
        .sort(),
    ).toEqual(["base", "top"]);
    lab.openGate();
    expect(lab.run("attach", "top").code).toBe(0);
    expect(lab.tree("top:dev", "").t).toBe(`644 ${String(content)}\n`);
  });

  test("the network drops while the log is shown: the client comes back by itself and misses nothing", async () => {
    lab.shutGate();
    const client = lab.start("build", "app");
    await until(waiting);
    lab.host.dropConnections();
    await client.printed(/the connection dropped; the build goes on, connecting again/);
    lab.openGate();
    const { code, stdout } = await client.ended;
    expect(code).toBe(0);
    expect(stdout.match(/^STEP 1\//gm)).toHaveLength(1);
    expect(stdout).toContain("\nSuccessfully tagged localhost/app:dev\n");
  });

  test("a second build of the same content joins the first", async () => {
    lab.shutGate();
    const first = lab.start("build", "app");
    await until(waiting);
    const second = lab.start("build", "app");
    await second.printed(/app: this is being built already \(run \S+, by \S+\); joining it\n/);
    lab.openGate();
    const [one, two] = await Promise.all([first.ended, second.ended]);
    expect([one.code, two.code, two.stdout]).toEqual([0, 0, one.stdout]);
  });

  test("a build of other content waits, saying for whom; with --no-wait it is 75 at once", async () => {
    lab.shutGate();
    const first = lab.start("build", "app");
    await until(waiting);
    const firstHash = hashOf("app");
    change();
    const { code, stderr } = lab.run("build", "--no-wait", "app");
    expect([code, stderr]).toEqual([
      75,
      expect.stringMatching(
        new RegExp(
          `^builder: app is being built: run \\S+, context ${firstHash}, started by \\S+\\n  wait for it: builder attach app\\n$`,
        ),
      ),
    ]);
    const second = lab.start("build", "app");
    await second.printed(new RegExp(`Waiting: app is being built: run \\S+, context ${firstHash}, started by`));
    expect(listed().filter(({ state }) => state === "running")).toHaveLength(2);
    lab.openGate();
    expect([(await first.ended).code, (await second.ended).code]).toEqual([0, 0]);
    expect(lab.imageId("app:dev")).toBe(lab.imageId(`app:ctx-${hashOf("app")}`));
  });

  test("two clients that start at the same moment build once", async () => {
    const clients = [lab.start("build", "app"), lab.start("build", "app"), lab.start("build", "app")];
    const codes = (await Promise.all(clients.map(({ ended }) => ended))).map(({ code }) => code);
    expect(codes).toEqual([0, 0, 0]);
    const logs = lab.host.output(
      `grep -l "hash=${hashOf("app")}" ~/.gantry/builds/app/*/meta | sed 's/meta$/log/' | xargs grep -l "STEP 1/"`,
    );
    expect(logs.trim().split("\n")).toHaveLength(1);
  });

  test("kill -9 of the runner: seen as dead, lock free, tag where it was, the next build works", async () => {
    lab.ok("build", "app");
    const before = lab.imageId("app:dev");
    change();
    lab.shutGate();
    const client = lab.start("build", "app");
    await until(waiting);
    lab.host.output("kill -9 $(ps -eo pid=,args= | grep '[b]uild-run.sh' | grep \"$HOME\" | awk '{print $1}')");
    const { code, stdout } = await client.ended;
    expect([code, stdout]).toEqual([
      65,
      "\nThe build was killed on the builder, or the builder went down: its runner is gone. The tag did not move.\n",
    ]);
    expect(listed()[0]).toMatchObject({ image: "app", state: "failed" });
    lab.openGate();
    expect(lab.imageId("app:dev")).toBe(before);
    expect(lab.run("build", "--no-wait", "app").code).toBe(0);
  });

  test("a runner that dies unseen is no running build for status, attach and the next build", async () => {
    lab.shutGate();
    lab.ok("build", "--detach", "app");
    await until(waiting);
    lab.host.output("kill -9 $(ps -eo pid=,args= | grep '[b]uild-run.sh' | grep \"$HOME\" | awk '{print $1}')");
    expect(JSON.parse(lab.ok("status", "--json", "app"))).toMatchObject({ images: [{ running: [] }] });
    expect(lab.run("attach", "app").code).toBe(65);
    lab.openGate();
    lab.ok("build", "app");
  });

  test("a build that is stopped on the builder ends with 65 and its engine with it", async () => {
    lab.shutGate();
    const client = lab.start("build", "app");
    await until(waiting);
    lab.host.output("kill $(ps -eo pid=,args= | grep '[b]uild-run.sh' | grep \"$HOME\" | awk '{print $1}')");
    const { code, stdout } = await client.ended;
    expect([code, stdout]).toEqual([65, "\nThe build was stopped on the builder. The tag did not move.\n"]);
    expect(lab.host.output("ps -eo args= | grep '[b]in/podman build' | grep \"$HOME\" || true")).toBe("");
  });

  test("sources that change during a build do not get into it", async () => {
    lab.shutGate();
    const now = content;
    const client = lab.start("build", "app");
    await until(waiting);
    change();
    lab.ok("sync", "app");
    lab.openGate();
    expect((await client.ended).code).toBe(0);
    expect(lab.tree("app:dev", "").f).toBe(`644 ${String(now)}\n`);
  });

  test("loop builds what changes, and stops after too many failures in a row", async () => {
    lab.configure({ MAX_ITERATIONS: 2 });
    const loop = lab.start("loop", "--interval", "0.1", "app");
    await loop.printed(/watching app/);
    const first = lab.imageId("app:dev");
    change();
    await until(() => lab.imageId("app:dev") !== first);
    lab.write("app/Containerfile", `${FROM}RUN false\n`);
    await loop.printed(/app failed \(exit 65\), 1 of 2 in a row; waiting for a change/);
    lab.write("app/Containerfile", `${FROM}RUN false false\n`);
    const { code, stderr } = await loop.ended;
    expect([
      code,
      stderr.includes("builder: stopped after 2 builds in a row that failed\n  builder logs app shows the last one"),
    ]).toEqual([65, true]);
    lab.write("app/Containerfile", `${FROM}COPY f /f\n`);
    const again = lab.start("loop", "--interval", "0.1", "app");
    await again.printed(/watching app/);
    again.child.kill("SIGINT");
    expect((await again.ended).code).toBe(130);
    lab.configure({});
  });

  test.each(["program", "terminal"])(
    "Ctrl-C during a build of the loop ends it with 130, and the build goes on: a signal to the %s",
    async (target) => {
      lab.shutGate();
      change();
      lab.forgetRuns();
      const loop = lab.start("loop", "--interval", "0.1", "app");
      await until(waiting);
      if (target === "terminal") {
        const args = ["-o", "pid=", "--ppid", String(loop.child.pid ?? 0)];
        const children = execFileSync("ps", args, { encoding: "utf8" }).trim().split(/\s+/);
        for (const child of children) process.kill(Number(child), "SIGINT");
      }
      loop.child.kill("SIGINT");
      const { code, stderr } = await loop.ended;
      expect([code, stderr.match(/The build of app goes on on the builder/g)?.length]).toEqual([130, 1]);
      expect(lab.runs().map(({ command, outcome, exit }) => [command, outcome, exit])).toEqual([
        ["build", "interrupted; the build goes on", 130],
        ["loop", "interrupted", 130],
      ]);
      lab.openGate();
      expect(lab.run("attach", "app").code).toBe(0);
    },
  );

  test("loop on a builder that does not answer names the doctor", () => {
    lab.configure({ MAX_ITERATIONS: 1, HOST_PORT: 1 });
    change();
    const { code, stderr } = lab.run("loop", "--interval", "0.1", "app");
    expect([code, stderr]).toEqual([
      69,
      expect.stringContaining(
        "builder: stopped after 1 builds in a row that failed\n  builder doctor says what is wrong with the builder; start again when you know what is wrong\n",
      ),
    ]);
    lab.configure({});
  });

  test("the last 20 builds of an image are remembered", () => {
    lab.host.output(
      "for i in $(seq 30); do d=~/.gantry/builds/app/20200101T0000$i-x; mkdir -p $d; echo 0 >$d/exit; : >$d/meta; done",
    );
    lab.ok("build", "app");
    expect(lab.host.output("ls ~/.gantry/builds/app | wc -l").trim()).toBe("20");
  });
});
