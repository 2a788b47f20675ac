import { z } from "zod";
import { parseValue } from "../core/props";
import type { Data } from "../core/render/model";
import type { ValueReader } from "./chart-needs";
import type { ChartKeys, ValueKeys } from "./chart-keys";
import type { Fault } from "../core/errors";
import type { Needs } from "./needs";

/** Values of a chart: plain data, as JSON knows it. */
export type ChartValues = Readonly<Record<string, unknown>>;

/** Where a chart comes from, and by what it is known again. Exactly one of `repo` and `oci`. */
export interface HelmChartProps {
  /** Repository with an `index.yaml`, for example `"https://charts.bitnami.com/bitnami"`. @default - `oci` */
  readonly repo?: string;
  /** The chart in an OCI registry, without tag, for example `"oci://registry-1.docker.io/bitnamicharts/redis"`. @default - `repo` */
  readonly oci?: string;
  /** Address of the archive itself, so that the index need not be read. @default - what the index says */
  readonly url?: string;
  /** Digest of the archive (`.tgz`), 64 hexadecimal digits. @default - none; `tree` then says what must be in it */
  readonly sha256?: string;
  /**
   * Digest of the unpacked chart, whoever packed it: sha256 of a line `<sha256>  <path>` for each file, sorted by path as
   * bytes. `cluster vendor --update` prints it. @default - none; `sha256` then says which archive it must be
   */
  readonly tree?: string;
  /** Folder below `tanka/vendor`. @default - the name of the chart */
  readonly directory?: string;
  /** Keys and images, as `scripts/chart-keys.mjs` prints them. @default - none: keys are checked when the chart is rendered */
  readonly keys?: ChartKeys;
}

