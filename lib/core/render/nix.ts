import { assertPrintable, assertPrintableExcept } from "./model";

const EXPRESSION = Symbol("nix expression");

/** A piece of Nix code, printed as it stands: a path such as `./hosts`, or a reference such as `pkgs.git`. */
export interface NixExpression {
  readonly [EXPRESSION]: string;
}

/** A value that Nix can hold: plain data, and expressions in any place of it. */
export type NixValue =
  string | number | boolean | null | NixExpression | readonly NixValue[] | { readonly [key: string]: NixValue };

/** Nix code, printed verbatim (in brackets where it is a list element). */
export function nixCode(code: string): NixExpression {
  assertPrintable(code, "Nix code");
  return { [EXPRESSION]: code };
}

/**
 * Prints one Nix value, two spaces a level, attributes in the order given.
 *
 * @throws Error for a Terraform reference, NUL, or a whole number beyond 2^53, which JavaScript rounds.
 */
export function renderNixValue(value: NixValue, indent = ""): string {
  assertPrintableExcept(isExpression, value, "Nix value");
  return print(value, indent);
}

function print(value: NixValue, indent: string): string {
  if (isExpression(value)) return value[EXPRESSION];
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    const items = (value as readonly NixValue[]).map((item) => `${deeper}${element(item, deeper)}\n`);
    return items.length === 0 ? "[ ]" : `[\n${items.join("")}${indent}]`;
  }
  if (typeof value === "object" && value !== null) {
    const lines = Object.entries(value).map(
      ([key, item]) => `${deeper}${attributeName(key)} = ${print(item, deeper)};\n`,
    );
    return lines.length === 0 ? "{ }" : `{\n${lines.join("")}${indent}}`;
  }
  if (typeof value === "string") return nixString(value);
  return typeof value === "number" ? nixNumber(value) : String(value);
}

/** A string literal: one line in double quotes, whatever is in it. */
export function nixString(text: string): string {
  const escaped = text.replace(/["\\]|\$(?=\{|$)|[\n\r\t]/g, (c) => ESCAPES[c] ?? `\\${c}`);
  return `"${escaped}"`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const KEYWORDS = new Set(["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"]);

function attributeName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_'-]*$/.test(name) && !KEYWORDS.has(name) ? name : nixString(name);
}

function element(item: NixValue, indent: string): string {
  const text = print(item, indent);
  const simple = !isExpression(item) || /^[\w./<>-]+$/.test(text);
  return simple && !text.startsWith("-") ? text : `(${text})`;
}

function nixNumber(value: number): string {
  if (Number.isInteger(value)) {
    if (!Number.isSafeInteger(value)) throw new Error(`${value} is beyond the whole numbers that survive printing`);
    return Object.is(value, -0) ? "0" : String(value);
  }
  const text = String(value);
  const [digits = "", exponent] = text.split("e");
  const mantissa = digits.includes(".") ? digits : `${digits}.0`; // Nix takes 1e9 for a name: a float needs its point
  return exponent === undefined ? mantissa : `${mantissa}e${exponent}`;
}

function isExpression(value: unknown): value is NixExpression {
  return typeof value === "object" && value !== null && EXPRESSION in value;
}
