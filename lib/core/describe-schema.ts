import type { z } from "zod";

type Schema = z.core.$ZodType;

/** Says in words what a schema accepts, for the "allowed:" part of an error. A `.describe()` on the schema wins. */
export function describeSchema(schema: Schema): string {
  const description = (schema as z.ZodType).description;
  if (description !== undefined) return description;
  const def = definition(schema);
  switch (def.type) {
    case "string":
      return `${counted("text", "character", limitsOf(def.checks))}${forms(def)}`;
    case "number":
      return `a ${isWhole(def) ? "whole " : ""}number${range(limitsOf(def.checks))}${multiples(def.checks)}`;
    case "boolean":
      return "true or false";
    case "enum":
      return oneOf(Object.values(def.entries));
    case "literal":
      return oneOf(def.values);
    case "null":
      return "null";
    case "array":
      return `${counted("a list", "element", limitsOf(def.checks))}, each ${describeSchema(def.element)}`;
    case "tuple":
      return `a list of ${def.items.map(describeSchema).join(", ")}`;
    case "record":
      return `an object whose values are each ${describeSchema(def.valueType)}`;
    case "object":
      return `an object with ${Object.keys(def.shape).join(", ")}`;
    case "union":
      return def.options.map(describeSchema).join(", or ");
    case "intersection":
      return `${describeSchema(def.left)}, and also ${describeSchema(def.right)}`;
    case "nullable":
      return `${describeSchema(def.innerType)}, or null`;
    default: {
      const inner = unwrapped(schema);
      return inner === undefined ? "another kind of value" : describeSchema(inner);
    }
  }
}

/** The schema that judges the value at `path` of `value`, as far down as the path can be followed. */
export function schemaAt(schema: Schema, path: readonly PropertyKey[], value: unknown): Schema {
  const inner = unwrapped(schema);
  if (inner !== undefined) {
    const says = hasDescription(schema) || definition(schema).type === "nullable";
    return path.length === 0 && says ? schema : schemaAt(inner, path, value);
  }
  const [head, ...rest] = path;
  if (head === undefined) return schema;
  const deeper = (value as Record<PropertyKey, unknown> | null | undefined)?.[head];
  const def = definition(schema);
  switch (def.type) {
    case "object": {
      const property = def.shape[String(head)];
      return property === undefined ? schema : schemaAt(property, rest, deeper);
    }
    case "array":
      return schemaAt(def.element, rest, deeper);
    case "tuple": {
      const item = def.items[Number(head)];
      return item === undefined ? schema : schemaAt(item, rest, deeper);
    }
    case "record":
      return schemaAt(def.valueType, rest, deeper);
    case "union":
    case "intersection": {
      const options = def.type === "union" ? optionsFor(schema, value) : [def.left, def.right];
      for (const option of options) {
        const found = schemaAt(option, path, value);
        if (found !== option) return found;
      }
      return schema;
    }
    default:
      return schema;
  }
}

/** Names of the properties that an object schema, or a union of them, knows for such a value. */
export function knownKeys(schema: Schema, value: unknown): string[] {
  const def = definition(schema);
  if (def.type === "object") return Object.keys(def.shape);
  if (def.type === "union")
    return [...new Set(optionsFor(schema, value).flatMap((option) => knownKeys(option, value)))];
  if (def.type === "intersection") return [def.left, def.right].flatMap((side) => knownKeys(side, value));
  if (def.type === "record") {
    const key = definition(def.keyType);
    return key.type === "enum" ? Object.values(key.entries).map(String) : [];
  }
  const inner = unwrapped(schema);
  return inner === undefined ? [] : knownKeys(inner, value);
}

/** What a schema is made of. */
export function definition(schema: Schema): z.core.$ZodTypes["_zod"]["def"] {
  return (schema as z.core.$ZodTypes)._zod.def;
}

/** The schema inside an optional, default, lazy or transforming one, whatever is around it; `undefined`: this is it. */
export function unwrapped(schema: Schema): Schema | undefined {
  const def = definition(schema);
  if (def.type === "pipe") return def.in;
  if (def.type === "lazy") return def.getter();
  return "innerType" in def ? def.innerType : undefined;
}

