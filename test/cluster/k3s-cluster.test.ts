import { parse } from "yaml";
import { Host } from "../../lib/core/host";
import { K3sCluster, type K3sClusterProps } from "../../lib/cluster/k3s-cluster";
import { K3sTarget } from "../../lib/cluster/k3s-target";
import { K3sVersion } from "../../lib/cluster/k3s-version";
import { MachineProfile } from "../../lib/cluster/machine-profile";
import { messageOf } from "../support/project";
import { PUBLIC_KEY, Template } from "../support/template";

const VERSION = "v1.28.5+k3s1";
const dgx = { name: "dgx", machine: MachineProfile.dgxSpark() };
const small = (name: string) => ({ name, arch: "arm64" as const, cpu: 4, memory: "16Gi" });

function cluster(props: Partial<K3sClusterProps> = {}) {
  let made: K3sCluster | undefined;
  const template = Template.of((stack) => {
    made = new K3sCluster(stack, "raibid-ci", { version: VERSION, servers: [dgx], ...props });
  });
  if (made === undefined) throw new Error("no cluster");
  return { cluster: made, template, yaml: (path: string): unknown => parse(template.file(path)) };
}

const faultsOf = (props: Partial<K3sClusterProps>) => messageOf(() => cluster(props));

test("the document's machine: 14 CPUs and 104 GiB are left for workloads", () => {
  const {
    cluster: made,
    yaml,
    template,
  } = cluster({
    disable: ["traefik"],
    args: { kubelet: { "max-pods": 110 }, apiserver: { "max-requests-inflight": 400 } },
  });
  expect(made.allocatable).toEqual({ cpuMillis: 14_000, memoryMib: 104 * 1024 });
  expect([made.contextName, made.kubeMinor, made.kubeVersion]).toEqual(["k3s-raibid-ci", 28, "v1.28.5"]);
  expect(template.paths.filter((path) => path.startsWith("infra/"))).toEqual([
    "infra/k3d/cluster.yaml",
    "infra/k3s/config.yaml",
    "infra/k3s/install.sh",
    "infra/k3s/k3s.env",
    "infra/k3s/registries.yaml",
    "infra/k3s/resource-quotas.yaml",
    "infra/k3s/state.sh",
    "infra/k3s/uninstall.sh",
    "infra/k3s/upgrade-plan.yaml",
  ]);
  expect(template.isExecutable("infra/k3s/install.sh")).toBe(true);
  expect(yaml("infra/k3s/config.yaml")).toEqual({
    "node-name": "dgx",
    "kubelet-arg": ["system-reserved=cpu=4,memory=16Gi", "kube-reserved=cpu=2,memory=8Gi", "max-pods=110"],
    "write-kubeconfig-mode": "0600",
    "token-file": "/etc/rancher/k3s/server-token",
    "agent-token-file": "/etc/rancher/k3s/agent-token",
    "cluster-cidr": "10.42.0.0/16",
    "service-cidr": "10.43.0.0/16",
    "cluster-dns": "10.43.0.10",
    "cluster-domain": "cluster.local",
    "flannel-backend": "vxlan",
    disable: ["traefik"],
    "secrets-encryption": true,
    "kube-apiserver-arg": ["max-requests-inflight=400"],
  });
  // As text: the number 600 would be another mode.
  expect(template.file("infra/k3s/config.yaml")).toContain('write-kubeconfig-mode: "0600"\n');
});

test("three servers and an agent: one begins, the others join, what must be equal is equal", () => {
  const hosts = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"].map((address) => Host.existing({ address }));
  const { yaml } = cluster({
    target: K3sTarget.ssh(hosts),
    servers: [small("a"), small("b"), small("c")],
    agents: [{ ...small("d"), labels: { pool: "ci" }, taints: ["ci=true:NoSchedule"] }],
    config: { "protect-kernel-defaults": true, "embedded-registry": true },
    snapshots: { keep: 3, s3: { bucket: "backups", credentialsFile: "secrets/s3.env" } },
  });
  const [a, b, c] = ["config.yaml", "nodes/b.yaml", "nodes/c.yaml"].map(
    (name) => yaml(`infra/k3s/${name}`) as Record<string, unknown>,
  );
  const { "node-name": first, "cluster-init": init, ...common } = a ?? {};
  expect([first, init]).toEqual(["a", true]);
  const { "node-name": second, server, ...joining } = b ?? {};
  expect([second, server]).toEqual(["b", "https://10.0.0.1:6443"]);
  expect(joining).toEqual(common);
  expect(c).toEqual({ ...b, "node-name": "c" });
  expect(common).toMatchObject({
    "tls-san": ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
    "etcd-snapshot-retention": 3,
    "etcd-s3-bucket": "backups",
    "embedded-registry": true,
  });
  expect(yaml("infra/k3s/nodes/d.yaml")).toEqual({
    "node-name": "d",
    "node-label": ["pool=ci"],
    "node-taint": ["ci=true:NoSchedule"],
    server: "https://10.0.0.1:6443",
    "token-file": "/etc/rancher/k3s/agent-token",
    "protect-kernel-defaults": true,
  });
});

