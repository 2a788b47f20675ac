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
  assertPrintableExcept(() => false, model, where);
}

/** As {@link assertPrintable}, for a format that has values of its own: `isOwn` says which are not looked into. */
export function assertPrintableExcept(
  isOwn: (value: unknown) => boolean,
  model: unknown,
  where: string,
  above: readonly unknown[] = [],
): void {
  if (isOwn(model)) return;
  if (Token.isUnresolved(model)) {
    throw new Error(`${where} is a Terraform reference, known only after apply; a generated file cannot hold it`);
  }
  if (typeof model === "string") {
    assertText(model, where);
  } else if (typeof model === "number") {
    if (!Number.isFinite(model)) throw new Error(`${where} is ${model}, which is not a number`);
  } else if (Array.isArray(model)) {
    refuseCycle(model, where, above);
    for (let i = 0; i < model.length; i++) assertPrintableExcept(isOwn, model[i], `${where}[${i}]`, [...above, model]); // holes too
  } else if (typeof model === "object" && model !== null) {
    const prototype: unknown = Object.getPrototypeOf(model);
    if (prototype !== Object.prototype && prototype !== null)
      throw new Error(`${where} is a ${model.constructor.name}, not plain data`);
    refuseCycle(model, where, above);
    for (const [key, value] of Object.entries(model)) {
      assertPrintableExcept(isOwn, key, `a key of ${where}`);
      assertPrintableExcept(isOwn, value, `${where}.${key}`, [...above, model]);
    }
  } else if (typeof model !== "boolean" && model !== null) {
    throw new Error(`${where} is ${typeof model}, not plain data`);
  }
}

function refuseCycle(model: object, where: string, above: readonly unknown[]): void {
  if (above.includes(model)) throw new Error(`${where} holds itself`);
}

/** Refuses what no text file can carry. @throws Error naming the place in the model. */
export function assertText(text: string, where: string): void {
  if (text.includes("\0")) throw new Error(`${where} has a NUL character`);
  if (/\p{Surrogate}/u.test(text)) throw new Error(`${where} is not valid Unicode (an unpaired surrogate)`);
}
