import { Token } from "cdktf";
import type { IConstruct } from "constructs";
import { z } from "zod";
import { definition, describeSchema, knownKeys, oneOf, schemaAt, unwrapped } from "./describe-schema";
import { GantryError, nearest, type Fault } from "./errors";
import { looksSecret, showValue } from "./show-value";

const reference = z.custom<never>((value) => Token.isUnresolved(value));

/**
 * Accepts what `schema` accepts, or a Terraform reference in its place (string, number, list, map or `IResolvable`).
 * References are opaque until apply, so no check of `schema` sees them. Props without it refuse references.
 */
export function tokenOr<S extends z.ZodType>(schema: S): z.ZodType<z.output<S>, z.input<S>> {
  return z.union([reference, schema]).describe(describeSchema(schema));
}

/** A class, also one whose constructor is private. */
type ClassOf<T> = (abstract new (...args: never[]) => T) | (NewableFunction & { readonly prototype: T });

/** A prop that holds an object of one of our classes, passed through untouched. */
export function instanceOf<T>(type: ClassOf<T>, allowed: string): z.ZodType<T, T> {
  // Without `abort: false`, zod would stop here, and rules between props would not be checked.
  return z.custom<T>((value) => value instanceof type, { abort: false }).describe(allowed);
}

/**
 * Checks a construct's props and returns them with defaults filled in, frozen and detached from the caller's objects.
 *
 * @throws GantryError listing every fault with construct path, property, value given and values allowed.
 */
export function parseProps<S extends z.ZodType>(construct: IConstruct, schema: S, props: unknown): z.output<S> {
  return parse(`[${construct.node.path}] ${construct.constructor.name}: invalid props`, schema, props);
}

/** As {@link parseProps}, for a value made outside the construct tree, such as `Host.existing({...})`. */
export function parseValue<S extends z.ZodType>(factory: string, schema: S, value: unknown): z.output<S> {
  return parse(`${factory}: invalid props`, schema, value);
}

function parse<S extends z.ZodType>(headline: string, schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  const faults = result.success ? [] : result.error.issues.flatMap((issue) => faultsOf(issue, schema, value, []));
  const known = new Set(faults.map(({ property }) => property));
  const others = valueFaults(schema, value).filter(({ property }) => !known.has(property));
  if (result.success && faults.length + others.length === 0) return detach(result.data, new Map());
  // A reference to a list is itself a list; what its one element is not is of no use to anybody.
  const told = faults.filter(({ property }) => !others.some((other) => property === `${other.property}[0]`));
  const lines = new Map([...told, ...others].map((fault) => [`${fault.property}: ${fault.message}`, fault])); // two checks, one fault
  throw new GantryError(headline, [...lines.values()]);
}

/** Puts an issue of zod's into words. `value` is what `schema` judged; `prefix` is where that stands in the props. */
function faultsOf(issue: z.core.$ZodIssue, schema: z.core.$ZodType, value: unknown, prefix: PropertyKey[]): Fault[] {
  const path = [...prefix, ...issue.path];
  const judge = schemaAt(schema, issue.path, value);
  const given = valueAt(value, issue.path);
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(judge, given);
    return issue.keys.map((key) => ({ property: show([...path, key]), message: unknownProperty(key, known) }));
  }
  if (issue.code === "invalid_key") {
    const record = definition(schemaAt(schema, issue.path.slice(0, -1), value));
    const allowed = record.type === "record" ? describeSchema(record.keyType) : "another name";
    return [{ property: show(path), message: `got the name ${showValue(issue.path.at(-1))}; allowed: ${allowed}` }];
  }
  if (issue.code === "invalid_union") {
    const meant = meantOption(issue, judge);
    if (meant) return meant.issues.flatMap((nested) => faultsOf(nested, meant.option, given, path));
  }
  const name = path.findLast((key) => typeof key === "string");
  const got = given === undefined ? "missing" : `got ${showValue(given, name)}`;
  if (issue.code === "invalid_union" && "options" in issue && issue.options !== undefined) {
    return [{ property: show(path), message: `${got}; allowed: ${oneOf(issue.options)}` }];
  }
  const ownWords = issue.code === "custom" && issue.message !== "Invalid input";
  return [
    { property: show(path), message: `${got}; ${ownWords ? issue.message : `allowed: ${describeSchema(judge)}`}` },
  ];
}

