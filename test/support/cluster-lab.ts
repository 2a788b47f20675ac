// A cluster's program and generated files, put together without the rest of its stack, and stand-ins for k3s and systemd.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { K3sCluster, type K3sClusterProps } from "../../lib/cluster/k3s-cluster";
import { clusterSettings } from "../../lib/cluster/k3s-settings";
import { K3sVersion } from "../../lib/cluster/k3s-version";
import { renderEnv } from "../../lib/core/render/env";
import { Template } from "./template";

const LIB = join(__dirname, "../../lib");

/** Architecture of this machine, in the words of Kubernetes. */
export const arch = process.arch === "arm64" ? "arm64" : "amd64";

/** The name of its k3s in a release. */
export const asset = arch === "arm64" ? "k3s-arm64" : "k3s";

/** A k3s of a release that only pretends: says its version, and writes down what it is asked for. */
export const k3s = (tag: string) => `#!/bin/bash
case "$1 \${2-}" in
  '--version '*) echo 'k3s version ${tag} (0123abcd)'; echo 'go version go1.22' ;;
  'kubectl get') exit 0 ;;
  'kubectl '*) echo "$*" >>"$GANTRY_ROOT/log" ;;
  'etcd-snapshot save') echo "snapshot $*" >>"$GANTRY_ROOT/log" ;;
  'server --cluster-reset') echo "reset $*" >>"$GANTRY_ROOT/log" ;;
esac
`;

/** A systemctl that only pretends, and writes what k3s writes when it starts. */
export const SYSTEMCTL = `#!/bin/bash
[ "$1" != --user ] || shift
state=$GANTRY_ROOT/systemd; mkdir -p "$state"
[ "$1" = is-active ] || echo "systemctl $*" >>"$GANTRY_ROOT/log"
case $1 in
  is-active) [ -e "$state/\${3:-$2}" ] ;;
  start)
    [ "$2" != --no-block ] || shift
    touch "$state/$2"
    data=$GANTRY_ROOT/var/lib/rancher/k3s; etc=$GANTRY_ROOT/etc/rancher/k3s; mkdir -p "$data/agent"
    if [ "$2" = k3s-agent ]; then touch "$data/agent/kubelet.kubeconfig"; exit; fi
    mkdir -p "$data/server/db/etcd"
    [ -e "$data/server/token" ] || echo "K10cafe::server:$(cat "$etc/server-token")" >"$data/server/token"
    [ -e "$data/server/agent-token" ] || echo "K10cafe::node:$(cat "$etc/agent-token")" >"$data/server/agent-token"
    printf '%s\\n' 'apiVersion: v1' 'clusters:' '- cluster:' '    server: https://127.0.0.1:6443' '  name: default' \\
      'contexts:' '- context:' '    cluster: default' '    user: default' '  name: default' 'current-context: default' \\
      'kind: Config' 'users:' '- name: default' '  user:' '    token: top-secret' >"$etc/k3s.yaml"
    ;;
  stop) rm -f "$state/$2" ;;
esac
`;

/** A curl that writes down what is asked for and gives what lies at `$DOWNLOAD`. */
export const CURL = `#!/bin/bash
echo "curl \${*: -1}" >>"$GANTRY_ROOT/log"
while [ "$1" != -o ]; do shift; done
cp "$DOWNLOAD" "$2"
`;

export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Pins of the pretended k3s. */
export const pinned = (tag: string) =>
  K3sVersion.pinned(tag, { binary: { [arch]: sha256(k3s(tag)) }, airgap: { [arch]: sha256("images\n") } });

/** `bin/cluster` and all it reads, in a temporary project. */
export class ClusterLab {
  readonly project = mkdtempSync(join(tmpdir(), "gantry-cluster-"));
  private readonly stubs = join(this.project, "stubs");

  constructor(
    tag: string,
    props: Partial<K3sClusterProps>,
    private readonly env: NodeJS.ProcessEnv = {},
  ) {
    this.write("cdktf.json", "{}\n");
    this.copy("core/scripts/launcher.sh", "bin/cluster");
    for (const [from, to] of [
      ["core/scripts", "common"],
      ["cluster/scripts/cluster", "cluster"],
    ] as const) {
      for (const name of readdirSync(join(LIB, from))) this.copy(join(from, name), join("lib/gantry", to, name));
    }
    this.declare(tag, props);
  }

  /** Synthesizes the cluster anew, of a pretended release. */
  declare(tag: string, props: Partial<K3sClusterProps>): void {
    let cluster: K3sCluster | undefined;
    const template = Template.of((stack) => {
      const servers = [{ name: "one", arch, cpu: 4, memory: "8Gi" } as const];
      cluster = new K3sCluster(stack, "ci", { version: pinned(tag), servers, ...props });
    });
    for (const path of template.paths.filter((each) => each.startsWith("infra/"))) {
      this.write(path, template.file(path));
      if (template.isExecutable(path)) chmodSync(join(this.project, path), 0o755);
    }
    if (cluster !== undefined) this.write("cluster/cluster.env", renderEnv(clusterSettings(cluster.model)));
    this.write("download", k3s(tag));
  }

  stub(name: string, text: string): void {
    this.write(join("stubs", name), text);
    chmodSync(join(this.stubs, name), 0o755);
  }

  run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { status, stdout, stderr } = spawnSync(join(this.project, "bin/cluster"), args, {
      encoding: "utf8",
      input: "",
      env: {
        ...process.env,
        SSH_AUTH_SOCK: "",
        XDG_RUNTIME_DIR: "",
        HOME: this.project,
        KUBECONFIG: "",
        GANTRY_WAIT_SECONDS: "0",
        DOWNLOAD: join(this.project, "download"),
        ...this.env,
        ...env,
        PATH: `${this.stubs}:${process.env.PATH ?? ""}`,
      },
    });
    const text = (output: string) => output.replaceAll(this.project, "");
    return { code: status, stdout: text(stdout), stderr: text(stderr) };
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.project, path)), { recursive: true });
    writeFileSync(join(this.project, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.project, path), "utf8");
  }

  stop(): void {
    rmSync(this.project, { recursive: true, force: true });
  }

  private copy(from: string, to: string): void {
    mkdirSync(dirname(join(this.project, to)), { recursive: true });
    copyFileSync(join(LIB, from), join(this.project, to));
    chmodSync(join(this.project, to), 0o755);
  }
}
