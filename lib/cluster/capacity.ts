import type { Fault } from "../core/errors";
import type { Part, RenderTarget } from "./environment";
import type { Allocatable } from "./machine-profile";
import type { ComputeNeed, ContainerNeed, Needs } from "./needs";
import { cpuMillis, memoryMib, showCpu, showMemory } from "./quantity";
import type { LimitsModel, QuotaModel } from "./quota";

/** What a quota can count, by the props that say so. */
const RESOURCES = [
  "pods",
  "requests.cpu",
  "requests.memory",
  "limits.cpu",
  "limits.memory",
  "persistentVolumeClaims",
  "storage",
] as const;
type Resource = (typeof RESOURCES)[number];
type Amounts = Partial<Record<Resource, number>>;

/** A namespace as the stack declares it. */
export interface DeclaredNamespace {
  readonly namespaceName: string;
  readonly quota: QuotaModel | undefined;
  readonly limits: LimitsModel | undefined;
}

/** An environment, and where it is rendered to. */
export interface ProvenEnvironment {
  readonly environmentName: string;
  readonly contexts: readonly string[];
  readonly target: RenderTarget;
}

/** What is proven. */
export interface CapacityModel {
  /** Contexts that are this cluster: an environment with none of them is on another. */
  readonly contexts: readonly string[];
  /** What each node leaves for pods. */
  readonly nodes: readonly Allocatable[];
  /** Pods that the distribution itself brings. */
  readonly system: Needs;
  readonly namespaces: readonly DeclaredNamespace[];
  readonly parts: readonly Part[];
  readonly environments: readonly ProvenEnvironment[];
}

/** What came out, in the words of the person who wrote the stack. */
export interface CapacityFindings {
  /** Faults by the name of the declared namespace. */
  readonly namespaces: ReadonlyMap<string, readonly Fault[]>;
  /** Faults of the cluster as a whole. */
  readonly cluster: readonly Fault[];
  readonly warnings: readonly string[];
}

/**
 * Proves that what is declared has room, as Kubernetes would count it: a pod is its containers together, or the largest of its init
 * containers; workers count with their maximum; a container without requests has its limits, then what the LimitRange says.
 *
 * - In each namespace of each environment, everything together fits its quota, and every container says what the quota counts and
 *   keeps to the LimitRange: the API server would refuse the pods one by one, at night, with nobody looking.
 * - All that is requested on this cluster, k3s' own pods included, fits what its nodes leave for pods, and every pod fits a node.
 * - No quota alone is more than the whole cluster. Quotas that are so together are a warning only: a quota is a ceiling, not a
 *   promise, and ceilings that are not reached at the same time are the usual way to share a machine. Limits are never compared
 *   with nodes for the same reason.
 *
 * Environments on other clusters are held against their quotas alone: what those clusters have is not known here.
 */
export function proveCapacity(model: CapacityModel): CapacityFindings {
  const { environments, namespaces, contexts } = model;
  const here = environments.filter((environment) => environment.contexts.some((each) => contexts.includes(each)));
  const total = sumOf(model.nodes);
  return {
    namespaces: new Map(
      namespaces.map((namespace) => [
        namespace.namespaceName,
        [
          ...grouped(environments.flatMap((environment) => quotaFaults(model, namespace, environment))),
          ...(here.length > 0 ? ceilingFaults(namespace, total) : []),
        ],
      ]),
    ),
    cluster: nodeFaults(model, here),
    warnings: quotaWarnings(model, here, total),
  };
}

/** One line of a sum. */
interface Row {
  readonly name: string;
  readonly count: number;
  readonly lever: string | undefined;
  /** Of one of them; `undefined`: only the sum is known. */
  readonly each: Amounts | undefined;
  readonly total: Amounts;
  /** Containers that do not say what a quota may count. */
  readonly silent: Partial<Record<Resource, readonly string[]>>;
  readonly refusals: readonly Fault[];
}

/** A fault whose text has `{where}` for the namespaces and environments that it is found in. */
interface PlacedFault extends Fault {
  readonly where: string;
}

function quotaFaults(
  model: CapacityModel,
  namespace: DeclaredNamespace,
  environment: ProvenEnvironment,
): PlacedFault[] {
  const { quota } = namespace;
  const name = environment.target.namespace(namespace.namespaceName);
  const where = `"${name}" (environment ${environment.environmentName})`;
  const rows = rowsIn(model, name, environment);
  const hard = hardOf(quota);
  const faults: Fault[] = [];
  for (const resource of RESOURCES) {
    const silent = rows.flatMap((row) => row.silent[resource] ?? []);
    const room = hard[resource];
    if (room === undefined) continue;
    if (silent.length > 0) {
      const [kind, what] = resource.split(".") as [string, string];
      faults.push({
        property: `quota.${resource}`,
        message: `Kubernetes refuses pods in {where} that do not say it: ${list(silent)}. Allowed: ${kind}: { ${what} } for each, limits: { ${kind === "limits" ? "default" : "defaultRequest"}: { ${what} } } for the namespace, or a quota without it`,
      });
    }
    if (sum(rows, resource) <= room) continue;
    faults.push({
      property: `quota.${resource}`,
      message: `got ${show(resource, room)}; allowed: ${show(resource, sum(rows, resource))} or more, which is the sum in {where}: ${sumText(rows, resource)}. ${remedy(rows, resource, room)}`,
    });
  }
  faults.push(...rows.flatMap(({ refusals }) => refusals));
  return faults.map((fault) => ({ ...fault, where }));
}

