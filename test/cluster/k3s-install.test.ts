// install.sh and uninstall.sh on a directory that stands for /, with a k3s, a systemctl and a curl that only pretend.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Host } from "../../lib/core/host";
import { K3sCluster, type K3sClusterProps } from "../../lib/cluster/k3s-cluster";
import { K3sTarget } from "../../lib/cluster/k3s-target";
import { arch, asset, CURL, k3s, pinned, SYSTEMCTL } from "../support/cluster-lab";
import { Template } from "../support/template";

class FakeHost {
  readonly directory = mkdtempSync(join(tmpdir(), "gantry-k3s-"));
  readonly root = join(this.directory, "root");
  private readonly stubs = join(this.directory, "stubs");

  constructor() {
    this.stub("systemctl", SYSTEMCTL);
    this.stub("curl", CURL);
    mkdirSync(this.root);
  }

  stub(name: string, text: string): void {
    mkdirSync(this.stubs, { recursive: true });
    writeFileSync(join(this.stubs, name), text, { mode: 0o755 });
  }

  /** Synthesizes a cluster whose k3s is the pretended one, and puts its files on the host. */
  declare(tag: string, props: Partial<K3sClusterProps> = {}): this {
    const template = Template.of((stack) => {
      new K3sCluster(stack, "ci", {
        version: pinned(tag),
        servers: [{ name: "one", arch, cpu: 4, memory: "8Gi" }],
        ...props,
      });
    });
    for (const path of template.paths.filter((each) => each.startsWith("infra/k3s/"))) {
      this.write(join("..", path), template.file(path));
      if (template.isExecutable(path)) chmodSync(join(this.directory, path), 0o755);
    }
    this.download(k3s(tag));
    return this;
  }

  download(text: string): void {
    writeFileSync(join(this.directory, "download"), text);
  }

  run(program: string, args: readonly string[] = [], input = "") {
    const { status, stdout, stderr } = spawnSync(join(this.directory, "infra/k3s", program), args, {
      encoding: "utf8",
      input,
      env: {
        ...process.env,
        PATH: `${this.stubs}:${process.env.PATH ?? ""}`,
        GANTRY_ROOT: this.root,
        HOME: join(this.directory, "home"),
        DOWNLOAD: join(this.directory, "download"),
        GANTRY_WAIT_SECONDS: "0",
        GANTRY_WAIT_TRIES: "2",
      },
    });
    const text = (output: string) => output.replaceAll(this.directory, "").replaceAll("/root/", "/");
    return { code: status, stdout: text(stdout), stderr: text(stderr) };
  }

