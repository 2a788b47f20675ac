import { Document, isScalar, Scalar, visit, type ScalarTag } from "yaml";
import { assertPrintable, assertPrintableExcept, assertText, type Data } from "./model";

/** A value with a remark behind it, on its line; see {@link commented}. */
export class Commented {
  /** @internal */
  constructor(
    readonly value: string | number | boolean,
    readonly comment: string,
  ) {}
}

/** What {@link renderYaml} prints: plain data, with remarks. */
export type YamlModel = Data | Commented | readonly YamlModel[] | { readonly [key: string]: YamlModel };

/** A value with a remark for people behind it: `value # comment`. */
export function commented(value: string | number | boolean, comment: string): Commented {
  return new Commented(value, comment);
}

/** The data of a model, without its remarks: what a reader of the text gets. */
export function withoutComments(model: YamlModel): Data {
  return strip(model, [], () => undefined);
}

/**
 * Prints YAML that a 1.1 parser (Ansible, PyYAML, cloud-init) and a 1.2 parser both read back unchanged: strings that
 * either would take for something else (`no`, `1e3`, `0o7`, `22:22`, `<<`) are quoted; no anchors, no folding.
 *
 * @throws Error for what YAML cannot carry, such as a Terraform reference.
 */
export function renderYaml(model: YamlModel, { header = "" }: { readonly header?: string } = {}): string {
  const comments: { readonly path: Path; readonly comment: string }[] = [];
  assertPrintableExcept((value) => value instanceof Commented, model, "model");
  const data = strip(model, [], (path, { value, comment }) => {
    assertPrintable(value, `model.${path.join(".")}`);
    assertComment(comment, path);
    comments.push({ path, comment });
  });
  const document = new Document(data, {
    version: "1.1",
    compat: "core",
    merge: false, // `<<` is a string like any other
    aliasDuplicateObjects: false,
    customTags: (tags) => [
      exponential,
      ...tags.filter((tag) => typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:merge"),
    ],
  });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === "string") node.type = styleOf(node.value);
    },
  });
  for (const { path, comment } of comments) {
    const node = document.getIn(path, true);
    if (isScalar(node)) node.comment = ` ${comment}`;
  }
  const text = document.toString({ lineWidth: 0, doubleQuotedAsJSON: true, directives: false });
  // All of these stand in double quotes, where JSON leaves them as they are and a YAML reader stumbles over them.
  return `${header}${text.replace(SPECIAL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)}`;
}

type Path = readonly (string | number)[];

/** The model with plain values where it has remarks; `found` hears of each. */
function strip(model: YamlModel, path: Path, found: (path: Path, own: Commented) => void): Data {
  if (model instanceof Commented) {
    found(path, model);
    return model.value;
  }
  if (isList(model)) return model.map((item, i) => strip(item, [...path, i], found));
  if (typeof model !== "object" || model === null) return model;
  const entries = Object.entries(model as Readonly<Record<string, YamlModel>>);
  return Object.fromEntries(entries.map(([key, value]) => [key, strip(value, [...path, key], found)]));
}

const isList = (model: YamlModel): model is readonly YamlModel[] => Array.isArray(model);

/** A remark must stay on its line: another one would be data. */
function assertComment(comment: string, path: Path): void {
  const where = `the comment of model.${path.join(".")}`;
  assertText(comment, where);
  if (!/^[^\p{C}\p{Zl}\p{Zp}]*$/u.test(comment)) throw new Error(`${where} is not one line of printable text`);
}

/** Not printable to YAML, or a line break to YAML 1.1 only. */
const SPECIAL = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;
/** What PyYAML or Go take for something else than the `yaml` library does. */
const AMBIGUOUS = /^[=~]|^<<$|^---|^\.\.\.|^[-+]?\.?\d[\w.:+-]*$/;

/** How a string is written; `PLAIN` still becomes quoted where the `yaml` library sees that it must. */
function styleOf(text: string): Scalar.Type {
  if (text.search(SPECIAL) >= 0 || AMBIGUOUS.test(text) || /[\t\r]/.test(text)) return Scalar.QUOTE_DOUBLE;
  if (!text.includes("\n")) return Scalar.PLAIN;
  // A block shows text as it is, but its first line says how far all are indented, and its end is easily misread.
  return /^\s|\n\n$/.test(text) ? Scalar.QUOTE_DOUBLE : Scalar.BLOCK_LITERAL;
}

/** `1e21` and `1e-7` as both versions read a number: in full, or with a point. */
const exponential: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true, // needs no tag in the text
  test: /(?!)/, // for printing only
  identify: (value) => typeof value === "number" && String(value).includes("e"),
  resolve: Number,
  stringify: ({ value }) => {
    const number = Number(value);
    return Number.isInteger(number) ? String(BigInt(number)) : String(number).replace(/^(-?\d+)e/, "$1.0e");
  },
};
