import type { z } from "zod";
import type { Fault } from "../core/errors";
import type { ContainerImage } from "./container-image";
import { Containerfile } from "./containerfile";
import type { imageShape } from "./container-image.schema";

type Parsed = z.output<z.ZodObject<typeof imageShape>> & { readonly bases: readonly ContainerImage[] };

/** What must hold between the props of an image, each of which is right by itself. */
export function imageFaults(props: Parsed): Fault[] {
  const { context, file, containerfile, bases, baseArg, args } = props;
  const faults: Fault[] = [];
  const fault = (property: string, message: string) => faults.push({ property, message });
  if (context === undefined && (containerfile === undefined || containerfile.readsContext)) {
    fault(
      "context",
      containerfile === undefined
        ? 'missing; allowed: a relative path with "/" and without "..", such as "images/vllm"'
        : "missing; allowed: the directory that the containerfile copies from",
    );
  }
  if (baseArg !== undefined && bases.length !== 1) {
    fault("baseArg", `got "${baseArg}" with ${bases.length} bases; allowed: with one base, which it is for`);
  }
  if (baseArg !== undefined && baseArg in args) {
    fault(`args.${baseArg}`, "got a value; allowed: none, builds give it the digest of the base");
  }
  if (containerfile instanceof Containerfile) {
    if (file !== undefined) fault("file", `got "${file}" and a containerfile; allowed: one of them`);
    faults.push(...typedFaults(props, containerfile));
  } else {
    for (const [name, value] of Object.entries(props.labels)) {
      if (!/[$"\\\n\r]/.test(value)) continue;
      fault(
        `labels.${name}`,
        `got ${JSON.stringify(value)}; allowed: text without $, ", \\ and line feeds, or a LABEL in the Containerfile`,
      );
    }
  }
  return faults;
}

function typedFaults(props: Parsed, containerfile: Containerfile): Fault[] {
  const { target, secrets, baseArg, bases, args, allowFloatingBase } = props;
  const faults: Fault[] = [];
  const names = containerfile.stages.map(({ name }) => name);
  if (target !== undefined && !names.includes(target)) {
    faults.push({
      property: "target",
      message: `got "${target}"; allowed: a stage of the containerfile (${names.join(", ")})`,
    });
  }
  for (const id of containerfile.requiredSecrets) {
    if (secrets.some((secret) => secret.id === id)) continue;
    faults.push({
      property: "secrets",
      message: `missing "${id}", which the containerfile mounts; allowed: { id: "${id}", file: … } too`,
    });
  }
  const globals = containerfile.model.args ?? {};
  if (baseArg !== undefined && !(baseArg in globals)) {
    faults.push({
      property: "baseArg",
      message: `got "${baseArg}"; allowed: a build argument in "args" of the containerfile, which a stage is from (${Object.keys(globals).join(", ") || "there is none"})`,
    });
  }
  if (allowFloatingBase === true) return faults;
  const known = { ...globals, ...args, ...(baseArg === undefined ? {} : { [baseArg]: "localhost/base" }) };
  const ours = new Set(["localhost/base", ...bases.map(({ imageName }) => `localhost/${imageName}`)]);
  for (const name of containerfile.foreignImages(known as Record<string, string>)) {
    if (/@sha256:[0-9a-f]{64}$/.test(name) || ours.has(name.replace(/:[^:/]*$/, ""))) continue;
    faults.push({
      property: "containerfile",
      message: name.includes("${")
        ? `got a stage from "${name}", of which the stack does not know the value; allowed: an argument with a value, baseArg, or allowFloatingBase: true`
        : `got a stage from "${name}", which may be another image tomorrow; allowed: pinned("${name}", "sha256:…"), or allowFloatingBase: true`,
    });
  }
  return faults;
}
