import { Document, Scalar, visit, type ScalarTag } from "yaml";
import { assertPrintable, type Data } from "./model";

/**
 * Prints YAML that a 1.1 parser (Ansible, PyYAML, cloud-init) and a 1.2 parser both read back unchanged: strings that
 * either would take for something else (`no`, `1e3`, `0o7`, `22:22`, `<<`) are quoted; no anchors, no folding.
 *
 * @throws Error for what YAML cannot carry, such as a Terraform reference.
 */
export function renderYaml(model: Data, { header = "" }: { readonly header?: string } = {}): string {
  assertPrintable(model);
  const document = new Document(model, {
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
  const text = document.toString({ lineWidth: 0, doubleQuotedAsJSON: true, directives: false });
  // All of these stand in double quotes, where JSON leaves them as they are and a YAML reader stumbles over them.
  return `${header}${text.replace(SPECIAL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)}`;
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
