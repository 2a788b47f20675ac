import { assertPrintable } from "./model";

/** Settings a POSIX shell can read back unchanged. */
export type EnvModel = Readonly<Record<string, string | number | boolean>>;

/**
 * Prints one `KEY='value'` line per setting, sorted by key, for `. file`.
 *
 * @throws Error for a name the shell does not take, a Terraform reference (also in number form), NUL.
 */
export function renderEnv(model: EnvModel): string {
  const line = (key: string) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) throw new Error(`${JSON.stringify(key)} is not a shell variable name`);
    assertPrintable(model[key], key);
    return `${key}=${shellQuote(String(model[key]))}\n`;
  };
  return Object.keys(model).sort().map(line).join("");
}

/** One word of a shell command, whatever is in it. */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
