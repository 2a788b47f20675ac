import { assertPrintable, assertText } from "./model";

/** Settings a POSIX shell can read back unchanged. */
export type EnvModel = Readonly<Record<string, string | number | boolean>>;

/** Variables that bash itself sets: assigning the first few ends a script, `_` is lost at once. */
const TAKEN = new Set(["BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID", "_"]);

/**
 * Prints one `KEY='value'` line per setting, sorted by key, for `. file`.
 *
 * @throws Error for a name the shell does not take or sets itself, a Terraform reference (also in number form), NUL.
 */
export function renderEnv(model: EnvModel): string {
  const line = (key: string) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) throw new Error(`${JSON.stringify(key)} is not a shell variable name`);
    if (TAKEN.has(key)) throw new Error(`${key} is set by the shell itself`);
    const value: unknown = model[key];
    assertPrintable(value, key);
    if (typeof value === "object")
      throw new Error(`${key} is ${JSON.stringify(value)}; allowed: text, a number, true or false`);
    return `${key}=${shellQuote(String(value))}\n`;
  };
  return Object.keys(model).sort().map(line).join("");
}

/**
 * One word of a shell command, whatever is in it. A Terraform reference in it is kept, for commands in Terraform outputs.
 *
 * @throws Error for NUL, which no word can hold, and for an unpaired surrogate.
 */
export function shellQuote(word: string): string {
  assertText(word, "a shell word");
  return `'${word.replaceAll("'", "'\\''")}'`;
}