/** The same fault of several environments is one. */
function grouped(faults: readonly PlacedFault[]): Fault[] {
  const places = new Map<string, { readonly fault: Fault; readonly where: string[] }>();
  for (const { property, message, where } of faults) {
    const key = `${property}\0${message}`;
    const place = places.get(key) ?? { fault: { property, message }, where: [] };
    if (!place.where.includes(where)) place.where.push(where);
    places.set(key, place);
  }
  return [...places.values()].map(({ fault: { property, message }, where }) => ({
    property,
    message: message.replace("{where}", () => where.join(" and ")),
  }));
}

/** A ceiling above the whole cluster is none. */
function ceilingFaults({ quota }: DeclaredNamespace, total: Amounts): Fault[] {
  const hard = hardOf(quota);
  return NODE_RESOURCES.flatMap((resource) => {
    const [given, most] = [hard[resource] ?? 0, total[resource] ?? 0];
    if (given <= most) return [];
    const message = `got ${show(resource, given)}; allowed: at most ${show(resource, most)}, which is what the nodes leave for workloads`;
    return [{ property: `quota.${resource}`, message }];
  });
}

const NODE_RESOURCES = ["requests.cpu", "requests.memory"] as const;

function nodeFaults(model: CapacityModel, here: readonly ProvenEnvironment[]): Fault[] {
  const rows = [...needRows("k3s", model.system, undefined), ...rowsOnCluster(model, here)];
  const total = sumOf(model.nodes);
  return NODE_RESOURCES.flatMap((resource) => {
    const faults: Fault[] = [];
    const room = total[resource] ?? 0;
    if (sum(rows, resource) > room) {
      faults.push({
        property: "servers",
        message: `got nodes that leave ${amount(resource, room)} for workloads; allowed: ${show(resource, sum(rows, resource))} or more, which is requested: ${sumText(rows, resource)}. ${remedy(rows, resource, room, "Add a node")}`,
      });
    }
    const largest = Math.max(...model.nodes.map((node) => sumOf([node])[resource] ?? 0));
    const tooLarge = rows.filter(({ count, each }) => count > 0 && (each?.[resource] ?? 0) > largest);
    if (tooLarge.length > 0) {
      const pods = tooLarge.map(({ name, each }) => `${name} ${show(resource, each?.[resource] ?? 0)}`);
      faults.push({
        property: "servers",
        message: `got no node with room for one pod of: ${list(pods)}; allowed: at most ${amount(resource, largest)} for one pod, which is what the largest node leaves`,
      });
    }
    return faults;
  });
}

function quotaWarnings(model: CapacityModel, here: readonly ProvenEnvironment[], total: Amounts): string[] {
  return NODE_RESOURCES.flatMap((resource) => {
    const ceilings = new Map<string, number>();
    for (const environment of here) {
      for (const { namespaceName, quota } of model.namespaces) {
        const name = environment.target.namespace(namespaceName);
        const ceiling = hardOf(quota)[resource] ?? sum(rowsIn(model, name, environment), resource);
        ceilings.set(name, Math.max(ceilings.get(name) ?? 0, ceiling));
      }
    }
    const all = [...ceilings.values()].reduce((before, each) => before + each, 0);
    const most = total[resource] ?? 0;
    if (all <= most) return [];
    const each = [...ceilings].map(([name, ceiling]) => `${name} ${show(resource, ceiling)}`);
    return [
      `quotas: ${resource} of all namespaces is ${show(resource, all)} (${each.join(", ")}), more than the ${amount(resource, most)} that the nodes leave; who comes last waits although the quota has room`,
    ];
  });
}

/** All pods and claims in a namespace of an environment. */
function rowsIn({ namespaces, parts }: CapacityModel, name: string, { target }: ProvenEnvironment): Row[] {
  return parts.flatMap((part) => {
    if (part.needsFor === undefined || target.namespace(part.namespaceName) !== name) return [];
    const needs = part.needsFor(target);
    const limits = namespaces.find(({ namespaceName }) => namespaceName === part.namespaceName)?.limits;
    return needs === undefined ? [] : needRows(part.partName, needs, limits);
  });
}

