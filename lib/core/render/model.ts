import { Token } from "cdktf";

/** Plain data, as JSON knows it. */
export type Data = string | number | boolean | null | readonly Data[] | { readonly [key: string]: Data };

/**
 * Refuses what no text format can carry: Terraform references (known only after apply; number references would print
 * as ordinary numbers), functions, `undefined`, NaN, infinities, NUL and unpaired surrogates.
 *
 * @throws Error naming the place in the model.
 */
export function assertPrintable(model: unknown, where = "model"): asserts model is Data {
  if (Token.isUnresolved(model)) {
    throw new Error(`${where} is a Terraform reference, known only after apply; a generated file cannot hold it`);
  }
  if (typeof model === "string") {
    if (model.includes("\0")) throw new Error(`${where} has a NUL character`);
    if (/\p{Surrogate}/u.test(model)) throw new Error(`${where} is not valid Unicode (an unpaired surrogate)`);
  } else if (typeof model === "number") {
    if (!Number.isFinite(model)) throw new Error(`${where} is ${model}, which is not a number`);
  } else if (Array.isArray(model)) {
    model.forEach((item, i) => assertPrintable(item, `${where}[${i}]`));
  } else if (typeof model === "object" && model !== null) {
    const prototype: unknown = Object.getPrototypeOf(model);
    if (prototype !== Object.prototype && prototype !== null) throw new Error(`${where} is a ${model.constructor.name}, not plain data`);
    for (const [key, value] of Object.entries(model)) {
      assertPrintable(key, `a key of ${where}`);
      assertPrintable(value, `${where}.${key}`);
    }
  } else if (typeof model !== "boolean" && model !== null) {
    throw new Error(`${where} is ${typeof model}, not plain data`);
  }
}
