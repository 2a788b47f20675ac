// The generated Tiltfile, evaluated by the real Tilt, with charts of our own that are rendered by the real Tanka and helm.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { App, LocalBackend, TerraformStack, Testing } from "cdktf";
import { HelmChart, K3sCluster, MachineProfile, RedisStream, TiltWorkflow } from "../../lib/cluster";
import { ContainerImage } from "../../lib/image";
import { treeOf } from "../support/charts";
import { withTools } from "../support/tools";

const work = mkdtempSync(join(tmpdir(), "gantry-tilt-"));
const root = join(work, "out/stacks/lab/files");
const stubs = join(work, "stubs");
const calls = join(work, "calls");

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/** Files of a chart with workloads, their Services, a ConfigMap, a role with a colon in its name, and a definition. */
function chart(name: string, workloads: Readonly<Record<string, number>>): Record<string, string> {
  const metadata = (id: string) => `metadata: {name: "${id}", labels: {app.kubernetes.io/managed-by: Helm}}`;
  const objects = Object.entries(workloads).flatMap(([id, port]) => [
    `apiVersion: apps/v1\nkind: Deployment\n${metadata(id)}\nspec:\n  selector: {matchLabels: {app: ${id}}}\n` +
      `  template: {metadata: {labels: {app: ${id}}}, spec: {containers: [{name: main, image: "example.com/${id}:1", ports: [{containerPort: ${port}}]}]}}\n`,
    `apiVersion: v1\nkind: Service\n${metadata(id)}\nspec: {selector: {app: ${id}}, ports: [{port: ${port}}]}\n`,
  ]);
  objects.push(
    `apiVersion: v1\nkind: ConfigMap\n${metadata(`${name}-settings`)}\ndata: {text: "kind: CustomResourceDefinition"}\n`,
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n${metadata(`system:${name}`)}\nrules: []\n`,
  );
  return {
    [`${name}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
    [`${name}/values.yaml`]: "{}\n",
    [`${name}/templates/all.yaml`]: objects.join("---\n"),
    [`${name}/crds/one.yaml`]:
      `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.${name}.example.com}\n` +
      `spec: {group: ${name}.example.com, scope: Namespaced, names: {kind: Thing, plural: things}, versions: []}\n`,
  };
}

const charts: Readonly<Record<string, Record<string, string>>> = {
  redis: chart("redis", { "redis-master": 6379 }),
  keda: chart("keda", { "keda-operator": 8081, "keda-admission": 9443 }),
};

function synthesize(): void {
  const app = Testing.stubVersion(new App({ outdir: join(work, "out"), stackTraces: false }));
  const stack = new TerraformStack(app, "lab");
  new LocalBackend(stack, { path: "lab.tfstate" });
  const cluster = new K3sCluster(stack, "raibid-ci", {
    version: "v1.28.5+k3s1",
    servers: [{ name: "dgx", machine: MachineProfile.dgxSpark() }],
  });
  const system = cluster.addNamespace("raibid-system", { quota: { pods: 20 } });
  const pinned = (name: string) =>
    HelmChart.pinned(`lab/${name}`, "1.0.0", { repo: "https://charts.example.com", tree: treeOf(charts[name] ?? {}) });
  const redis = system.addChart(pinned("redis"));
  system.addChart(pinned("keda"));
  const image = (name: string) => new ContainerImage(stack, name, { context: ".", file: `crates/${name}/Dockerfile` });
  system.addService("raibid-server", { image: image("server"), ports: { http: 8080, metrics: 8081 } });
  const queue = RedisStream.of(redis, "raibid:jobs", { group: "raibid-agents" });
  system.addQueueWorkers("raibid-agent", { image: image("agent"), queue });
  new TiltWorkflow(stack, "tilt", {
    cluster,
    resources: {
      redis: { forwards: [6379] },
      keda: { main: "keda-operator" },
      "raibid-server": { dependsOn: ["redis"], onHost: { directory: "crates/server" } },
      "raibid-agent": { dependsOn: ["raibid-server"] },
    },
    builds: { server: { triggers: ["crates/server"], args: { RUST_VERSION: "1.85" } } },
    sharedTriggers: ["crates/common"],
  });
  app.synth();
}

