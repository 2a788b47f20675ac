// The setup program on made-up machines: what it would install and write, on which system.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MadeUpMachine, type SYSTEMS } from "../support/made-up-machine";

const machines: MadeUpMachine[] = [];
function machine(...args: ConstructorParameters<typeof MadeUpMachine>): MadeUpMachine {
  const made = new MadeUpMachine(...args);
  machines.push(made);
  return made;
}
afterAll(() => {
  for (const made of machines) made.stop();
});

const installed = (made: MadeUpMachine) => made.calls().filter((call) => /^(apt-get|dnf) /.test(call));
const APT = "apt-get -o DPkg::Lock::Timeout=600 -qq";
const DNF = "dnf -y -q install";

describe("tools", () => {
  test.each<[keyof typeof SYSTEMS, string, string[]]>([
    [
      "ubuntu",
      "podman",
      [
        `${APT} update`,
        `${APT} install -y git rsync tmux`,
        `${APT} install -y podman uidmap`,
        `${APT} install -y buildah`,
        `${APT} install -y skopeo`,
      ],
    ],
    ["rhel9", "podman", [`${DNF} git rsync tmux`, `${DNF} podman shadow-utils`, `${DNF} buildah`, `${DNF} skopeo`]],
    ["fedora", "podman", [`${DNF} git rsync tmux`, `${DNF} podman shadow-utils`, `${DNF} buildah`, `${DNF} skopeo`]],
    [
      "amzn2023",
      "podman",
      [`${DNF} git rsync tmux`, `${DNF} spal-release`, `${DNF} podman shadow-utils`, `${DNF} buildah`, `${DNF} skopeo`],
    ],
    [
      "ubuntu",
      "docker",
      [`${APT} update`, `${APT} install -y git rsync tmux`, `${APT} install -y docker.io docker-buildx`],
    ],
    ["amzn2023", "docker", [`${DNF} git rsync tmux`, `${DNF} docker`]],
    ["rhel9", "docker", [`${DNF} git rsync tmux`, `${DNF} docker-ce docker-ce-cli containerd.io docker-buildx-plugin`]],
    ["fedora", "docker", [`${DNF} git rsync tmux`, `${DNF} moby-engine docker-cli docker-buildx`]],
  ])("%s with %s", (system, engine, wanted) => {
    const made = machine(system);
    const { code, stderr } = made.run("setup.sh", `ENGINE=${engine}`, "VERSION=1");
    expect([code, stderr]).toEqual([0, expect.stringMatching(/setup: done\n$/)]);
    expect(installed(made)).toEqual(wanted);
    expect(made.run("setup.sh", `ENGINE=${engine}`, "VERSION=1")).toEqual({
      code: 0,
      stdout: "",
      stderr: "setup: up to date (1)\n",
    });
    expect(made.calls()).toEqual([]);
  });

  test("only what is missing", () => {
    const made = machine("ubuntu").has("git", "rsync", "tmux", "podman", "newuidmap", "buildah", "skopeo");
    expect(made.run("setup.sh").code).toBe(0);
    expect(installed(made)).toEqual([]);
  });

  test("nothing at all on a system nobody knows, when the tools are there", () => {
    const made = machine("arch").has("git", "rsync", "tmux", "podman", "newuidmap");
    expect(made.run("setup.sh").code).toBe(0);
    const bare = machine("arch").has("rsync", "tmux", "podman", "newuidmap");
    expect(bare.run("setup.sh")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        "Arch Linux: do not know how to install git here; install them yourself and run the setup again",
      ),
    });
  });

  test("an Amazon Linux from before podman says so", () => {
    const made = machine("amzn2023").has("git", "rsync", "tmux");
    made.file("missing", "spal-release");
    expect(made.run("setup.sh", "VERSION=1")).toMatchObject({
      code: 65,
      stderr: expect.stringContaining(
        'Amazon Linux 2023 has podman from release 2023.9.20251117 on (dnf check-release-update), or set engine: "docker"',
      ),
    });
    expect(made.read("home/tester/.gantry/ready")).toBeUndefined();
  });

  test("tries again when a mirror or a lock is in the way", () => {
    const made = machine("ubuntu").has("rsync", "tmux", "podman", "newuidmap", "buildah", "skopeo");
    made.recorder(
      "apt-get",
      `n=$(cat "${made.root}/n" 2>/dev/null || echo 0); echo $((n + 1)) >"${made.root}/n"; [ "$n" -ge 3 ]`,
    );
    expect(made.run("setup.sh").code).toBe(0);
    expect(installed(made)).toHaveLength(5);
  });

  test("a dry run changes nothing, and says what it would do", () => {
    const made = machine("ubuntu");
    const { code, stderr } = made.run("setup.sh", "--dry-run", "VERSION=1", "IDLE_STOP_SECONDS=600");
    expect(code).toBe(0);
    expect(stderr).toContain("+ env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get");
    expect(stderr).toMatch(/setup: nothing was changed\n$/);
    expect(made.calls()).toEqual([]);
    expect([made.read("home/tester/.gantry/ready"), made.read("etc/gantry/idle.env")]).toEqual([undefined, undefined]);
  });
});

