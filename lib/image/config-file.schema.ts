import { z } from "zod";

const name = (most: number) =>
  z
    .string()
    .regex(new RegExp(`^[a-z0-9]([a-z0-9-]{0,${most - 2}}[a-z0-9])?$`))
    .describe(`a name of lower-case letters, digits and dashes, at most ${most} characters`);
const tag = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/)
  .describe("a tag, such as 3.1.0");

const comparator = "(\\^|~|[<>]=?|=)? *v?[0-9]+(\\.[0-9]+){0,2}([+-][0-9A-Za-z.-]+)?";

/** A published image. Its tag is what `digest`, the tag or `version` says, in this order. */
const imageConfig = <Key extends string>(tagKey: Key) =>
  z.looseObject({
    registry: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(\/[a-z0-9][a-z0-9._-]*)+(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})?$/,
      )
      .describe("an image of a registry, such as ghcr.io/pacphi/sindri")
      .nullish(),
    version: z
      .string()
      .regex(new RegExp(`^${comparator}( *[ ,] *${comparator})*$`))
      .describe('a version or a range of versions, such as "3.1.0" or "^3.0.0"')
      .nullish(),
    [tagKey]: tag.nullish(),
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/)
      .describe("a digest, sha256:… with 64 hexadecimal digits")
      .nullish(),
  });

/**
 * The CONFIG file of a deployment, which `image cycle` reads: who it is and where its image comes from. Whatever else is in the file
 * is for the command that deploys. `config-read.pl` judges by the same keys, because a user's machine has no zod; a test compares
 * the two.
 */
export const configFile = z
  .looseObject({
    name: name(63).nullish(),
    workspace: z.looseObject({ name: name(63).nullish() }).optional(),
    deployment: z
      .looseObject({
        provider: name(40).describe('a provider, such as "docker"').nullish(),
        image: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/)
          .describe("an image, such as sindri:latest")
          .nullish(),
        buildFromSource: z
          .looseObject({
            enabled: z.boolean().describe("true or false").nullish(),
            gitRef: z
              .string()
              .regex(/^[A-Za-z0-9_][A-Za-z0-9_./#+@-]*$/)
              .describe("a branch, tag or commit")
              .nullish(),
          })
          .optional(),
        imageConfig: imageConfig("tagOverride").optional(),
        image_config: imageConfig("tag_override").optional(),
      })
      .optional(),
    extensions: z
      .union([
        z.array(
          z
            .string()
            .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/)
            .describe("names of extensions"),
        ),
        z.looseObject({}),
      ])
      .nullish(),
  })
  .refine((file) => (file.workspace?.name ?? file.name) !== undefined)
  .describe("A deployment, and where its image comes from");

/** The same for editors, as JSON Schema. */
export function configJsonSchema(): object {
  const named = { required: ["name"] };
  return {
    ...z.toJSONSchema(configFile, { target: "draft-7" }),
    anyOf: [named, { required: ["workspace"], properties: { workspace: named } }],
  };
}

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly pattern?: string;
  readonly description?: string;
}

/**
 * The same as lines of KEY, TYPE, GROUP, PATTERN and WORDS with tabs between, for `config-read.pl`. Of the keys of a group, one must
 * be there.
 */
export function configKeys(): string {
  const lines: string[] = [];
  const visit = (schema: JsonSchema, path: readonly string[]): void => {
    if (schema.type === "object") {
      for (const [key, value] of Object.entries(schema.properties ?? {})) visit(value, [...path, key]);
      return;
    }
    // What else a value may be: null is none, and a mapping in the place of a list is none of our business.
    if (schema.anyOf?.[0] !== undefined) {
      visit(schema.anyOf[0], path);
      return;
    }
    const item = schema.type === "array" ? schema.items : schema;
    const type = schema.type === "array" ? "strings" : (schema.type ?? "string");
    const words = `${schema.type === "array" ? "a list of " : ""}${item?.description ?? ""}`;
    lines.push([path.join("."), type, path.at(-1) === "name" ? "name" : "", item?.pattern ?? "", words].join("\t"));
  };
  visit(z.toJSONSchema(configFile, { target: "draft-7" }) as JsonSchema, []);
  return lines.map((line) => `${line}\n`).join("");
}
