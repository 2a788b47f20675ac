// The program of a cluster on this machine and in containers; over ssh it is in the conformance tests.
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { K3sTarget } from "../../lib/cluster/k3s-target";
import { arch, ClusterLab, CURL, SYSTEMCTL } from "../support/cluster-lab";

const OLD = "v1.28.5+k3s1";

describe("on this machine", () => {
  let lab: ClusterLab;
  const root = () => join(lab.project, "root");
  const run = (...args: string[]) => lab.run(args, { GANTRY_ROOT: root() });
  beforeAll(() => {
    lab = new ClusterLab(OLD, {});
    mkdirSync(root());
    lab.stub("systemctl", SYSTEMCTL);
    lab.stub("curl", CURL);
  });
  afterAll(() => lab.stop());

  test("up without an installation says what to do; install does it; both again change nothing", () => {
    expect(run("up")).toEqual({
      code: 2,
      stdout: "",
      stderr: "cluster: k3s is not installed on one\n  cluster install\n",
    });
    expect(run("install", "--dry-run").stdout).toContain("one:\nwould make /root/etc/rancher/k3s/server-token");
    expect(existsSync(join(root(), "etc"))).toBe(false);
    const { code, stdout } = run("install");
    expect([code, stdout]).toEqual([
      0,
      "one: k3s v1.28.5+k3s1 is installed and runs\nci: 1 node(s); next: cluster kubeconfig --merge\n",
    ]);
    expect(run("install").stdout).toContain("one: k3s v1.28.5+k3s1 runs as the stack says\n");
    expect(run("up")).toEqual({ code: 0, stdout: "one: k3s runs\n", stderr: "" });
  });

  test.each(["install", "up", "upgrade", "uninstall", "kubeconfig", "snapshot", "restore"])(
    "%s explains itself",
    (command) => {
      const { code, stdout, stderr } = lab.run([command, "--help"]);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(`Usage: cluster ${command}`);
      expect(lab.run([command, "--nonsense"])).toMatchObject({ code: 2, stdout: "" });
    },
  );

  test("the kubeconfig gets a name of its own, a mode of its own, and a place beside others", () => {
    expect(run("kubeconfig")).toMatchObject({
      code: 0,
      stdout: "export KUBECONFIG=/.gantry/kubeconfig.ci # context k3s-ci\n",
    });
    const file = join(lab.project, ".gantry/kubeconfig.ci");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(lab.read(".gantry/kubeconfig.ci")).not.toMatch(/: default$/m);
    // kubectl that merges only as far as this test looks.
    lab.stub("kubectl", '#!/bin/bash\necho "$*" >&2; IFS=:; cat $KUBECONFIG\n');
    lab.write(".kube/config", "current-context: mine\n");
    const { code, stdout } = run("kubeconfig", "--merge");
    expect([code, stdout]).toEqual([0, "/.kube/config has the context k3s-ci\n"]);
    const merged = lab.read(".kube/config");
    expect(merged.match(/current-context: .*/g)).toEqual(["current-context: mine"]);
    expect(merged).toContain("- name: k3s-ci\n");
    expect(lab.read(".kube/config.before-gantry")).toBe("current-context: mine\n");
    expect(statSync(join(lab.project, ".kube/config")).mode & 0o777).toBe(0o600);
  });

  test("what needs etcd says so; uninstall asks first", () => {
    expect(run("snapshot")).toMatchObject({ code: 2 });
    expect(run("uninstall")).toEqual({
      code: 77,
      stdout: "",
      stderr: "cluster: k3s and everything that runs in it ends\n  say it with --yes\n",
    });
    expect(run("uninstall", "--yes").stdout).toContain(
      "k3s is gone; its last state is in /root/var/lib/gantry-k3s/kept\n",
    );
    expect(run("uninstall", "--yes").stdout).toBe("k3s is not here\n");
  });
});

