import { Construct } from "constructs";
import { z } from "zod";
import { parseProps } from "../core/props";
import { DNS_LABEL, DNS_LABEL_WORDS } from "./manifest";

/** What is known of a Secret: its name and keys, never its values. */
export interface SecretRefProps {
  /** Keys that it must have, for example `["redis-password"]`. */
  readonly keys: readonly string[];
  /** Keys that `bin/cluster secrets` fills with a random password of its own when nobody gives a value. @default - none */
  readonly generate?: readonly string[];
  /** Further keys that may be left out; an environment variable of one is then not set. @default - none */
  readonly optional?: readonly string[];
}

/** @internal Runtime twin of {@link SecretRefProps}. */
export const secretRefProps = z.strictObject({
  keys: z.array(secretKey()).min(1),
  generate: z.array(secretKey()).default([]),
  optional: z.array(secretKey()).default([]),
});

function secretKey() {
  return z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,253}$/)
    .describe("a key of a Secret: letters, digits, '.', '_' and '-'");
}

const secretName = z.object({ name: z.string().regex(DNS_LABEL).describe(DNS_LABEL_WORDS) });

/** Where a {@link SecretRef} stands. */
export interface SecretHome extends Construct {
  readonly namespaceName: string;
}

/** One key of a Secret, for an environment variable. Made by {@link SecretRef.key}. */
export class SecretKeyRef {
  /** @internal */
  constructor(
    readonly secret: SecretRef,
    readonly key: string,
  ) {}
}

/**
 * A Secret that exists in the cluster only: `bin/cluster secrets` makes it from files, standard input or chance. What the stack
 * makes names it and its keys. Made by `Namespace.addSecretRef`.
 */
export class SecretRef extends Construct {
  readonly secretName: string;
  readonly namespaceName: string;
  readonly keys: readonly string[];
  /** Keys that are filled with a random password when nobody gives a value. */
  readonly generate: readonly string[];
  /** Keys that may be left out. */
  readonly optional: readonly string[];

  /** @throws GantryError listing every fault of the props. */
  constructor(home: SecretHome, name: string, props: SecretRefProps) {
    super(home, `Secret-${name}`);
    parseProps(this, secretName, { name });
    const { keys, generate, optional } = parseProps(this, secretRefProps, props);
    this.secretName = name;
    this.namespaceName = home.namespaceName;
    this.keys = keys;
    this.generate = generate;
    this.optional = optional;
  }

  /** One of its keys. @throws Error for a key that it does not have. */
  key(key: string): SecretKeyRef {
    const known = [...this.keys, ...this.optional];
    if (!known.includes(key)) {
      throw new Error(`[${this.node.path}] SecretRef: no key "${key}"; it has: ${known.join(", ")}`);
    }
    return new SecretKeyRef(this, key);
  }
}