interface Manifest {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly TriggerMode: number;
  readonly ResourceDependencies?: readonly string[];
  readonly ImageTargets?: readonly {
    readonly selector: string;
    readonly BuildDetails: { readonly Deps: readonly string[]; readonly args: readonly string[] };
  }[];
  readonly DeployTarget: {
    readonly yaml?: string;
    readonly portForwardTemplateSpec?: {
      readonly forwards?: readonly { readonly localPort: number; readonly containerPort: number }[];
    };
    readonly ServeCmd?: { readonly Env?: readonly string[] };
  };
}

/** What Tilt makes of it in a context. */
function evaluate(context: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const kubeconfig = join(work, "kubeconfig");
  write(
    kubeconfig,
    `apiVersion: v1\nkind: Config\ncurrent-context: ${context}\nclusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]\n` +
      `contexts: [{name: ${context}, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {token: x}}]\n`,
  );
  const done = spawnSync("tilt", [...(env.SUBCOMMAND?.split(" ") ?? ["alpha", "tiltfile-result"]), ...args], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: {
      ...process.env,
      HOME: work,
      DO_NOT_TRACK: "1",
      KUBECONFIG: kubeconfig,
      GANTRY_PROJECT: "",
      PATH: `${stubs}:${process.env.PATH ?? ""}`,
      ...env,
    },
  });
  const said = done.stderr;
  const json =
    done.status === 0 && done.stdout.startsWith("{")
      ? (JSON.parse(done.stdout) as { Manifests: Manifest[]; EnabledManifests: string[] })
      : undefined;
  const manifest = (name: string) => {
    const found = json?.Manifests.find(({ Name }) => Name === name);
    if (found === undefined)
      throw new Error(`no ${name}: ${json?.Manifests.map(({ Name }) => Name).join(", ") ?? said}`);
    return found;
  };
  return { code: done.status, said, enabled: json?.EnabledManifests ?? [], manifests: json?.Manifests ?? [], manifest };
}