test("in containers: made once, then started, then left alone", () => {
  const lab = new ClusterLab(OLD, { target: K3sTarget.k3d({ registryPort: 5000 }) });
  try {
    lab.stub(
      "k3d",
      `#!/bin/bash
echo "$*" >>"$HOME/log"
case "$2" in
  list) cat "$HOME/clusters" 2>/dev/null || : ;;
  create) echo 'ci 1/1 0/0 true' >"$HOME/clusters" ;;
  delete) rm "$HOME/clusters" ;;
esac
`,
    );
    expect(lab.run(["up"])).toMatchObject({ code: 0, stdout: "ci is made; its context is k3d-ci\n" });
    expect(lab.run(["up"])).toMatchObject({ code: 0, stdout: "ci runs\n" });
    lab.write("clusters", "other 1/1 0/0 true\nci 0/1 0/0 true\n");
    expect(lab.run(["up"])).toMatchObject({ code: 0, stdout: "ci is started\n" });
    expect(lab.run(["uninstall", "--yes"])).toMatchObject({ code: 0, stdout: "ci is gone\n" });
    expect(
      lab
        .read("log")
        .replaceAll(lab.project, "")
        .split("\n")
        .filter((line) => !line.includes(" list ")),
    ).toEqual(["cluster create --config /infra/k3d/cluster.yaml", "cluster start ci", "cluster delete ci", ""]);
  } finally {
    lab.stop();
  }
});

test("on EC2: addresses come from the stack, the token of the first server from itself", () => {
  const node = (name: string) => ({ name, arch, cpu: 2, memory: "8Gi" }) as const;
  const lab = new ClusterLab(OLD, {
    target: K3sTarget.ec2({
      instanceType: arch === "arm64" ? "m7g.large" : "m7i.large",
      vpcId: "vpc-1",
      subnetIds: ["subnet-1", "subnet-2"],
      access: "ssm",
      keyName: "key",
    }),
    servers: [node("a"), node("b"), node("c")],
  });
  try {
    lab.stub("systemctl", SYSTEMCTL);
    lab.stub("curl", CURL);
    // ci_a_private_ip and its like, without the final line feed of other programs.
    lab.stub(
      "tofu",
      '#!/bin/bash\nname=${!#}; name=${name#ci_}\ncase $name in *_public_ip) exit 1 ;; esac\nprintf %s "of-${name//_/-}"\n',
    );
    // Each machine is a directory; the command line is the last word, the address the one before it.
    lab.stub(
      "ssh",
      '#!/bin/bash\naddress=${@: -2:1}; mkdir -p "$HOME/$address"; cd "$HOME/$address" && HOME=$PWD exec bash -c "${!#}"\n',
    );
    const { code, stdout, stderr } = lab.run(["install"], { GANTRY_ROOT: "root", TERRAFORM_BINARY_NAME: "tofu" });
    expect({ code, last: stdout.split("\n").at(-2) }).toEqual({
      code: 0,
      last: "ci: 3 node(s); next: cluster kubeconfig --merge",
    });
    const etc = (name: string, file: string) => lab.read(`of-${name}-instance-id/root/etc/rancher/k3s/${file}`);
    const token = etc("a", "server-token").trim();
    expect([etc("b", "server-token"), etc("c", "agent-token")]).toEqual([
      `K10cafe::server:${token}\n`,
      etc("a", "agent-token"),
    ]);
    expect(etc("a", "config.yaml.d/50-addresses.yaml")).toBe('tls-san+:\n  - "of-a-private-ip"\n');
    expect(etc("b", "config.yaml.d/50-addresses.yaml")).toBe(
      'server: "https://of-a-private-ip:6443"\ntls-san+:\n  - "of-a-private-ip"\n',
    );
    expect(stdout + stderr).not.toContain(token);
    // The first machine is made anew: it must not begin another cluster.
    rmSync(join(lab.project, "of-a-instance-id"), { recursive: true });
    const again = lab.run(["install"], { GANTRY_ROOT: "root", TERRAFORM_BINARY_NAME: "tofu" });
    expect(again.code).toBe(2);
    expect(again.stderr).toContain(
      "the first server is empty, and b has a cluster: installing it would begin another one",
    );
  } finally {
    lab.stop();
  }
});
