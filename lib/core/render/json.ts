import { assertPrintable, type Data } from "./model";

/** Prints JSON with two spaces, keys in the order given and a final newline. @throws Error for what JSON cannot carry. */
export function renderJson(model: Data): string {
  assertPrintable(model);
  return `${JSON.stringify(model, null, 2)}\n`;
}