  /** What the stubs were asked for since the last time. */
  log(): string[] {
    const path = join(this.root, "log");
    const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
    rmSync(path, { force: true });
    return lines;
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  mode(path: string): number {
    return statSync(join(this.root, path)).mode & 0o777;
  }
}

const OLD = "v1.28.5+k3s1";
const NEW = "v1.29.1+k3s2";
let host: FakeHost;
beforeEach(() => {
  host = new FakeHost();
});
afterEach(() => {
  rmSync(host.directory, { recursive: true, force: true });
});

test("installs once, then leaves alone what is as it should be", () => {
  host.declare(OLD);
  const dry = host.run("install.sh", ["--dry-run"]);
  expect(dry).toEqual({
    code: 0,
    stderr: "",
    stdout: `would make /etc/rancher/k3s/server-token, 32 random bytes, mode 0600
would make /etc/rancher/k3s/agent-token, 32 random bytes, mode 0600
would put k3s ${OLD} (${arch}) at /usr/local/bin/k3s
would make kubectl a link to k3s
would make crictl a link to k3s
would make ctr a link to k3s
would write /etc/rancher/k3s/config.yaml
would write /etc/rancher/k3s/registries.yaml
would write /etc/systemd/system/k3s.service
would write /usr/local/bin/k3s-uninstall.sh
would start k3s
`,
  });
  expect([host.has("etc"), host.has("usr"), host.log()]).toEqual([false, false, [""].slice(1)]);

  const first = host.run("install.sh");
  expect({ code: first.code, stdout: first.stdout }).toEqual({
    code: 0,
    stdout: `one: k3s ${OLD} is installed and runs\n`,
  });
  expect(host.log()).toEqual([
    "curl https://github.com/k3s-io/k3s/releases/download/v1.28.5%2Bk3s1/" + asset,
    "systemctl daemon-reload",
    "systemctl enable k3s",
    "systemctl start --no-block k3s",
  ]);
  const tokens = ["server-token", "agent-token"].map((name) => host.read(`etc/rancher/k3s/${name}`).trim());
  expect(tokens[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(tokens[1]).not.toBe(tokens[0]);
  for (const file of ["server-token", "agent-token", "config.yaml"])
    expect(host.mode(`etc/rancher/k3s/${file}`)).toBe(0o600);
  for (const token of tokens) {
    expect(
      first.stdout +
        first.stderr +
        host.read("etc/systemd/system/k3s.service") +
        host.read("etc/rancher/k3s/config.yaml"),
    ).not.toContain(token);
  }

  expect(host.run("install.sh")).toEqual({ code: 0, stdout: `one: k3s ${OLD} runs as the stack says\n`, stderr: "" });
  expect(host.log()).toEqual([]);

  host.declare(OLD, { disable: ["traefik"] });
  expect(host.run("install.sh").code).toBe(0);
  expect(host.log()).toEqual([
    "systemctl daemon-reload",
    "systemctl enable k3s",
    "systemctl stop k3s",
    "systemctl start --no-block k3s",
  ]);
  expect(host.read("etc/rancher/k3s/server-token").trim()).toBe(tokens[0]);
});

test("another program than the one the stack names never gets a place", () => {
  host.declare(OLD).download("#!/bin/sh\necho mine\n");
  const { code, stderr } = host.run("install.sh");
  expect([code, host.has("usr/local/bin/k3s"), host.log().length]).toEqual([65, false, 1]);
  expect(stderr).toContain(`${asset} of ${OLD} is not the one the stack names; nothing was changed`);
  host.declare(OLD);
  expect(host.run("install.sh").code).toBe(0);
  host.write("usr/local/bin/k3s", "#!/bin/sh\necho mine\n");
  expect(host.run("install.sh").code).toBe(0);
  expect(host.read("usr/local/bin/k3s")).toBe(k3s(OLD));
});

test("up by one minor with a snapshot; not down, and not over a minor, without --yes", () => {
  host.declare(OLD, { snapshots: {} });
  expect(host.run("install.sh").code).toBe(0);
  host.write("var/lib/rancher/k3s/server/db/etcd/x", "");
  host.log();
  host.declare(NEW, { snapshots: {} });
  expect(host.run("install.sh").code).toBe(0);
  expect(host.log().slice(1)).toEqual([
    "snapshot etcd-snapshot save --name before-v1.29.1-k3s2",
    "systemctl daemon-reload",
    "systemctl enable k3s",
    "systemctl stop k3s",
    "systemctl start --no-block k3s",
  ]);
  const down = host.declare(OLD, { snapshots: {} }).run("install.sh");
  expect(down).toEqual({
    code: 77,
    stdout: "",
    stderr: `install.sh: ${NEW} is here, and the stack says ${OLD}, which is older: it may not read what is there
  say it with --yes, with a snapshot from before at hand
`,
  });
  expect(host.declare("v1.31.4+k3s1").run("install.sh").stderr).toContain("a minor of Kubernetes is left out");
  expect([host.read("usr/local/bin/k3s"), host.log()]).toEqual([k3s(NEW), []]);
  expect(host.declare(OLD, { snapshots: {} }).run("install.sh", ["--yes"]).code).toBe(0);
});

test("a host without network: all from the directory beside it, by its sha256", () => {
  host.declare(OLD, { airgap: true });
  expect(host.run("install.sh")).toMatchObject({ code: 2 });
  host.write(`../infra/k3s/airgap/${asset}`, k3s(OLD));
  host.write(`../infra/k3s/airgap/k3s-airgap-images-${arch}.tar.zst`, "images\n");
  expect(host.run("install.sh").code).toBe(0);
  expect(host.read(`var/lib/rancher/k3s/agent/images/k3s-airgap-images-${arch}.tar.zst`)).toBe("images\n");
  expect(host.log().filter((line) => line.startsWith("curl"))).toEqual([]);
});

test("a node that joins wants the token first, and gets it through a pipe", () => {
  const node = (name: string) => ({ name, arch, cpu: 4, memory: "8Gi" }) as const;
  const hosts = ["10.0.0.1", "10.0.0.2"].map((address) => Host.existing({ address }));
  host.declare(OLD, { target: K3sTarget.ssh(hosts), servers: [node("one")], agents: [node("two")] });
  const without = host.run("install.sh", ["--node", "two"]);
  expect(without).toMatchObject({ code: 2, stdout: "" });
  expect(without.stderr).toContain("install.sh: two joins a cluster and has no /etc/rancher/k3s/agent-token\n");
  expect(host.run("install.sh", ["--node", "two", "--put", "agent-token"], "K10cafe::node:secret\n")).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
  });
  const { code, stdout, stderr } = host.run("install.sh", ["--node", "two"]);
  expect([code, stdout]).toEqual([0, `two: k3s ${OLD} is installed and runs\n`]);
  expect(stderr).not.toContain("secret");
  expect(host.read("etc/systemd/system/k3s-agent.service")).toContain("\nExecStart=/usr/local/bin/k3s agent\n");
  expect(host.has("etc/rancher/k3s/server-token")).toBe(false);
});

test("uninstall keeps what cannot be had again, unless --purge", () => {
  host.declare(OLD, { snapshots: {} });
  host.run("install.sh");
  const data = "var/lib/rancher/k3s";
  host.write(`${data}/server/db/snapshots/old`, "old");
  host.write(`${data}/storage/pvc-1/file`, "mine");
  host.log();
  expect(host.run("uninstall.sh")).toEqual({
    code: 77,
    stdout: "",
    stderr: "uninstall.sh: k3s and everything that runs in it on this host ends\n  say it with --yes\n",
  });
  const { code, stdout } = host.run("uninstall.sh", ["--yes"]);
  expect([code, stdout]).toEqual([0, "k3s is gone; its last state is in /var/lib/gantry-k3s/kept\n"]);
  expect(host.log()).toEqual(["systemctl disable k3s", "systemctl stop k3s", "systemctl daemon-reload"]);
  for (const path of [
    data,
    "etc/rancher/k3s",
    "usr/local/bin/k3s",
    "usr/local/bin/ctr",
    "etc/systemd/system/k3s.service",
  ]) {
    expect([path, host.has(path)]).toEqual([path, false]);
  }
  const kept = "var/lib/gantry-k3s/kept";
  expect([host.read(`${kept}/old`), host.read(`${kept}/storage/pvc-1/file`), host.mode(kept)]).toEqual([
    "old",
    "mine",
    0o700,
  ]);
  expect(host.read(`${kept}/server-token`)).toContain("K10cafe::server:");
  expect(host.run("uninstall.sh", ["--yes"])).toEqual({ code: 0, stdout: "k3s is not here\n", stderr: "" });
  host.run("install.sh");
  expect(host.run("uninstall.sh", ["--yes", "--purge"]).stdout).toBe("k3s is gone\n");
  expect(host.has(kept)).toBe(false);
});

test("the way back to a snapshot", () => {
  host.declare(OLD, { snapshots: {} });
  host.run("install.sh");
  host.write("var/lib/rancher/k3s/server/db/etcd/x", "");
  host.write("var/lib/rancher/k3s/server/db/snapshots/nightly", "");
  expect(host.run("state.sh", ["restore", "nightly"]).code).toBe(77);
  expect(host.run("state.sh", ["restore", "nightly", "--yes"]).stderr).toContain("k3s runs here");
  expect(host.run("state.sh", ["stop"]).code).toBe(0);
  host.log();
  expect(host.run("state.sh", ["restore", "nightly", "--yes"]).code).toBe(0);
  expect(host.log().map((line) => line.replaceAll(host.root, ""))).toEqual([
    "reset server --cluster-reset --cluster-reset-restore-path=/var/lib/rancher/k3s/server/db/snapshots/nightly",
  ]);
  expect(host.run("state.sh", ["forget", "--yes"]).code).toBe(0);
  expect(host.has("var/lib/rancher/k3s/server/db")).toBe(false);
});

test("without root, all of it is in the home directory", () => {
  host.declare(OLD, { rootless: true });
  const { code, stdout } = host.run("install.sh", ["--dry-run"]);
  expect(code).toBe(0);
  expect(stdout.replaceAll("/home/", "~/")).toBe(`would put k3s ${OLD} (${arch}) at ~/.local/bin/k3s
would write ~/.config/k3s/config.yaml
would write ~/.config/k3s/registries.yaml
would write ~/.config/systemd/user/k3s-rootless.service
would write ~/.local/bin/k3s-uninstall.sh
would start k3s-rootless
`);
});
