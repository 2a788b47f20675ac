import { nearest } from "../core/errors";
import type { Data } from "../core/render/model";

/**
 * The keys that a chart knows below one of its values: a map of them, or `1` where anything may stand (a scalar, a list, a map
 * whose keys are up to the user).
 */
export type ValueKeys = 1 | { readonly [key: string]: ValueKeys };

/** Where a chart takes an image from, with what it takes unless the values say otherwise. */
export interface ChartImage {
  /** The map in the values, for example `"metrics.image"`. */
  readonly at: string;
  /** For example `"docker.io"`. */
  readonly registry: string;
  /** For example `"bitnami/redis-exporter"`. */
  readonly repository: string;
  /** For example `"1.58.0-debian-12-r4"`. */
  readonly tag: string;
}

/** What `scripts/chart-keys.mjs` reads out of the archive of a chart. Names and structure only. */
export interface ChartKeys {
  /** Keys of the values, those of its own charts below their names. */
  readonly keys: Readonly<Record<string, ValueKeys>>;
  /** Images by registry, repository and tag, apart from each other. */
  readonly images: readonly ChartImage[];
  /** Whether the chart refuses images of other repositories unless `global.security.allowInsecureImages` is set. */
  readonly guardsImages: boolean;
}

/** A key that a chart does not know. */
export interface UnknownKey {
  /** Where it is, for example `"auth.existingSecrt"`. */
  readonly path: string;
  /** Keys that are near, or the same one in another place; seen from where it is, or else whole paths. */
  readonly guesses: readonly string[];
  /** The keys that the chart knows there. */
  readonly known: readonly string[];
}

/** The values that a chart would not read. `allowed`: paths below which nothing is checked. */
export function unknownKeys(values: Data, keys: ValueKeys, allowed: readonly string[]): UnknownKey[] {
  const found: UnknownKey[] = [];
  const visit = (value: Data, known: ValueKeys, path: string): void => {
    if (known === 1 || !isMap(value)) return;
    for (const [key, inner] of Object.entries(value)) {
      const at = joinPath(path, key);
      if (allowed.some((each) => at === each || at.startsWith(`${each}.`))) continue;
      const below = Object.hasOwn(known, key) ? known[key] : undefined;
      if (below !== undefined) visit(inner, below, at);
      else found.push({ path: at, guesses: guessesFor(key, known, keys), known: Object.keys(known) });
    }
  };
  visit(values, keys, "");
  return found;
}

/** Most misplaced keys are one level too high; then come misspelt ones, then those in another place altogether. */
function guessesFor(key: string, here: ValueKeys, root: ValueKeys): readonly string[] {
  const inside = placesOf(key, here, 2);
  if (inside.length > 0) return inside.slice(0, 3);
  const near = here === 1 ? undefined : nearest(key, Object.keys(here));
  return near === undefined ? placesOf(key, root, 3).slice(0, 3) : [near];
}

/** Paths of a key in a table, the shallowest ones, to a depth. */
function placesOf(key: string, table: ValueKeys, depth: number): string[] {
  let level: (readonly [path: string, table: ValueKeys])[] = [["", table]];
  for (let i = 0; i < depth; i++) {
    const found = level
      .filter(([, each]) => each !== 1 && Object.hasOwn(each, key))
      .map(([path]) => joinPath(path, key));
    if (found.length > 0) return found;
    level = level.flatMap(([path, each]) =>
      each === 1 ? [] : Object.entries(each).map(([name, inner]) => [joinPath(path, name), inner] as const),
    );
  }
  return [];
}

/** Calls back with every text in the values and where it is. */
export function eachText(values: Data, found: (path: string, text: string) => void): void {
  const visit = (value: Data, path: string): void => {
    if (typeof value === "string") found(path, value);
    else if (Array.isArray(value)) (value as readonly Data[]).forEach((item, i) => visit(item, `${path}[${i}]`));
    else if (isMap(value)) for (const [key, inner] of Object.entries(value)) visit(inner, joinPath(path, key));
  };
  visit(values, "");
}

/** Values with others over them: maps key by key, all else as a whole. As helm does, `null` takes a default of the chart away. */
export function mergeValues(under: Data, over: Data): Data {
  if (!isMap(under) || !isMap(over)) return over;
  const merged: Record<string, Data> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(under, key) ? under[key] : undefined;
    set(merged, key, below === undefined ? value : mergeValues(below, value));
  }
  return merged;
}

/** The value at a path such as `"auth.existingSecret"`; `undefined` when there is none. */
export function valueAt(values: Data, path: string): Data | undefined {
  let at: Data | undefined = values;
  for (const key of path.split(".")) at = at !== undefined && isMap(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return at;
}

/** One value in the maps that lead to it. */
export function valuesOf(path: string, value: Data): Readonly<Record<string, Data>> {
  const [head = "", ...rest] = path.split(".");
  const map: Record<string, Data> = {};
  set(map, head, rest.length === 0 ? value : valuesOf(rest.join("."), value));
  return map;
}

export function isMap(value: Data): value is Readonly<Record<string, Data>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Also for a key such as `__proto__`. */
function set(map: Record<string, Data>, key: string, value: Data): void {
  Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
}

function joinPath(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
