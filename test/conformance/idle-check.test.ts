// The idle check against real processes on a stand-in host, and its clock against a made-up one.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Standin, standinTools, startStandin } from "../support/standin";
import { withTools } from "../support/tools";

const PROGRAM = join(__dirname, "../../lib/builder/scripts/host/idle-check.sh");

interface Look {
  readonly uptime?: number;
  readonly idle?: string;
  readonly age?: string;
  readonly mode?: string;
}

withTools([...standinTools, "tmux", "busybox"], () => {
  let host: Standin;
  let proc: string;
  const clients: ChildProcess[] = [];

  beforeAll(async () => {
    host = await startStandin();
    proc = join(host.scratch, "proc");
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.kill("SIGKILL");
    host.dropConnections();
    host.run(
      `tmux -L idle kill-server; for d in ~/marks/*; do p=$(cat "$d"); kill -KILL -- "-$p" || kill -KILL "$p"; done 2>/dev/null; rm -rf ~/marks ~/.gantry; mkdir ~/marks`,
    );
    host.dropConnections();
    await until(() => look().startsWith("idle"));
    rmSync(join(host.scratch, "state"), { recursive: true, force: true });
  });
  afterAll(() => host.stop());

  // The processes of this host, as the kernel shows them, and nobody else's: other tests run on the same machine. Its own
  // are those that know its home directory; with them come sshd and whatever they descend from.
  function lookAtProcesses(uptime: number): void {
    rmSync(proc, { recursive: true, force: true });
    mkdirSync(proc, { recursive: true });
    const stat = (pid: string) => read(`/proc/${pid}/stat`);
    const wanted = new Set(
      readdirSync("/proc").filter(
        (pid) =>
          /^\d+$/.test(pid) &&
          (read(`/proc/${pid}/environ`).includes(`HOME=${host.home}\0`) || stat(pid).includes(" (sshd")),
      ),
    );
    for (const pid of wanted) {
      const parent = /\) \S (\d+)/.exec(stat(pid))?.[1];
      if (parent !== undefined && Number(parent) > 1) wanted.add(parent);
    }
    for (const pid of wanted) symlinkSync(`/proc/${pid}`, join(proc, pid));
    symlinkSync("/proc/locks", join(proc, "locks"));
    writeFileSync(join(proc, "uptime"), `${String(uptime)}.00 1.00\n`);
  }

  function look({ uptime = 5000, idle = "1800", age = "", mode = "--status" }: Look = {}): string {
    lookAtProcesses(uptime);
    return spawnSync("bash", [PROGRAM, ...(mode === "" ? [] : [mode])], {
      encoding: "utf8",
      env: {
        ...process.env,
        GANTRY_PROC: proc,
        GANTRY_STATE: join(host.scratch, "state"),
        GANTRY_LOCKS: join(host.home, ".gantry"),
        GANTRY_SHUTDOWN: `logger_ ${host.scratch}/power`,
        GANTRY_WALL: `logger_ ${host.scratch}/wall`,
        PATH: `${host.scratch}:${process.env.PATH ?? ""}`,
        IDLE_STOP_SECONDS: idle,
        MAX_AGE_SECONDS: age,
      },
    }).stdout;
  }

  const ssh = (...args: string[]) =>
    ["-F", "none", "-i", host.identityFile, "-p", String(host.port), "-l", host.user]
      .concat(
        [
          "IdentitiesOnly=yes",
          "BatchMode=yes",
          "StrictHostKeyChecking=no",
          "UserKnownHostsFile=/dev/null",
          "LogLevel=ERROR",
        ].flatMap((o) => ["-o", o]),
      )
      .concat(args.slice(0, -1), "127.0.0.1", args.slice(-1));
  function connect(...args: string[]): ChildProcess {
    const client = spawn("ssh", ssh(...args), { stdio: ["pipe", "ignore", "ignore"] });
    clients.push(client);
    return client;
  }

  test("a multiplexed connection that nobody uses is no work", async () => {
    const socket = join(host.scratch, "m");
    const mux = ["-o", `ControlPath=${socket}`];
    connect("-o", "ControlMaster=yes", "-N", ...mux, "");
    await until(() => existsSync(socket));
    expect(spawnSync("ssh", ssh(...mux, "true")).status).toBe(0);
    await until(() => look().startsWith("idle"));
    expect(spawnSync("ssh", ["-O", "check", ...mux, "x"]).status).toBe(0);
    expect(look()).toMatch(/^idle for/);
  });

  test("a command of a session is work; so is one typed into a terminal, but not its prompt", async () => {
    connect("echo $$ >~/marks/1000; exec sleep 1000");
    await until(() => look().startsWith("busy"));
    expect(look()).toMatch(/^busy\nsession: sleep \(process \d+\)\n$/);
    clients.splice(0).forEach((client) => client.kill("SIGKILL"));
    host.dropConnections();
    await until(() => look().startsWith("idle"));
    const terminal = connect("-tt", "echo $$ >~/marks/shell; exec bash --login");
    await until(() => existsSync(join(host.home, "marks/shell")) && look().startsWith("idle"));
    terminal.stdin?.write("sleep 1001\n");
    await until(() => look().startsWith("busy"));
    expect(look()).toContain("session: sleep");
  });

  test("a pane of tmux counts by what runs in it", async () => {
    host.output("tmux -L idle -f /dev/null new-session -d bash");
    await until(() => look().startsWith("idle"));
    host.output("tmux -L idle send-keys 'sleep 1002' Enter");
    await until(() => look().startsWith("busy"));
    expect(look()).toContain("session: sleep");
  });

  test("a held lock is work, with no session behind it; looking does not take it", async () => {
    host.output("mkdir -p ~/.gantry/locks && : >~/.gantry/locks/it.lock");
    expect(look()).toMatch(/^idle/);
    host.output(
      "(exec 9<>~/.gantry/locks/it.lock; flock 9; setsid bash -c 'echo $$ >~/marks/lock; exec sleep 1003' &) </dev/null >/dev/null 2>&1",
    );
    await until(() => look().startsWith("busy"));
    expect(look()).toBe(`busy\nlock: ${host.home}/.gantry/locks/it.lock\n`);
  });

  test("a build is work, with no session behind it", async () => {
    host.output(
      'mkdir -p b/bin && cp /bin/busybox b/bin/ && printf \'FROM scratch\\nCOPY bin /bin\\nRUN ["/bin/busybox", "sleep", "60"]\\n\' >b/Containerfile',
    );
    host.output("(setsid bash -c 'echo $$ >~/marks/build; exec podman build -q -t it b' &) </dev/null >/dev/null 2>&1");
    await until(() => look().includes("build: "));
    expect(look()).toMatch(/^busy\n(.*\n)*build: podman build -q -t it b +\(process \d+\)\n/);
  });

  test("powers off after so long without work, by the machine's uptime", () => {
    writeFileSync(join(host.scratch, "logger_"), '#!/bin/bash\nfile=$1; shift; echo "$*" >>"$file"\n', { mode: 0o755 });
    const power = join(host.scratch, "power");
    expect(look({ uptime: 100, mode: "" })).toBe("idle for 0 of 1800 s\n");
    expect(look({ uptime: 1899, mode: "" })).toBe("idle for 1799 of 1800 s\n");
    expect(existsSync(power)).toBe(false);
    expect(look({ uptime: 1900, mode: "--dry-run" })).toBe("idle for 1800 of 1800 s\npower off: idle for 1800 s\n");
    expect(existsSync(power)).toBe(false);
    look({ uptime: 1900, mode: "" });
    expect(readFileSync(power, "utf8")).toBe("-h now gantry: idle for 1800 s\n");
    // After a restart the uptime is less than what was written down: the machine counts as used just now.
    expect(look({ uptime: 30, mode: "" })).toBe("idle for 0 of 1800 s\n");
    rmSync(power);
  });

  test("work starts the time over", async () => {
    look({ uptime: 100, mode: "" });
    connect("echo $$ >~/marks/1004; exec sleep 1004");
    await until(() => look().startsWith("busy"));
    expect(look({ uptime: 1700, mode: "" })).toMatch(/^busy/);
    clients.splice(0).forEach((client) => client.kill("SIGKILL"));
    host.dropConnections();
    await until(() => look().startsWith("idle"));
    expect(look({ uptime: 1900, mode: "" })).toBe("idle for 200 of 1800 s\n");
  });

  test("the greatest age holds whatever runs, and is announced once", async () => {
    writeFileSync(join(host.scratch, "logger_"), '#!/bin/bash\nfile=$1; shift; echo "$*" >>"$file"\n', { mode: 0o755 });
    const said = (name: string) => read(join(host.scratch, name));
    connect("echo $$ >~/marks/1005; exec sleep 1005");
    await until(() => look().startsWith("busy"));
    look({ uptime: 2999, age: "3600", mode: "" });
    expect(said("wall")).toBe("");
    look({ uptime: 3001, age: "3600", mode: "" });
    look({ uptime: 3061, age: "3600", mode: "" });
    expect(said("wall")).toBe("gantry: this machine powers off in 10 minutes, whatever runs (maxAge)\n");
    expect(said("power")).toBe("");
    look({ uptime: 3600, age: "3600", idle: "", mode: "" });
    expect(said("power")).toBe("-h now gantry: up for 3600 s, the limit is 3600 s\n");
  });

  // What a stand-in without systemd cannot show: processes by name, parent, command line and control group.
  test.each<[string, readonly [number, string, number, string, string?][], string]>([
    [
      "left behind by a login session",
      [[50, "make", 1, "make\0-j8", "0::/user.slice/user-1000.slice/session-3.scope"]],
      "session: make",
    ],
    ["a service", [[50, "nginx", 1, "nginx", "0::/system.slice/nginx.service"]], ""],
    [
      "below OpenSSH 9.8",
      [
        [40, "sshd-session", 1, "sshd"],
        [50, "rsync", 40, "rsync\0--server"],
      ],
      "session: rsync",
    ],
    [
      "a shell that runs a script",
      [
        [40, "sshd", 1, "sshd"],
        [50, "bash", 40, "bash\0./train.sh"],
      ],
      "session: bash",
    ],
    [
      "a session through Systems Manager",
      [
        [40, "ssm-session-wor", 1, "ssm-session-worker"],
        [50, "make", 40, "make"],
      ],
      "session: make",
    ],
    [
      "a login shell",
      [
        [40, "sshd", 1, "sshd"],
        [50, "bash", 40, "-bash"],
      ],
      "",
    ],
    [
      "sftp and agents",
      [
        [40, "sshd", 1, "sshd"],
        [50, "sftp-server", 40, "sftp-server"],
        [51, "ssh-agent", 40, "ssh-agent"],
      ],
      "",
    ],
    [
      "a detached container",
      [
        [40, "conmon", 1, "conmon", "0::/session-3.scope"],
        [50, "vllm", 40, "vllm", "0::/session-3.scope"],
      ],
      "",
    ],
    ["podman's pause process", [[40, "podman pause", 1, "podman", "0::/user.slice/session-3.scope"]], ""],
    ["a build of another user", [[50, "buildah", 1, "buildah\0bud\0.", "0::/system.slice/x"]], "build: buildah bud ."],
    [
      "a name with a bracket",
      [
        [40, "sshd", 1, "sshd"],
        [50, "a) R 1 (b", 40, "a"],
      ],
      "session: a) R 1 (b",
    ],
  ])("%s", (_, processes, wanted) => {
    rmSync(proc, { recursive: true, force: true });
    for (const [pid, name, parent, line, cgroup] of processes) {
      mkdirSync(join(proc, String(pid)), { recursive: true });
      writeFileSync(join(proc, String(pid), "stat"), `${String(pid)} (${name}) S ${String(parent)} 0 0\n`);
      writeFileSync(join(proc, String(pid), "cmdline"), `${line}\0`);
      writeFileSync(join(proc, String(pid), "cgroup"), `${cgroup ?? "0::/user.slice"}\n`);
    }
    writeFileSync(join(proc, "uptime"), "100.0 1.0\n");
    const env = { ...process.env, GANTRY_PROC: proc, GANTRY_STATE: join(host.scratch, "none"), GANTRY_LOCKS: "" };
    const { stdout } = spawnSync("bash", [PROGRAM, "--status"], { encoding: "utf8", env });
    if (wanted === "") expect(stdout).toMatch(/^idle/);
    else expect(stdout).toContain(`busy\n${wanted} `);
  });
});

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // ended meanwhile, or somebody else's
  }
}

async function until(true_: () => boolean): Promise<void> {
  for (let left = 200; left > 0; left--) {
    if (true_()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("did not come about");
}
