import type { Fault } from "../core/errors";
import { assertPrintable, type Data } from "../core/render/model";
import { looksSecret, showValue } from "../core/show-value";
import { eachText, isMap, mergeValues, unknownKeys, valueAt, valuesOf } from "./chart-keys";
import type { ChartReleaseModel } from "./chart-release.schema";
import type { ChartSecret, HelmChart } from "./helm-chart";
import type { SecretName } from "./chart-release.props";

/** Values of a release, and what is wrong with them. */
export interface ReleaseValues {
  /** The catalog's, under the user's, under secrets, with images put where they are. */
  readonly values: Readonly<Record<string, Data>>;
  readonly faults: readonly Fault[];
  /** Images that are where the catalog says but have no digest. */
  readonly unpinned: readonly string[];
}

/** Puts the values of a release together and checks them. Pure. */
export function releaseValues(chart: HelmChart, props: ChartReleaseModel): ReleaseValues {
  const faults: Fault[] = [];
  const given: unknown = props.values;
  try {
    assertPrintable(given, "values");
  } catch (error) {
    const [property = "values", ...rest] = (error as Error).message.split(" ");
    return { values: {}, faults: [{ property, message: rest.join(" ") }], unpinned: [] };
  }
  faults.push(...textFaults(given, props), ...keyFaults(chart, given, props));
  const secrets = withSecrets(chart, mergeValues(chart.defaults as Data, given), props);
  let { values } = secrets;
  faults.push(...secrets.faults);
  faults.push(...chart.valueFaults(values));
  let unpinned: readonly string[] = [];
  if (props.images !== undefined) {
    if (chart.keys === undefined) {
      faults.push({
        property: "images",
        message: `the images of ${chart.toString()} are not known; give HelmChart.pinned its keys (scripts/chart-keys.mjs ARCHIVE prints them), or set the images in values`,
      });
    } else {
      ({ values, unpinned } = props.images.rewrite(values, chart.keys));
    }
  }
  return { values: isMap(values) ? values : {}, faults, unpinned };
}

function keyFaults(chart: HelmChart, values: Data, { allowUnknown, existingSecrets }: ChartReleaseModel): Fault[] {
  if (chart.keys === undefined) return [];
  const { keys } = chart.keys;
  const faults = unknownKeys(values, keys, allowUnknown).map(({ path, guesses, known }) => ({
    property: path.startsWith("[") ? `values${path}` : `values.${path}`,
    message: `unknown key of ${chart.toString()}; ${guesses.length === 0 ? `known here: ${shortList(known)}` : `did you mean ${oneOf(guesses)}?`}`,
  }));
  const roles = chart.secrets.map(({ role }) => role);
  for (const path of Object.keys(existingSecrets)) {
    if (roles.includes(path)) continue;
    const [unknown] = unknownKeys(valuesOf(path, ""), keys, allowUnknown);
    if (unknown === undefined) continue;
    faults.push({
      property: `existingSecrets["${path}"]`,
      message: `unknown part of ${chart.toString()}; allowed: ${[...roles, "a value that takes the name of a Secret, as its path"].join(", ")}`,
    });
  }
  return faults;
}

function textFaults(values: Data, { allowTemplates }: ChartReleaseModel): Fault[] {
  const faults: Fault[] = [];
  const allowed = typeof allowTemplates === "boolean" ? [] : allowTemplates;
  eachText(values, (path, text) => {
    const free =
      allowTemplates === true ||
      allowed.some((each) => path === each || (/^[.[]/.test(path.slice(each.length)) && path.startsWith(each)));
    if (text.includes("{{") && !free) {
      faults.push({
        property: `values.${path}`,
        message: `got ${showValue(text, path)}, which has "{{": many charts run their values as templates; say allowTemplates: ["${path.replace(/\[.*$/, "")}"] if that is meant`,
      });
    }
    // "existingSecretKey" and its like name a key of a Secret.
    const named =
      /(password|passwd|passphrase|token|(private|secret)_?key)$/i.test(path) && !/existing[^.]*$/i.test(path);
    if (looksSecret(text) || (named && text !== "")) {
      faults.push({
        property: `values.${path}`,
        message: "got a secret (not shown), which would be in a generated file; use existingSecrets",
      });
    }
  });
  return faults;
}

/** Values with the names of secrets in them. */
function withSecrets(chart: HelmChart, values: Data, { existingSecrets }: ChartReleaseModel) {
  const faults: Fault[] = [];
  let result = values;
  for (const [name, given] of Object.entries(existingSecrets)) {
    const secret = chart.secrets.find(({ role, at }) => role === name || at === name);
    const path = secret?.at ?? name;
    const secretName = typeof given === "string" ? given : given.secretName;
    const before = valueAt(values, path);
    if (typeof before === "string" && before !== "" && before !== secretName) {
      faults.push({
        property: `existingSecrets["${name}"]`,
        message: `got "${secretName}", but values.${path} is "${before}"; say it in one place`,
      });
    }
    result = mergeValues(result, valuesOf(path, secretName));
    if (secret !== undefined) faults.push(...missingKeys(name, secret, given));
  }
  for (const secret of chart.secrets.filter(({ when }) => when(result))) {
    const name = valueAt(result, secret.at);
    if (typeof name === "string" && name !== "") {
      result = secret.apply?.(result, name) ?? result;
    } else {
      faults.push({
        property: `existingSecrets.${secret.role}`,
        message: `missing; ${chart.toString()} would make up a password or use a known one. Allowed: the name of a Secret with ${words(secret.keys)}, such as that of ns.addSecretRef("${chart.name}-${secret.role}", { keys: ${JSON.stringify(secret.keys)} })`,
      });
    }
  }
  return { values: result, faults };
}

function missingKeys(name: string, secret: ChartSecret, given: string | SecretName): Fault[] {
  if (typeof given === "string" || given.keys === undefined) return [];
  const { keys } = given;
  const missing = secret.keys.filter((key) => !keys.includes(key));
  if (missing.length === 0) return [];
  return [
    {
      property: `existingSecrets.${name}`,
      message: `the Secret "${given.secretName}" has ${keys.length === 0 ? "no keys" : words(keys)}; allowed: one with ${words(secret.keys)}`,
    },
  ];
}

const words = (keys: readonly string[]) => `the ${keys.length === 1 ? "key" : "keys"} ${keys.join(", ")}`;
const oneOf = (names: readonly string[]) => names.map((name) => `"${name}"`).join(" or ");
const shortList = (keys: readonly string[]) =>
  keys.length <= 12 ? keys.join(", ") : `${keys.slice(0, 12).join(", ")} and ${keys.length - 12} more`;
