// Strict checks of Kubernetes objects without a cluster: the schemas of one Kubernetes version, and those of the definitions
// (CRDs) that the objects bring themselves.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { cache } from "../tools/table.cjs";

type Schema = Readonly<Record<string, unknown>>;

/** An object as `tk show` prints it. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly spec?: never;
}

/** The objects in a stream of YAML documents. @throws Error for what is no YAML. */
export function objectsIn(yaml: string): RenderedObject[] {
  return parseAllDocuments(yaml).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const object = document.toJS() as RenderedObject | null;
    return object === null ? [] : [object];
  });
}

/** Whatever kubeconform finds wrong with the objects, unknown properties included; nothing: they are valid. */
export function schemaFaults(yaml: string, kubernetesVersion: string, scratch: string): string {
  const schemas = join(scratch, `schemas-${kubernetesVersion}`);
  writeSchemas(schemas, kubernetesVersion);
  for (const object of objectsIn(yaml))
    if (object.kind === "CustomResourceDefinition") writeDefinition(schemas, object);
  const location = join(schemas, "{{.ResourceKind}}{{.KindSuffix}}.json");
  const { status, stdout, stderr } = spawnSync("kubeconform", ["-strict", "-schema-location", location], {
    input: yaml,
    encoding: "utf8",
  });
  return status === 0 ? "" : `${stdout}${stderr}`;
}

/** The schemas are published with addresses that kubeconform would ask the network for. */
function writeSchemas(directory: string, version: string): void {
  const source = join(cache, "share/kubernetes-schemas", `${version}-local-strict`);
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(source)) {
    const { $id: _, ...schema } = JSON.parse(readFileSync(join(source, name), "utf8")) as Schema;
    const text = JSON.stringify(schema)
      .replaceAll('"/api/_definitions.json#', '"_definitions.json#')
      .replaceAll('"oneOf":', '"anyOf":'); // null, which is as good as nothing, fits both a number and a text
    writeFileSync(join(directory, name), text);
  }
}

interface Definition {
  readonly group: string;
  readonly names: { readonly kind: string };
  readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
}

function writeDefinition(directory: string, object: RenderedObject): void {
  const { group, names, versions } = object.spec as unknown as Definition;
  for (const { name, schema } of versions) {
    const file = `${names.kind}-${group.split(".")[0] ?? ""}-${name}.json`.toLowerCase();
    writeFileSync(join(directory, file), JSON.stringify(closed(schema.openAPIV3Schema, true)));
  }
}

/** The schema with every object closed that lists its properties, as an API server prunes what it does not know. */
function closed(schema: unknown, root = false): unknown {
  if (Array.isArray(schema)) return schema.map((each) => closed(each));
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const open = "x-kubernetes-preserve-unknown-fields" in copy || "additionalProperties" in copy;
  if (copy.type !== "object" || open) return withoutNull(copy);
  if (root) copy.properties = { ...(copy.properties as Schema), apiVersion: {}, kind: {}, metadata: {} };
  return { ...copy, additionalProperties: false };
}

/** `x-kubernetes-int-or-string` has no type of its own. */
function withoutNull(schema: Schema): Schema {
  return schema["x-kubernetes-int-or-string"] === true ? {} : schema;
}
