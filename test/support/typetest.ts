// What `*.typetest.ts` files are written with. `tsc --noEmit` runs them: a wrong line does not compile.
import type { z } from "zod";

/** Whether two types are the same to the last `readonly` and `?`. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Takes `true` only. */
export type Expect<T extends true> = T;

/**
 * Whether a props interface and its schema say the same: the same names, the same of them optional, and the same type
 * under each name (but for `readonly`, which zod does not know, and for what a default fills in).
 */
export type SameProps<Interface, Schema extends z.ZodType> =
  Equal<keyof Interface, keyof z.input<Schema>> extends true
    ? Equal<OptionalKeys<Interface>, OptionalKeys<z.input<Schema>>> extends true
      ? Equal<Loose<Interface>, Loose<z.input<Schema>>>
      : "other optional properties"
    : "other names";

type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

// zod writes `a?: T | undefined`, an interface under exactOptionalPropertyTypes `a?: T`: `undefined` is taken out of both.
type Loose<T> = T extends readonly (infer Item)[]
  ? Loose<Item>[]
  : T extends (...args: never[]) => unknown
    ? T
    : T extends object
      ? { -readonly [K in keyof T]-?: Loose<Exclude<T[K], undefined>> }
      : T;
