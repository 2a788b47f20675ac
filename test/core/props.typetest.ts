// Props and their schemas say the same. A new construct adds its pair to a typetest beside its tests.
import { z } from "zod";
import type { generatedFileProps, GeneratedFileProps } from "../../lib/core/generated-file";
import type { existingHostProps, ExistingHostProps, Host, hostProp } from "../../lib/core/host";
import { tokenOr } from "../../lib/core/props";
import type { Equal, Expect, SameProps } from "../support/typetest";

export type Pinned = [
  Expect<SameProps<ExistingHostProps, typeof existingHostProps>>,
  Expect<SameProps<GeneratedFileProps, typeof generatedFileProps>>,
  Expect<Equal<z.output<typeof hostProp>, Host>>,
];

// The mechanism itself: each kind of difference is seen.
export const schema = z.strictObject({
  name: z.string(),
  size: tokenOr(z.int()).default(1),
  disk: z.strictObject({ gib: z.int(), fast: z.boolean().optional() }).optional(),
  tags: z.array(z.string()).optional(),
});

interface Right {
  readonly name: string;
  readonly size?: number;
  readonly disk?: { readonly gib: number; readonly fast?: boolean };
  readonly tags?: readonly string[];
}
interface Forgotten extends Right {
  readonly extra?: string;
}
interface NowRequired extends Omit<Right, "tags"> {
  readonly tags: readonly string[];
}
interface OtherType extends Omit<Right, "name"> {
  readonly name: number;
}
interface OtherInside extends Omit<Right, "disk"> {
  readonly disk?: { readonly gib: number };
}
interface OtherElement extends Omit<Right, "tags"> {
  readonly tags?: readonly number[];
}

export type Mechanism = [
  Expect<SameProps<Right, typeof schema>>,
  Expect<Equal<SameProps<Forgotten, typeof schema>, "other names">>,
  Expect<Equal<SameProps<Omit<Right, "disk">, typeof schema>, "other names">>,
  Expect<Equal<SameProps<NowRequired, typeof schema>, "other optional properties">>,
  Expect<Equal<SameProps<OtherType, typeof schema>, false>>,
  Expect<Equal<SameProps<OtherInside, typeof schema>, false>>,
  Expect<Equal<SameProps<OtherElement, typeof schema>, false>>,
];
