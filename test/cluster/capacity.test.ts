import { clusterFaults, namespaceFaults, type Load } from "../../lib/cluster/capacity";

const agent: Load = {
  name: "raibid-agent",
  pods: 10,
  requests: { cpu: "1", memory: "2Gi" },
  limits: { cpu: "2", memory: "4Gi" },
  count: "max",
};
const server: Load = {
  name: "raibid-server",
  pods: 1,
  requests: { cpu: "100m", memory: "128Mi" },
  limits: { memory: "128Mi" },
  count: "replicas",
};
const base = { namespace: "raibid-ci", limits: undefined, loads: [server, agent] };

test("all workers at once must fit, in each amount of the quota; the error says who is too much and what would fit", () => {
  const quota = { pods: 10, requests: { cpu: "10", memory: "80Gi" }, limits: { cpu: "10", memory: "80Gi" } };
  expect(namespaceFaults({ ...base, quota })).toEqual([
    `namespace raibid-ci: what may run at the same time does not fit its quota
  pods: 11 of 10 (raibid-agent 10 × 1 = 10, raibid-server 1 × 1 = 1); raibid-agent fits with max: 9
  requests.cpu: 10100m of 10 (raibid-agent 10 × 1 = 10, raibid-server 1 × 100m = 100m); raibid-agent fits with max: 9
  limits.cpu: raibid-server says none, and the quota admits no pod without
  limits.cpu: 20 of 10 (raibid-agent 10 × 2 = 20); raibid-agent fits with max: 5`,
  ]);
});

test("what fits exactly is right; a limit range speaks for those that say nothing, and its bounds hold", () => {
  const quota = { pods: 11, requests: { cpu: "10100m" }, limits: { cpu: "21" } };
  const limits = { default: { cpu: "1" } };
  expect(namespaceFaults({ ...base, quota, limits })).toEqual([]);
  expect(
    namespaceFaults({ ...base, quota: undefined, limits: { max: { cpu: "1" }, min: { memory: "256Mi" } } }),
  ).toEqual([
    `namespace raibid-ci: what may run at the same time does not fit its quota
  requests.memory: raibid-server has 128Mi, less than the 256Mi of limits.min
  limits.memory: raibid-server has 128Mi, less than the 256Mi of limits.min
  limits.cpu: raibid-agent has 2, more than the 1 of limits.max`,
  ]);
});

test("the quotas together, or what runs without one, must fit the nodes", () => {
  const quota = { requests: { cpu: "10", memory: "80Gi" } };
  const other = { namespace: "other", quota: undefined, limits: undefined, loads: [agent] };
  const nodes = { cpuMillis: 14_000, memoryMib: 104 * 1024 };
  expect(clusterFaults([{ ...base, quota }, other], nodes)).toEqual([
    `the namespaces together ask for more than the nodes have for pods
  requests.cpu: 20 of 14 (raibid-ci 10 (quota), other 10)`,
  ]);
  expect(clusterFaults([{ ...base, quota }], nodes)).toEqual([]);
  expect(clusterFaults([{ ...base, quota }, other], undefined)).toEqual([]);
});