/** Two environments that render to one namespace make the same objects there, which count once. */
function rowsOnCluster(model: CapacityModel, here: readonly ProvenEnvironment[]): Row[] {
  const rows = new Map<string, Row>();
  for (const environment of here) {
    for (const name of new Set(model.parts.map((part) => environment.target.namespace(part.namespaceName)))) {
      for (const row of rowsIn(model, name, environment)) {
        const place = `${name}/${row.name}`;
        rows.set(place, { ...row, name: place });
      }
    }
  }
  return [...rows.values()];
}

function needRows(part: string, { pods, claims, stated }: Needs, limits: LimitsModel | undefined): Row[] {
  const named = (name: string) => (name === part ? name : `${part}/${name}`);
  const rows = pods.map(({ name, count, lever, containers }): Row => {
    const admitted = containers.map((container) => admittedBy(limits, container, named(name)));
    const each: Amounts = { pods: 1 };
    const silent: Partial<Record<Resource, string[]>> = {};
    for (const resource of COMPUTE) {
      each[resource] = podAmount(admitted, resource);
      const unsaid = admitted.filter(({ amounts }) => amounts[resource] === undefined);
      if (count > 0 && unsaid.length > 0) silent[resource] = unsaid.map(({ label }) => label);
    }
    const total = Object.fromEntries(Object.entries(each).map(([resource, one]) => [resource, one * count])) as Amounts;
    const refusals = count > 0 ? admitted.flatMap((container) => container.refusals) : [];
    return { name: named(name), count, lever, each, total, silent, refusals };
  });
  const volumes = claims.map(({ name, count, storageMib }): Row => {
    const each = { persistentVolumeClaims: 1, storage: storageMib };
    const total = { persistentVolumeClaims: count, storage: storageMib * count };
    return { name: `${named(name)} (volume)`, count, lever: undefined, each, total, silent: {}, refusals: [] };
  });
  return [...rows, ...volumes, ...(stated === undefined ? [] : [statedRow(part, stated)])];
}

function statedRow(name: string, { pods, requests, limits, claims, storageMib }: NonNullable<Needs["stated"]>): Row {
  const amounts: Amounts = { pods, persistentVolumeClaims: claims, storage: storageMib };
  const silent: Partial<Record<Resource, string[]>> = {};
  for (const [resource, given] of computeAmounts(requests, limits)) {
    if (given !== undefined) amounts[resource] = given;
    else if (pods > 0) silent[resource] = [`${name} (its capacity)`];
  }
  return { name, count: 1, lever: undefined, each: undefined, total: amounts, silent, refusals: [] };
}

const COMPUTE = ["requests.cpu", "requests.memory", "limits.cpu", "limits.memory"] as const;
type Compute = (typeof COMPUTE)[number];

function computeAmounts(requests: ComputeNeed, limits: ComputeNeed): [Compute, number | undefined][] {
  return [
    ["requests.cpu", requests.cpu],
    ["requests.memory", requests.memory],
    ["limits.cpu", limits.cpu],
    ["limits.memory", limits.memory],
  ];
}

interface Admitted {
  readonly label: string;
  readonly init: boolean;
  readonly amounts: Partial<Record<Compute, number | undefined>>;
  readonly refusals: readonly Fault[];
}

/** A container after the API server's defaults and the LimitRange, in their order, and what they would refuse it for. */
function admittedBy(range: LimitsModel | undefined, container: ContainerNeed, pod: string): Admitted {
  const { name, init = false, requests, limits } = container;
  const label = pod === name || pod.endsWith(`/${name}`) ? pod : `${pod} (${name})`;
  const amounts: Partial<Record<Compute, number | undefined>> = {};
  const refusals: Fault[] = [];
  for (const what of ["cpu", "memory"] as const) {
    const read = (quantity: string | undefined) =>
      quantity === undefined ? undefined : what === "cpu" ? cpuMillis(quantity) : memoryMib(quantity);
    const [max, min] = [read(range?.max?.[what]), read(range?.min?.[what])];
    // Kubernetes fills a LimitRange from itself: max is the default limit, which is the default request.
    const defaultLimit = read(range?.default?.[what]) ?? max;
    const defaultRequest = read(range?.defaultRequest?.[what]) ?? defaultLimit ?? min;
    const request = requests[what] ?? limits[what] ?? defaultRequest;
    const limit = limits[what] ?? defaultLimit;
    amounts[`requests.${what}`] = request;
    amounts[`limits.${what}`] = limit;
    const shown = (quantity: number) => show(`limits.${what}`, quantity);
    const refuse = (prop: string, given: number, allowed: string) =>
      refusals.push({ property: `limits.${prop}.${what}`, message: `got ${shown(given)}; ${allowed}` });
    const most = Math.max(request ?? 0, limit ?? 0);
    if (max !== undefined && most > max)
      refuse("max", max, `allowed: ${shown(most)} or more, or less for ${label} in {where}`);
    const least = Math.min(request ?? 0, limit ?? Infinity);
    if (min !== undefined && least < min)
      refuse("min", min, `allowed: ${shown(least)} or less, or more for ${label} in {where}`);
    if (limit === undefined || request === undefined || request <= limit) continue;
    if (limits[what] !== undefined) {
      refusals.push({
        property: label,
        message: `requests.${what} is ${shown(request)} in {where}; allowed: at most ${shown(limit)}, its limit`,
      });
    } else if (range?.default?.[what] !== undefined) {
      refuse(
        "default",
        limit,
        `allowed: ${shown(request)} or more, which ${label} in {where} requests, or limits: { ${what} } for it`,
      );
    }
  }
  return { label, init, amounts, refusals };
}

