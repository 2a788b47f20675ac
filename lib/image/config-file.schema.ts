import { z } from "zod";

const name = (most: number) =>
  z
    .string()
    .regex(new RegExp(`^[a-z0-9]([a-z0-9-]{0,${most - 2}}[a-z0-9])?$`))
    .describe(`a name of lower-case letters, digits and dashes, at most ${most} characters`);

/**
 * The CONFIG file of a deployment, which `image cycle` reads. `config-read.pl` judges by the same keys, because a user's machine
 * has no zod; a test compares the two.
 */
export const configFile = z
  .strictObject({
    workspace: z.strictObject({ name: name(63) }),
    deployment: z
      .strictObject({
        provider: name(40).describe('a provider, such as "docker"').optional(),
        image: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/)
          .describe("an image, such as sindri:latest")
          .optional(),
        buildFromSource: z
          .strictObject({
            enabled: z.boolean().describe("true or false").optional(),
            gitRef: z
              .string()
              .regex(/^[A-Za-z0-9_][A-Za-z0-9_./#+@-]*$/)
              .describe("a branch, tag or commit")
              .optional(),
          })
          .optional(),
        imageConfig: z
          .strictObject({
            registry: z
              .string()
              .regex(
                /^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(\/[a-z0-9][a-z0-9._-]*)+(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})?$/,
              )
              .describe("an image of a registry, such as ghcr.io/pacphi/sindri")
              .optional(),
          })
          .optional(),
      })
      .optional(),
    extensions: z
      .array(
        z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/)
          .describe("names of extensions"),
      )
      .optional(),
  })
  .describe("A deployment, and where its image comes from");

/** The same for editors, as JSON Schema. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configFile, { target: "draft-7" });
}

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly pattern?: string;
  readonly description?: string;
}

/** The same as lines of KEY, TYPE, "required" or nothing, PATTERN and WORDS with tabs between, for `config-read.pl`. */
export function configKeys(): string {
  const lines: string[] = [];
  const visit = (schema: JsonSchema, path: readonly string[], required: boolean): void => {
    if (schema.type === "object") {
      for (const [key, value] of Object.entries(schema.properties ?? {})) {
        visit(value, [...path, key], required && (schema.required ?? []).includes(key));
      }
      return;
    }
    const item = schema.type === "array" ? schema.items : schema;
    const type = schema.type === "array" ? "strings" : (schema.type ?? "string");
    const words = `${schema.type === "array" ? "a list of " : ""}${item?.description ?? ""}`;
    lines.push([path.join("."), type, required ? "required" : "", item?.pattern ?? "", words].join("\t"));
  };
  visit(configJsonSchema(), [], true);
  return lines.map((line) => `${line}\n`).join("");
}
