import { GantryError } from "../core/errors";
import { showValue } from "../core/show-value";

/** Text in which the engine puts values in while it builds. Made by {@link expanded}. */
export class Expanded {
  /** Literal text and names of variables, in turn: text, name, text, name, text. */
  readonly parts: readonly string[];

  /** @internal Use {@link expanded}. */
  constructor(readonly text: string) {
    this.parts = text.split(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/);
  }

  /** Names of the variables it uses. */
  get variables(): readonly string[] {
    return this.parts.filter((_, i) => i % 2 === 1);
  }

  /** The text with values in place of their names; `undefined` when one is not known. */
  with(values: Readonly<Record<string, string | null>>): string | undefined {
    const filled = this.parts.map((part, i) => (i % 2 === 0 ? part : (values[part] ?? undefined)));
    return filled.includes(undefined) ? undefined : filled.join("");
  }
}

/**
 * Text for a Containerfile in which `${NAME}` stands for a build argument or variable. Everything else in it, other dollar signs
 * included, arrives as it is; an ordinary string arrives unchanged as a whole.
 *
 * @example
 * Step.env({ PATH: expanded("/opt/cuda/bin:${PATH}"), PRICE: "$5" });
 * @throws GantryError for text that uses no variable, or something that only looks like one.
 */
export function expanded(text: string): Expanded {
  const made = new Expanded(typeof (text as unknown) === "string" ? text : ""); // from JavaScript it may be anything
  const odd = made.parts.find((part, i) => i % 2 === 0 && part.includes("${"));
  if (odd !== undefined || made.variables.length === 0) {
    throw new GantryError("expanded: invalid props", [
      {
        property: "text",
        message: `got ${showValue(text)}; allowed: text with "\${NAME}" in it (no other forms; text without it needs no expanded())`,
      },
    ]);
  }
  return made;
}
