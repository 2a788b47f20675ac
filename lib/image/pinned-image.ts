import { z } from "zod";
import { parseValue } from "../core/props";

const imageReference = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$/)
  .refine((reference) => reference.length <= 255)
  .describe('the name of an image, with or without a tag, such as "docker.io/library/ubuntu:24.04"');

const pinnedImage = z.strictObject({
  reference: imageReference,
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .describe(
      'a digest, such as "sha256:…" with 64 hexadecimal digits (skopeo inspect --format "{{.Digest}}" prints it)',
    ),
});

/** An image that is not of the stack, by its digest: it is the same tomorrow. Made by {@link pinned}. */
export class PinnedImage {
  /** @internal Use {@link pinned}. */
  constructor(
    /** Name as given, with its tag: for people, for example `"docker.io/library/ubuntu:24.04"`. */
    readonly reference: string,
    /** `sha256:…` of the image or of its index of platforms. */
    readonly digest: string,
  ) {}

  /** Name without tag, and the digest: the tag would say nothing more, and podman 4.3 does not take both everywhere. */
  toString(): string {
    return `${this.reference.replace(/:[^:/]*$/, "")}@${this.digest}`;
  }
}

/**
 * An image that is not of the stack, by its digest.
 *
 * @example
 * const ubuntu = pinned("docker.io/library/ubuntu:24.04", `sha256:${"0".repeat(64)}`);
 * ubuntu.toString(); // docker.io/library/ubuntu@sha256:000…
 * @throws GantryError for a name or digest that is none.
 */
export function pinned(reference: string, digest: string): PinnedImage {
  const parsed = parseValue("pinned", pinnedImage, { reference, digest });
  return new PinnedImage(parsed.reference, parsed.digest);
}
