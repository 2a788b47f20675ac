// The proof of capacity as people meet it: synthesis of a cluster that has no room for what it declares.
import fc from "fast-check";
import { namespaceFaults, type Load } from "../../lib/cluster/capacity";
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
      [lab/dgx/raibid-ci] namespace raibid-ci: what may run at the same time does not fit its quota
      limits.cpu: 20 of 10 (agent 10 × 2 = 20); agent fits with max: 5

    If you wish to ignore these validations, pass 'skipValidation: true' to your App configuration.
    "
  `);
  expect(refusal(DOCUMENT, workers(10), ["dev"])).toBe(refusal(DOCUMENT, workers(10)));
  expect(synth(DOCUMENT, workers(5), ["dev"]).warnings).toEqual([]);
});

test("a quota of limits refuses pods that have none, unless the limit range speaks for them", () => {
  const server = (namespace: Namespace) => namespace.addService("server", { image, ports: { http: 8080 } });
  expect(refusal(DOCUMENT, server)).toMatchInlineSnapshot(`
    "Validation failed with the following errors:
      [lab/dgx/raibid-ci] namespace raibid-ci: what may run at the same time does not fit its quota
      limits.cpu: server says none, and the quota admits no pod without

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
      [lab/dgx/raibid-ci] namespace raibid-ci: what may run at the same time does not fit its quota
      limits.cpu: agent has 2, more than the 1 of limits.max

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

test("the sum is that of every pod, and one more than the quota is refused", () => {
  const load = fc.record({
    pods: fc.integer({ min: 0, max: 50 }),
    cpu: fc.integer({ min: 1, max: 64_000 }),
    memory: fc.integer({ min: 1, max: 1 << 20 }),
  });
  fc.assert(
    fc.property(fc.array(load, { minLength: 1, maxLength: 8 }), fc.constantFrom("requests", "limits"), (all, side) => {
      const loads = all.map(({ pods, cpu, memory }, i): Load => {
        const amounts = { cpu: `${cpu}m`, memory: `${memory}Mi` };
        return { name: `part-${i}`, pods, requests: amounts, limits: amounts, count: "max" };
      });
      const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((before, one) => before + of(one), 0);
      const pods = sum((one) => one.pods);
      fc.pre(pods > 0);
      const cpu = sum((one) => one.pods * one.cpu);
      const memory = sum((one) => one.pods * one.memory);
      const faults = (lessPods: number, lessCpu: number, lessMemory: number) =>
        namespaceFaults({
          namespace: "one",
          quota: {
            pods: pods - lessPods,
            [side]: { cpu: `${cpu - lessCpu}m`, memory: `${memory - lessMemory}Mi` },
          },
          limits: undefined,
          loads,
        }).flatMap((text) =>
          text
            .split("\n")
            .slice(1)
            .map((line) => line.trim().replace(/:.*/, "")),
        );
      expect(faults(0, 0, 0)).toEqual([]);
      expect(faults(1, 0, 0)).toEqual(["pods"]);
      expect(faults(0, 1, 0)).toEqual([`${side}.cpu`]);
      expect(faults(0, 0, 1)).toEqual([`${side}.memory`]);
    }),
    { numRuns: 50 },
  );
});
