// setup through ssh on a stand-in host: what works there for real (directories, storage.conf, markers), a restart, and a
// registration whose key must not be seen. Only as root, where the host has a throw-away account: its shell is told there
// to take recorders for sudo and what sudo may not do here.
import { FileRoot, settingsOf } from "../support/file-root";
import { type Standin, standinTools, startStandin } from "../support/standin";
import { asRoot, withTools } from "../support/tools";

const QUICK = { GANTRY_WAIT_SECONDS: "0.2", GANTRY_WAIT_TRIES: "100" };

withTools([...standinTools, "tmux", "buildah", "skopeo", "python3"], () => {
  asRoot(() => {
    let host: Standin;
    let files: FileRoot;
    const setup = (...flags: string[]) => files.run(["setup", ...flags], { env: QUICK });
    const calls = () =>
      host
        .output("cat ~/calls 2>/dev/null; rm -f ~/calls")
        .split("\n")
        .filter((line) => line !== "");
    const stub = (name: string, body: string) => {
      host.output(
        `mkdir -p ~/bin && printf '%s\\n' '#!/bin/bash' "echo \\"${name} \\$*\\" >>~/calls" '${body}' >~/bin/${name} && chmod 755 ~/bin/${name}`,
      );
    };

    beforeAll(async () => {
      host = await startStandin();
      files = new FileRoot(settingsOf(host), { app: {} });
      host.output(`
        printf 'export PATH=%s/bin:$PATH GANTRY_SYSROOT=%s/root GANTRY_PROC=%s/proc PYTHONPATH=%s/py GANTRY_REBOOT=%s/bin/restart\\n' ~ ~ ~ ~ ~ >~/.bashrc
        mkdir -p bin py/dbus proc/sys/kernel/random root/etc && echo boot-1 >proc/sys/kernel/random/boot_id && : >proc/mounts
        cp /etc/os-release root/etc/ && printf '#!/bin/bash\\nshift\\nexec "$@"\\n' >bin/sudo && chmod 755 bin/sudo`);
      for (const name of ["usermod", "loginctl", "systemctl", "apt-get", "cloud-init"]) stub(name, "");
      expect(host.output("command -v sudo").trim()).toBe(`${host.home}/bin/sudo`);
    });
    afterAll(async () => {
      files.stop();
      await host.stop();
    });

    test("sets up once, and finds it done the second time", () => {
      host.output("rm -f ~/.config/containers/storage.conf");
      expect(setup()).toMatchObject({ code: 0, stderr: expect.stringMatching(/setup: done\n/) });
      expect(host.output("cat ~/.config/containers/storage.conf")).toBe('[storage]\ndriver = "overlay"\n');
      expect(host.output("test -d ~/development && podman info --format '{{.Store.GraphDriverName}}'")).toBe(
        "overlay\n",
      );
      expect(host.output("cat ~/.gantry/ready")).toBe(host.output("cat ~/root/var/lib/gantry/ready-*"));
      expect(calls().filter((call) => call.startsWith("apt-get"))).toEqual([]);
      expect(setup()).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/^setup: up to date \([0-9a-f]{16}-[0-9a-f]{12}\)\n$/),
      });
      expect(calls()).toEqual([]);
    });

    test("a setting that changed is a reason to go through it again", () => {
      files.configure({ ...settingsOf(host), REMOTE_ROOT: "work" }, { app: {} });
      expect(setup().stderr).toContain("setup: directory ~/work\n");
      expect(setup().stderr).toMatch(/^setup: up to date/);
      files.configure(settingsOf(host), { app: {} });
    });

    test("a restart the driver needs: only with --yes, and then setup goes on by itself", () => {
      files.configure({ ...settingsOf(host), GPU: "nvidia", DRIVER: "install" }, { app: {} });
      stub("nvidia-smi", "[ -e ~/restarted ]");
      stub(
        "nvidia-ctk",
        'case "$*" in --version) echo "NVIDIA Container Toolkit CLI version 1.20.1" ;; "cdi list") echo nvidia.com/gpu=0 ;; esac',
      );
      stub("curl", 'while [ $# -gt 1 ]; do [ "$1" = -o ] && echo key >"$2"; shift; done');
      stub("gpg", "echo fpr:::::::::EB693B3035CD5710E231E123A4B469963BF863CC:");
      stub("modprobe", "exit 1");
      stub("restart", "touch ~/restarted; echo boot-2 >~/proc/sys/kernel/random/boot_id");
      // The client reads the real one, which does not change here.
      stub(
        "cat",
        'case $1 in /proc/sys/kernel/random/boot_id) exec /bin/cat ~/proc/sys/kernel/random/boot_id ;; *) exec /bin/cat "$@" ;; esac',
      );
      expect(setup()).toMatchObject({
        code: 77,
        stderr: expect.stringMatching(/must be restarted before the GPU works\n {2}say it with --yes/),
      });
      expect(host.run("test -e ~/restarted").code).not.toBe(0);
      const { code, stderr } = setup("--yes");
      expect([code, stderr]).toEqual([
        0,
        expect.stringMatching(/restarting the host\n[^]*setup: NVIDIA driver[^]*setup: done\n/),
      ]);
      host.output("rm ~/bin/cat");
      files.configure(settingsOf(host), { app: {} });
    });

    test("registration: the activation key goes from a file or from input to the service, past every list of processes", () => {
      host.output(`
        cat >py/dbus/__init__.py <<'END'
import os
class exceptions:
    class DBusException(Exception):
        def get_dbus_message(self): return str(self)
def Dictionary(value, signature): return value
def Array(value, signature): return value
def Interface(target, name): return target
def note(*words): open(os.path.expanduser("~/calls"), "a").write(" ".join(words) + "\\n")
class Server:
    def Start(self, locale): note("start"); return "unix:abstract=private"
    def Stop(self, locale): note("stop")
class SystemBus:
    def get_object(self, name, path): return Server()
END
        cat >py/dbus/connection.py <<'END'
import dbus
class Connection:
    def __init__(self, address): dbus.note("connect", address)
    def call_blocking(self, name, path, interface, method, signature, values, timeout):
        line = open("/proc/self/cmdline").read() + open("/proc/self/environ").read()
        dbus.note(method, values[0], ",".join(values[1]), "seen" if values[1][0] in line else "unseen")
        if values[1][0] == "wrong": raise dbus.exceptions.DBusException("Invalid activation key")
END`);
      stub("subscription-manager", '[ "$1" != identity ] || [ -e ~/registered ]');
      const register = (key: string) =>
        files.run(["setup", "--rhsm-org", "1234567", "--rhsm-key-file", "-"], { input: key });
      expect(register("s3cret-key\n")).toMatchObject({
        code: 0,
        stderr: expect.stringContaining("rhsm-register: registered\n"),
      });
      expect(calls()).toEqual(
        expect.arrayContaining([
          "start",
          "connect unix:abstract=private",
          "RegisterWithActivationKeys 1234567 s3cret-key unseen",
          "stop",
        ]),
      );
      files.write("../key", "from-file\n");
      files.run(["setup", "--rhsm-org", "1234567", "--rhsm-key-file", `${files.project}/key`]);
      expect(calls()).toContain("RegisterWithActivationKeys 1234567 from-file unseen");
      expect(register("wrong")).toMatchObject({
        code: 65,
        stderr: expect.stringMatching(/Invalid activation key\n[^]*the host was not registered with Red Hat/),
      });
      expect(register("")).toMatchObject({ code: 65, stderr: expect.stringContaining("no activation key on stdin") });
      host.output("touch ~/registered");
      expect(register("again").stderr).toContain("rhsm-register: already registered\n");
    });

    test.each([
      [["--rhsm-org", "1"], "setup: --rhsm-org and --rhsm-key-file go together"],
      [["--rhsm-org", "1", "--rhsm-key-file", "nowhere"], "setup: cannot read nowhere"],
      [["--rhsm-key-file"], "setup: --rhsm-key-file needs a value"],
      [["--fast"], "setup: unknown option --fast"],
    ])("refuses %j", (flags, message) => {
      expect(setup(...flags)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
    });
  });
});
