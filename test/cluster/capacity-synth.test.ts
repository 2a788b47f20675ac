// The proof of capacity as people meet it: synthesis of a cluster that has no room for what it declares.
import { Charts } from "../../lib/cluster/charts";
import { HelmChart } from "../../lib/cluster/helm-chart";
import { K3sCluster } from "../../lib/cluster/k3s-cluster";
import { MachineProfile } from "../../lib/cluster/machine-profile";
import type { Namespace, NamespaceProps } from "../../lib/cluster/namespace";
import { RedisStream } from "../../lib/cluster/redis-stream";
import { TankaEnvironment } from "../../lib/cluster/tanka-environment";
import { messageOf } from "../support/project";
import { Template } from "../support/template";

const image = `ghcr.io/org/app@sha256:${"0".repeat(64)}`;
const queue = RedisStream.at({ host: "redis-master", namespace: "raibid-ci", stream: "raibid:jobs", group: "agents" });

/** A DGX Spark with one namespace. */
function synth(props: NamespaceProps, fill: (namespace: Namespace) => void, environments: readonly string[] = []) {
  return Template.of((stack) => {
    const cluster = new K3sCluster(stack, "dgx", {
      version: "v1.28.5+k3s1",
      servers: [{ name: "dgx", machine: MachineProfile.dgxSpark() }],
    });
    fill(cluster.addNamespace("raibid-ci", props));
    for (const id of environments)
      new TankaEnvironment(stack, id, { cluster, namespaces: { "raibid-ci": `ci-${id}` } });
  });
}

const refusal = (...given: Parameters<typeof synth>) => messageOf(() => synth(...given));

// The quota of the document, whose workers were said to be ten.
const DOCUMENT: NamespaceProps = {
  quota: {
    pods: 10,
    requests: { cpu: "10", memory: "80Gi" },
    limits: { cpu: "10", memory: "80Gi" },
    persistentVolumeClaims: 10,
    storage: "100Gi",
  },
};

test("ten workers of two CPUs are refused where limits end at ten; five are not", () => {
  const workers = (max: number) => (namespace: Namespace) => namespace.addQueueWorkers("agent", { image, queue, max });
  expect(refusal(DOCUMENT, workers(10))).toMatchInlineSnapshot(`
    "Validation failed with the following errors:
      [lab/dgx/raibid-ci] quota.limits.cpu: got 10; allowed: 20 or more, which is the sum in "raibid-ci" (environment local): agent 10 × 2 = 20. 10 ÷ 2 = 5 of agent fit, not 10: give it max: 5, or less for each

    If you wish to ignore these validations, pass 'skipValidation: true' to your App configuration.
    "
  `);
  expect(refusal(DOCUMENT, workers(10), ["dev"])).toContain(
    'the sum in "raibid-ci" (environment local) and "ci-dev" (environment dev): agent 10 × 2 = 20.',
  );
  expect(synth(DOCUMENT, workers(5)).warnings).toEqual([]);
});

test("a quota of limits refuses pods that have none, unless the limit range speaks for them", () => {
  const server = (namespace: Namespace) => namespace.addService("server", { image, ports: { http: 8080 } });
  expect(refusal(DOCUMENT, server)).toMatchInlineSnapshot(`
    "Validation failed with the following errors:
      [lab/dgx/raibid-ci] quota.limits.cpu: Kubernetes refuses pods in "raibid-ci" (environment local) that do not say it: server. Allowed: limits: { cpu } for each, limits: { default: { cpu } } for the namespace, or a quota without it

    If you wish to ignore these validations, pass 'skipValidation: true' to your App configuration.
    "
  `);
  expect(synth({ ...DOCUMENT, limits: { default: { cpu: "1" } } }, server).warnings).toEqual([]);
});

test("a container above the limit range", () => {
  expect(
    refusal({ limits: { max: { cpu: "1", memory: "8Gi" } } }, (namespace) =>
      namespace.addQueueWorkers("agent", { image, queue, max: 1 }),
    ),
  ).toMatchInlineSnapshot(`
    "Validation failed with the following errors:
      [lab/dgx/raibid-ci] limits.max.cpu: got 1; allowed: 2 or more, or less for agent in "raibid-ci" (environment local)

    If you wish to ignore these validations, pass 'skipValidation: true' to your App configuration.
    "
  `);
});

