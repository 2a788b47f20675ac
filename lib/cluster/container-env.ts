import { z } from "zod";
import type { Data } from "../core/render/model";
import { instanceOf } from "../core/props";
import { SecretKeyRef } from "./secret-ref";

/** Value of an environment variable: text (in which `$(NAME)` stands for a variable before it), or a key of a Secret. */
export type EnvironmentValue = string | number | SecretKeyRef;

/** @internal */
export const environmentProps = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .describe("the name of an environment variable"),
    z.union([z.string(), z.number(), instanceOf(SecretKeyRef, "a key of a Secret, as secret.key(…) gives it")]),
  )
  .default({});

/** The `env` list of a container, in the order declared: `$(NAME)` sees what stands before it. */
export function containerEnv(env: Readonly<Record<string, EnvironmentValue>>): Data[] {
  return Object.entries(env).map(([name, value]) => {
    if (!(value instanceof SecretKeyRef)) return { name, value: String(value) };
    const { secret, key } = value;
    const optional = secret.optional.includes(key) ? { optional: true } : {};
    return { name, valueFrom: { secretKeyRef: { name: secret.secretName, key, ...optional } } };
  });
}