describe("GPU", () => {
  const gpu = ["GPU=nvidia", "DRIVER=install", "VERSION=1"];
  const ready = (made: MadeUpMachine) => made.has("git", "rsync", "tmux", "podman", "newuidmap", "buildah", "skopeo");

  test("none: no driver steps at all", () => {
    const made = ready(machine("ubuntu"));
    expect(made.run("setup.sh", "GPU=none", "DRIVER=none").code).toBe(0);
    expect(made.calls().join("\n")).not.toMatch(/nvidia/);
  });

  test.each<[keyof typeof SYSTEMS, string, string[]]>([
    [
      "ubuntu",
      "6.8.0-1024-aws",
      [
        `${APT} update`,
        `${APT} install -y linux-headers-6.8.0-1024-aws`,
        `${APT} install -y nvidia-open`,
        `${APT} update`,
        `${APT} install -y nvidia-container-toolkit`,
      ],
    ],
    [
      "rhel9",
      "5.14.0-570.el9.x86_64",
      [
        `${DNF} kernel-devel-5.14.0-570.el9.x86_64 dkms gcc make`,
        "dnf -y -q module enable nvidia-driver:open-dkms",
        `${DNF} nvidia-driver-cuda kmod-nvidia-open-dkms`,
        `${DNF} nvidia-container-toolkit`,
      ],
    ],
    [
      "rhel10",
      "6.12.0-124.el10.x86_64",
      [
        `${DNF} kernel-devel-6.12.0-124.el10.x86_64 dkms gcc make`,
        `${DNF} nvidia-driver-cuda kmod-nvidia-open-dkms`,
        `${DNF} nvidia-container-toolkit`,
      ],
    ],
    [
      "fedora",
      "6.19.1-300.fc44.x86_64",
      [
        `${DNF} kernel-devel-6.19.1-300.fc44.x86_64 gcc make`,
        `${DNF} nvidia-driver-cuda kmod-nvidia-open-dkms`,
        `${DNF} nvidia-container-toolkit`,
      ],
    ],
    [
      "amzn2023",
      "6.1.150-174.amzn2023.x86_64",
      [
        `${DNF} nvidia-release`,
        `${DNF} kernel-devel-6.1.150-174.amzn2023.x86_64 kernel-modules-extra-6.1.150-174.amzn2023.x86_64 dkms`,
        `${DNF} nvidia-open`,
        `${DNF} nvidia-container-toolkit`,
      ],
    ],
    [
      "amzn2023",
      "6.12.40-64.amzn2023.x86_64",
      [
        `${DNF} nvidia-release`,
        `${DNF} kernel6.12-devel-6.12.40-64.amzn2023.x86_64 kernel6.12-modules-extra-6.12.40-64.amzn2023.x86_64 dkms`,
        `${DNF} nvidia-open`,
        `${DNF} nvidia-container-toolkit`,
      ],
    ],
  ])("driver and toolkit on %s, kernel %s", (system, kernel, wanted) => {
    const made = ready(machine(system, { kernel }));
    const { code, stderr } = made.run("setup.sh", ...gpu);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/setup: done\n$/)]);
    const calls = made.calls();
    expect(calls.filter((call) => /^(apt-get|dnf) /.test(call))).toEqual(wanted);
    expect(calls).toContain("nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml");
    expect(calls).toContain("systemctl enable gantry-cdi.service");
  });

  test("repositories are written with the key they are trusted by", () => {
    const ubuntu = ready(machine("ubuntu"));
    ubuntu.run("setup.sh", ...gpu);
    expect(ubuntu.read("etc/apt/sources.list.d/nvidia-cuda.list")).toBe(
      "deb [signed-by=/etc/apt/keyrings/nvidia-cuda.asc arch=amd64] https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/x86_64/ /\n",
    );
    expect(ubuntu.read("etc/apt/keyrings/nvidia-cuda.asc")).toBe(
      "key of https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/x86_64/3bf863cc.pub\n",
    );
    const rocky = ready(machine("rocky", { kernel: "5.14.0-503.el9.x86_64" }));
    rocky.run("setup.sh", ...gpu);
    expect(rocky.read("etc/yum.repos.d/nvidia-cuda.repo")).toBe(
      "[nvidia-cuda]\nname=nvidia-cuda\nbaseurl=https://developer.download.nvidia.com/compute/cuda/repos/rhel9/x86_64\nenabled=1\n" +
        "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-nvidia-cuda\ngpgcheck=1\n",
    );
    expect(rocky.read("etc/yum.repos.d/epel-dkms.repo")).toBe(
      "[epel-dkms]\nname=epel-dkms\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=epel-9&arch=$basearch\nenabled=1\n" +
        "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-epel-dkms\ngpgcheck=1\nincludepkgs=dkms opencl-filesystem ocl-icd\n",
    );
  });

  test("a key that is not the pinned one is refused", () => {
    const made = ready(machine("ubuntu"));
    made.program("curl", 'while [ $# -gt 1 ]; do case $1 in -o) out=$2 ;; esac; shift; done; echo EVIL >"$out"');
    expect(made.run("setup.sh", ...gpu)).toMatchObject({
      code: 65,
      stderr: expect.stringContaining(
        "is fpr:0000000000000000000000000000000000000000, not fpr:EB693B3035CD5710E231E123A4B469963BF863CC: not installed",
      ),
    });
    expect(made.read("etc/apt/sources.list.d/nvidia-cuda.list")).toBeUndefined();
  });

  test("preinstalled is only checked", () => {
    const made = ready(machine("ubuntu")).has("nvidia-smi");
    made.recorder(
      "nvidia-ctk",
      'case "$*" in --version) echo "NVIDIA Container Toolkit CLI version 1.18.0" ;; "cdi list") echo nvidia.com/gpu=0 ;; esac',
    );
    made.recorder("systemctl"); // has NVIDIA's own units
    expect(made.run("setup.sh", "GPU=nvidia", "DRIVER=preinstalled").code).toBe(0);
    const calls = made.calls();
    expect(calls.filter((call) => call.startsWith("apt-get"))).toEqual([]);
    expect(calls).toContain("systemctl restart nvidia-cdi-refresh.service");
    expect(calls).not.toContain("nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml");
    made.remove("nvidia-smi");
    expect(made.run("setup.sh", "GPU=nvidia", "DRIVER=preinstalled")).toMatchObject({
      code: 65,
      stderr: expect.stringContaining("nvidia-smi does not work"),
    });
  });

  test("a toolkit before 1.18 is renewed", () => {
    const made = ready(machine("rhel9")).has("nvidia-smi");
    made.recorder(
      "nvidia-ctk",
      `case "$*" in --version) echo "NVIDIA Container Toolkit CLI version $(cat "${made.root}/v")" ;; esac`,
    );
    made.file("v", "1.17.8");
    made.recorder("dnf", `case "$*" in *upgrade*) echo 1.20.1 >"${made.root}/v" ;; esac`);
    expect(made.run("setup.sh", "GPU=nvidia", "DRIVER=preinstalled").code).toBe(0);
    expect(installed(made)).toEqual([`${DNF} nvidia-container-toolkit`, "dnf -y -q upgrade nvidia-container-toolkit"]);
  });

  test("a driver that needs a restart: once, and only once", () => {
    const made = ready(machine("ubuntu"));
    made.recorder("nvidia-smi", "exit 9");
    expect(made.run("setup.sh", ...gpu)).toMatchObject({
      code: 76,
      stderr: expect.stringMatching(/the machine must be restarted before the GPU works\n$/),
    });
    expect(made.read("home/tester/.gantry/ready")).toBeUndefined();
    made.file("proc/sys/kernel/random/boot_id", "boot-2\n");
    expect(made.run("setup.sh", ...gpu)).toMatchObject({
      code: 65,
      stderr: expect.stringContaining("does not work after a restart either"),
    });
    made.recorder("nvidia-smi");
    expect(made.run("setup.sh", ...gpu).code).toBe(0);
  });

  test("a kernel whose headers are gone is replaced by the newest", () => {
    const made = ready(machine("rhel9", { kernel: "5.14.0-1.el9.x86_64" }));
    made.file("missing", "kernel-devel-5.14.0-1.el9.x86_64");
    expect(made.run("setup.sh", ...gpu).code).toBe(76);
    expect(made.calls()).toContain(`${DNF} kernel kernel-devel dkms gcc make`);
  });

  test("no repository with a known key: says what to do instead", () => {
    const made = ready(machine("fedora"));
    made.file("etc/os-release", 'ID=fedora\nVERSION_ID=51\nPRETTY_NAME="Fedora Linux 51"\n');
    expect(made.run("setup.sh", ...gpu)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'no NVIDIA driver repository with a known key for Fedora Linux 51: install the driver yourself and set driver: "preinstalled"',
      ),
    });
  });
});

