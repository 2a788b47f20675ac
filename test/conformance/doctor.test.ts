// doctor: each finding, absent and present. The host is a made-up one that is "local", so that it can have a GPU, a full
// disk or a lost subscription; the connection is tried on a real one.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { EnvModel } from "../../lib/core/render/env";
import { FileRoot, settingsOf } from "../support/file-root";
import { type Standin, standinTools, startStandin } from "../support/standin";
import { withTools } from "../support/tools";

interface Finding {
  readonly level: "ok" | "warning" | "error";
  readonly check: string;
  readonly what: string;
  readonly remedy: string;
}

withTools(["git", "rsync", "tmux", "perl"], () => {
  let files: FileRoot;
  let machine: string;
  const settings: EnvModel = { HOST_KIND: "local", MIN_FREE_GIB: 20 };

  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(machine, path)), { recursive: true });
    writeFileSync(join(machine, path), text);
  };
  const environment = () => ({
    HOME: join(machine, "home"),
    GANTRY_SYSROOT: machine,
    GANTRY_PROC: join(machine, "proc"),
    GANTRY_RETRY_SECONDS: "0",
  });
  const doctor = (...flags: string[]) => files.run(["doctor", ...flags], { env: environment() });
  const findings = (): Finding[] => JSON.parse(doctor("--json").stdout) as Finding[];
  const finding = (check: string) => findings().find((each) => each.check === check);

  beforeAll(() => {
    files = new FileRoot(settings, { app: {} });
  });
  beforeEach(() => {
    machine = mkdtempSync(join(tmpdir(), "gantry-doctor-"));
    mkdirSync(join(machine, "home"));
    put("etc/os-release", "ID=debian\nVERSION_ID=12\n");
    put("etc/subuid", "root:1:1\n");
    put("proc/mounts", "");
    files.configure(settings, { app: {} });
    files.stub("sudo", 'shift; exec "$@"');
    files.stub("usermod", "");
    files.stub("newuidmap", "");
    files.stub("buildah", "");
    files.stub("skopeo", "");
    files.stub(
      "podman",
      `case "$*" in
        *GraphDriverName*) echo overlay ;;
        *GraphRoot*) echo "${machine}" ;;
        --version) echo podman version 5.6.1 ;;
      esac`,
    );
    files.stub(
      "df",
      'case $1 in -Pk) free=104857600 ;; *) free=1000 ;; esac; printf "Filesystem x\\n/dev/x 1 1 %s 42%% /\\n" "$free"',
    );
    expect(files.run(["setup"], { env: environment() })).toMatchObject({ code: 0 });
  });
  afterEach(() => {
    rmSync(machine, { recursive: true, force: true });
  });
  afterAll(() => {
    files.stop();
  });

  test("nothing wrong: 0, in words and as JSON", () => {
    const { code, stdout, stderr } = doctor();
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^ok {6}tools: bash [\d.]+/m);
    expect(stdout).not.toMatch(/WARNING|ERROR|->/);
    const checks = findings().map(({ level, check }) => `${level} ${check}`);
    expect(checks).toEqual(
      [
        "tools",
        "files",
        "connection",
        "host-tools",
        "setup",
        "engine",
        "storage",
        "disk-images",
        "snapshots",
        "clock",
      ].map((check) => `ok ${check}`),
    );
  });

  test("the setup a second time: up to date, nothing touched", () => {
    expect(files.run(["setup"], { env: environment() })).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^setup: up to date \(/),
    });
  });

  test.each<[string, Partial<Finding>, () => void]>([
    [
      "an edited file",
      {
        check: "files",
        level: "warning",
        what: "edited by hand or missing since the synthesis: lib/gantry/host/doctor.sh",
      },
      () => {
        files.write("lib/gantry/host/doctor.sh", 'printf "clock\\t%s\\t\\t\\n" "$(date +%s)"\n');
      },
    ],
    ["no manifest", { check: "files", level: "warning" }, () => rmSync(join(files.root, "gantry.json"))],
    [
      "never set up",
      {
        check: "setup",
        level: "warning",
        what: "this machine was not set up by this program",
        remedy: "builder setup",
      },
      () => {
        rmSync(join(machine, "var/lib/gantry"), { recursive: true });
        rmSync(join(machine, "home/.gantry/ready"));
      },
    ],
    [
      "set up by another stack",
      { check: "setup", level: "warning", remedy: "builder setup" },
      () => {
        files.configure({ ...settings, REMOTE_ROOT: "elsewhere" }, { app: {} });
      },
    ],
    [
      "no engine",
      { check: "engine", level: "error", what: "docker info fails: no daemon" },
      () => {
        files.configure({ ...settings, ENGINE: "docker" }, { app: {} });
        files.stub("docker", "echo no daemon >&2; exit 1");
      },
    ],
    [
      "vfs",
      {
        check: "storage",
        level: "warning",
        what: "images are kept with the vfs driver, 2 to 3 times slower than overlay",
      },
      () => {
        files.stub("podman", 'case "$*" in *Driver*) echo vfs ;; esac');
      },
    ],
    [
      "a full disk",
      {
        check: "disk-images",
        level: "error",
        what: "3 GiB free at / (99% used); builds want 20 GiB",
        remedy: "builder prune, then builder prune --all",
      },
      () => {
        files.stub("df", 'printf "Filesystem x\\n/dev/x 1 1 3145728 99%% /\\n"');
      },
    ],
    [
      "no inodes left",
      { check: "inodes", level: "warning", what: "99% of the inodes at / are used" },
      () => {
        files.stub(
          "df",
          'case $1 in -Pk) printf "F\\n/dev/x 1 1 104857600 9%% /\\n" ;; *) printf "F\\n/dev/x 1 1 1 99%% /\\n" ;; esac',
        );
      },
    ],
    [
      "a lost data volume",
      { check: "data-volume", level: "error", what: "the data volume is not mounted at /home" },
      () => {
        files.configure({ ...settings, DATA_HOLDS: "home" }, { app: {} });
      },
    ],
    [
      "too many snapshots",
      { check: "snapshots", level: "warning", remedy: "builder prune" },
      () => {
        for (const n of ["1", "2", "3"]) put(`home/development/app/00000000000${n}/f`, n);
      },
    ],
    [
      "RHEL without repositories",
      { check: "repositories", level: "error", what: "dnf has no enabled repository" },
      () => {
        put("etc/os-release", "ID=rhel\n");
        files.stub("dnf", "");
        files.stub("subscription-manager", "exit 1");
      },
    ],
    [
      "RHEL without registration",
      { check: "subscription", level: "warning", remedy: "builder setup --rhsm-org ORG --rhsm-key-file FILE" },
      () => {
        put("etc/os-release", "ID=rhel\n");
        files.stub("dnf", "printf 'repo id  repo name\\nmy-mirror  mine\\n'");
        files.stub("subscription-manager", "exit 1");
      },
    ],
    [
      "a GPU without driver",
      { check: "gpu", level: "error" },
      () => {
        files.configure({ ...settings, GPU: "nvidia" }, { app: {} });
        files.stub("nvidia-smi", "echo 'NVIDIA-SMI has failed'; exit 9");
        files.stub("nvidia-ctk", "echo nvidia.com/gpu=0");
      },
    ],
    [
      "NVSwitches without the fabric manager",
      { check: "fabric", level: "error" },
      () => {
        files.configure({ ...settings, GPU: "nvidia" }, { app: {} });
        files.stub("nvidia-smi", "echo NVIDIA A100-SXM4-40GB, 580.95");
        files.stub("nvidia-ctk", "echo nvidia.com/gpu=0");
        files.stub("systemctl", "exit 3");
        put("proc/driver/nvidia-nvswitch/devices/0000:10:1d.0", "");
      },
    ],
    [
      "no CDI devices",
      { check: "cdi", level: "error", what: "no CDI device: containers cannot use the GPU" },
      () => {
        files.configure({ ...settings, GPU: "nvidia" }, { app: {} });
        files.stub("nvidia-smi", "echo NVIDIA L4, 580.95");
        files.stub("nvidia-ctk", "");
      },
    ],
  ])("%s", (_, wanted, spoil) => {
    spoil();
    const { check, ...rest } = wanted;
    expect(finding(check ?? "")).toMatchObject(rest);
    expect(doctor().code).toBe(1);
    // Programs that were replaced by a test are put back.
    const again = new FileRoot(settings, { app: {} });
    files.stop();
    files = again;
  });

  test("a tool that is missing here", () => {
    const path = join(machine, "path");
    mkdirSync(path);
    spawnSync(
      "bash",
      ["-c", 'for dir in /bin /usr/bin /usr/sbin; do ln -s "$dir"/* . 2>/dev/null; done; rm -f rsync'],
      { cwd: path },
    );
    const { code, stdout } = files.run(["doctor"], { env: environment(), path });
    expect([code, stdout]).toEqual([1, expect.stringContaining("ERROR   tools: missing on this machine: rsync\n")]);
  });

  test("RHEL from the cloud's own repositories, and a GPU: nothing wrong", () => {
    put("etc/os-release", "ID=rhel\n");
    files.stub("dnf", "printf 'repo id  repo name\\nrhel-9-baseos-rhui-rpms  x\\n'");
    files.stub("subscription-manager", "exit 1");
    files.configure({ ...settings, GPU: "nvidia" }, { app: {} });
    files.stub("nvidia-smi", "echo NVIDIA L4, 580.95");
    files.stub("nvidia-ctk", "echo nvidia.com/gpu=0; echo nvidia.com/gpu=all");
    const found = new Map(findings().map(({ check, level, what }) => [check, `${level}: ${what}`]));
    expect(found.get("subscription")).toBe(
      "ok: not registered; packages come from the cloud's own repositories (RHUI)",
    );
    expect(found.get("repositories")).toBe("ok: 1 enabled");
    expect([found.get("gpu"), found.get("cdi")]).toEqual(["ok: NVIDIA L4, 580.95", "ok: 2 devices"]);
  });
});

