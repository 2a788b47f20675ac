import { Token } from "cdktf";
import type { IConstruct } from "constructs";
import { z } from "zod";
import { describeSchema, knownKeys, schemaAt } from "./describe-schema";
import { GantryError, nearest, type Fault } from "./errors";
import { showValue } from "./show-value";

const tokenUnions = new WeakSet<z.core.$ZodType>();

/**
 * Accepts what `schema` accepts, or a Terraform reference in its place (string, number, list, map or `IResolvable`).
 * References are opaque until apply, so no check of `schema` sees them.
 */
export function tokenOr<S extends z.ZodType>(schema: S): z.ZodType<z.output<S>, z.input<S>> {
  const token = z.custom<z.output<S>>((value) => Token.isUnresolved(value));
  const union = z.union([token, schema]).describe(describeSchema(schema));
  tokenUnions.add(union);
  return union as unknown as z.ZodType<z.output<S>, z.input<S>>;
}

/** A class, also one whose constructor is private. */
type ClassOf<T> = (abstract new (...args: never[]) => T) | (NewableFunction & { readonly prototype: T });

/** A prop that holds an object of one of our classes, passed through untouched. */
export function instanceOf<T>(type: ClassOf<T>, allowed: string): z.ZodType<T, T> {
  return z.custom<T>((value) => value instanceof type).describe(allowed);
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
  if (result.success) return freeze(result.data);
  throw new GantryError(
    headline,
    result.error.issues.flatMap((issue) => faultsOf(issue, schema, value)),
  );
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.ZodType, root: unknown, prefix: PropertyKey[] = []): Fault[] {
  const path = [...prefix, ...issue.path];
  const judge = schemaAt(schema, path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ property: show([...path, key]), message: unknownProperty(key, judge) }));
  }
  if (issue.code === "invalid_union" && tokenUnions.has(judge)) {
    const inner = issue.errors.at(-1) ?? [];
    if (inner.some(({ path: deeper }) => deeper.length > 0)) {
      return inner.flatMap((nested) => faultsOf(nested, schema, root, path));
    }
  }
  const given = valueAt(root, path);
  const got = given === undefined ? "missing" : `got ${showValue(given)}`;
  const verdict = issue.code === "custom" && !hasDescription(judge) ? issue.message : `allowed: ${describeSchema(judge)}`;
  return [{ property: show(path), message: `${got}; ${verdict}` }];
}

function unknownProperty(key: string, judge: z.core.$ZodType): string {
  const known = knownKeys(judge);
  const guess = nearest(key, known);
  return guess === undefined
    ? `unknown property; allowed: ${known.join(", ")}`
    : `unknown property; did you mean "${guess}"?`;
}

function hasDescription(schema: z.core.$ZodType): boolean {
  return (schema as z.ZodType).description !== undefined;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], root);
}

function show(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "props";
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i ? "." : ""}${String(key)}`)).join("");
}

/** Freezes plain objects and arrays all the way down; constructs, hosts and tokens keep their identity. */
function freeze<T>(value: T): T {
  if (!isPlain(value) || Object.isFrozen(value) || Token.isUnresolved(value)) return value;
  Object.values(value as object).forEach(freeze);
  return Object.freeze(value);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
