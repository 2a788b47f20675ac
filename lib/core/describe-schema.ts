import type { z } from "zod";

type Schema = z.core.$ZodType;

/** Says in words what a schema accepts, for the "allowed:" part of an error. A `.describe()` on the schema wins. */
export function describeSchema(schema: Schema): string {
  const description = (schema as z.ZodType).description;
  if (description !== undefined) return description;
  const def = (schema as z.core.$ZodTypes)._zod.def;
  const bag = schema._zod.bag as { minimum?: number; maximum?: number; format?: string };
  switch (def.type) {
    case "string":
      return counted("text", "character", bag);
    case "number":
    case "int":
      return `a ${String(bag.format).includes("int") ? "whole " : ""}number${range(bag)}`;
    case "boolean":
      return "true or false";
    case "enum":
      return oneOf(Object.values(def.entries));
    case "literal":
      return oneOf(def.values);
    case "array":
      return `${counted("a list", "element", bag)}, each ${describeSchema(def.element)}`;
    case "record":
      return `an object whose values are each ${describeSchema(def.valueType)}`;
    case "object":
      return `an object with ${Object.keys(def.shape).join(", ")}`;
    case "union":
      return def.options.map(describeSchema).join(", or ");
    case "pipe":
      return describeSchema(def.in);
    default:
      return "innerType" in def ? describeSchema(def.innerType) : "another kind of value";
  }
}

/** The schema that judges the value at `path`, as far down as the path can be followed. */
export function schemaAt(schema: Schema, path: readonly PropertyKey[]): Schema {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if ("innerType" in def) return path.length === 0 && hasDescription(schema) ? schema : schemaAt(def.innerType, path);
  if (def.type === "pipe") return schemaAt(def.in, path);
  const [head, ...rest] = path;
  if (head === undefined) return schema;
  if (def.type === "object") return follow(def.shape[String(head)], rest) ?? schema;
  if (def.type === "array") return schemaAt(def.element, rest);
  if (def.type === "record") return schemaAt(def.valueType, rest);
  if (def.type === "union") {
    for (const option of def.options) {
      const found = schemaAt(option, path);
      if (found !== option) return found;
    }
  }
  return schema;
}

/** Names of the properties an object schema (or any option of a union of them) knows. */
export function knownKeys(schema: Schema): string[] {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if (def.type === "object") return Object.keys(def.shape);
  if (def.type === "union") return [...new Set(def.options.flatMap(knownKeys))];
  return "innerType" in def ? knownKeys(def.innerType) : [];
}

function follow(schema: Schema | undefined, path: readonly PropertyKey[]): Schema | undefined {
  return schema && schemaAt(schema, path);
}

function hasDescription(schema: Schema): boolean {
  return (schema as z.ZodType).description !== undefined;
}

function oneOf(values: readonly unknown[]): string {
  const shown = values.map((value) => JSON.stringify(value));
  return shown.length === 1 ? String(shown[0]) : `one of ${shown.join(", ")}`;
}

function range({ minimum, maximum }: { minimum?: number; maximum?: number }): string {
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`;
  if (low !== undefined) return ` of at least ${low}`;
  return high !== undefined ? ` of at most ${high}` : "";
}

function counted(what: string, unit: string, { minimum, maximum }: { minimum?: number; maximum?: number }): string {
  const limits = range({ ...(minimum !== undefined && { minimum }), ...(maximum !== undefined && { maximum }) });
  return limits === "" ? what : `${what}${limits.replace(" from", " of")} ${unit}${limits.endsWith(" 1") ? "" : "s"}`;
}