test("the same cluster in containers", () => {
  const {
    cluster: made,
    yaml,
    template,
  } = cluster({
    version: "v1.28.4+k3s1", // needs no pin: the image says it
    target: K3sTarget.k3d({ registryPort: 5000 }),
    disable: ["traefik"],
  });
  expect(made.contextName).toBe("k3d-raibid-ci");
  expect(template.paths.filter((path) => path.startsWith("infra/"))).toEqual([
    "infra/k3d/cluster.yaml",
    "infra/k3s/resource-quotas.yaml",
  ]);
  expect(yaml("infra/k3d/cluster.yaml")).toMatchObject({
    apiVersion: "k3d.io/v1alpha5",
    kind: "Simple",
    metadata: { name: "raibid-ci" },
    servers: 1,
    agents: 0,
    image: "docker.io/rancher/k3s:v1.28.4-k3s1",
    kubeAPI: { hostIP: "127.0.0.1" },
    registries: { create: { name: "k3d-raibid-ci-registry", host: "127.0.0.1", hostPort: "5000" } },
  });
  expect(template.file("infra/k3d/cluster.yaml")).toContain(
    "- arg: --kubelet-arg=system-reserved=cpu=4,memory=16Gi\n        nodeFilters:\n          - server:0\n",
  );
});

test("an upgrade goes through the servers one by one, then through the agents", () => {
  const target = K3sTarget.ssh([Host.existing({ address: "a" }), Host.existing({ address: "b" })]);
  const { yaml } = cluster({ target, servers: [small("a")], agents: [small("b")], upgrade: { drain: false } });
  const { items } = yaml("infra/k3s/upgrade-plan.yaml") as { items: { metadata: unknown; spec: unknown }[] };
  expect(items.map(({ spec }) => spec)).toMatchObject([
    { concurrency: 1, cordon: true, version: VERSION },
    { prepare: { args: ["prepare", "k3s-server"] }, version: VERSION },
  ]);
});

test("what is legal and doubtful is said", () => {
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
  const hosts = [Host.existing({ address: "10.0.0.1" }), Host.existing({ address: "10.0.0.2", hostKey: key })];
  const { template } = cluster({
    target: K3sTarget.ssh(hosts),
    servers: [small("a")],
    agents: [small("b")],
    secretsEncryption: false,
    registries: { registries: { "registry.lan:5000": { insecureSkipVerify: true } } },
  });
  expect(template.warnings).toEqual([
    "[lab/raibid-ci] secretsEncryption: secrets lie in the datastore and its snapshots as they are",
    '[lab/raibid-ci] registries.registries["registry.lan:5000"]: whoever answers in its place can forge every image',
    "[lab/raibid-ci] target: the host key of a is taken at first contact, and the join token goes there; give hostKey",
  ]);
});