withTools(["tilt", "tk", "helm"], () => {
  beforeAll(() => {
    for (const name of ["docker", "podman", "kubectl", "k3d", "k3s", "sudo", "systemctl"]) {
      write(join(stubs, name), `#!/bin/sh\necho "${name} $*" >>'${calls}'\n`, 0o755);
    }
    synthesize();
    for (const [path, text] of Object.values(charts).flatMap(Object.entries)) {
      write(join(root, "tanka/vendor", path), String(text));
    }
  });
  afterAll(() => {
    rmSync(work, { recursive: true, force: true });
  });

  test.each(["k3s-raibid-ci", "k3d-raibid-ci", "default", "k3s"])("the context %s is the cluster's", (context) => {
    expect(evaluate(context)).toMatchObject({ code: 0 });
  });

  test.each(["prod-eks", "k3d-other", "minikube"])(
    "the context %s is refused before anything is rendered",
    (context) => {
      const { code, said } = evaluate(context, [], { PATH: "/usr/bin:/bin:" + dirname(tiltPath()) });
      expect(code).toBe(5);
      expect(said).toContain(`the context ${context} is not one of environment local`);
    },
  );

  test("every object has a resource, and each waits for what it needs", () => {
    const { manifests, manifest, said } = evaluate("default");
    expect(said).not.toMatch(/dependency ignored|not used in any/);
    expect(manifests.map(({ Name }) => Name).sort()).toEqual([
      "crds",
      "keda",
      "keda-admission",
      "keda-config",
      "namespaces",
      "preflight",
      "raibid-agent",
      "raibid-server",
      "redis",
      "redis-config",
      "scale-agent",
      "trigger-test-job",
      "view-agent-logs",
      "view-server-logs",
    ]);
    const before = (name: string) => manifest(name).ResourceDependencies;
    expect(before("crds")).toEqual(["preflight"]);
    expect(before("redis")).toEqual(["preflight", "crds", "namespaces", "redis-config"]);
    expect(before("raibid-server")).toEqual(["preflight", "crds", "namespaces", "redis-config", "redis"]);
    expect(before("raibid-agent")).toEqual(
      expect.arrayContaining(["redis", "keda", "keda-admission", "keda-config", "raibid-server"]),
    );
    const ports = (name: string) =>
      manifest(name).DeployTarget.portForwardTemplateSpec?.forwards?.map((each) => [
        each.localPort,
        each.containerPort,
      ]);
    expect(ports("raibid-server")).toEqual([
      [8080, 8080],
      [8081, 8081],
    ]);
    expect(ports("redis")).toEqual([[6379, 6379]]);
    const label = (name: string) => Object.keys(manifest(name).Labels ?? {});
    expect([label("keda-admission"), label("raibid-agent"), label("scale-agent")]).toEqual([
      ["infrastructure"],
      ["application"],
      ["tools"],
    ]);
    expect(manifest("trigger-test-job").TriggerMode).toBe(2);
    expect(manifest("redis-config").DeployTarget.yaml).toContain("kind: CustomResourceDefinition"); // text of a ConfigMap
    expect(manifest("keda-config").DeployTarget.yaml).not.toContain("things.keda.example.com");
  });

  test("images are built when their code changes, with the arguments of tilt_config.json", () => {
    write(
      join(root, "tilt_config.json"),
      '{"build-args": {"server": {"RUST_VERSION": "1.90"}, "*": {"BUILD_MODE": "debug"}}}',
    );
    try {
      const { manifest } = evaluate("default", [], { GANTRY_PROJECT: work });
      const [server] = manifest("raibid-server").ImageTargets ?? [];
      expect(server?.BuildDetails.Deps).toEqual([join(work, "crates/server"), join(work, "crates/common")]);
      expect(server?.BuildDetails.args.slice(1)).toEqual([
        ...["build-image", "server", "--ref-file", join(work, ".gantry/tilt/server.ref")],
        ...["--arg", "RUST_VERSION=1.90", "--arg", "BUILD_MODE=debug"],
      ]);
      const [agent] = manifest("raibid-agent").ImageTargets ?? [];
      expect(agent?.selector).toBe("agent:latest");
    } finally {
      rmSync(join(root, "tilt_config.json"));
    }
  });

  test("some resources only, with what they need", () => {
    const { enabled } = evaluate("default", ["raibid-server"]);
    expect(enabled).toEqual(expect.arrayContaining(["raibid-server", "redis", "redis-config", "crds", "preflight"]));
    expect(enabled).not.toContain("keda");
    const without = evaluate("default", ["--", "--disable", "redis"]);
    expect(without.enabled).not.toContain("redis");
    expect(without.manifest("raibid-server").ResourceDependencies).not.toContain("redis");
    expect(evaluate("default", ["gitea"])).toMatchObject({
      code: 5,
      said: expect.stringContaining(
        "unknown resource gitea; there are: redis, keda, raibid-server, raibid-agent",
      ) as string,
    });
  });

  test("the charts in the cluster, the workloads on this machine", () => {
    const { enabled, manifest } = evaluate("default", ["--", "--infra-only"]);
    expect(enabled).toEqual(expect.arrayContaining(["redis", "keda", "raibid-server-on-host"]));
    expect(enabled).not.toContain("raibid-server");
    expect(manifest("raibid-server-on-host")).toMatchObject({ TriggerMode: 2 });
  });

  test("another environment must be one of the stack", () => {
    expect(evaluate("default", [], { TANKA_ENV: "environments/local" }).code).toBe(0);
    const { code, said } = evaluate("default", [], { TANKA_ENV: "environments/dev" });
    expect(code).toBe(5);
    expect(said).toContain("unknown environment dev; the stack has: local");
  });

  test("charts that are not there are named, with what gets them", () => {
    const manifest = join(root, "tanka/vendor/keda/Chart.yaml");
    const text = readFileSync(manifest, "utf8");
    rmSync(manifest);
    try {
      const { code, said } = evaluate("default");
      expect(code).toBe(5);
      expect(said).toContain("charts are not there: tanka/vendor/keda\n  run: just tk-vendor");
    } finally {
      write(manifest, text);
    }
  });

  test("evaluation runs nothing that changes anything, not even that of tilt down", () => {
    evaluate("default", [], { SUBCOMMAND: "down" }); // there is no cluster that it could remove anything from
    expect(existsSync(calls) ? readFileSync(calls, "utf8") : "").toBe("");
  });

  describe("images of this machine", () => {
    const program = (args: readonly string[], env: NodeJS.ProcessEnv) => {
      rmSync(calls, { force: true });
      const done = spawnSync(join(root, "bin/cluster"), args, {
        encoding: "utf8",
        env: { ...process.env, GANTRY_PROJECT: work, PATH: `${stubs}:/usr/bin:/bin`, ...env },
      });
      const said = existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : [];
      return { code: done.status, out: done.stdout, err: done.stderr, calls: said };
    };

    test.each(["podman", "docker"])("%s gives native k3s the name that kubelet looks for", (engine) => {
      const ran = program(["import-image", "localhost/server", "--engine", engine], { GANTRY_CONTEXT: "default" });
      expect(ran).toMatchObject({ code: 0, out: "server:latest is in the cluster\n" });
      const name = "docker.io/library/server:latest";
      expect(ran.calls).toContain(`${engine} tag server:latest ${name}`);
      expect(ran.calls).toContain(
        engine === "podman" ? `podman save --format docker-archive ${name}` : `docker save ${name}`,
      );
      expect(ran.calls).toContainEqual(expect.stringMatching(/^(k3s|sudo .*k3s) ctr -n k8s.io images import -$/));
    });

    test("the context of a k3d cluster says which", () => {
      const ran = program(["import-image", "server", "--engine", "docker"], { GANTRY_CONTEXT: "k3d-other" });
      expect(ran.code).toBe(0);
      expect(ran.calls.at(-1)).toMatch(/^k3d image import \S+ -c other$/);
    });

    test("a build is named by its content, and goes to the registry that Tilt has found", () => {
      write(join(work, "crates/server/Dockerfile"), "FROM scratch\n");
      const id = "0123456789ab".padEnd(64, "c");
      const build = `#!/bin/sh\necho "docker $*" >>'${calls}'\nwhile [ $# -gt 0 ]; do [ "$1" != --iidfile ] || printf sha256:${id} >"$2"; shift; done\n`;
      write(join(stubs, "docker"), build, 0o755);
      const file = join(work, "ref/server");
      const ran = program(["build-image", "server", "--engine", "docker", "--arg", "MODE=a b", "--ref-file", file], {
        EXPECTED_REGISTRY: "localhost:5000",
      });
      expect(ran).toMatchObject({ code: 0 });
      expect(readFileSync(file, "utf8")).toBe("localhost:5000/server:tilt-0123456789ab\n");
      expect(ran.calls[0]).toMatch(/^docker build -t server:latest --iidfile \S+ --build-arg MODE=a b -f \S+ \S+$/);
      expect(ran.calls.at(-1)).toBe("docker push localhost:5000/server:tilt-0123456789ab");
    });

    test("a build that fails is told, and leaves no name behind", () => {
      write(join(stubs, "docker"), "#!/bin/sh\nexit 1\n", 0o755);
      const file = join(work, "ref/failed");
      const ran = program(["build-image", "server", "--engine", "docker", "--ref-file", file], {});
      expect(ran.code).toBe(1);
      expect(ran.err).toContain("server does not build (see above)");
      expect(existsSync(file)).toBe(false);
    });

    test("a port that somebody has is named with who has it", async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      try {
        const ran = program(["preflight", "--port", `${port}=gitea`], { GANTRY_CONTEXT: "default" });
        expect(ran.code).toBe(1);
        expect(ran.out).toContain(`ports: ${port} is taken by `);
        expect(ran.out).toContain("; gitea wants it");
        expect(ran.out).toContain("charts: 2 are there");
      } finally {
        server.close();
      }
    });
  });
});

function tiltPath(): string {
  return spawnSync("sh", ["-c", "command -v tilt"], { encoding: "utf8" }).stdout.trim();
}