/** Containers run together, init containers one after the other before them. */
function podAmount(containers: readonly Admitted[], resource: Compute): number {
  const running = containers
    .filter(({ init }) => !init)
    .reduce((all, { amounts }) => all + (amounts[resource] ?? 0), 0);
  return Math.max(running, ...containers.filter(({ init }) => init).map(({ amounts }) => amounts[resource] ?? 0));
}

function hardOf(quota: QuotaModel | undefined): Amounts {
  const cpu = (quantity: string | undefined) => (quantity === undefined ? undefined : cpuMillis(quantity));
  const memory = (quantity: string | undefined) => (quantity === undefined ? undefined : memoryMib(quantity));
  const all: Record<Resource, number | undefined> = {
    pods: quota?.pods,
    "requests.cpu": cpu(quota?.requests?.cpu),
    "requests.memory": memory(quota?.requests?.memory),
    "limits.cpu": cpu(quota?.limits?.cpu),
    "limits.memory": memory(quota?.limits?.memory),
    persistentVolumeClaims: quota?.persistentVolumeClaims,
    storage: memory(quota?.storage),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function sumOf(nodes: readonly Allocatable[]): Amounts {
  const add = (amountOf: (node: Allocatable) => number) => nodes.reduce((all, node) => all + amountOf(node), 0);
  return { "requests.cpu": add((node) => node.cpuMillis), "requests.memory": add((node) => node.memoryMib) };
}

function sum(rows: readonly Row[], resource: Resource): number {
  return rows.reduce((all, { total }) => all + (total[resource] ?? 0), 0);
}

/** The largest first, three of them by name. */
function largestOf(rows: readonly Row[], resource: Resource): Row[] {
  return rows
    .filter(({ total }) => (total[resource] ?? 0) > 0)
    .sort((a, b) => (b.total[resource] ?? 0) - (a.total[resource] ?? 0));
}

function sumText(rows: readonly Row[], resource: Resource): string {
  const ordered = largestOf(rows, resource);
  const named = ordered.slice(0, 3).map(({ name, count, each, total }) => {
    const all = show(resource, total[resource] ?? 0);
    return each === undefined || count === 1
      ? `${name} ${all}`
      : `${name} ${count} × ${show(resource, each[resource] ?? 0)} = ${all}`;
  });
  const rest = ordered.slice(3);
  if (rest.length > 0) named.push(`${rest.length} more ${show(resource, sum(rest, resource))}`);
  return named.join(", ");
}

/** What would make it fit: how many of the largest, where that can be said. */
function remedy(rows: readonly Row[], resource: Resource, room: number, more = "Raise it"): string {
  const worst = largestOf(rows, resource)[0];
  const one = worst?.each?.[resource] ?? 0;
  if (worst === undefined || one === 0) return `${more}, or ask for less`;
  const others = sum(rows, resource) - (worst.total[resource] ?? 0);
  const left = room - others;
  const fit = Math.floor(left / one);
  if (worst.lever === undefined || fit < 1) return `${more}, or let ${worst.name} have less`;
  const divided = Math.floor((left / one) * 100) / 100;
  const text = others === 0 ? show(resource, room) : `(${show(resource, room)} - ${show(resource, others)})`;
  const result = `${text} ÷ ${show(resource, one)} = ${divided}${divided === fit ? "" : `, so ${fit}`}`;
  return `${result} of ${worst.name} fit, not ${worst.count}: give it ${worst.lever}: ${fit}, or less for each`;
}

function show(resource: Resource, value: number): string {
  if (resource.endsWith(".cpu")) return showCpu(value);
  return resource.endsWith(".memory") || resource === "storage" ? showMemory(value) : String(value);
}

function amount(resource: Resource, value: number): string {
  return resource.endsWith(".cpu") ? `${showCpu(value)} CPUs` : show(resource, value);
}

const list = (names: readonly string[]) =>
  names.length <= 6 ? names.join(", ") : `${names.slice(0, 6).join(", ")} and ${names.length - 6} more`;
