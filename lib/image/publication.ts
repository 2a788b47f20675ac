import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import type { z } from "zod";
import { GantryError } from "../core/errors";
import { parseProps } from "../core/props";
import type { EnvModel } from "../core/render/env";
import type { ContainerImage } from "./container-image";
import type { GhcrRepository } from "./ghcr";
import { ImageProgram } from "./image-program";
import type { GhcrPublicationProps } from "./publication.props";
import { ghcrPublicationProps } from "./publication.schema";

/**
 * An image that is published: each content under a tag of its own, a version tag that never changes, and tags that move. The
 * program `bin/image` does it: `publish`, `verify`, `promote`, `release`, `gc`. The token comes from the environment or a file
 * when it runs, and is written nowhere.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * const builder = new GpuBuilder(stack, "builder", { host: Host.local() });
 * const base = new BaseImage(stack, "sindri-base", { context: "v3", file: "Dockerfile.base", repository: "sindri", version: "3.0.0" });
 * new GhcrPublication(stack, "publish-base", {
 *   image: base,
 *   repository: GhcrRepository.of("pacphi/sindri"),
 *   builder,
 *   platforms: ["linux/amd64", "linux/arm64"],
 * });
 */
export class GhcrPublication extends Construct {
  readonly image: ContainerImage;
  readonly repository: GhcrRepository;
  /** Repository of the build cache; `undefined`: none. */
  readonly cache: GhcrRepository | undefined;
  /** Platforms it is published for; none: that of the builder. */
  readonly platforms: readonly string[];
  /** Tags that move to each new content. */
  readonly tags: readonly string[];
  /** Tag that never changes once it is published; `undefined`: none. */
  readonly versionTag: string | undefined;
  /** Whether its workflow signs it. */
  readonly sign: boolean;
  /** Environment variable that the token is in. */
  readonly tokenEnv: string;
  /** The program that publishes it. */
  readonly program: ImageProgram;

  /** @throws GantryError listing every fault of the props. */
  constructor(scope: Construct, id: string, props: GhcrPublicationProps) {
    super(scope, id);
    const parsed = parseProps(this, ghcrPublicationProps, props);
    this.image = parsed.image;
    this.repository = parsed.repository;
    this.cache = parsed.cache;
    this.platforms = parsed.platforms ?? parsed.image.platforms ?? [];
    this.tags = parsed.tags ?? [parsed.image.tags.movingTag];
    this.versionTag = parsed.image.tags.versionTag;
    this.sign = parsed.sign;
    this.tokenEnv = parsed.tokenEnv;
    this.refuseWhatCannotBe(id);
    const isBase = this.image.tags.contentPrefix === "base-";
    this.program = ImageProgram.of(parsed.builder);
    this.program.addImage(this.image, parsed.release ? "production" : isBase ? "base" : "image");
    this.program.addPublication(id, this.settings(parsed));
    this.node.addValidation({ validate: () => this.sharedTags() });
  }

  private refuseWhatCannotBe(id: string): void {
    const faults = [];
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(id)) {
      faults.push({
        property: "id",
        message: `got ${JSON.stringify(id)}; allowed: letters, digits, dots, dashes and underscores, because a file is named after it`,
      });
    }
    const { cache, repository } = this;
    if (cache !== undefined && cache.registry !== repository.registry) {
      faults.push({
        property: "cache",
        message: `got ${cache.toString()}; allowed: a repository on ${repository.registry}, because one login is for both`,
      });
    } else if (cache?.name === repository.name) {
      faults.push({
        property: "cache",
        message: `got ${cache.toString()}; allowed: a repository of its own, because the cache has a tag for every layer`,
      });
    }
    if (faults.length > 0) throw new GantryError(`[${this.node.path}] GhcrPublication: invalid props`, faults);
  }

  /** Tags of this repository that another publication of the stack moves as well. */
  private sharedTags(): string[] {
    const others = TerraformStack.of(this)
      .node.findAll()
      .filter((each): each is GhcrPublication => each instanceof GhcrPublication && each !== this);
    return others
      .filter(({ repository }) => repository.toString() === this.repository.toString())
      .flatMap((other) =>
        this.ownTags
          .filter((tag) => other.ownTags.includes(tag))
          .map(
            (tag) =>
              `GhcrPublication: ${this.repository.reference(tag)} is published by ${other.node.path} as well; give one of them other tags`,
          ),
      );
  }

  private get ownTags(): readonly string[] {
    return this.versionTag === undefined ? this.tags : [...this.tags, this.versionTag];
  }

  private settings(props: z.output<typeof ghcrPublicationProps>): EnvModel {
    const { repository, image } = this;
    const { contentPrefix, versionTag } = image.tags;
    const source = props.source ?? (repository.isGithub ? `https://github.com/${repository.name}` : "");
    const command = props.verifyCommand ?? [contentPrefix === "base-" ? "true" : "--version"];
    return {
      IMAGE: image.imageName,
      REGISTRY: repository.registry,
      NAME: repository.name,
      CONTENT_PREFIX: contentPrefix,
      VERSION: versionTag?.slice(versionTag.startsWith(contentPrefix) ? contentPrefix.length : 0) ?? "",
      VERSION_TAG: versionTag ?? "",
      MOVING_TAGS: this.tags.join(" "),
      PLATFORMS: this.platforms.join(" "),
      SOURCE_LABEL: source,
      TITLE: props.title ?? image.tags.repository,
      DESCRIPTION: props.description ?? "",
      LICENSES: props.licenses ?? "",
      TOKEN_ENV: this.tokenEnv,
      USER_NAME: props.userName ?? "",
      CACHE_NAME_REF: this.cache?.name ?? "",
      SIGN: this.sign ? 1 : "",
      // Keyless: the certificate names the workflow of the repository that signed.
      SIGNER: source === "" ? "" : `^${source.replace(/[.+?^${}()|[\]\\]/g, "\\$&")}/`,
      ISSUER: "https://token.actions.githubusercontent.com",
      KEEP_VERSIONS: props.retention.keepVersions,
      CACHE_DAYS: props.retention.cacheDays,
      INSECURE: repository.isLoopback ? 1 : "",
      RUN_COUNT: command.length,
      ...Object.fromEntries(command.map((word, i) => [`RUN_${i + 1}`, word])),
      VERSION_FILE: props.release?.versionFile ?? "",
      CHANGELOG: props.release?.changelog ?? "CHANGELOG.md",
    };
  }
}
