import type { ImageSource } from "./image-source";
import type { EnvModel } from "./render/env";

/** An image that is built, and the tag that moves to each success. */
export interface ImageBuild {
  readonly image: ImageSource;
  readonly tag: string;
}

/** Settings of one image, for `<program>/images/<image>.env`. */
export function imageSettings({ image, tag }: ImageBuild): EnvModel {
  return {
    IMAGE: image.imageName,
    CONTEXT: image.context,
    CONTAINERFILE: image.file,
    TARGET: image.target ?? "",
    PLATFORM: image.platform ?? "",
    TAG: tag,
    BASES: image.bases.map(({ imageName }) => imageName).join(" "),
    ...numbered("ARG", assignments(image.args)),
    ...numbered(
      "SECRET",
      image.secrets.map(({ id, file }) => `${id}=${file}`),
    ),
    ...rareSettings(image),
  };
}

/** Settings that few images have. */
function rareSettings(image: ImageSource): EnvModel {
  const labels = assignments(image.labels ?? {});
  return {
    ...(image.baseArg !== undefined && { BASE_ARG: image.baseArg }),
    ...(image.containerfileText !== undefined && { GENERATED: 1 }),
    ...(image.allowFloatingBase === true && { FLOATING: 1 }),
    ...(image.dockerFormat === true && { FORMAT: "docker" }),
    ...(image.inputs !== undefined && { NARROW: 1, ...numbered("INPUT", image.inputs) }),
    ...(labels.length > 0 && numbered("LABEL", labels)),
  };
}

function assignments(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
}

/** `ARG_COUNT`, `ARG_1`, `ARG_2` …: the list a shell without arrays in files can read. */
function numbered(name: string, values: readonly string[]): EnvModel {
  const entries = values.map((value, i): [string, string] => [`${name}_${i + 1}`, value]);
  return { [`${name}_COUNT`]: values.length, ...Object.fromEntries(entries) };
}