/** Where a property says which option of a union is meant, that option; else all of them. */
function optionsFor(schema: Schema, value: unknown): readonly Schema[] {
  const def = definition(schema);
  if (def.type !== "union") return [];
  const { discriminator } = def as Partial<z.core.$ZodDiscriminatedUnionDef>;
  if (discriminator === undefined) return def.options;
  const given = (value as Record<string, unknown> | null | undefined)?.[discriminator];
  const meant = def.options.filter((option) => option._zod.propValues?.[discriminator]?.has(given as string));
  return meant.length > 0 ? meant : def.options;
}

function hasDescription(schema: Schema): boolean {
  return (schema as z.ZodType).description !== undefined;
}

/** Values to choose from. */
export function oneOf(values: readonly unknown[]): string {
  const shown = values.map((value) => (typeof value === "bigint" ? String(value) : JSON.stringify(value)));
  return shown.length === 1 ? String(shown[0]) : `one of ${shown.join(", ")}`;
}

interface Limits {
  low?: number;
  high?: number;
  above?: number;
  below?: number;
}

type Checks = readonly z.core.$ZodCheck<never>[] | undefined;

function checkDefs(checks: Checks): z.core.$ZodChecks["_zod"]["def"][] {
  return (checks ?? []).map((check) => (check as z.core.$ZodChecks)._zod.def);
}

function limitsOf(checks: Checks): Limits {
  const limits: Limits = {};
  for (const def of checkDefs(checks)) {
    if (def.check === "greater_than") limits[def.inclusive ? "low" : "above"] = Number(def.value);
    if (def.check === "less_than") limits[def.inclusive ? "high" : "below"] = Number(def.value);
    if (def.check === "min_length") limits.low = def.minimum;
    if (def.check === "max_length") limits.high = def.maximum;
    if (def.check === "length_equals") limits.low = limits.high = def.length;
  }
  return limits;
}

function isWhole(def: z.core.$ZodNumberDef): boolean {
  const formats = [def as object, ...checkDefs(def.checks)];
  return formats.some((format) => "format" in format && String(format.format).includes("int"));
}

function multiples(checks: Checks): string {
  return checkDefs(checks)
    .map((def) => (def.check === "multiple_of" ? `, a multiple of ${def.value}` : ""))
    .join("");
}

/** What text must look like beyond its length: `z.email()` has its form in the definition, `.regex()` in a check. */
function forms(def: z.core.$ZodStringDef): string {
  const checks = [def as object, ...checkDefs(def.checks)];
  return checks.map((check) => ("format" in check ? form(check as unknown as FormatCheck) : "")).join("");
}

interface FormatCheck {
  readonly format: string;
  readonly pattern?: RegExp;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly includes?: string;
}

function form({ format, pattern, prefix, suffix, includes }: FormatCheck): string {
  if (prefix !== undefined) return ` that starts with ${JSON.stringify(prefix)}`;
  if (suffix !== undefined) return ` that ends with ${JSON.stringify(suffix)}`;
  if (includes !== undefined) return ` that contains ${JSON.stringify(includes)}`;
  return format === "regex" ? ` that matches ${String(pattern)}` : ` in the form of ${format}`;
}

function range({ low, high, above, below }: Limits): string {
  if (low !== undefined && high !== undefined) return low === high ? ` of ${low}` : ` from ${low} to ${high}`;
  const parts: string[] = [];
  if (low !== undefined) parts.push(`of at least ${low}`);
  if (above !== undefined) parts.push(`above ${above}`);
  if (high !== undefined) parts.push(`of at most ${high}`);
  if (below !== undefined) parts.push(`below ${below}`);
  return parts.length === 0 ? "" : ` ${parts.join(" and ")}`;
}

function counted(what: string, unit: string, limits: Limits): string {
  const text = range(limits);
  return text === "" ? what : `${what}${text.replace(" from", " of")} ${unit}${text.endsWith(" 1") ? "" : "s"}`;
}
