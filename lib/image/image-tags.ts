/** What the builds of an image are called, on the builder's host and in registries. */
export interface ImageTags {
  /** Name without registry, for example `"sindri"`. Images of one repository differ by their tags. */
  readonly repository: string;
  /** Before the content hash in the tag that names one content for good: `"base-"` makes `base-<hash>`. */
  readonly contentPrefix: string;
  /** Tag that names one content for good once it is published, for example `"base-3.0.0"`; `undefined`: none. */
  readonly versionTag: string | undefined;
  /** Tag that moves to each new build, for example `"base-latest"`. */
  readonly movingTag: string;
}
