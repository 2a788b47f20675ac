// node scripts/chart-keys.mjs ARCHIVE.tgz [--out FOLDER]: the table of keys and images of a Helm chart, as lib/cluster/chart-keys has
// them and `HelmChart.pinned(…, { keys })` takes them. Names and structure only, nothing of the chart's text.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";

// Maps that Kubernetes, not the chart, knows the keys of.
const OPEN =
  /(labels|annotations|nodeSelector|affinity|securityContext|probe|strategy|podDisruptionBudget|dnsConfig)$/i;
const isMap = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** The keys below a value. */
function shape(value, name = "") {
  if (!isMap(value)) return 1;
  const entries = Object.entries(value);
  if (entries.length === 0) return 1;
  if (entries.every(([key]) => ["limits", "requests", "claims"].includes(key)))
    return { claims: 1, limits: 1, requests: 1 };
  // A map of nothing but maps has one for each part of the chart, such as podAnnotations.operator.
  if (OPEN.test(name) && !entries.every(([, inner]) => isMap(inner))) return 1;
  return Object.fromEntries(entries.map(([key, inner]) => [key, shape(inner, key)]));
}

/** Both of two tables: what is open in one is open. */
function union(a, b) {
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (a === 1 || b === 1) return 1;
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(names.map((name) => [name, union(a[name], b[name])]));
}

/** Adds a value that a template reads although values.yaml does not name it; opens one whose keys it does not name. */
function addPath(table, { path: [head, ...rest], open }) {
  if (table === 1) return 1;
  const below = table[head];
  // As a whole, a map of parts is read only where a part is missing, and none is.
  const parts = isMap(below) && Object.values(below).every(isMap);
  const opened = open === "always" || (open === "unless parts" && !parts) ? 1 : (below ?? 1);
  return { ...table, [head]: rest.length === 0 ? opened : addPath(below ?? {}, { path: rest, open }) };
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Paths of values that the templates read. What only tells people of an old key does not read it. */
function readByTemplates(folder) {
  const texts = filesBelow(join(folder, "templates"))
    .filter((file) => !/deprecat|NOTES\.txt$/.test(file))
    .map((file) => readFileSync(file, "utf8"));
  const found = (pattern, open) =>
    texts
      .flatMap((text) => [...text.matchAll(pattern)].map(([, path]) => path))
      .sort()
      .map((path) => ({ path: path.slice(1).split("."), open }));
  // What follows `default` is read only where a value is missing that values.yaml has.
  const value = String.raw`(?<!default *\(*\$?)\.Values((?:\.[A-Za-z_]\w*)+)(?!\w|\)\.)`;
  return [
    ...found(new RegExp(String.raw`range \$\w+, *\$\w+ *:= *\(?${value}`, "g"), "always"),
    ...found(new RegExp(String.raw`toYaml *\(*(?:omit +)?${value}`, "g"), "unless parts"),
    ...found(new RegExp(value, "g"), "never"),
  ];
}

function images(values, path = []) {
  if (typeof values !== "object" || values === null || Array.isArray(values)) return [];
  const { registry, repository, tag } = values;
  const own =
    typeof repository === "string" && "tag" in values
      ? [{ at: path.join("."), registry: registry ?? "", repository, tag: String(tag ?? "") }]
      : [];
  return [...own, ...Object.entries(values).flatMap(([key, inner]) => images(inner, [...path, key]))];
}

function chart(folder) {
  const meta = parse(readFileSync(join(folder, "Chart.yaml"), "utf8"));
  const file = join(folder, "values.yaml");
  const values = (existsSync(file) && parse(readFileSync(file, "utf8"))) || {};
  let keys = shape(values);
  keys = readByTemplates(folder).reduce(addPath, keys === 1 ? {} : keys);
  let found = images(values);
  let global = keys.global;
  let guardsImages = filesBelow(join(folder, "templates")).some((each) =>
    readFileSync(each, "utf8").includes("allowInsecureImages"),
  );
  const below = join(folder, "charts");
  const dependencies = new Map((meta.dependencies ?? []).map(({ name, alias }) => [name, alias ?? name]));
  for (const entry of existsSync(below) ? readdirSync(below, { withFileTypes: true }) : []) {
    if (!entry.isDirectory()) continue;
    const inner = chart(join(below, entry.name));
    guardsImages ||= inner.guardsImages;
    if (inner.library) continue; // reads values of the chart that uses it, as that one's values.yaml names them
    global = union(global, inner.keys.global);
    const name = dependencies.get(inner.name) ?? inner.name;
    keys = { ...keys, [name]: union(keys[name], inner.keys) };
    const said = new Set(found.map(({ at }) => at));
    found = [
      ...found,
      ...inner.images.map((each) => ({ ...each, at: `${name}.${each.at}` })).filter(({ at }) => !said.has(at)),
    ];
  }
  if ((meta.dependencies ?? []).some(({ tags }) => tags !== undefined)) keys = { ...keys, tags: 1 };
  if (global !== undefined) keys = { ...keys, global };
  return {
    name: meta.name,
    version: meta.version,
    library: meta.type === "library",
    keys,
    images: found,
    guardsImages,
  };
}

/** helm hands the globals of a chart on to all charts below it, which read them together with their own. */
function shareGlobals(keys, names, global) {
  return Object.fromEntries(
    Object.entries(keys).map(([key, inner]) =>
      names.includes(key) && inner !== 1 ? [key, { ...inner, global: union(inner.global, global) ?? 1 }] : [key, inner],
    ),
  );
}

const sorted = (table) =>
  table === 1 || typeof table !== "object"
    ? table
    : Object.fromEntries(
        Object.keys(table)
          .sort()
          .map((key) => [key, sorted(table[key])]),
      );

const [archive, flag, out] = process.argv.slice(2);
if (archive === undefined || (flag !== undefined && (flag !== "--out" || out === undefined))) {
  console.error("usage: node scripts/chart-keys.mjs ARCHIVE.tgz [--out FOLDER]");
  process.exit(2);
}
const temporary = mkdtempSync(join(tmpdir(), "chart-keys-"));
try {
  execFileSync("tar", ["-xzf", archive, "-C", temporary]);
  const [folder] = readdirSync(temporary);
  const { name, version, keys, images: found, guardsImages } = chart(join(temporary, folder));
  const below = existsSync(join(temporary, folder, "charts")) ? readdirSync(join(temporary, folder, "charts")) : [];
  const table = { keys: sorted(shareGlobals(keys, below, keys.global)), images: found, guardsImages };
  const text = `${JSON.stringify(table)}\n`;
  if (out === undefined) process.stdout.write(text);
  else writeFileSync(join(out, `${name}-${version}.json`), text);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
