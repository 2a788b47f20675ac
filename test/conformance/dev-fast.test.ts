// `fast` with real podman: what is built, what is replaced, and what is left alone.
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { DevServiceProps } from "../../lib/image/dev-stack.props";
import { DevLab, devTools } from "../support/dev-lab";
import { freePort } from "../support/free-port";
import { withTools } from "../support/tools";

withTools([...devTools, "ps"], () => {
  let lab: DevLab;
  let backend: DevServiceProps;
  let frontend: DevServiceProps;
  let ports: [number, number];

  beforeAll(async () => {
    ports = [await freePort(), await freePort()];
    backend = {
      build: { context: "back end" },
      ports: [ports[0]],
      live: { "./back end/src": "/app/src" },
      volumes: { models: "/app/models" },
      dependencies: ["back end/version.txt"],
      dependencyVolumes: { modules: "/modules" },
      envFile: ".env",
      env: { QUOTED: "it's $HOME" },
      health: { path: "/" },
    };
    frontend = {
      build: { context: "frontend" },
      ports: [ports[1]],
      live: { "frontend/src": "/app/src" },
      dependencies: ["frontend/version.txt"],
      dependsOn: ["backend"],
      health: { path: "/index.html" },
    };
    lab = new DevLab({ services: { frontend, backend } });
    lab.webService("back end", ports[0]);
    lab.webService("frontend", ports[1]);
  });
  afterAll(() => lab.stop());

  const get = async (port = ports[0]) => (await fetch(`http://127.0.0.1:${port}/`)).text();
  const states = () => {
    const { services } = JSON.parse(lab.ok("fast", "--json")) as {
      services: { service: string; state: string; copiedBytes: number }[];
    };
    return services.map(({ service, state, copiedBytes }) => `${service} ${state} ${copiedBytes > 0 ? "some" : 0}`);
  };
  const containers = () => lab.podman("ps", "--format", "{{.Names}}").split("\n").sort();
  const inContainer = (...command: string[]) => lab.podman("exec", `${lab.id}-backend-dev`, ...command);

  test("a missing .env is named, with the remedy, before anything is built", () => {
    const { code, stderr } = lab.run(["fast"]);
    expect([code, stderr]).toEqual([
      2,
      `${lab.id}: backend: its environment file .env is not there\n  make it from .env.example with: ${lab.id} setup\n`,
    ]);
    expect(lab.podman("images", "-q")).toBe("");
    lab.write(".env", "FROM_FILE=a b\n");
  });

  test("a dry run says what would be done and does nothing of it", () => {
    const { code, stdout } = lab.run(["fast", "--dry-run"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`would run: podman build -t localhost/${lab.id}-backend:dep-`);
    expect(stdout).toContain(`would run: podman run -d --init --name ${lab.id}-frontend-dev`);
    expect(lab.podman("images", "-aq") + lab.podman("ps", "-aq") + lab.podman("volume", "ls", "-q")).toBe("");
  });

  test("the first run builds and starts, in the order of the dependencies, on 127.0.0.1, with an init", async () => {
    expect(states()).toEqual(["backend started some", "frontend started some"]);
    expect(await get()).toBe("one\n");
    expect(await get(ports[1])).toBe("one\n");
    const port = lab.podman("port", `${lab.id}-backend-dev`);
    expect(port).toBe(`${ports[0]}/tcp -> 127.0.0.1:${ports[0]}`);
    expect(lab.podman("inspect", "--format", "{{.HostConfig.Init}}", `${lab.id}-backend-dev`)).toBe("true");
    expect(inContainer("sh", "-c", 'printf "%s|%s" "$FROM_FILE" "$QUOTED"')).toBe("a b|it's $HOME");
    expect(inContainer("cat", "/modules/version.txt")).toBe("1");
  });

  test("a dry run of stop says what would stop, not that it stopped", () => {
    const stops = ["frontend", "backend"].map((name) => `would run: podman stop ${lab.id}-${name}-dev\n`).join("");
    expect(lab.ok("stop", "--dry-run")).toBe(stops);
    expect(lab.run(["stop", "--dry-run", "--json"])).toEqual({
      code: 0,
      stdout: `{"program":"${lab.id}","stopped":[]}\n`,
      stderr: stops,
    });
    expect(lab.podman("ps", "-q").split("\n")).toHaveLength(2);
  });

  test("the second run changes nothing, wherever it is called from and in any time zone", () => {
    const before = [lab.containerId("backend"), lab.containerId("frontend")];
    expect(lab.ok("fast")).toBe(
      `backend: up to date, 0 bytes copied, http://127.0.0.1:${ports[0]}\n` +
        `frontend: up to date, 0 bytes copied, http://127.0.0.1:${ports[1]}\n`,
    );
    const elsewhere = lab.shim("dev-fast.sh", ["--json"], { TZ: "Asia/Kolkata", LC_ALL: "C" });
    expect(elsewhere).toMatchObject({ code: 0, stderr: "" });
    expect(elsewhere.stdout.match(/"state":"current"/g)).toHaveLength(2);
    expect([lab.containerId("backend"), lab.containerId("frontend")]).toEqual(before);
  });

  test("a service that is left alone but does not answer is not said to be up", () => {
    const before = lab.containerId("backend");
    configure({ health: { path: "/", timeoutSeconds: 1 } });
    inContainer("mv", "/app/src/index.html", "/app/src/hidden");
    const { code, stderr } = lab.run(["fast"]);
    inContainer("mv", "/app/src/hidden", "/app/src/index.html");
    expect([code, stderr]).toEqual([65, expect.stringContaining("backend: it is not up after 1 seconds\n")]);
    expect(lab.ok("fast")).toContain("backend: up to date");
    expect(lab.containerId("backend")).toBe(before);
    configure({});
  });

  test("a change of code shows at once: nothing is built, nothing is replaced, nothing is copied", async () => {
    const images = lab.podman("images", "-a", "--format", "{{.ID}}");
    const before = lab.containerId("backend");
    lab.write("back end/src/index.html", "two\n");
    expect(await get()).toBe("two\n");
    lab.write("back end/src/page.new", "three\n");
    lab.podman("exec", `${lab.id}-backend-dev`, "mv", "/app/src/page.new", "/app/src/index.html"); // as editors save
    expect(await get()).toBe("three\n");
    expect(states()).toEqual(["backend current 0", "frontend current 0"]);
    expect(lab.containerId("backend")).toBe(before);
    expect(lab.podman("images", "-a", "--format", "{{.ID}}")).toBe(images);
  });

  test("a change of dependencies builds that image only; its dependency volume is a new one", () => {
    const other = lab.containerId("frontend");
    inContainer("sh", "-c", "echo kept >/app/models/model");
    lab.write("back end/version.txt", "2\n");
    expect(states()).toEqual(["backend replaced some", "frontend current 0"]);
    expect(inContainer("cat", "/modules/version.txt", "/app/models/model")).toBe("2\nkept");
    expect(lab.containerId("frontend")).toBe(other);
    // Back to what it was: that image is still there.
    lab.write("back end/version.txt", "1\n");
    expect(states()).toEqual(["backend replaced 0", "frontend current 0"]);
    expect(inContainer("cat", "/modules/version.txt")).toBe("1");
  });

  test.each([
    ["the Containerfile", () => lab.write("back end/Containerfile", readBack().replace("CMD", "ENV X=1\nCMD")), "some"],
    ["a build argument", () => configure({ build: { context: "back end", args: { A: "1" } } }), "some"],
    ["the environment file", () => lab.write(".env", "FROM_FILE=c\n"), "0"],
    ["a setting of the container", () => configure({ env: { QUOTED: "x" } }), "0"],
  ])("a change of %s replaces the container", (_what, change, copied) => {
    change();
    expect(states()).toEqual([`backend replaced ${copied}`, "frontend current 0"]);
    expect(states()).toEqual(["backend current 0", "frontend current 0"]);
  });

  test("a build that fails is 65, leaves what runs, and is tried again", async () => {
    const [running, text] = [lab.containerId("backend"), readBack()];
    lab.write("back end/Containerfile", text.replace("CMD", "COPY missing /x\nCMD"));
    for (const _ of [1, 2]) {
      const { code, stderr } = lab.run(["fast"]);
      expect(code).toBe(65);
      expect(stderr).toContain(
        `${lab.id}: backend: the build failed\n  what ran before runs on; see above, then: ${lab.id} fast\n`,
      );
    }
    expect(lab.containerId("backend")).toBe(running);
    expect(await get()).toBe("three\n");
    lab.write("back end/Containerfile", text);
    expect(states()).toEqual(["backend current 0", "frontend current 0"]);
  });

  test("a build that is interrupted is 130 and counts for nothing", async () => {
    const [running, text] = [lab.containerId("backend"), readBack()];
    lab.write("back end/Containerfile", text.replace("CMD", 'RUN ["/bin/sh", "-c", "echo slow; sleep 600"]\nCMD'));
    const images = lab.podman("images", "--format", "{{.Repository}}:{{.Tag}}");
    const program = lab.start("fast");
    await building(program);
    process.kill(-(program.pid ?? 0), "SIGINT"); // as Ctrl-C does: to all of it
    expect(await new Promise((resolve) => program.once("exit", resolve))).toBe(130);
    expect(lab.podman("images", "--format", "{{.Repository}}:{{.Tag}}")).toBe(images);
    expect(lab.containerId("backend")).toBe(running);
    lab.write("back end/Containerfile", text);
    expect(lab.run(["fast"])).toMatchObject({ code: 0 }); // nobody has the lock
    expect(states()).toEqual(["backend current 0", "frontend current 0"]);
  });

  test("one run at a time", async () => {
    const text = readBack();
    lab.write("back end/Containerfile", text.replace("CMD", 'RUN ["/bin/sh", "-c", "echo slow; sleep 600"]\nCMD'));
    const program = lab.start("fast");
    await building(program);
    expect(lab.run(["fast"])).toMatchObject({
      code: 75,
      stderr: `${lab.id}: another run of ${lab.id} is at work (process ${program.pid ?? 0})\n  wait for it, or end it\n`,
    });
    process.kill(-(program.pid ?? 0), "SIGINT");
    await new Promise((resolve) => program.once("exit", resolve));
    lab.write("back end/Containerfile", text);
  });

  test("a port that is taken: the holder is named, and what runs is left alone", async () => {
    const taken = await freePort();
    const server = spawn(process.execPath, ["-e", `require("net").createServer().listen(${taken}, "127.0.0.1")`]);
    try {
      await listening(taken);
      const running = lab.containerId("backend");
      configure({ ports: [taken], health: { command: ["true"] } });
      const { code, stderr } = lab.run(["fast"]);
      expect([code, stderr]).toEqual([
        2,
        `${lab.id}: backend: port ${taken} is taken by node (process ${server.pid ?? 0})\n` +
          "  end it, or give the service another port in the stack\n",
      ]);
      expect(lab.containerId("backend")).toBe(running);
    } finally {
      server.kill();
    }
    const image = `localhost/${lab.id}-backend:dev`;
    lab.podman("run", "-d", "--name", "squatter", "-p", `127.0.0.1:${taken}:80`, image, "sleep", "600");
    configure({ ports: [taken], health: { command: ["true"] } });
    expect(lab.run(["fast"]).stderr).toBe(
      `${lab.id}: backend: port ${taken} is taken by the container squatter\n  podman stop squatter\n`,
    );
    lab.podman("rm", "-f", "-t", "0", "squatter");
    configure({});
    lab.ok("fast");
  });

  test("a container that cannot start gives its place back to the one before", async () => {
    const running = lab.containerId("backend");
    configure({ live: { "back end/src": "/bin/busybox" } }); // a directory over a file
    const { code, stderr } = lab.run(["fast"]);
    expect([code, stderr]).toEqual([65, expect.stringContaining(`${lab.id}-backend-dev is back as it was\n`)]);
    expect(stderr).toContain("backend: its container does not start\n");
    expect(lab.containerId("backend")).toBe(running);
    expect(await get()).toBe("three\n");
    configure({});
    expect(states()).toEqual(["backend current 0", "frontend current 0"]);
  });

  test("a service that ends at once is 65, with what it printed", () => {
    configure({ command: ["sh", "-c", "echo no such setting; exit 3"] });
    expect(lab.run(["fast"])).toMatchObject({
      code: 65,
      stderr: `${lab.id}: backend: it ended at once\n  no such setting\n  all of it: ${lab.id} logs backend\n`,
    });
    expect(lab.ok("logs", "backend")).toBe("no such setting\n");
    configure({});
    expect(states()).toEqual(["backend replaced 0", "frontend current 0"]);
  });

  test("a file where a directory is mounted is refused with the reason", () => {
    lab.write("single", "");
    configure({ live: { single: "/app/src" } });
    expect(lab.run(["fast"])).toMatchObject({
      code: 2,
      stderr: `${lab.id}: backend: single is a file; a single file goes stale in the container when an editor saves it\n  mount its directory\n`,
    });
    configure({});
  });

  test("another checkout of the same project does not take the containers away", () => {
    const second = join(lab.home, "second");
    cpSync(lab.project, second, { recursive: true });
    expect(lab.run(["fast"], { GANTRY_PROJECT: second })).toMatchObject({
      code: 2,
      stderr:
        `${lab.id}: the container ${lab.id}-backend-dev belongs to another checkout, ${lab.project}\n` +
        `  stop it there: bin/${lab.id} stop --remove\n`,
    });
  });

  test("a service with another name takes the place of the old one, port included", () => {
    lab.configure({ services: { api: backend, frontend: { ...frontend, dependsOn: ["api"] } } });
    const { code, stderr } = lab.run(["fast"]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining(`${lab.id}-backend-dev: its service is not in the stack any more; removed\n`),
    ]);
    expect(containers()).toEqual([`${lab.id}-api-dev`, `${lab.id}-frontend-dev`]);
    configure({});
    lab.ok("fast");
    expect(containers()).toEqual([`${lab.id}-backend-dev`, `${lab.id}-frontend-dev`]);
  });

  function configure(change: Partial<DevServiceProps>): void {
    const services = { frontend, backend: { ...backend, ...change } };
    lab.configure({ services });
  }

  function readBack(): string {
    return lab.read("back end/Containerfile");
  }

  /** Waits until a run builds the step that sleeps. */
  async function building(program: ChildProcess): Promise<void> {
    while (!lab.processes().includes("sleep 600")) {
      if (program.exitCode !== null) throw new Error(`it ended with ${program.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function listening(port: number): Promise<void> {
    for (;;) {
      const probe = createServer();
      const free = await new Promise((resolve) => {
        probe.once("error", () => resolve(false));
        probe.listen(port, "127.0.0.1", () => resolve(true));
      });
      if (free === false) return;
      await new Promise((resolve) => probe.close(resolve));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
});
