import { z } from "zod";
import { parseValue } from "../core/props";
import type { Data } from "../core/render/model";
import { isMap, mergeValues, valueAt, valuesOf, type ChartImage, type ChartKeys } from "./chart-keys";

/** What {@link ImageCatalog.bitnamiLegacy} knows of the images. */
export interface BitnamiLegacyProps {
  /**
   * Digests by image, for example `{ "redis:7.2.4-debian-12-r9": "sha256:…" }` (`skopeo inspect --format '{{.Digest}}'
   * docker://docker.io/bitnamilegacy/redis:7.2.4-debian-12-r9` prints it). Take that of the index, which has all platforms.
   * @default - none: images stay at their tags, and a warning says so
   */
  readonly digests?: Readonly<Record<string, string>>;
}

/** @internal What {@link ImageCatalog.bitnamiLegacy} takes. */
export const bitnamiLegacyProps = z.strictObject({
  digests: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9][a-z0-9._-]*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/)
        .describe('the name and tag of an image, such as "redis:7.2.4-debian-12-r9"'),
      z
        .string()
        .regex(/^sha256:[0-9a-f]{64}$/)
        .describe('a digest, such as "sha256:…" with 64 hexadecimal digits'),
    )
    .default({}),
});

/** Values with other images in them. */
export interface RewrittenImages {
  /** The values. */
  readonly values: Data;
  /** Images that were put elsewhere but have no digest, for example `"docker.io/bitnamilegacy/redis:7.2.4-debian-12-r9"`. */
  readonly unpinned: readonly string[];
}

/**
 * Where the images of a chart are taken from. `bitnamiLegacy`: Bitnami took its versioned images off Docker Hub in August 2025;
 * those that charts of before that date name are at `docker.io/bitnamilegacy`, under the same tags.
 *
 * @example
 * ImageCatalog.bitnamiLegacy({ digests: { "redis:7.2.4-debian-12-r9": `sha256:${"0".repeat(64)}` } });
 */
export class ImageCatalog {
  /**
   * Images of `docker.io/bitnami` at `docker.io/bitnamilegacy`, by digest where one is given.
   *
   * @throws GantryError listing every fault.
   */
  static bitnamiLegacy(props: BitnamiLegacyProps = {}): ImageCatalog {
    return new ImageCatalog(parseValue("ImageCatalog.bitnamiLegacy", bitnamiLegacyProps, props).digests);
  }

  private constructor(private readonly digests: Readonly<Record<string, string>>) {
    Object.freeze(this);
  }

  /** The values with the images in them, for a chart with such places for them. What the values themselves say stays. */
  rewrite(values: Data, chart: ChartKeys): RewrittenImages {
    const unpinned = new Set<string>();
    let result = values;
    let moved = false;
    for (const place of chart.images) {
      const image = this.moved(place, values);
      if (image === undefined) continue;
      moved = true;
      if (image.digest === undefined) unpinned.add(`${image.registry}/${image.repository}:${image.tag}`);
      const { registry, repository } = image;
      const over =
        image.digest === undefined ? { registry, repository } : { registry, repository, digest: image.digest };
      result = mergeValues(result, valuesOf(place.at, over));
    }
    if (moved && chart.guardsImages) {
      result = mergeValues(valuesOf("global.security.allowInsecureImages", true), result);
    }
    return { values: result, unpinned: [...unpinned].sort() };
  }

  /** Digests by image as given. */
  digestOf(image: string): string | undefined {
    return Object.hasOwn(this.digests, image) ? this.digests[image] : undefined;
  }

  private moved(place: ChartImage, values: Data) {
    const said = valueAt(values, place.at) ?? {};
    const own = (key: string, otherwise: string): string => {
      const value = isMap(said) && Object.hasOwn(said, key) ? said[key] : undefined;
      return typeof value === "string" && value !== "" ? value : otherwise;
    };
    const globalRegistry = valueAt(values, "global.imageRegistry") ?? "";
    const registry = own("registry", place.registry);
    const repository = own("repository", place.repository);
    // A registry of the user's own, for all or for this one, has what the user put there.
    if (globalRegistry !== "" || registry !== "docker.io" || !repository.startsWith("bitnami/")) return undefined;
    const name = repository.slice("bitnami/".length);
    const tag = own("tag", place.tag);
    const digest = own("digest", this.digestOf(`${name}:${tag}`) ?? "");
    return {
      registry,
      repository: `bitnamilegacy/${name}`,
      tag,
      digest: digest === "" ? undefined : digest,
    };
  }
}
