import { nearest, type Fault } from "../core/errors";
import type { ContainerfileProps, ContainerfileStep, ContainerfileText } from "./containerfile.model";
import { renderContainerfile } from "./containerfile.render";
import { Expanded } from "./expanded";

/** The readers of the engines stop at a line of 64 KiB. */
const LONGEST_LINE = 65_000;

/** What must hold between the parts of a Containerfile, each of which is right by itself. */
export function containerfileFaults(props: ContainerfileProps): Fault[] {
  const { stages } = props;
  const args = Object.keys(props.args ?? {});
  const names = stages.map(({ name }) => name);
  const faults: Fault[] = [];
  const locked = new Map<string, string>();
  stages.forEach(({ name, from, steps = [] }, i) => {
    const at = `stages[${i}]`;
    if (names.indexOf(name) < i) {
      faults.push({
        property: `${at}.name`,
        message: `got "${name}", the name of stages[${names.indexOf(name)}]; allowed: each name once`,
      });
    }
    if (typeof from === "string" && names.indexOf(from) >= i) {
      faults.push({ property: `${at}.from`, message: `got "${from}"; allowed: ${notAbove(props, i, from)}` });
    }
    if (from instanceof Expanded) {
      for (const variable of from.variables) {
        if (args.includes(variable)) continue;
        faults.push({
          property: `${at}.from`,
          message: `got "${from.text}"; allowed: build arguments of "args", which ${args.length === 0 ? "are none" : `are ${args.join(", ")}`}`,
        });
      }
      if (!from.parts.every((part, k) => k % 2 === 1 || /^[A-Za-z0-9._:/@-]*$/.test(part))) {
        faults.push({
          property: `${at}.from`,
          message: `got ${JSON.stringify(from.text)}; allowed: the name of an image with "\${NAME}" in it`,
        });
      }
    }
    const declared = new Set<string>();
    steps.forEach((step, k) => {
      const here = `${at}.steps[${k}]`;
      for (const [property, other] of otherStages(step)) {
        const index = names.indexOf(other);
        if (index >= 0 && index < i) continue;
        const guess = nearest(other, names.slice(0, i));
        const allowed =
          index >= 0
            ? notAbove(props, i, other)
            : `a stage above${guess === undefined ? ` (${names.slice(0, i).join(", ") || "there is none"})` : `; did you mean "${guess}"?`}`;
        faults.push({ property: `${here}.${property}`, message: `got "${other}"; allowed: ${allowed}` });
      }
      for (const [property, text] of texts(step)) {
        for (const variable of text.variables) {
          if (step.kind === "env" && variable in step.values && variable !== property.split(".").at(-1)) {
            faults.push({
              property: `${here}.${property}`,
              message: `got "\${${variable}}", which the same step sets: its old value would be taken; allowed: a step after it`,
            });
          }
          if (!args.includes(variable) || declared.has(variable)) continue;
          faults.push({
            property: `${here}.${property}`,
            message: `got "\${${variable}}", which is empty inside of a stage until it is declared there; allowed: after Step.arg("${variable}")`,
          });
        }
      }
      if (step.kind === "copy" && typeof step.to === "string" && !isCopiedName(step.to)) {
        faults.push({
          property: `${here}.to`,
          message: `got ${JSON.stringify(step.to)}; allowed: a last name of at most 100 ASCII characters, or a directory that ends in "/" (podman 4.3 cannot give a file another name)`,
        });
      }
      for (const [property, cache] of lockedCaches(step)) {
        const before = locked.get(cache);
        locked.set(cache, before ?? here);
        if (before === undefined) continue;
        faults.push({
          property: `${here}.${property}`,
          message: `locks the cache "${cache}", as ${before} does: podman 4.3 would wait for itself for ever; allowed: sharing "shared", or another id`,
        });
      }
      if (step.kind === "arg") declared.add(step.name);
      if (step.kind === "env") Object.keys(step.values).forEach((each) => declared.add(each));
    });
  });
  if (faults.length > 0) return faults;
  const long = renderContainerfile(props)
    .split("\n")
    .find((line) => Buffer.byteLength(line) > LONGEST_LINE);
  if (long === undefined) return [];
  return [
    {
      property: "stages",
      message: `got a line of ${Buffer.byteLength(long)} bytes ("${long.slice(0, 40)}…"); allowed: at most ${LONGEST_LINE}, put it into a file and copy that`,
    },
  ];
}

/** Whether podman 4.3 can give a file the last name of a path while it copies it; a directory may have any. */
function isCopiedName(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.length <= 100 && [...name].every((character) => character.charCodeAt(0) < 128);
}

/** Why stage `i` cannot use the stage `name`, which is not above it. */
function notAbove({ stages }: ContainerfileProps, i: number, name: string): string {
  const path = [stages[i]?.name ?? "", name];
  const seen = new Set(path);
  for (let at: string | undefined = name; at !== undefined && at !== path[0];) {
    const next: unknown = stages.find((stage) => stage.name === at)?.from;
    at = typeof next === "string" && stages.some((stage) => stage.name === next) && !seen.has(next) ? next : undefined;
    if (next === path[0]) at = path[0];
    if (at !== undefined) {
      path.push(at);
      seen.add(at);
    }
  }
  if (path.at(-1) === path[0]) return `no stage that is built from itself (${path.join(" → ")})`;
  return `a stage above; move "${name}" before "${path[0] ?? ""}"`;
}

/** Names of stages that a step uses. */
function otherStages(step: ContainerfileStep): [string, string][] {
  if (step.kind === "copy") return typeof step.from === "string" ? [["from", step.from]] : [];
  if (step.kind !== "run" && step.kind !== "shell") return [];
  return (step.mounts ?? []).flatMap((mount, i): [string, string][] =>
    mount.type === "bind" && typeof mount.from === "string" ? [[`mounts[${i}].from`, mount.from]] : [],
  );
}

/** Caches that a step keeps others from, by id. */
function lockedCaches(step: ContainerfileStep): [string, string][] {
  if (step.kind !== "run" && step.kind !== "shell") return [];
  return (step.mounts ?? []).flatMap((mount, i): [string, string][] =>
    mount.type === "cache" && mount.sharing === "locked" ? [[`mounts[${i}]`, mount.id ?? mount.target]] : [],
  );
}

/** Texts of a step in which the engine puts values in. */
function texts(step: ContainerfileStep): [string, Expanded][] {
  const all: [string, ContainerfileText | undefined][] =
    step.kind === "env" || step.kind === "label"
      ? Object.entries(step.values).map(([name, value]) => [`values.${name}`, value])
      : step.kind === "arg"
        ? [["value", step.value]]
        : step.kind === "copy"
          ? [["to", step.to]]
          : step.kind === "workdir"
            ? [["path", step.path]]
            : step.kind === "user"
              ? [["user", step.user]]
              : [];
  return all.flatMap(([property, value]): [string, Expanded][] =>
    value instanceof Expanded ? [[property, value]] : [],
  );
}