/** The one option of a union that the value has the kind of, when something inside the value is wrong. */
function meantOption(issue: z.core.$ZodIssueInvalidUnion, judge: z.core.$ZodType) {
  let union = judge;
  for (let inner = unwrapped(union); inner !== undefined; inner = unwrapped(union)) union = inner;
  const def = definition(union);
  if (def.type !== "union") return undefined;
  const fits = (nested: z.core.$ZodIssue) => nested.path.length > 0 || nested.code === "unrecognized_keys";
  const candidates = issue.errors.flatMap((issues, i) => {
    const option = def.options[i];
    return option !== undefined && issues.length > 0 && issues.every(fits) ? [{ issues, option }] : [];
  });
  return candidates.length === 1 ? candidates[0] : undefined;
}

/**
 * What slips past the checks of a schema. References (one to a number is a number) are refused wherever no `tokenOr`
 * takes them; text that no file can carry is refused everywhere.
 */
function valueFaults(schema: z.core.$ZodType, root: unknown): Fault[] {
  const faults: Fault[] = [];
  const visit = (value: unknown, path: readonly PropertyKey[], above: readonly unknown[]): void => {
    if (value === null || value === undefined || typeof value === "function" || above.includes(value)) return;
    if (Token.isUnresolved(value)) {
      const judge = schemaAt(schema, path, root);
      if (takesReference(judge)) return;
      faults.push({ property: show(path), message: `got ${showValue(value)}; allowed: ${describeSchema(judge)}` });
    } else if (typeof value === "string") {
      if (isText(value)) return;
      faults.push({ property: show(path), message: `got ${showValue(value)}; allowed: ${TEXT}` });
    } else if (Array.isArray(value)) {
      value.forEach((item, i) => visit(item, [...path, i], [...above, value]));
    } else if (isPlain(value)) {
      for (const [key, item] of Object.entries(value)) {
        if (!isText(key)) {
          faults.push({ property: show([...path, key]), message: `got the name ${showValue(key)}; allowed: ${TEXT}` });
        }
        visit(item, [...path, key], [...above, value]);
      }
    }
  };
  visit(root, [], []);
  return faults;
}

const TEXT = "text of whole Unicode characters, without NUL";

function isText(text: string): boolean {
  return !text.includes("\0") && !/\p{Surrogate}/u.test(text);
}

function takesReference(schema: z.core.$ZodType): boolean {
  const inner = unwrapped(schema);
  if (inner !== undefined) return takesReference(inner);
  const def = definition(schema);
  if (def.type === "union") return def.options.some(takesReference);
  return def.type === "custom" || def.type === "any" || def.type === "unknown";
}

function unknownProperty(key: string, known: readonly string[]): string {
  const guess = nearest(key, known);
  return guess === undefined
    ? `unknown property; allowed: ${known.join(", ")}`
    : `unknown property; did you mean "${guess}"?`;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], root);
}

function show(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "props";
  return path
    .map((key, i) => {
      if (typeof key === "number") return `[${key}]`;
      if (looksSecret(String(key))) return "(not shown)";
      if (!/^[\w$-]+$/.test(String(key))) return `[${JSON.stringify(String(key))}]`;
      return `${i > 0 ? "." : ""}${String(key)}`;
    })
    .join("");
}

/** Copies and freezes plain objects and arrays all the way down; constructs, hosts and references keep their identity. */
function detach<T>(value: T, copies: Map<unknown, unknown>): T {
  if (!isPlain(value) || Token.isUnresolved(value)) return value;
  const known = copies.get(value);
  if (known !== undefined) return known as T;
  const copy: Record<PropertyKey, unknown> | unknown[] = Array.isArray(value) ? [] : {};
  copies.set(value, copy);
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(copy, key, { value: detach(item, copies), enumerable: true });
  }
  const same = Object.isFrozen(value) && Object.entries(value).every(([key, item]) => valueAt(copy, [key]) === item);
  if (same) copies.set(value, value);
  return (same ? value : Object.freeze(copy)) as T;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
