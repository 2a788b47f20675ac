import { nearest, type Fault } from "../core/errors";
import type { PlannedResource, TiltPlan } from "./tilt-plan";
import type { TiltModel } from "./tilt-workflow.schema";

/** Port of Tilt's own page. */
const TILT_PORT = 10350;
/** Resources that the Tiltfile makes itself. */
const OWN = ["crds", "namespaces", "preflight", "uncategorized"];

/** What must hold between the props of a TiltWorkflow and what the cluster declares: Tilt drops an unknown dependency silently. */
export function tiltFaults(
  model: TiltModel,
  { resources, images, tools }: TiltPlan,
  environments: readonly string[],
): Fault[] {
  const names = resources.map(({ name }) => name);
  const imageNames = images.map(({ image }) => image.imageName);
  return [
    ...(environments.includes(model.environment)
      ? []
      : [unknown("environment", model.environment, environments, "an environment of the cluster")]),
    ...unknownKeys("resources", model.resources, names, "a release or workload of the cluster"),
    ...unknownKeys("builds", model.builds, imageNames, "an image of the stack that a workload runs"),
    ...resources.flatMap((resource) => resourceFaults(resource, names)),
    ...tools.flatMap(({ name, dependsOn }) => dependencyFaults(`tools.${name}`, name, dependsOn, names)),
    ...nameFaults(resources, tools),
    ...portFaults(resources),
    ...cycleFaults(resources),
  ];
}

function unknown(property: string, given: string, known: readonly string[], what: string): Fault {
  const guess = nearest(given, known);
  const allowed = known.length === 0 ? "none, there is none yet" : guess === undefined ? known.join(", ") : undefined;
  const rest = allowed === undefined ? `did you mean "${guess ?? ""}"?` : `allowed: ${what}, ${allowed}`;
  return { property, message: `got "${given}"; ${rest}` };
}

function unknownKeys(property: string, record: object, known: readonly string[], what: string): Fault[] {
  return Object.keys(record)
    .filter((key) => !known.includes(key))
    .map((key) => unknown(property, key, known, what));
}

function dependencyFaults(
  place: string,
  name: string,
  dependsOn: readonly string[],
  names: readonly string[],
): Fault[] {
  return dependsOn.flatMap((other, i) => {
    if (other === name) return []; // a circle, which is told as one
    return names.includes(other) ? [] : [unknown(`${place}.dependsOn[${i}]`, other, names, "a resource")];
  });
}

function resourceFaults(resource: PlannedResource, names: readonly string[]): Fault[] {
  const { name, kind, model } = resource;
  const place = `resources.${name}`;
  const faults = [...dependencyFaults(place, name, model.dependsOn, names), ...forwardFaults(resource)];
  if (kind === "chart" && model.onHost !== undefined) {
    const message = "allowed: nothing for a chart; a workload of the stack can run on this machine";
    faults.push({ property: `${place}.onHost`, message });
  }
  if (kind !== "chart" && model.main !== undefined) {
    const message = `got "${model.main}"; allowed: nothing for a workload of the stack, which is one by itself`;
    faults.push({ property: `${place}.main`, message });
  }
  return faults;
}

/** What a chart calls its ports, and which it has, is known when it is rendered: the Tiltfile looks then. */
function forwardFaults({ kind, forwards, ports }: PlannedResource): Fault[] {
  const known = Object.entries(ports).map(([port, number]) => `${port} (${number})`);
  return forwards.flatMap(({ given, port, place }) => {
    const fault = (allowed: string) => [
      { property: place, message: `got the port ${JSON.stringify(given)}; allowed: ${allowed}` },
    ];
    if (kind === "workers") return fault("none for workers, which come and go with their jobs");
    if (kind === "chart") return port === undefined ? fault("the number of a container's port") : [];
    return port !== undefined && Object.values(ports).includes(port) ? [] : fault(known.join(", "));
  });
}

function nameFaults(resources: readonly PlannedResource[], tools: TiltPlan["tools"]): Fault[] {
  const holders = new Map(OWN.map((name) => [name, "the Tiltfile itself"]));
  const faults: Fault[] = [];
  const claim = (name: string, holder: string) => {
    const other = holders.get(name);
    if (other !== undefined) {
      faults.push({ property: holder, message: `got the name "${name}", which ${other} has; allowed: each name once` });
    }
    holders.set(name, holder);
  };
  for (const { name, kind, model } of resources) {
    claim(name, `resources.${name}`);
    if (kind === "chart") claim(`${name}-config`, `resources.${name}`);
    if (model.onHost !== undefined) claim(`${name}-on-host`, `resources.${name}.onHost`);
  }
  for (const { name } of tools) claim(name, `tools.${name}`);
  return faults;
}

function portFaults(resources: readonly PlannedResource[]): Fault[] {
  const faults: Fault[] = [];
  const holders = new Map<number, string>([[TILT_PORT, "Tilt's own page"]]);
  for (const { name, forwards } of resources) {
    for (const { local, place } of forwards) {
      const holder = holders.get(local);
      if (holder !== undefined) {
        faults.push({
          property: place,
          message: `got ${local}, the port of ${holder}; allowed: each port of this machine once`,
        });
      }
      holders.set(local, `resources.${name}`);
    }
  }
  return faults;
}

function cycleFaults(resources: readonly PlannedResource[]): Fault[] {
  const before = new Map(resources.map(({ name, dependsOn }) => [name, dependsOn]));
  const done = new Set<string>();
  const visit = (name: string, above: readonly string[]): Fault | undefined => {
    if (above.includes(name)) {
      const circle = [...above.slice(above.indexOf(name)), name].join(" -> ");
      return { property: `resources.${name}.dependsOn`, message: `got a circle, ${circle}; allowed: none` };
    }
    if (done.has(name)) return undefined;
    for (const other of before.get(name) ?? []) {
      const fault = visit(other, [...above, name]);
      if (fault !== undefined) return fault;
    }
    done.add(name);
    return undefined;
  };
  for (const { name } of resources) {
    const fault = visit(name, []);
    if (fault !== undefined) return [fault];
  }
  return [];
}
