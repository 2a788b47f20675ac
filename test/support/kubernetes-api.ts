// A Kubernetes API on 127.0.0.1: the real etcd, API server, controllers and scheduler, and kwok, which pretends to be a node.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port";
import { hasTool } from "./tools";

/** Tools of `test/tools/tools.json` that it takes. */
export const kubernetesTools = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok",
  "kubectl",
];

/** Whether its tests run: where its parts are. Building them takes six minutes, so that is asked for. */
export const kubernetesWanted = process.env.GANTRY_TEST_KUBERNETES === "1" || kubernetesTools.every(hasTool);

/** A node that kwok pretends: its size, and what is kept for pods. */
export interface PretendedNode {
  readonly name: string;
  readonly cpu: number;
  readonly memory: string;
}

/** A running API. */
export class KubernetesApi {
  /** Starts one with a node; its only context is called `default`, as that of k3s. */
  static async start(node: PretendedNode): Promise<KubernetesApi> {
    const directory = mkdtempSync(join(tmpdir(), "gantry-kubernetes-"));
    const api = new KubernetesApi(directory);
    try {
      await api.run();
      api.addNode(node);
      return api;
    } catch (error) {
      api.stop();
      throw error;
    }
  }

  private readonly children: ChildProcess[] = [];

  private constructor(readonly directory: string) {}

  get kubeconfig(): string {
    return join(this.directory, "kubeconfig");
  }

  /** Runs kubectl; `input` is its standard input. @throws Error when it fails. */
  kubectl(args: readonly string[], input = ""): string {
    return execFileSync("kubectl", ["--kubeconfig", this.kubeconfig, ...args], {
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"], // it is asked until it answers
    });
  }

  stop(): void {
    for (const child of this.children.reverse()) child.kill("SIGKILL");
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  private async run(): Promise<void> {
    const [etcd = 0, peer = 0, port = 0, controllers = 0, scheduler = 0] = await Promise.all(
      Array.from({ length: 5 }, () => freePort()),
    );
    const at = (name: string) => join(this.directory, name);
    const url = (number: number) => `http://127.0.0.1:${number}`;
    mkdirSync(at("certs"));
    execFileSync("openssl", ["genrsa", "-out", at("sa.key"), "2048"], { stdio: "ignore" });
    writeFileSync(at("tokens.csv"), "admin,admin,admin,system:masters\n", { mode: 0o600 });
    writeFileSync(this.kubeconfig, kubeconfig(port), { mode: 0o600 });
    this.spawn("etcd", [
      ...["--data-dir", at("etcd"), "--unsafe-no-fsync", "--logger", "zap"],
      ...["--listen-client-urls", url(etcd), "--advertise-client-urls", url(etcd)],
      ...["--listen-peer-urls", url(peer), "--initial-advertise-peer-urls", url(peer)],
      ...["--initial-cluster", `default=${url(peer)}`],
    ]);
    this.spawn("kube-apiserver", [
      ...["--etcd-servers", url(etcd), "--secure-port", String(port), "--bind-address=127.0.0.1"],
      ...["--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", "--cert-dir", at("certs")],
      ...["--service-account-key-file", at("sa.key"), "--service-account-signing-key-file", at("sa.key")],
      ...["--service-account-issuer=https://127.0.0.1", "--token-auth-file", at("tokens.csv")],
      ...["--authorization-mode=RBAC", "--service-cluster-ip-range=10.43.0.0/16", "--allow-privileged"],
    ]);
    await this.until(() => this.kubectl(["get", "--raw", "/readyz"]));
    const client = ["--kubeconfig", this.kubeconfig];
    this.spawn("kube-controller-manager", [
      ...[...client, "--service-account-private-key-file", at("sa.key"), "--leader-elect=false"],
      ...["--controllers=*,-nodeipam,-cloud-node-lifecycle-controller"],
      ...["--bind-address=127.0.0.1", "--secure-port", String(controllers)],
    ]);
    this.spawn("kube-scheduler", [
      ...[...client, "--leader-elect=false", "--bind-address=127.0.0.1", "--secure-port", String(scheduler)],
    ]);
    this.spawn("kwok", [...client, "--manage-all-nodes=true"]);
  }

  /** The node, and a class of volumes that are there at once, as k3s' local-path. */
  private addNode({ name, cpu, memory }: PretendedNode): void {
    const resources = { cpu: String(cpu), memory, pods: "110" };
    const volumes = Array.from({ length: 12 }, (_, i) => ({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: `volume-${i}` },
      spec: {
        capacity: { storage: "100Gi" },
        accessModes: ["ReadWriteOnce"],
        storageClassName: "local-path",
        hostPath: { path: `/nonexistent/${i}` },
      },
    }));
    const storageClass = {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "local-path", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: "kubernetes.io/no-provisioner",
      volumeBindingMode: "Immediate",
    };
    const node = {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: { "kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64" } },
      status: { allocatable: resources, capacity: resources },
    };
    const items = [node, storageClass, ...volumes];
    this.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  }

  private spawn(program: string, args: readonly string[]): void {
    const log = openSync(join(this.directory, `${program}.log`), "a");
    this.children.push(spawn(program, args, { stdio: ["ignore", log, log] }));
  }

  /** Tries until it does not throw. @throws its last error, once a process of ours has ended or after a great many tries. */
  async until<T>(attempt: () => T): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return attempt();
      } catch (error) {
        const dead = this.children.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
        if (dead || tries > 240) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }
}

function kubeconfig(port: number): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "k3s", cluster: { server: `https://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "admin", user: { token: "admin" } }],
    contexts: [{ name: "default", context: { cluster: "k3s", user: "admin" } }],
    "current-context": "default",
  });
}
