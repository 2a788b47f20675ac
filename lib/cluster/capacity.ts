import { cpuMillis, memoryMib, showCpu, showMemory } from "./quantity";
import type { LimitsModel, QuotaModel } from "./quota";

/** CPU and memory as text, one or both. */
interface Compute {
  readonly cpu?: string | undefined;
  readonly memory?: string | undefined;
}

/** What a part of a namespace may come to use. */
export interface Load {
  /** What people call it, for example `"raibid-agent"`. */
  readonly name: string;
  /** Pods that may run at the same time: replicas, or the most workers. */
  readonly pods: number;
  /** What each of them requests. */
  readonly requests: Compute;
  /** What each of them is limited to. */
  readonly limits: Compute;
  /** Property of the stack that makes it smaller, for example `"max"`. */
  readonly count: string;
}

/** Something in a namespace that knows what it may come to use. A chart's release knows it when its resources are declared. */
export interface Loaded {
  readonly load: Load | undefined;
}

/** A namespace, as far as it can be proved. */
export interface NamespaceLoad {
  readonly namespace: string;
  readonly quota: QuotaModel | undefined;
  readonly limits: LimitsModel | undefined;
  readonly loads: readonly Load[];
}

type Resource = "cpu" | "memory";
type Side = "requests" | "limits";

const RESOURCES: readonly Resource[] = ["cpu", "memory"];
const SIDES: readonly Side[] = ["requests", "limits"];
const amountOf = (resource: Resource, text: string) => (resource === "cpu" ? cpuMillis(text) : memoryMib(text));
const show = (resource: Resource, amount: number) => (resource === "cpu" ? showCpu(amount) : showMemory(amount));

/** What a container gets: its own word, or that of the limit range; a request that nobody says is the limit. */
function effective(load: Load, limits: LimitsModel | undefined, side: Side, resource: Resource): string | undefined {
  const limit = load.limits[resource] ?? limits?.default?.[resource];
  return side === "limits" ? limit : (load.requests[resource] ?? limits?.defaultRequest?.[resource] ?? limit);
}

/** What does not fit into the quota and limits of a namespace: one text, with the numbers and the worst offenders, or none. */
export function namespaceFaults({ namespace, quota, limits, loads }: NamespaceLoad): string[] {
  const faults: string[] = [];
  const sums = (amount: (load: Load) => number, text: (value: number) => string, most: number, what: string) => {
    const total = loads.reduce((sum, load) => sum + load.pods * amount(load), 0);
    if (total <= most) return;
    const worst = [...loads].sort((a, b) => b.pods * amount(b) - a.pods * amount(a)).slice(0, 3);
    const offenders = worst
      .filter((load) => load.pods * amount(load) > 0)
      .map((load) => `${load.name} ${load.pods} × ${text(amount(load))} = ${text(load.pods * amount(load))}`);
    const [first] = worst;
    const fits =
      first && amount(first) > 0 ? Math.floor((most - total + first.pods * amount(first)) / amount(first)) : 0;
    const remedy = first && fits >= 1 ? `; ${first.name} fits with ${first.count}: ${fits}` : "";
    faults.push(`${what}: ${text(total)} of ${text(most)} (${offenders.join(", ")})${remedy}`);
  };
  if (quota?.pods !== undefined) sums(() => 1, String, quota.pods, "pods");
  for (const side of SIDES) {
    for (const resource of RESOURCES) {
      const most = quota?.[side]?.[resource];
      if (most === undefined) continue;
      for (const load of loads) {
        if (effective(load, limits, side, resource) !== undefined) continue;
        faults.push(`${side}.${resource}: ${load.name} says none, and the quota admits no pod without`);
      }
      const amount = (load: Load) => amountOf(resource, effective(load, limits, side, resource) ?? "0");
      sums(amount, (value) => show(resource, value), amountOf(resource, most), `${side}.${resource}`);
    }
  }
  for (const load of loads) {
    for (const side of SIDES) {
      for (const resource of RESOURCES) {
        const given = effective(load, limits, side, resource);
        const [most, least] = [limits?.max?.[resource], limits?.min?.[resource]];
        if (given === undefined) continue;
        if (most !== undefined && amountOf(resource, given) > amountOf(resource, most))
          faults.push(`${side}.${resource}: ${load.name} has ${given}, more than the ${most} of limits.max`);
        if (least !== undefined && amountOf(resource, given) < amountOf(resource, least))
          faults.push(`${side}.${resource}: ${load.name} has ${given}, less than the ${least} of limits.min`);
      }
    }
  }
  if (faults.length === 0) return [];
  return [
    [
      `namespace ${namespace}: what may run at the same time does not fit its quota`,
      ...faults.map((f) => `  ${f}`),
    ].join("\n"),
  ];
}

/**
 * What does not fit on the machines: of each namespace its quota where it has one, else what runs in it. Compared with what nodes
 * have left for pods.
 */
export function clusterFaults(
  namespaces: readonly NamespaceLoad[],
  allocatable: { readonly cpuMillis: number; readonly memoryMib: number } | undefined,
): string[] {
  if (allocatable === undefined) return [];
  const faults = RESOURCES.flatMap((resource) => {
    const most = resource === "cpu" ? allocatable.cpuMillis : allocatable.memoryMib;
    const each = namespaces.map(({ namespace, quota, limits, loads }) => {
      const hard = quota?.requests?.[resource];
      const used = (load: Load) => load.pods * amountOf(resource, effective(load, limits, "requests", resource) ?? "0");
      const amount = hard === undefined ? loads.reduce((sum, load) => sum + used(load), 0) : amountOf(resource, hard);
      return { amount, text: `${namespace} ${show(resource, amount)}${hard === undefined ? "" : " (quota)"}` };
    });
    const total = each.reduce((sum, { amount }) => sum + amount, 0);
    if (total <= most) return [];
    const worst = [...each].sort((a, b) => b.amount - a.amount).slice(0, 3);
    const list = worst.map(({ text }) => text).join(", ");
    return [`  requests.${resource}: ${show(resource, total)} of ${show(resource, most)} (${list})`];
  });
  return faults.length === 0
    ? []
    : [["the namespaces together ask for more than the nodes have for pods", ...faults].join("\n")];
}
