// A builder that is not in the cloud: an ssh host on 127.0.0.1 with rootless podman, and if asked a registry.
// Every stand-in has its own sshd, port, host key, home and, when the tests run as root, its own throw-away account.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port";
import { which } from "../tools/table.cjs";

/** External tools a test file names in `withTools` before it uses a stand-in. */
export const standinTools = ["ssh", "sshd", "podman", "rsync", "git"] as const;
/** The same with a registry. */
export const registryTools = [...standinTools, "docker-registry", "htpasswd"] as const;

/** What to start. */
export interface StandinProps {
  /** Also a registry with a password. @default false */
  readonly registry?: boolean;
}

/** What a program run on the host printed. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A registry that wants a login; plain http on the loopback interface. */
export interface StandinRegistry {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly user: string;
  readonly password: string;
}

/** An ssh host on 127.0.0.1. */
export interface Standin {
  readonly address: "127.0.0.1";
  /** Port now: {@link Standin.restart} may change it. */
  readonly port: number;
  readonly user: string;
  /** Home directory on the host; `run` and every session start there. Programs in its `bin` come first on the PATH. */
  readonly home: string;
  /** Private key that is let in. */
  readonly identityFile: string;
  /** Public host key now, `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** A directory of the test's own, removed with the stand-in. */
  readonly scratch: string;
  /** Environment for a client program: no agent, a home of its own, the registry known as plain http. */
  readonly env: NodeJS.ProcessEnv;
  readonly registry: StandinRegistry | undefined;
  /** Runs a shell command on the host, over ssh, as the user. */
  run(command: string, input?: string): Ran;
  /** Standard output of a command that must succeed. */
  output(command: string): string;
  /** Ends every open connection, as a network that drops does; what runs on the host goes on if it can. */
  dropConnections(): void;
  /** Stops listening and ends the connections; {@link Standin.restart} brings it back. */
  halt(): void;
  /** Comes back like a machine that was stopped and started: same host key; another port if given, else the same. */
  restart(port?: number): Promise<void>;
  /** Comes back as another machine: new host key on the same port. */
  changeHostKey(): Promise<void>;
  /** Ends everything and removes every trace. Also happens by itself when the process ends. */
  stop(): Promise<void>;
}

/** Starts a stand-in. Stop it in `afterAll`; a test process that dies takes it along. */
export async function startStandin(props: StandinProps = {}): Promise<Standin> {
  const dir = mkdtempSync(join(tmpdir(), "gantry-host-"));
  chmodSync(dir, 0o711); // the account walks through, root's files stay unread
  const root = userInfo().uid === 0;
  const account = root ? `gt-${randomBytes(4).toString("hex")}` : undefined;
  const reaper = startReaper(dir, account);
  try {
    return await start(dir, account, reaper, props);
  } catch (error) {
    await reaper.reap();
    throw error;
  }
}

async function start(dir: string, account: string | undefined, reaper: Reaper, props: StandinProps): Promise<Standin> {
  const home = join(dir, "home");
  const runtimeDir = join(dir, "run");
  const scratch = join(dir, "scratch");
  const identityFile = join(dir, "id");
  const clientHome = join(dir, "client");
  const tempDir = join(dir, "tmp");
  for (const each of [runtimeDir, tempDir, scratch, clientHome]) mkdirSync(each, { mode: 0o700 });

  let user = userInfo().username;
  let owner: { uid: number; gid: number } | undefined;
  if (account !== undefined) {
    addAccount(account, home);
    user = account;
    owner = { uid: Number(output("id", ["-u", account])), gid: Number(output("id", ["-g", account])) };
    for (const each of [runtimeDir, tempDir]) chownSync(each, owner.uid, owner.gid);
  } else {
    mkdirSync(home, { mode: 0o700 });
  }

  makeKey(join(dir, "host_key"));
  makeKey(identityFile);
  const authorized = join(dir, "authorized_keys");
  writeFileSync(authorized, readFileSync(`${identityFile}.pub`), { mode: 0o644 });
  const registry = props.registry === true ? await startRegistry(dir) : undefined;
  writeContainersConfig(join(home, ".config"), owner, registry);

  let port = await startSshd(dir, home, runtimeDir, account === undefined);
  const hostKey = () => readFileSync(join(dir, "host_key.pub"), "utf8").split(" ").slice(0, 2).join(" ").trim();
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: clientHome };
  delete env.SSH_AUTH_SOCK;
  delete env.XDG_RUNTIME_DIR;
  if (registry !== undefined) env.CONTAINERS_REGISTRIES_CONF = join(dir, "registries.conf");

  const run = (command: string, input = ""): Ran => {
    const options = ["-F", "none", "-i", identityFile, "-p", String(port), "-l", user];
    for (const option of [
      "IdentitiesOnly=yes",
      "IdentityAgent=none",
      "BatchMode=yes",
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
    ]) {
      options.push("-o", option);
    }
    const done = spawnSync("ssh", [...options, "127.0.0.1", command], { input, encoding: "utf8", maxBuffer: 64 << 20 });
    return { code: done.status ?? 255, stdout: done.stdout, stderr: done.stderr };
  };
  const halt = () => {
    const pid = Number(readFileSync(join(dir, "sshd.pid"), "utf8"));
    const sessions = connectionsOf(pid);
    kill(pid);
    sessions.forEach(kill);
  };
  const restart = async (wanted = port) => {
    halt();
    port = await startSshd(dir, home, runtimeDir, account === undefined, wanted);
  };

  return {
    address: "127.0.0.1",
    get port() {
      return port;
    },
    user,
    home,
    identityFile,
    get hostKey() {
      return hostKey();
    },
    scratch,
    env,
    registry,
    run,
    output: (command) => {
      const { code, stdout, stderr } = run(command);
      if (code !== 0) throw new Error(`${command}: exit ${String(code)}\n${stderr}`);
      return stdout;
    },
    dropConnections: () => {
      connectionsOf(Number(readFileSync(join(dir, "sshd.pid"), "utf8"))).forEach(kill);
    },
    halt,
    restart,
    changeHostKey: async () => {
      makeKey(join(dir, "host_key"));
      await restart();
    },
    stop: () => reaper.reap(),
  };
}

