// What the stack declares, rendered by the real Tanka and Helm, and judged by the schemas of Kubernetes.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { LocalBackend, TerraformStack } from "cdktf";
import { HelmChart, K3sCluster, RedisStream } from "../../lib/cluster";
import { synthesizeExample } from "../../scripts/examples";
import { tinyChart, treeOf } from "../support/charts";
import { objectsIn, schemaFaults } from "../support/kubernetes-schemas";
import { Project } from "../support/project";
import { withTools } from "../support/tools";

const IMAGE = `ghcr.io/org/app@sha256:${"0".repeat(64)}`;
const HOSTILE = "tab\there, ||| bars, 'quotes', \"double\", 100% and \\n\n\nlast line without newline";

/** The generated files of a stack with a chart of ours, a server and workers. */
function tinyFiles(project: Project, settings: Readonly<Record<string, unknown>> = {}): string {
  const chart = tinyChart();
  project.synth((app) => {
    const stack = new TerraformStack(app, "lab");
    new LocalBackend(stack, { path: "lab.tfstate" });
    const cluster = new K3sCluster(stack, "lab", {
      version: "v1.28.5+k3s1",
      servers: [{ name: "one", arch: "amd64", cpu: 8, memory: "32Gi" }],
    });
    const namespace = cluster.addNamespace("lab-system", { quota: { pods: 20, requests: { cpu: 6, memory: "24Gi" } } });
    namespace.addChart(HelmChart.pinned("tiny", "1.0.0", { repo: "https://charts.example.org", tree: treeOf(chart) }), {
      values: { settings: { hostile: HOSTILE }, ...settings },
      allowUnknown: ["settings"],
    });
    namespace.addService("server", { image: IMAGE, ports: { http: 8080, metrics: 8081 }, healthPath: "/health" });
    const queue = RedisStream.at({ host: "redis-master", namespace: "lab-system", stream: "lab:jobs", group: "lab" });
    namespace.addQueueWorkers("worker", { image: IMAGE, queue, max: 2 });
  });
  const files = project.path("cdktf.out/stacks/lab/files");
  for (const [path, text] of Object.entries(chart)) {
    project.write(join("cdktf.out/stacks/lab/files/tanka/vendor", path), text);
  }
  return files;
}

function run(files: string, program: string, ...args: string[]) {
  const cwd = program.startsWith("bin/") ? files : join(files, "tanka");
  const command = program.startsWith("bin/") ? join(files, program) : program;
  return spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 64 << 20 });
}

function show(files: string): string {
  const { status, stdout, stderr } = run(files, "bin/cluster", "show");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

withTools(["tk", "helm", "kubeconform", "kubernetes-schemas"], () => {
  const project = new Project();
  afterAll(() => project.remove());

  test("a chart, a server and workers render to valid objects, the same ones each time", () => {
    const files = tinyFiles(project);
    const yaml = show(files);
    expect(show(files)).toBe(yaml);
    const objects = objectsIn(yaml);
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
      expect.arrayContaining([
        "Namespace lab-system",
        "ResourceQuota lab-system-quota",
        "ConfigMap tiny-tiny",
        "Deployment server",
        "Service server",
        "ScaledJob worker",
      ]),
    );
    for (const { metadata } of objects) expect(metadata.labels).toHaveProperty(["tanka.dev/environment"]);
    const core = objects.filter(({ apiVersion }) => !apiVersion.startsWith("keda.sh/"));
    expect(schemaFaults(core.map((object) => JSON.stringify(object)).join("\n---\n"), "v1.28.0", project.path())).toBe(
      "",
    );
    expect(yaml).not.toContain("helm.sh/hook"); // its test pod
    expect(run(files, "tk", "fmt", "--test", "environments", "lib")).toMatchObject({ status: 0 });
    expect(run(files, "tk", "export", project.path("out"), "environments/local").status).toBe(0);
  });

  test("a value with tabs, bars, quotes and line feeds reaches helm as it is", () => {
    const objects = objectsIn(show(tinyFiles(project)));
    expect(objects.find(({ metadata }) => metadata.name === "tiny-tiny")).toMatchObject({ data: { hostile: HOSTILE } });
  });

  test("a key that the chart does not know is refused when it is rendered", () => {
    const { status, stdout, stderr } = run(tinyFiles(project, { replica: 2 }), "bin/cluster", "show");
    expect(status).toBe(65);
    expect(stdout).toBe("");
    expect(stderr).toContain("replica: unknown key");
    expect(stderr).toContain('did you mean "replicas"?');
  });

  test("nothing is rendered from a chart that is not what the stack pins", () => {
    const files = tinyFiles(project);
    project.write("cdktf.out/stacks/lab/files/tanka/vendor/tiny/templates/config.yaml", "changed: true\n");
    expect(run(files, "bin/cluster", "show")).toMatchObject({ status: 65, stdout: "" });
  });
});

// The charts themselves are not ours to keep: with GANTRY_CHARTS, a directory of their archives, the example is rendered whole.
const charts = process.env.GANTRY_CHARTS;
if (charts !== undefined) {
  withTools(["tk", "helm", "kubeconform", "kubernetes-schemas"], () => {
    test("the example renders to valid objects, definitions of its charts included", () => {
      const project = new Project();
      synthesizeExample("k3s-tilt", project.path());
      const files = project.path("stacks/raibid/files");
      expect(run(files, "bin/cluster", "vendor", "--mirror", charts)).toMatchObject({ status: 0 });
      const yaml = show(files);
      expect(show(files)).toBe(yaml);
      expect(schemaFaults(yaml, "v1.28.0", project.path())).toBe("");
      expect(yaml).not.toMatch(/helm\.sh\/hook|r8sA8CPHD9/);
      project.remove();
    });
  });
}