describe("storage", () => {
  const ready = () => machine("ubuntu").has("git", "rsync", "tmux", "podman", "newuidmap", "buildah", "skopeo");
  const conf = "home/tester/.config/containers/storage.conf";

  test("overlay before the first run, ids, a directory, lingering", () => {
    const made = ready();
    expect(made.run("setup.sh", "VERSION=7").code).toBe(0);
    expect(made.read(conf)).toBe('[storage]\ndriver = "overlay"\n');
    const calls = made.calls();
    expect(calls).toContain("usermod --add-subuids 589824-655359 --add-subgids 589824-655359 tester");
    expect(calls).toContain("loginctl enable-linger tester");
    expect([made.read("home/tester/.gantry/ready"), made.read("var/lib/gantry/ready-tester")]).toEqual(["7\n", "7\n"]);
  });

  test("a store that is in use keeps its driver; the user is told", () => {
    const made = ready();
    made.file("home/tester/.local/share/containers/storage/vfs-images/images.json", "[]");
    expect(made.run("setup.sh").stderr).toContain(
      "warning: images here are kept with the vfs driver, 2 to 3 times slower than overlay",
    );
    expect(made.read(conf)).toBeUndefined();
  });

  test("a configuration of the user's is left alone", () => {
    const made = ready();
    made.file(conf, '[storage]\n driver = "btrfs"\n');
    expect(made.run("setup.sh").stderr).toContain("asks for the btrfs driver");
    expect(made.read(conf)).toBe('[storage]\n driver = "btrfs"\n');
  });

  test("markers that disagree, another version, --force: all steps again", () => {
    const made = ready();
    const again = (...args: string[]) => {
      made.calls();
      made.run("setup.sh", ...args);
      return made.calls().length > 0;
    };
    expect(again("VERSION=1")).toBe(true);
    expect(again("VERSION=1")).toBe(false);
    expect(again("VERSION=2")).toBe(true);
    expect(again("VERSION=2", "--force")).toBe(true);
    made.file("var/lib/gantry/ready-tester", "of the machine before\n");
    expect(again("VERSION=2")).toBe(true);
    expect(again("VERSION=2")).toBe(false);
  });

  test("cannot be set up without sudo", () => {
    const made = ready();
    made.program("sudo", "exit 1");
    expect(made.run("setup.sh")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("tester may not use sudo without a password here"),
    });
  });
});

