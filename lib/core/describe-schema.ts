import type { z } from "zod";

type Schema = z.core.$ZodType;

/** Says in words what a schema accepts, for the "allowed:" part of an error. A `.describe()` on the schema wins. */
export function describeSchema(schema: Schema): string {
  const description = (schema as z.ZodType).description;
  if (description !== undefined) return description;
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case "string":
      return counted("text", "character", limitsOf(def.checks));
    case "number":
      return `a ${isWhole(def) ? "whole " : ""}number${range(limitsOf(def.checks))}`;
    case "boolean":
      return "true or false";
    case "enum":
      return oneOf(Object.values(def.entries));
    case "literal":
      return oneOf(def.values);
    case "array":
      return `${counted("a list", "element", limitsOf(def.checks))}, each ${describeSchema(def.element)}`;
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

interface Limits {
  low?: number;
  high?: number;
}

function limitsOf(checks: readonly z.core.$ZodCheck<never>[] | undefined): Limits {
  const limits: Limits = {};
  for (const check of checks ?? []) {
    const def = (check as z.core.$ZodChecks)._zod.def;
    if (def.check === "greater_than") limits.low = Number(def.value);
    if (def.check === "less_than") limits.high = Number(def.value);
    if (def.check === "min_length") limits.low = def.minimum;
    if (def.check === "max_length") limits.high = def.maximum;
  }
  return limits;
}

function isWhole(def: z.core.$ZodNumberDef): boolean {
  const formats = [def as object, ...(def.checks ?? []).map((check) => check._zod.def)];
  return formats.some((format) => "format" in format && String(format.format).includes("int"));
}

function range({ low, high }: Limits): string {
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`;
  if (low !== undefined) return ` of at least ${low}`;
  return high !== undefined ? ` of at most ${high}` : "";
}

function counted(what: string, unit: string, limits: Limits): string {
  const text = range(limits);
  return text === "" ? what : `${what}${text.replace(" from", " of")} ${unit}${text.endsWith(" 1") ? "" : "s"}`;
}
