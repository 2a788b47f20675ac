import { Token } from "cdktf";
import { Construct } from "constructs";

const LIMIT = 80;
const SECRET = /PRIVATE KEY|^(gh[pousr]_|github_pat_|glpat-|xox[abp]-|AKIA|ASIA|tskey-|sk-)/;

/** Prints a value for an error message: short, on one line, and never a secret. */
export function showValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return `the function ${value.name || "(unnamed)"}`;
  if (Construct.isConstruct(value)) return `${value.constructor.name} "${value.node.path}"`;
  if (Token.isUnresolved(value)) return "a Terraform reference";
  if (typeof value === "string" && SECRET.test(value)) return "a secret (not shown)";
  const text = print(value);
  return text.length > LIMIT ? `${text.slice(0, LIMIT - 1)}…` : text;
}

function print(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const seen = new Set<unknown>();
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "bigint") return String(inner);
    if (typeof inner === "string" && SECRET.test(inner)) return "(not shown)";
    if (typeof inner !== "object" || inner === null) return inner;
    if (Construct.isConstruct(inner)) return inner.node.path;
    if (seen.has(inner)) return "(again)";
    seen.add(inner);
    return inner;
  }) as string | undefined;
  return text ?? String(value);
}