describe("idle stop", () => {
  const ready = () => machine("rhel9").has("git", "rsync", "tmux", "podman", "newuidmap", "buildah", "skopeo");

  test("a timer that runs a copy only root can change, and goes again", () => {
    const made = ready();
    expect(made.run("setup.sh", "IDLE_STOP_SECONDS=1800", "MAX_AGE_SECONDS=").code).toBe(0);
    expect(made.read("etc/gantry/idle.env")).toBe("IDLE_STOP_SECONDS='1800'\nMAX_AGE_SECONDS=''\n");
    expect(made.read("usr/local/lib/gantry/idle-check.sh")).toBe(
      readFileSync(join(__dirname, "../../lib/builder/scripts/host/idle-check.sh"), "utf8"),
    );
    expect(made.read("etc/systemd/system/gantry-idle.service")).toContain(
      "\nExecStart=/bin/bash /usr/local/lib/gantry/idle-check.sh\n",
    );
    expect(made.calls()).toEqual(
      expect.arrayContaining(["systemctl enable gantry-idle.timer", "systemctl restart gantry-idle.timer"]),
    );
    expect(made.run("setup.sh").code).toBe(0);
    expect(made.calls()).toContain("systemctl disable --now gantry-idle.timer");
    expect(made.read("etc/systemd/system/gantry-idle.timer")).toBeUndefined();
  });

  test("needs systemd", () => {
    const made = machine("rhel9", { systemd: false }).has(
      "git",
      "rsync",
      "tmux",
      "podman",
      "newuidmap",
      "buildah",
      "skopeo",
    );
    expect(made.run("setup.sh", "IDLE_STOP_SECONDS=600")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("idle stop needs systemd"),
    });
  });
});

test.each([
  ["ENGINE=rkt", "setup: ENGINE: got rkt; allowed: podman, docker\n"],
  ["GPU=amd", "setup: GPU: got amd; allowed: none, nvidia\n"],
  ["IDLE_STOP_SECONDS=1h", "setup: IDLE_STOP_SECONDS and MAX_AGE_SECONDS are whole numbers of seconds\n"],
  ["DATA_HOLDS=all", "setup: DATA_HOLDS: got all; allowed: home, storage\n"],
  ["PATH=/tmp", "setup: unknown argument: PATH=/tmp (--help says what there is)\n"],
])("refuses %s", (word, stderr) => {
  expect(machine("ubuntu").run("setup.sh", word)).toEqual({ code: 2, stdout: "", stderr });
});
