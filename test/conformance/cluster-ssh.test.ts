// A cluster of two machines over real ssh; k3s and systemd only pretend.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Host } from "../../lib/core/host";
import { K3sTarget } from "../../lib/cluster/k3s-target";
import { arch, ClusterLab, CURL, k3s, SYSTEMCTL } from "../support/cluster-lab";
import { startStandin, standinTools, type Standin } from "../support/standin";
import { withTools } from "../support/tools";

const OLD = "v1.28.5+k3s1";
const NEW = "v1.29.1+k3s2";

withTools(standinTools, () => {
  let lab: ClusterLab;
  let hosts: Standin[];
  const props = () => ({
    target: K3sTarget.ssh(
      hosts.map(({ address, port, user, identityFile, hostKey }) =>
        Host.existing({ address, port, user, identityFile, hostKey }),
      ),
    ),
    servers: [{ name: "one", arch, cpu: 4, memory: "8Gi" } as const],
    agents: [{ name: "two", arch, cpu: 4, memory: "8Gi" } as const],
    snapshots: { s3: { bucket: "backups", credentialsFile: "s3.env" } },
    registrationAddress: "10.0.0.1",
  });
  // Relative to the home directory on each host.
  const run = (...args: string[]) => lab.run(args, { GANTRY_ROOT: "root" });
  const put = (host: Standin, path: string, text: string) =>
    host.run(`mkdir -p "$(dirname ${path})" root && cat >${path} && chmod 755 ${path}`, text);
  const release = (tag: string) => hosts.forEach((host) => put(host, "download", k3s(tag)));
  const log = (host: Standin) => host.run("cat root/log 2>/dev/null; rm -f root/log").stdout.split("\n").slice(0, -1);

  beforeAll(async () => {
    hosts = [await startStandin(), await startStandin()];
    lab = new ClusterLab(OLD, props());
    lab.write("s3.env", "AWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=top-secret-key\n");
    for (const host of hosts) {
      put(host, "bin/systemctl", SYSTEMCTL);
      put(host, "bin/curl", CURL.replace("$DOWNLOAD", "$HOME/download"));
    }
    release(OLD);
  });
  afterAll(async () => {
    lab.stop();
    await Promise.all(hosts.map((host) => host.stop()));
  });

  test("the first server, then the agent with its token through a pipe; nothing secret is said", () => {
    const { code, stdout, stderr } = run("install");
    expect([code, stdout]).toEqual([
      0,
      `one: k3s ${OLD} is installed and runs\ntwo: k3s ${OLD} is installed and runs\nci: 2 node(s); next: cluster kubeconfig --merge\n`,
    ]);
    const [one, two] = hosts as [Standin, Standin];
    const token = two.output("cat root/etc/rancher/k3s/agent-token");
    expect(token).toMatch(/^K10cafe::node:[0-9a-f]{64}\n$/);
    expect(one.output("cat root/etc/rancher/k3s/agent-token")).toBe(token.slice("K10cafe::node:".length).trim());
    expect(two.output("stat -c %a root/etc/rancher/k3s/agent-token")).toBe("600\n");
    expect(two.run("test -e root/etc/rancher/k3s/server-token").code).toBe(1);
    expect(one.output("stat -c %a root/etc/rancher/k3s/etcd-s3.env")).toBe("600\n");
    for (const secret of [token.trim().slice(-64), "top-secret-key"]) {
      expect(stdout + stderr + lab.read(".gantry/runs.jsonl")).not.toContain(secret);
    }
    hosts.forEach(log);
    expect(run("install").code).toBe(0);
    expect(hosts.map(log)).toEqual([[], []]);
  });

  test("the kubeconfig points at the cluster", () => {
    expect(run("kubeconfig").code).toBe(0);
    expect(lab.read(".gantry/kubeconfig.ci")).toContain("server: https://10.0.0.1:6443\n  name: k3s-ci\n");
  });

  test("an upgrade empties each node, and takes a snapshot first", () => {
    lab.declare(NEW, props());
    release(NEW);
    const { code, stdout } = run("upgrade");
    expect([code, stdout.split("\n").at(-2)]).toEqual([0, `ci: k3s ${NEW} on 2 node(s)`]);
    const [first = [], second = []] = hosts.map(log);
    expect(first.filter((line) => !line.startsWith("curl"))).toEqual([
      "kubectl drain one --ignore-daemonsets --delete-emptydir-data --timeout=300s",
      "snapshot etcd-snapshot save --name before-v1.29.1-k3s2",
      "systemctl daemon-reload",
      "systemctl enable k3s",
      "systemctl stop k3s",
      "systemctl start --no-block k3s",
      "kubectl wait --for=condition=Ready node/one --timeout=300s",
      "kubectl uncordon one",
      "kubectl drain two --ignore-daemonsets --delete-emptydir-data --timeout=300s",
      "kubectl wait --for=condition=Ready node/two --timeout=300s",
      "kubectl uncordon two",
    ]);
    expect(second.at(-1)).toBe("systemctl start --no-block k3s-agent");
  });

  test("restore, and uninstall: the agent before its server", () => {
    const [one] = hosts as [Standin, Standin];
    put(one, "root/var/lib/rancher/k3s/server/db/snapshots/nightly", "");
    expect(run("restore", "nightli", "--yes")).toMatchObject({ code: 2, stdout: "" });
    expect(run("restore", "nightly")).toMatchObject({ code: 77 });
    expect(log(one)).toEqual([]);
    expect(run("restore", "nightly", "--yes")).toMatchObject({ code: 0, stdout: "ci is what nightly says\n" });
    expect(log(one)).toEqual([
      "systemctl stop k3s",
      "reset server --cluster-reset --cluster-reset-restore-path=root/var/lib/rancher/k3s/server/db/snapshots/nightly",
      "systemctl start --no-block k3s",
    ]);
    const { code, stderr } = run("uninstall", "--yes");
    expect(code).toBe(0);
    expect(stderr.match(/^stop .*/gm)).toEqual(["stop k3s-agent", "stop k3s"]);
    for (const host of hosts)
      expect(host.run("ls root/usr/local/bin root/etc/rancher").stdout.trim()).toBe(
        "root/etc/rancher:\n\nroot/usr/local/bin:",
      );
    expect(existsSync(join(lab.project, ".gantry"))).toBe(true);
  });

  test("a node that shows another host key gets nothing", async () => {
    await hosts[1]?.changeHostKey();
    const { code, stderr } = run("install");
    expect(code).toBe(69);
    expect(stderr).toContain("two cannot be reached at 127.0.0.1: it shows another host key than the one pinned");
  });
});