test("the quotas of the document, 18 CPUs together, stand on a machine that has 14: they are ceilings, not promises", () => {
  const quota = (
    pods: number,
    [cpu, most]: [string, string],
    [memory, top]: [string, string],
    disks: [number, string],
  ) => ({
    pods,
    requests: { cpu, memory },
    limits: { cpu: most, memory: top },
    persistentVolumeClaims: disks[0],
    storage: disks[1],
  });
  const template = synth(DOCUMENT, (namespace) => {
    const cluster = namespace.node.scope as K3sCluster;
    expect(cluster.allocatable.cpuMillis).toBe(14_000);
    const infrastructure = quota(20, ["6", "8"], ["32Gi", "40Gi"], [5, "500Gi"]);
    cluster.addNamespace("raibid-infrastructure", { quota: infrastructure });
    cluster.addNamespace("raibid-monitoring", { quota: quota(10, ["2", "4"], ["8Gi", "16Gi"], [3, "100Gi"]) });
  });
  expect(template.warnings).toMatchInlineSnapshot(`
    [
      "[lab/dgx] quotas: requests.cpu of all namespaces is 18 (raibid-ci 10, raibid-infrastructure 6, raibid-monitoring 2), more than the 14 CPUs that the nodes leave; who comes last waits although the quota has room",
      "[lab/dgx] quotas: requests.memory of all namespaces is 120Gi (raibid-ci 80Gi, raibid-infrastructure 32Gi, raibid-monitoring 8Gi), more than the 104Gi that the nodes leave; who comes last waits although the quota has room",
    ]
  `);
  const objects = JSON.parse(
    template.file("tanka/environments/local/manifests/namespace-raibid-infrastructure.json"),
  ) as { kind: string; spec: unknown }[];
  expect(objects.find(({ kind }) => kind === "ResourceQuota")?.spec).toEqual({
    hard: {
      pods: "20",
      "requests.cpu": "6",
      "requests.memory": "32Gi",
      "limits.cpu": "8",
      "limits.memory": "40Gi",
      persistentvolumeclaims: "5",
      "requests.storage": "500Gi",
    },
  });
});

test("charts count: those without limits are refused where the quota counts limits", () => {
  const charts = (namespace: Namespace) => {
    namespace.addChart(Charts.flux2("2.12.4"));
    namespace.addChart(Charts.keda("2.14.0"));
  };
  expect(refusal({ quota: { pods: 8, limits: { cpu: "3" } } }, charts)).toMatchInlineSnapshot(`
    "Validation failed with the following errors:
      [lab/dgx/raibid-ci] quota.limits.cpu: Kubernetes refuses pods in "raibid-ci" (environment local) that do not say it: flux2/source-controller (manager), flux2/kustomize-controller (manager), flux2/helm-controller (manager). Allowed: limits: { cpu } for each, limits: { default: { cpu } } for the namespace, or a quota without it

    If you wish to ignore these validations, pass 'skipValidation: true' to your App configuration.
    "
  `);
});

test("the machine: three workers of 16 CPUs, and a second environment on it", () => {
  const requests = { cpu: "16", memory: "1Gi" } as const;
  const large = (namespace: Namespace) =>
    namespace.addQueueWorkers("agent", { image, queue, max: 3, requests, limits: {} });
  expect(refusal({}, large)).toMatchInlineSnapshot(`
    "Validation failed with the following errors:
      [lab/dgx] servers: got nodes that leave 14 CPUs for workloads; allowed: 48200m or more, which is requested: raibid-ci/agent 3 × 16 = 48, k3s/coredns 100m, k3s/metrics-server 100m. Add a node, or let raibid-ci/agent have less
      [lab/dgx] servers: got no node with room for one pod of: raibid-ci/agent 16; allowed: at most 14 CPUs for one pod, which is what the largest node leaves

    If you wish to ignore these validations, pass 'skipValidation: true' to your App configuration.
    "
  `);
  const half = (namespace: Namespace) => namespace.addQueueWorkers("agent", { image, queue, max: 8 });
  expect(synth({}, half).warnings).toEqual([]);
  expect(refusal({}, half, ["dev"])).toMatchInlineSnapshot(`
    "Validation failed with the following errors:
      [lab/dgx] servers: got nodes that leave 14 CPUs for workloads; allowed: 16200m or more, which is requested: raibid-ci/agent 8 × 1 = 8, ci-dev/agent 8 × 1 = 8, k3s/coredns 100m, 1 more 100m. (14 - 8200m) ÷ 1 = 5.8, so 5 of raibid-ci/agent fit, not 8: give it max: 5, or less for each

    If you wish to ignore these validations, pass 'skipValidation: true' to your App configuration.
    "
  `);
});

test("a chart that nobody knows is in no proof, unless somebody says what it takes", () => {
  const at = { repo: "https://charts.example.org", tree: "0".repeat(64) };
  const other = HelmChart.pinned("other", "1.0.0", at);
  expect(synth(DOCUMENT, (namespace) => namespace.addChart(other)).warnings).toEqual([
    '[lab/dgx/raibid-ci/other] capacity: what other 1.0.0 takes with these values is not known and is in no proof; say it: capacity: { pods: …, requests: { cpu: "…", memory: "…" } }',
  ]);
  const capacity = { pods: 11, requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } } as const;
  expect(refusal(DOCUMENT, (namespace) => namespace.addChart(other, { capacity }))).toMatchInlineSnapshot(`
    "Validation failed with the following errors:
      [lab/dgx/raibid-ci] quota.pods: got 10; allowed: 11 or more, which is the sum in "raibid-ci" (environment local): other 11. Raise it, or ask for less

    If you wish to ignore these validations, pass 'skipValidation: true' to your App configuration.
    "
  `);
});

test("fewer workers at most than at least", () => {
  expect(refusal({}, (namespace) => namespace.addQueueWorkers("agent", { image, queue, min: 3, max: 2 }))).toBe(
    "[lab/dgx/raibid-ci/agent] QueueWorkers: invalid props\n  min: got 3; allowed: at most 2, which is max",
  );
});