const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe("64 hexadecimal digits in lower case, as `cluster vendor --update` prints them");
// Credentials would be in a generated file; programs take them from ~/.netrc.
const address = z.string().regex(/^https?:\/\/[A-Za-z0-9[][^\s\0"'\\@/]*(\/[^\s\0"'\\]*)?$/);
const chartName = z
  .string()
  .regex(/^([a-z0-9][a-z0-9-]*\/)?[a-z0-9][a-z0-9.-]{0,62}$/)
  .describe('the name of a chart, such as "redis" or "bitnami/redis"');
const valueKeys: z.ZodType<ValueKeys, ValueKeys> = z.lazy(() =>
  z.union([z.literal(1), z.record(z.string(), valueKeys)]),
);

/** @internal What {@link HelmChart.pinned} takes. */
export const helmChartProps = z
  .strictObject({
    name: chartName,
    version: z
      .string()
      .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/)
      .describe('a whole version, such as "18.19.4", not a range'),
    repo: address
      .describe('the address of a chart repository without credentials, such as "https://charts.bitnami.com/bitnami"')
      .optional(),
    oci: z
      .string()
      .regex(/^oci:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/)
      .describe('a chart in an OCI registry without its tag, such as "oci://registry-1.docker.io/bitnamicharts/redis"')
      .optional(),
    url: address
      .describe('the address of an archive, such as "https://example.org/charts/redis-18.19.4.tgz"')
      .optional(),
    sha256: digest.optional(),
    tree: digest.optional(),
    directory: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/)
      .describe('the name of a folder, such as "redis"')
      .optional(),
    keys: z
      .strictObject({
        keys: z.record(z.string(), valueKeys),
        images: z.array(
          z.strictObject({ at: z.string(), registry: z.string(), repository: z.string(), tag: z.string() }),
        ),
        guardsImages: z.boolean(),
      })
      .describe("what scripts/chart-keys.mjs prints")
      .optional(),
  })
  .refine(({ repo, oci }) => (repo === undefined) !== (oci === undefined), {
    path: ["repo"],
    error: "allowed: exactly one of repo and oci",
  })
  .refine(({ url, oci }) => url === undefined || oci === undefined, {
    path: ["url"],
    error: "allowed: nothing beside oci",
  });

/** A secret that a chart must be given, because it would otherwise make up or print a password. */
export interface ChartSecret {
  /** Name of the part, as `existingSecrets` knows it, for example `"auth"`. */
  readonly role: string;
  /** Value that takes the secret's name, for example `"auth.existingSecret"`. */
  readonly at: string;
  /** Keys the secret must have. */
  readonly keys: readonly string[];
  /** Whether the values ask for it. */
  readonly when: (values: Data) => boolean;
  /** The values with what a given secret needs beside its name. */
  readonly apply?: (values: Data, secretName: string) => Data;
}

/** @internal What the catalog knows of a chart beyond where it is. */
export interface ChartProfile<V extends ChartValues> {
  readonly defaults: V;
  readonly secrets: readonly ChartSecret[];
  readonly faults: (values: Data) => Fault[];
  /** What a release takes, as far as its values say; `undefined`: nobody knows. */
  readonly needs: (values: ValueReader) => Needs | undefined;
  readonly network?: ChartNetwork;
}

/** @internal What policies of the network need to know of a chart. */
export interface ChartNetwork {
  /** Ports of its pods that the API server calls: webhooks and extensions of the API. */
  readonly apiPorts?: readonly number[];
  /** Whether its pods lack the label `app.kubernetes.io/instance` with the name of the release. */
  readonly unlabelled?: boolean;
}

/** Where a chart is found. */
export type ChartSource = { readonly repo: string; readonly url?: string } | { readonly oci: string };

/**
 * A Helm chart by its version and its digest: it is the same tomorrow. It is downloaded by `bin/cluster vendor`, never at synth,
 * and rendered only when what is on disk is what the digest says. {@link Charts} has some ready.
 *
 * @example
 * const nats = HelmChart.pinned("nats", "1.1.10", {
 *   repo: "https://nats-io.github.io/k8s/helm/charts",
 *   tree: "0".repeat(64), // printed by: bin/cluster vendor --update
 * });
 */
export class HelmChart<V extends ChartValues = ChartValues> {
  /**
   * A chart by its version and digest.
   *
   * @throws GantryError listing every fault.
   */
  static pinned(name: string, version: string, props: HelmChartProps): HelmChart {
    return HelmChart.withProfile(`HelmChart.pinned`, name, version, props, {
      defaults: {},
      secrets: [],
      faults: () => [],
      needs: () => undefined,
    });
  }

  /** @internal For the catalog. */
  static withProfile<V extends ChartValues>(
    factory: string,
    name: string,
    version: string,
    props: HelmChartProps,
    profile: ChartProfile<V>,
  ): HelmChart<V> {
    const given: unknown = props; // from JavaScript it may be nothing at all
    const all = typeof given === "object" && given !== null ? { ...given, name, version } : given;
    return new HelmChart(parseValue(factory, helmChartProps, all), profile);
  }

  /** Name without the repository's alias, for example `"redis"`. */
  readonly name: string;
  /** Alias of its repository, for example `"bitnami"`: what stands before the name, else what the address suggests. */
  readonly repository: string;
  /** For example `"18.19.4"`. */
  readonly version: string;
  /** Where it is found. */
  readonly source: ChartSource;
  /** Folder below `tanka/vendor`. */
  readonly directory: string;
  /** Digest of the archive, if it is known. */
  readonly sha256: string | undefined;
  /** Digest of the unpacked chart, if it is known. */
  readonly tree: string | undefined;
  /** Its keys and images, if they are known. */
  readonly keys: ChartKeys | undefined;
  /** Values it gets unless a release says otherwise. */
  readonly defaults: V;
  /** @internal Secrets it cannot do without. */
  readonly secrets: readonly ChartSecret[];
  /** @internal What is wrong with values although their keys are known. */
  readonly valueFaults: (values: Data) => Fault[];
  /** @internal What a release takes of its namespace. */
  readonly needs: (values: ValueReader) => Needs | undefined;
  /** @internal What policies of the network need to know of it. */
  readonly network: ChartNetwork;

  private constructor(props: z.output<typeof helmChartProps>, profile: ChartProfile<V>) {
    this.name = props.name.slice(props.name.indexOf("/") + 1);
    this.version = props.version;
    const { repo, oci = "", url } = props;
    this.repository = props.name.includes("/")
      ? props.name.slice(0, props.name.indexOf("/"))
      : aliasOf(repo ?? oci.slice(0, oci.lastIndexOf("/")));
    this.source = repo === undefined ? { oci } : url === undefined ? { repo } : { repo, url };
    this.directory = props.directory ?? this.name;
    this.sha256 = props.sha256;
    this.tree = props.tree;
    this.keys = props.keys;
    this.defaults = profile.defaults;
    this.secrets = profile.secrets;
    this.valueFaults = profile.faults;
    this.needs = profile.needs;
    this.network = profile.network ?? {};
    Object.freeze(this);
  }

  /** Whether something says what must be in it. A chart that is not pinned is not rendered. */
  get isPinned(): boolean {
    return this.sha256 !== undefined || this.tree !== undefined;
  }

  /** Name and version, for people. */
  toString(): string {
    return `${this.name} ${this.version}`;
  }
}

/** `https://nats-io.github.io/k8s/helm/charts` → `nats-io-github-io`, the host. */
function aliasOf(address: string): string {
  return (
    /\/\/([^/:]*)/
      .exec(address)?.[1]
      ?.toLowerCase()
      .replace(/[^a-z0-9]+/g, "-") ?? "charts"
  );
}
