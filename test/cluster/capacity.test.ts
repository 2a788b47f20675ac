// The arithmetic of the proof, on parts that are only their needs.
import fc from "fast-check";
import { proveCapacity, type DeclaredNamespace } from "../../lib/cluster/capacity";
import type { Part, RenderTarget } from "../../lib/cluster/environment";
import type { ComputeNeed, ContainerNeed, Needs, PodNeed } from "../../lib/cluster/needs";

const NONE: Needs = { pods: [], claims: [] };
const target = { namespace: (name: string) => name } as RenderTarget;
const elsewhere = { environmentName: "dev", contexts: ["elsewhere"], target };

const container = (requests: ComputeNeed, limits: ComputeNeed = {}, init = false): ContainerNeed => ({
  name: init ? "setup" : "app",
  init,
  requests,
  limits,
});

/** What is said of namespace "one" when pods run in it, in an environment of another cluster. */
function faults(pods: readonly PodNeed[], { quota, limits }: Partial<DeclaredNamespace>, claims: Needs["claims"] = []) {
  const part = { partName: "app", namespaceName: "one", needsFor: () => ({ pods, claims }) } as unknown as Part;
  const findings = proveCapacity({
    contexts: ["here"],
    nodes: [{ cpuMillis: 1, memoryMib: 1 }],
    system: NONE,
    namespaces: [{ namespaceName: "one", quota, limits }],
    parts: [part],
    environments: [elsewhere],
  });
  // What another cluster has is not known.
  expect([findings.cluster, findings.warnings]).toEqual([[], []]);
  return (findings.namespaces.get("one") ?? []).map(({ property, message }) => `${property}: ${message}`);
}

const one = (...containers: ContainerNeed[]): PodNeed[] => [{ name: "app", count: 1, containers }];

/** What a pod of one container requests of the CPU, in thousandths: the largest quota that is refused, and one. */
function requested(need: ContainerNeed, limits: DeclaredNamespace["limits"]) {
  const [fault = ""] = faults(one(need), { quota: { requests: { cpu: "1m" } }, limits });
  return /allowed: (\S+) or more/.exec(fault)?.[1];
}

test("defaults in the order of Kubernetes: its own limit before the limit range, max as the default limit", () => {
  const range = { default: { cpu: "800m" }, defaultRequest: { cpu: "200m" } } as const;
  expect(requested(container({}, { cpu: 500 }), range)).toBe("500m");
  expect(requested(container({}), range)).toBe("200m");
  expect(requested(container({}), { default: { cpu: "800m" } })).toBe("800m");
  expect(requested(container({}), { max: { cpu: "900m" } })).toBe("900m");
  expect(
    faults(one(container({ cpu: 100 })), { quota: { limits: { cpu: "500m" } }, limits: { max: { cpu: "900m" } } }),
  ).toEqual([
    'quota.limits.cpu: got 500m; allowed: 900m or more, which is the sum in "one" (environment dev): app 900m. Raise it, or let app have less',
  ]);
});

test("what the API server refuses", () => {
  expect(faults(one(container({ cpu: 1500 })), { limits: { default: { cpu: "1" } } })).toEqual([
    'limits.default.cpu: got 1; allowed: 1500m or more, which app in "one" (environment dev) requests, or limits: { cpu } for it',
  ]);
  expect(faults(one(container({ cpu: 1500 }, { cpu: 1000 })), {})).toEqual([
    'app: requests.cpu is 1500m in "one" (environment dev); allowed: at most 1, its limit',
  ]);
  expect(
    faults(one(container({ memory: 64 }, { memory: 512 })), {
      limits: { max: { memory: "256Mi" }, min: { memory: "128Mi" } },
    }),
  ).toEqual([
    'limits.max.memory: got 256Mi; allowed: 512Mi or more, or less for app in "one" (environment dev)',
    'limits.min.memory: got 128Mi; allowed: 64Mi or less, or more for app in "one" (environment dev)',
  ]);
});

test("init containers come before the others; claims count too", () => {
  const pod = one(container({ cpu: 900 }, {}, true), container({ cpu: 300 }), container({ cpu: 400 }));
  expect(faults(pod, { quota: { requests: { cpu: "900m" } } })).toEqual([]);
  expect(faults(pod, { quota: { requests: { cpu: "899m" } } })).toHaveLength(1);
  const claims = [{ name: "data", count: 3, storageMib: 8192 }];
  expect(faults([], { quota: { persistentVolumeClaims: 2, storage: "16Gi" } }, claims)).toEqual([
    'quota.persistentVolumeClaims: got 2; allowed: 3 or more, which is the sum in "one" (environment dev): app/data (volume) 3 × 1 = 3. Raise it, or let app/data (volume) have less',
    'quota.storage: got 16Gi; allowed: 24Gi or more, which is the sum in "one" (environment dev): app/data (volume) 3 × 8Gi = 24Gi. Raise it, or let app/data (volume) have less',
  ]);
});

test("the sum is that of every pod, and one more than the quota is refused", () => {
  const load = fc.record({
    pods: fc.integer({ min: 0, max: 50 }),
    cpu: fc.integer({ min: 1, max: 64_000 }),
    memory: fc.integer({ min: 1, max: 1 << 20 }),
  });
  fc.assert(
    fc.property(fc.array(load, { minLength: 1, maxLength: 8 }), fc.constantFrom("requests", "limits"), (all, side) => {
      const parts = all.map(({ pods, cpu, memory }, i): PodNeed => {
        const containers = [container({ cpu, memory }, { cpu, memory })];
        return { name: `part-${i}`, count: pods, containers };
      });
      const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((before, each) => before + of(each), 0);
      const pods = sum((each) => each.pods);
      fc.pre(pods > 0);
      const cpu = sum((each) => each.pods * each.cpu);
      const memory = sum((each) => each.pods * each.memory);
      const refused = (lessPods: number, lessCpu: number, lessMemory: number) =>
        faults(parts, {
          quota: { pods: pods - lessPods, [side]: { cpu: `${cpu - lessCpu}m`, memory: `${memory - lessMemory}Mi` } },
        }).map((text) => text.replace(/:.*/, ""));
      expect(refused(0, 0, 0)).toEqual([]);
      expect(refused(1, 0, 0)).toEqual(["quota.pods"]);
      expect(refused(0, 1, 0)).toEqual([`quota.${side}.cpu`]);
      expect(refused(0, 0, 1)).toEqual([`quota.${side}.memory`]);
    }),
    { numRuns: 50 },
  );
});
