// The program `cluster` against a real Kubernetes API. Its parts take six minutes to build, so it runs where they are:
//   test/tools/ensure --all && npx jest cluster-api
// With GANTRY_CHARTS, a directory of the charts' archives, the example goes there too.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalBackend, TerraformStack } from "cdktf";
import { HelmChart, K3sCluster } from "../../lib/cluster";
import { synthesizeExample } from "../../scripts/examples";
import { tinyChart, treeOf } from "../support/charts";
import { KubernetesApi, kubernetesTools, kubernetesWanted } from "../support/kubernetes-api";
import { Project } from "../support/project";
import { withTools } from "../support/tools";

const optIn = kubernetesWanted ? describe : describe.skip;
const IMAGE = `ghcr.io/org/app@sha256:${"0".repeat(64)}`;

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gadgets.example.org
spec:
  group: example.org
  names: { kind: Gadget, listKind: GadgetList, plural: gadgets, singular: gadget }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer } } } } } }
`;
const gadget = `apiVersion: example.org/v1
kind: Gadget
metadata: { name: first }
spec: { size: 3 }
`;

/** A stack with a chart that brings a definition and a resource of it, a Secret to be made, and a server. */
function declare(project: Project): string {
  const chart = { ...tinyChart(), "tiny/templates/definition.yaml": definition, "tiny/templates/gadget.yaml": gadget };
  project.synth((app) => {
    const stack = new TerraformStack(app, "lab");
    new LocalBackend(stack, { path: "lab.tfstate" });
    const cluster = new K3sCluster(stack, "lab", {
      version: "v1.28.5+k3s1",
      servers: [{ name: "one", arch: "arm64", cpu: 8, memory: "32Gi" }],
    });
    const namespace = cluster.addNamespace("lab-system", {
      quota: { pods: 10, requests: { cpu: 4, memory: "8Gi" }, limits: { memory: "8Gi" } },
      limits: { default: { cpu: "1", memory: "256Mi" } },
    });
    namespace.addSecretRef("lab-auth", { keys: ["password"], generate: ["password"] });
    namespace.addChart(HelmChart.pinned("tiny", "1.0.0", { repo: "https://charts.example.org", tree: treeOf(chart) }));
    namespace.addService("server", { image: IMAGE, ports: { http: 8080 }, replicas: 2 });
  });
  const files = project.path("cdktf.out/stacks/lab/files");
  for (const [path, text] of Object.entries(chart)) {
    mkdirSync(join(files, "tanka/vendor", path, ".."), { recursive: true });
    writeFileSync(join(files, "tanka/vendor", path), text);
  }
  return files;
}

optIn("a cluster that answers", () => {
  withTools([...kubernetesTools, "tk", "helm"], () => {
    let api: KubernetesApi;
    const project = new Project();
    beforeAll(async () => {
      api = await KubernetesApi.start({ name: "one", cpu: 14, memory: "104Gi" });
    }, 180_000);
    afterAll(() => {
      api.stop();
      project.remove();
    });

    const cluster = (files: string, ...args: string[]) => {
      const env = { ...process.env, KUBECONFIG: api.kubeconfig };
      return spawnSync(join(files, "bin/cluster"), args, { cwd: files, env, encoding: "utf8", maxBuffer: 64 << 20 });
    };
    const succeed = (files: string, ...args: string[]) => {
      const done = cluster(files, ...args);
      expect({ status: done.status, stderr: done.status === 0 ? "" : done.stderr }).toEqual({ status: 0, stderr: "" });
      return done;
    };
    const names = (...args: string[]) =>
      api
        .kubectl(["get", ...args, "-o", "name"])
        .split("\n")
        .filter(Boolean);

    test("apply, apply again, and down, which leaves what others have made", async () => {
      const files = declare(project);
      expect(cluster(files, "apply", "--yes")).toMatchObject({ status: 66 }); // the Secret is not there yet
      succeed(files, "secrets", "--yes");
      expect(cluster(files, "apply")).toMatchObject({ status: 77, stderr: expect.stringContaining("--yes") });
      succeed(files, "apply", "--yes");
      expect(names("gadgets.example.org", "-n", "lab-system")).toEqual(["gadget.example.org/first"]);
      await api.until(() =>
        api.kubectl(["-n", "lab-system", "wait", "--for=condition=Available", "--timeout=1s", "deployment/server"]),
      );
      expect(
        api.kubectl(["-n", "lab-system", "get", "resourcequota", "-o", "jsonpath={.items[0].status.used.pods}"]),
      ).toBe("2");
      expect(succeed(files, "apply", "--yes").stderr).toContain("nothing to change");
      expect(succeed(files, "diff").stdout).toBe("");

      api.kubectl(["create", "namespace", "others"]);
      api.kubectl(["create", "configmap", "theirs", "-n", "others"]);
      const before = names("namespaces");
      expect(cluster(files, "down")).toMatchObject({ status: 77 });
      succeed(files, "down", "--yes", "--crds");
      expect(names("namespaces")).toEqual(before.filter((name) => name !== "namespace/lab-system"));
      expect(names("customresourcedefinitions")).toEqual([]);
      expect(names("configmaps", "-n", "others")).toContain("configmap/theirs");
    }, 180_000);

    const charts = process.env.GANTRY_CHARTS;
    if (charts !== undefined) {
      test("the example with its charts is applied twice, the second time without a change, and goes again", async () => {
        const example = new Project();
        synthesizeExample("k3s-tilt", example.path());
        const files = example.path("stacks/raibid/files");
        succeed(files, "vendor", "--mirror", charts);
        example.write("username", "gitea-admin");
        succeed(files, "secrets", "--from", `gitea-admin.username=${example.path("username")}`);
        succeed(files, "apply", "--yes");
        await api.until(() =>
          api.kubectl([
            "-n",
            "raibid-system",
            "wait",
            "--for=condition=Available",
            "--timeout=1s",
            "deployment/raibid-server",
          ]),
        );
        expect(succeed(files, "diff").stdout).toBe("");
        expect(succeed(files, "apply", "--yes").stderr).toContain("nothing to change");
        expect(names("pods", "-n", "raibid-system", "--field-selector=status.phase=Pending")).toEqual([]);
        succeed(files, "down", "--yes", "--crds");
        expect(names("namespaces")).not.toContain("namespace/raibid-system");
        example.remove();
      }, 300_000);
    }
  });
});
