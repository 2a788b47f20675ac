import { Token } from "cdktf";
import { Construct } from "constructs";

const LIMIT = 80;
/** Text that is a secret by its look: keys and tokens of the services we meet, credentials in a URL (`$(NAME)` only names one). */
const SECRET =
  /PRIVATE KEY|AGE-SECRET-KEY-|\b(gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|AKIA|ASIA|tskey-|sk-|hf_|nvapi-|eyJ[\w-]+\.eyJ)|\bBearer |:\/\/[^/\s:@]*:(?!\$\(\w+\)@)[^/\s@]+@/;
/** Names of properties whose values are secrets whatever they look like. */
const SECRET_NAME = /pass(word|wd|phrase)|secret(?!s$)|token|credential|private_?key|api_?key|secret_?access_?key/i;

/** Prints a value for an error message: short, on one line, and never a secret. `name`: the property it was given for. */
export function showValue(value: unknown, name = ""): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return `the function ${value.name || "(unnamed)"}`;
  if (Construct.isConstruct(value)) return `${value.constructor.name} "${value.node.path}"`;
  if (isReference(value)) return "a Terraform reference (known only after apply)";
  if (typeof value === "string" && (looksSecret(value) || SECRET_NAME.test(name))) return "a secret (not shown)";
  const text = print(value, name);
  const characters = Array.from(text);
  return characters.length > LIMIT ? `${characters.slice(0, LIMIT - 1).join("")}…` : text;
}

/** Also the one element of a list that stands for a reference to a list. */
function isReference(value: unknown): boolean {
  return Token.isUnresolved(value) || Token.isUnresolved([value]);
}

function print(value: unknown, name: string): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const above: unknown[] = [];
  const text = JSON.stringify(value, function (this: unknown, key: string, inner: unknown) {
    if (typeof inner === "bigint") return String(inner);
    if (typeof inner === "string" && SECRET_NAME.test(key || name)) return "(not shown)";
    if (inner !== null && inner !== undefined && isReference(inner)) return "(a Terraform reference)";
    if (typeof inner !== "object" || inner === null) return inner;
    if (Construct.isConstruct(inner)) return inner.node.path;
    above.length = above.lastIndexOf(this) + 1;
    if (above.includes(inner)) return "(again)";
    above.push(inner);
    return inner;
  }) as string | undefined;
  return (
    text?.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => (looksSecret(quoted) ? '"(not shown)"' : quoted)) ?? String(value)
  );
}

/** Whether text is a secret by its look. */
export function looksSecret(text: string): boolean {
  return SECRET.test(text);
}