withTools(standinTools, () => {
  let host: Standin;
  let files: FileRoot;
  beforeAll(async () => {
    host = await startStandin();
    files = new FileRoot({ ...settingsOf(host), IDLE_STOP_SECONDS: 600 }, { app: {} });
  });
  afterAll(async () => {
    files.stop();
    await host.stop();
  });
  const levels = () => {
    const { stdout } = files.run(["doctor", "--json"]);
    return new Map((JSON.parse(stdout) as Finding[]).map(({ check, level }) => [check, level]));
  };

  test("a host that answers is looked at from the inside", () => {
    const found = levels();
    expect([
      found.get("connection"),
      found.get("engine"),
      found.get("storage"),
      found.get("clock"),
      found.get("setup"),
      found.get("idle-stop"),
    ]).toEqual(["ok", "ok", "ok", "ok", "warning", "warning"]);
  });

  test("a host that does not answer is a finding, not the end", async () => {
    host.halt();
    expect(levels().get("connection")).toBe("error");
    expect(files.run(["doctor"])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^ERROR {3}connection: .* cannot be reached: /m),
    });
    await host.restart();
    expect(levels().get("connection")).toBe("ok");
  });

  test("outputs that are old, or of another machine", () => {
    const ec2 = new FileRoot({ ...settingsOf(host), HOST_KIND: "ec2", HOST_ADDRESS: "", HOST_ALIAS: "", HOST_KEY: "" });
    ec2.stub("aws", "echo aws-cli/2.30.1");
    ec2.stub(
      "tofu",
      `case $1-$(for name; do :; done; echo $name) in
        output-instance_id) printf i-0123 ;; output-public_ip) cat "${ec2.project}/ip" ;; version*) echo OpenTofu v1.12.6 ;; *) exit 1 ;; esac`,
    );
    const says = (ip: string) => {
      writeFileSync(join(ec2.project, "ip"), ip);
      const { stdout } = ec2.run(["doctor", "--json"], { env: { TERRAFORM_BINARY_NAME: "tofu" } });
      const { level, what } = (JSON.parse(stdout) as Finding[]).find(({ check }) => check === "outputs") ?? {
        level: "none",
        what: "",
      };
      return `${level}: ${what}`;
    };
    expect(says("127.0.0.1")).toBe("ok: i-0123 at 127.0.0.1");
    expect(says("192.0.2.7")).toBe("warning: the outputs say 192.0.2.7, the machine is at 127.0.0.1");
    writeFileSync(join(ec2.project, ".gantry/lab.builder.address"), "127.0.0.1\ni-9999\n");
    expect(says("127.0.0.1")).toBe("warning: the outputs name i-0123, but i-9999 is in use");
    ec2.stop();
  });

  test("a clock that is off", () => {
    files.stub("date", 'case $1 in +%s) echo 1000000000 ;; *) exec /bin/date "$@" ;; esac');
    expect(levels().get("clock")).toBe("warning");
    rmSync(join(files.bin, "date"));
  });
});
