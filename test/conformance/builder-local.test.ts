// The same program on this machine, without ssh; and where the usual tools are missing.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileRoot } from "../support/file-root";
import { LocalEngine } from "../support/local-engine";
import type { Ran } from "../support/standin";
import { which, withTools } from "../support/tools";

withTools(["busybox", "podman", "rsync", "git", "perl"], () => {
  let files: FileRoot;
  const engine = new LocalEngine();
  const { home, env } = engine;
  beforeAll(() => {
    files = new FileRoot({ HOST_KIND: "local" }, { app: {} });
    write("app/Containerfile", "FROM scratch\nCOPY f /f\n");
    write("app/f", "1\n");
    write(".gitignore", "/files/\n/bin/\n");
    execFileSync("git", ["init", "-q"], { cwd: files.project });
  });
  afterAll(() => {
    files.stop();
    engine.remove();
  });

  const write = (path: string, text: string) => {
    mkdirSync(join(files.project, path, ".."), { recursive: true });
    writeFileSync(join(files.project, path), text);
  };
  const run = (...args: readonly string[]): Ran => files.run(args, { env });

  test("builds, then is up to date, then builds what changed: no ssh anywhere", () => {
    files.stub("ssh", "echo ssh was called >&2; exit 1");
    expect(run("build")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Successfully tagged localhost/app:dev"),
    });
    expect(run("build")).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^app: up to date/) });
    write("app/f", "2\n");
    expect(run("build").stdout).toContain("Successfully tagged");
    expect(readFileSync(join(home, "development/app/current/f"), "utf8")).toBe("2\n");
    expect(run("status").stdout).toMatch(/^builder {3}this machine, podman\n/);
    expect(run("shell", "--", "pwd").stdout).toBe(`${home}\n`);
    expect(run("attach")).toMatchObject({ code: 0 });
    expect(run("logs", "--list").stdout).toMatch(/ built /);
  });

  test("a shell and a health check of the Containerfile's own are heeded", () => {
    execFileSync("cp", [which("busybox") ?? "", join(files.project, "app/busybox")]);
    for (const steps of [
      'SHELL ["/busybox", "ash", "-c"]\nRUN : >/ran\nhealthcheck CMD ["/busybox", "true"]\n',
      'HEALTHCHECK\\\n  CMD ["/busybox", "true"]\n',
    ]) {
      write("app/Containerfile", `FROM scratch\nCOPY busybox /busybox\n${steps}`);
      expect(run("build")).toMatchObject({ code: 0 });
      const inspect = ["image", "inspect", "--format", "{{json .HealthCheck}}", "localhost/app:dev"];
      const found = execFileSync("podman", inspect, { env: { ...process.env, ...env } });
      expect(JSON.parse(found.toString())).toEqual({ Test: ["CMD", "/busybox", "true"] });
    }
    rmSync(join(files.project, "app/busybox"));
    write("app/Containerfile", "FROM scratch\nCOPY f /f\n");
  });

  test("a step that fails is 65", () => {
    write("app/Containerfile", "FROM scratch\nCOPY missing /f\n");
    expect(run("build")).toMatchObject({ code: 65, stdout: expect.stringContaining("localhost/app:dev did not move") });
    write("app/Containerfile", "FROM scratch\nCOPY f /f\n");
  });

  test("the engine is not there: 1, set it up", () => {
    files.configure({ HOST_KIND: "local", ENGINE: "docker" }, { app: {} });
    const tools = toolsBut(["docker"]);
    const { code, stderr } = spawn(tools, "build");
    expect([code, stderr]).toEqual([
      1,
      "docker is not installed here\nbuilder: docker is not installed on the builder\n  set it up: builder setup\n",
    ]);
    files.configure({ HOST_KIND: "local" }, { app: {} });
  });

  test("without flock, setsid and sha256sum, as on macOS, it works the same, locks included", () => {
    const tools = toolsBut(["flock", "setsid", "sha256sum"]);
    write("app/f", "3\n");
    expect(spawn(tools, "build")).toMatchObject({ code: 0, stdout: expect.stringContaining("Successfully tagged") });
    expect(spawn(tools, "build").stdout).toContain("up to date");
    expect(run("build").stdout).toContain("up to date"); // the same hash as with them
    // The lock is held by somebody else.
    write("app/f", "4\n");
    const lock = join(home, ".gantry/locks/app.lock");
    const held = spawnSync(
      "perl",
      [
        "-e",
        'use Fcntl ":flock"; open(my $f, "+<", shift) or die; flock($f, LOCK_EX); exit(system(@ARGV) >> 8)',
        lock,
        ...["env", "-i", ...Object.entries({ ...env, PATH: tools }).map(([key, value]) => `${key}=${value ?? ""}`)],
        ...["bash", files.program, "build", "--no-wait"],
      ],
      { encoding: "utf8" },
    );
    expect([held.status, held.stdout]).toEqual([75, "app is being built: another build\n"]);
    expect(spawn(tools, "build", "--no-wait")).toMatchObject({ code: 0 });
  });

  /** A directory with every program that the machine has, but these. */
  function toolsBut(missing: readonly string[]): string {
    const directory = mkdtempSync(join(home, "tools-"));
    const names =
      "bash sh env cat cp mv rm ln ls mkdir mkfifo mktemp rmdir sort head tail tee tr touch wc date dd df du find grep awk " +
      "sed cut id readlink dirname basename sleep sha256sum openssl shasum flock setsid tar gzip perl git rsync podman runc crun " +
      "comm ps kill uname stat chmod xargs newuidmap newgidmap conmon docker true false";
    for (const name of names.split(" ").filter((each) => !missing.includes(each))) {
      const file = which(name);
      if (file !== undefined) symlinkSync(file, join(directory, name));
    }
    return directory;
  }

  function spawn(tools: string, ...args: readonly string[]): Ran {
    const done = spawnSync(join(tools, "bash"), [files.program, ...args], {
      env: { ...env, PATH: tools },
      encoding: "utf8",
    });
    return { code: done.status ?? 255, stdout: done.stdout, stderr: done.stderr };
  }
});
