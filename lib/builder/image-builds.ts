import type { ImageSource } from "../core/image-source";
import type { EnvModel } from "../core/render/env";

/** An image that a builder builds, and the tag that moves to each success. */
export interface ImageBuild {
  readonly image: ImageSource;
  readonly tag: string;
}

/** Names of the images, each after the images it is `FROM`, otherwise in the order given. */
export function buildOrder(builds: readonly ImageBuild[]): string[] {
  const order = new Set<string>();
  const visit = (image: ImageSource) => {
    image.bases.forEach(visit);
    order.add(image.imageName);
  };
  builds.forEach(({ image }) => visit(image));
  return [...order];
}

/** Settings of one image, for `<builder>/images/<image>.env`. */
export function imageSettings({ image, tag }: ImageBuild): EnvModel {
  const args = Object.entries(image.args).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    IMAGE: image.imageName,
    CONTEXT: image.context,
    CONTAINERFILE: image.file,
    TARGET: image.target ?? "",
    PLATFORM: image.platform ?? "",
    TAG: tag,
    BASES: image.bases.map(({ imageName }) => imageName).join(" "),
    ...numbered(
      "ARG",
      args.map(([name, value]) => `${name}=${value}`),
    ),
    ...numbered(
      "SECRET",
      image.secrets.map(({ id, file }) => `${id}=${file}`),
    ),
  };
}

/** `ARG_COUNT`, `ARG_1`, `ARG_2` …: the list a shell without arrays in files can read. */
function numbered(name: string, values: readonly string[]): EnvModel {
  const entries = values.map((value, i): [string, string] => [`${name}_${i + 1}`, value]);
  return { [`${name}_COUNT`]: values.length, ...Object.fromEntries(entries) };
}
