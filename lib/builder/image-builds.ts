import type { ImageSource } from "../core/image-source";
import type { ImageBuild } from "../core/image-settings";

export { imageSettings, type ImageBuild } from "../core/image-settings";

/** Names of images that are built from one another in a circle, the first again at the end; `undefined`: there is none. */
export function baseCycle(image: ImageSource, above: readonly ImageSource[] = []): readonly string[] | undefined {
  const start = above.indexOf(image);
  if (start >= 0) return [...above.slice(start), image].map(({ imageName }) => imageName);
  for (const base of image.bases) {
    const cycle = baseCycle(base, [...above, image]);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
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