interface Reaper {
  reap(): Promise<void>;
}

// The cleaning is a process of its own, outside our process group, that waits for our end of a pipe to close: so it also
// happens when the test process is killed.
function startReaper(dir: string, account: string | undefined): Reaper {
  const args = [join(__dirname, "standin/reaper.sh"), dir, ...(account === undefined ? [] : [account])];
  const child: ChildProcess = spawn("/bin/bash", args, { detached: true, stdio: ["pipe", "ignore", "inherit"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref(); // a forgotten stop() must not keep jest open
  return {
    reap: async () => {
      child.ref();
      child.stdin?.end();
      await gone;
    },
  };
}

// `-p '*'`: no password, but not "locked" either, which sshd without PAM refuses even for keys.
function addAccount(account: string, home: string): void {
  patiently("useradd", ["--create-home", "--home-dir", home, "--shell", "/bin/bash", "--password", "*", account]);
  // Debian's useradd gives subordinate ids from its own table, which rootless podman needs; other systems may not.
  if (!new RegExp(`^${account}:`, "m").test(readFileSync("/etc/subuid", "utf8"))) {
    const first = 1_000_000 + Math.floor(Math.random() * 10_000) * 65_536;
    const range = `${String(first)}-${String(first + 65_535)}`;
    patiently("usermod", ["--add-subuids", range, "--add-subgids", range, account]);
  }
}

// The password file is locked by one program at a time, and several stand-ins may start at once.
function patiently(program: string, args: readonly string[]): void {
  for (let left = 50; ; left--) {
    const done = spawnSync(program, args, { encoding: "utf8" });
    if (done.status === 0) return;
    if (left === 0 || !done.stderr.includes("lock")) throw new Error(`${program} ${args.join(" ")}: ${done.stderr}`);
    spawnSync("sleep", ["0.1"]);
  }
}

function makeKey(file: string): void {
  spawnSync("rm", ["-f", file, `${file}.pub`]);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "gantry-test", "-f", file]);
}

// Written before the first podman run: without storage.conf podman settles on the slow vfs driver for good. The other
// lines let it work inside a container without a systemd session; runc because crun wants cgroups it may write to.
function writeContainersConfig(
  config: string,
  owner: { uid: number; gid: number } | undefined,
  registry: StandinRegistry | undefined,
): void {
  const dir = join(config, "containers");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const limit = spawnSync("bash", ["-c", "ulimit -Hn"], { encoding: "utf8" }).stdout.trim();
  const files: Record<string, string> = {
    "storage.conf": '[storage]\ndriver = "overlay"\n',
    "containers.conf":
      (/^\d+$/.test(limit) ? `[containers]\ndefault_ulimits = ["nofile=${limit}:${limit}", "nproc=8192:8192"]\n` : "") +
      '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' +
      (which("runc") === undefined ? "" : 'runtime = "runc"\n'),
    "registries.conf": registriesConf(registry),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  if (owner !== undefined) execFileSync("chown", ["-R", `${String(owner.uid)}:${String(owner.gid)}`, config]);
}

function registriesConf(registry: StandinRegistry | undefined): string {
  const insecure = registry && `\n[[registry]]\nlocation = "${registry.address}"\ninsecure = true\n`;
  return `unqualified-search-registries = []\n${insecure ?? ""}`;
}

async function startSshd(dir: string, home: string, runtimeDir: string, ownAccount: boolean, wanted?: number) {
  const sshd = which("sshd");
  if (sshd === undefined) throw new Error("sshd is not on PATH");
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true }); // privilege separation; a reboot removes it
  // ~/bin first: a test may put a program of its own there.
  const path = `${join(home, "bin")}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  const variables = [`BUILDAH_ISOLATION=chroot`, `XDG_RUNTIME_DIR=${runtimeDir}`, `PATH=${path}`];
  // podman 4.3 keeps the caches of all users in one directory below it, which the first of them owns.
  variables.push(`TMPDIR=${join(dir, "tmp")}`);
  if (ownAccount) variables.push(`HOME=${home}`);
  for (let left = 5; ; left--) {
    const port = wanted ?? (await freePort());
    const config = [
      `Port ${String(port)}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(dir, "host_key")}`,
      `PidFile ${join(dir, "sshd.pid")}`,
      `AuthorizedKeysFile ${join(dir, "authorized_keys")}`,
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "UsePAM no",
      "StrictModes no",
      "MaxStartups 100",
      "MaxSessions 100",
      `SetEnv ${variables.join(" ")}`,
    ];
    if (ownAccount) config.push(`ForceCommand ${join(__dirname, "standin/session.sh")}`);
    config.push("Subsystem sftp internal-sftp", "");
    const file = join(dir, "sshd_config");
    writeFileSync(file, config.join("\n"));
    spawnSync("rm", ["-f", join(dir, "sshd.pid")]);
    // It detaches itself, so that no pipe of the test stays open in it.
    const log = openSync(join(dir, "sshd.log"), "a");
    const done = spawnSync(sshd, ["-f", file, "-E", join(dir, "sshd.log")], { stdio: ["ignore", log, log] });
    closeSync(log);
    if (done.status === 0 && (await answers(port, join(dir, "sshd.pid")))) return port;
    if (left === 0) throw new Error(`sshd does not start:\n${readFileSync(join(dir, "sshd.log"), "utf8")}`);
    await sleep(200); // the port of a halted sshd may need a moment, a free one may have been taken
  }
}

async function startRegistry(dir: string): Promise<StandinRegistry> {
  const user = "ci";
  const password = randomBytes(9).toString("hex");
  const hash = execFileSync("htpasswd", ["-Bbn", user, password], { encoding: "utf8" });
  writeFileSync(join(dir, "htpasswd"), hash);
  for (let left = 5; ; left--) {
    const port = await freePort();
    const address = `127.0.0.1:${String(port)}`;
    const config = {
      version: "0.1",
      log: { level: "warn", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(dir, "registry") }, delete: { enabled: true } },
      http: { addr: address },
      auth: { htpasswd: { realm: "stand-in", path: join(dir, "htpasswd") } },
    };
    writeFileSync(join(dir, "registry.yml"), JSON.stringify(config)); // JSON is YAML
    const log = openSync(join(dir, "registry.log"), "a");
    const child = spawn("docker-registry", ["serve", join(dir, "registry.yml")], {
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    child.unref();
    const pidFile = join(dir, "registry.pid");
    writeFileSync(pidFile, String(child.pid ?? 0));
    const registry = { address, user, password };
    if (child.pid !== undefined && (await answers(port, pidFile))) {
      writeFileSync(join(dir, "registries.conf"), registriesConf(registry));
      return registry;
    }
    if (left === 0) {
      throw new Error(`docker-registry does not start:\n${readFileSync(join(dir, "registry.log"), "utf8")}`);
    }
  }
}

/** Whether the process of the pid file comes to listen on the port. */
async function answers(port: number, pidFile: string): Promise<boolean> {
  for (let left = 100; left > 0; left--) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => {
        resolve(false);
      });
    });
    const pid = Number(spawnSync("cat", [pidFile], { encoding: "utf8" }).stdout);
    if (open) return pid > 0 && isAlive(pid);
    await sleep(50);
  }
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // already gone
  }
}

/** The processes that hold a listener's connections: below it, and with separated privileges below those. No commands. */
function connectionsOf(listener: number): number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" });
  const processes = stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , name]) => name?.startsWith("sshd") === true)
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
  const below = (parents: readonly number[]): number[] => {
    const found = processes.filter(({ parent }) => parents.includes(parent)).map(({ pid }) => pid);
    return found.length === 0 ? [] : [...found, ...below(found)];
  };
  return below([listener]);
}

function output(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8" }).trim();
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
