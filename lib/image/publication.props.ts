import type { ImageBuilder } from "../core/image-builder";
import type { ContainerImage } from "./container-image";
import type { GhcrRepository } from "./ghcr";

/** What a {@link GhcrPublication} publishes, and where. */
export interface GhcrPublicationProps {
  /** The image. */
  readonly image: ContainerImage;
  /** Where to. */
  readonly repository: GhcrRepository;
  /** The builder that the image is built on. */
  readonly builder: ImageBuilder;
  /**
   * Platforms. One is pushed under the content tag itself; several are built natively, each on a builder of its platform, and put
   * together as an index. @default - the image's; without any, that of the builder
   */
  readonly platforms?: readonly string[];
  /** Tags that move to each new content, last of all. @default - the image's moving tag, such as `"base-latest"` */
  readonly tags?: readonly string[];
  /**
   * Repository of its own, on the same registry, for the build cache. Builds read it; it is written with `--write-cache` only.
   * @default - no cache in the registry
   */
  readonly cache?: GhcrRepository;
  /** Whether it is signed (by its workflow, keyless), so that `verify` wants the signature. @default false */
  readonly sign?: boolean;
  /** What `gc` leaves. */
  readonly retention?: {
    /** The newest contents that stay although no other tag names them, 0 to 1000. @default 5 */
    readonly keepVersions?: number;
    /** Days after which a layer of the build cache goes, 1 to 3650; a build that wants it later makes it anew. @default 30 */
    readonly cacheDays?: number;
  };
  /** Environment variable that the programs find the token in. @default "GITHUB_TOKEN" */
  readonly tokenEnv?: string;
  /** User that logs in. @default - `$GITHUB_ACTOR`, else the owner in the repository's name */
  readonly userName?: string;
  /** Label `org.opencontainers.image.source`. @default - on ghcr.io `https://github.com/<repository>`, elsewhere none */
  readonly source?: string;
  /** Label `org.opencontainers.image.title`. @default - the image's repository */
  readonly title?: string;
  /** Label `org.opencontainers.image.description`. @default - none */
  readonly description?: string;
  /** Label `org.opencontainers.image.licenses`, an SPDX expression such as `"Apache-2.0 OR MIT"`. @default - none */
  readonly licenses?: string;
  /**
   * Words after the image's entrypoint by which `verify` sees that it runs; none: it is not run.
   * @default - `["--version"]`; for a {@link BaseImage} `["true"]`
   */
  readonly verifyCommand?: readonly string[];
  /** Makes it the image that `image release VERSION` releases. @default - it is not released by version */
  readonly release?: {
    /** File with the version, relative to the project: `*.toml`, `*.json`, or one whose first line is it. @default - not checked */
    readonly versionFile?: string;
    /** Changelog, relative to the project. Its entry becomes the notes of the release. @default "CHANGELOG.md" */
    readonly changelog?: string;
  };
}
