import { z } from "zod";
import { parseValue } from "../core/props";

/** Where a {@link GhcrRepository} is, when it is not on GitHub. */
export interface GhcrRepositoryProps {
  /** Registry, as `host` or `host:port`. On this machine (`127.0.0.1`, `localhost`) it is spoken to in plain http. @default "ghcr.io" */
  readonly registry?: string;
}

const part = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*";

/** @internal What {@link GhcrRepository.of} takes. */
export const ghcrRepositoryProps = z.strictObject({
  name: z
    .string()
    .regex(new RegExp(`^${part}(/${part})+$`))
    .max(255)
    .describe('a repository as "owner/name" in lower case, without registry and tag, such as "pacphi/sindri"'),
  registry: z
    .string()
    .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[1-9][0-9]{0,4})?$/)
    .describe('a registry as "host" or "host:port", such as "ghcr.io" or "127.0.0.1:5000"')
    .default("ghcr.io"),
});

/**
 * A repository of images on GitHub's registry, or on any other that speaks the same protocol.
 *
 * @example
 * GhcrRepository.of("pacphi/sindri").reference("base-latest"); // ghcr.io/pacphi/sindri:base-latest
 * GhcrRepository.of("acme/tool", { registry: "127.0.0.1:5000" });
 */
export class GhcrRepository {
  /**
   * The repository of that name.
   *
   * @throws GantryError listing every fault.
   */
  static of(name: string, props: GhcrRepositoryProps = {}): GhcrRepository {
    return new GhcrRepository(parseValue("GhcrRepository.of", ghcrRepositoryProps, { ...props, name }));
  }

  /** Registry, `host` or `host:port`. */
  readonly registry: string;
  /** Name without registry, for example `"pacphi/sindri"`. */
  readonly name: string;

  private constructor({ registry, name }: z.output<typeof ghcrRepositoryProps>) {
    this.registry = registry;
    this.name = name;
    Object.freeze(this);
  }

  /** Whether it is GitHub's. */
  get isGithub(): boolean {
    return this.registry === "ghcr.io";
  }

  /** Whether it is on this machine, where there are no certificates. */
  get isLoopback(): boolean {
    return /^(127\.0\.0\.1|localhost)(:|$)/.test(this.registry);
  }

  /** `registry/name`. */
  toString(): string {
    return `${this.registry}/${this.name}`;
  }

  /** What engines call one of its images: `registry/name:tag`, or with a digest `registry/name@sha256:…`. */
  reference(tagOrDigest: string): string {
    return `${this.toString()}${tagOrDigest.startsWith("sha256:") ? "@" : ":"}${tagOrDigest}`;
  }
}