describe("what is refused, all in one error", () => {
  test("servers, names and what nodes keep", () => {
    expect(
      faultsOf({
        servers: [small("a"), { ...small("b"), reserved: { system: { cpu: 4, memory: "16Gi" } } }],
        agents: [{ name: "a", labels: { "node-role.kubernetes.io/worker": "true", "node.kubernetes.io/pool": "ci" } }],
      }),
    ).toMatchInlineSnapshot(`
      "[lab/raibid-ci] K3sCluster: invalid props
        servers: got 2; allowed: 1, 3 or 5 (etcd needs more than half of its servers to work: of 2 it can lose no more than of 1)
        servers[1].reserved: got 4 CPUs; allowed: less than the node has (4)
        servers[1].reserved: got 16Gi of memory; allowed: less than the node has (16Gi)
        agents[0].name: got "a", the name of servers[0]; allowed: each name once
        agents[0].labels["node-role.kubernetes.io/worker"]: allowed: a label of your own; a node may not give itself others of Kubernetes', and its kubelet would not start
        agents[0].machine: missing; allowed: a MachineProfile, or arch, cpu and memory (without: arch, cpu, memory)
        target: got K3sTarget.native() for 3 nodes; allowed: it for one, else ssh, ec2 or k3d"
    `);
  });

  test("flags that the minor does not have", () => {
    expect(
      faultsOf({
        args: {
          controllerManager: { "pod-eviction-timeout": "5m", "node-monitor-period": "5s" },
          kubelet: { "max-pod": 10, "fail-cgroupv1": false, "kube-reserved": "cpu=1" },
          apiserver: { "default-watch-cache-size": 200 },
        },
        config: { token: "x", "cluster-init": true, "flanel-iface": "eth0" },
      }),
    ).toMatchInlineSnapshot(`
      "[lab/raibid-ci] K3sCluster: invalid props
        args.kubelet["max-pod"]: kubelet of Kubernetes 1.28 has no such flag; did you mean "max-pods"? (unless allowFlags names it)
        args.kubelet["fail-cgroupv1"]: kubelet has it only from Kubernetes 1.31 on (unless allowFlags names it)
        args.kubelet["kube-reserved"]: allowed: not here; it is the prop reserved
        args.controllerManager["pod-eviction-timeout"]: kube-controller-manager has no such flag since Kubernetes 1.27 (kubernetes#115840), and k3s would not start; instead, apiserver: default-not-ready-toleration-seconds and default-unreachable-toleration-seconds (unless allowFlags names it)
        config["token"]: allowed: not in a generated file; secrets are made or put on the host by install
        config["cluster-init"]: allowed: not here; it is set for the first server by the number of servers
        config["flanel-iface"]: k3s has no such option; did you mean "flannel-iface"? (unless allowFlags names it)"
    `);
    expect(() => cluster({ args: { kubelet: { "brand-new": 1 } }, allowFlags: ["brand-new"] })).not.toThrow();
  });

  test("a release without its sha256", () => {
    expect(faultsOf({ version: "v1.28.4+k3s1" })).toMatchInlineSnapshot(`
      "[lab/raibid-ci] K3sCluster: invalid props
        version: there is no sha256 of k3s-arm64 for v1.28.4+k3s1; allowed: K3sVersion.pinned("v1.28.4+k3s1", { binary: { arm64: "…" } }) with the one of https://github.com/k3s-io/k3s/releases/download/v1.28.4%2Bk3s1/sha256sum-arm64.txt, or a release we know (v1.28.5+k3s1, v1.31.4+k3s1)"
    `);
    const version = K3sVersion.pinned("v1.28.4+k3s1", { binary: { arm64: "a".repeat(64) } });
    expect(() => cluster({ version })).not.toThrow();
    expect(messageOf(() => K3sVersion.pinned("1.28", { binary: {} }))).toMatchInlineSnapshot(`
      "K3sVersion.pinned: invalid props
        version: got "1.28"; allowed: a release of k3s from 1.27 on, such as "v1.28.5+k3s1""
    `);
  });

  test("targets that do not fit", () => {
    const ec2 = { instanceType: "m7g.large", vpcId: "vpc-1", subnetIds: ["subnet-1"], sshPublicKey: PUBLIC_KEY };
    const target = K3sTarget.ec2({ ...ec2, sshFrom: ["203.0.113.4/32"] });
    const x86 = { ...small("a"), arch: "amd64" as const };
    expect(faultsOf({ target, servers: [x86, small("b"), small("c")] })).toMatchInlineSnapshot(`
      "[lab/raibid-ci] K3sCluster: invalid props
        target.subnetIds: got 1; allowed: subnets of several availability zones for several servers
        servers[0].arch: got "amd64"; allowed: "arm64", which m7g.large is"
    `);
    expect(messageOf(() => K3sTarget.ec2({ ...ec2, sshFrom: ["0.0.0.0/0"] }))).toMatchInlineSnapshot(`
      "K3sTarget.ec2: invalid props
        sshFrom[0]: got "0.0.0.0/0"; allowed: a block of addresses by its first one, such as "203.0.113.4/32"; not everyone ("0.0.0.0/0", "::/0")"
    `);
    expect(messageOf(() => K3sTarget.ec2(ec2))).toMatchInlineSnapshot(`
      "K3sTarget.ec2: invalid props
        sshFrom: missing; allowed: at least one block of addresses, such as ["203.0.113.4/32"]; or access "ssm", which opens no port"
    `);
    expect(
      faultsOf({
        target: K3sTarget.ssh([Host.existing({ address: "127.0.0.1" })]),
        agents: [small("b")],
        network: { serviceCidr: "10.42.0.0/24", clusterDns: "10.44.0.1" },
        rootless: true,
      }),
    ).toMatchInlineSnapshot(`
      "[lab/raibid-ci] K3sCluster: invalid props
        network.serviceCidr: got "10.42.0.0/24"; allowed: a block apart from clusterCidr ("10.42.0.0/16")
        network.clusterDns: got "10.44.0.1"; allowed: an address of serviceCidr ("10.42.0.0/24")
        target: got 1 hosts for 2 nodes; allowed: one host for each, servers first
        registrationAddress: missing; allowed: an address that all nodes reach the first server at; theirs would be "127.0.0.1"
        rootless: allowed: only for one server with K3sTarget.native()"
    `);
  });
});
