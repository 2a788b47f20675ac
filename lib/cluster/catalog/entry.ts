import { GantryError } from "../../core/errors";
import { showValue } from "../../core/show-value";
import type { ChartKeys } from "../chart-keys";
import { HelmChart, type ChartProfile, type ChartValues } from "../helm-chart";

/** What a container asks for and may use at most. */
export interface ResourceValues {
  readonly requests?: Readonly<Record<string, string | number>>;
  readonly limits?: Readonly<Record<string, string | number>>;
}

/** Content of a chart of another version than those of the catalog. */
export interface ChartPin {
  /** Address of the archive itself. @default - what the repository's index says */
  readonly url?: string;
  /** Digest of the archive. @default - none */
  readonly sha256?: string;
  /** Digest of the unpacked chart. @default - none */
  readonly tree?: string;
  /** Its keys and images. @default - keys are checked when the chart is rendered */
  readonly keys?: ChartKeys;
}

/** @internal A chart of the catalog. */
export interface CatalogEntry<V extends ChartValues> {
  readonly name: string;
  readonly repo: string;
  readonly versions: Readonly<Record<string, ChartPin>>;
  readonly profile: ChartProfile<V>;
}

/** @internal The chart in a version, known or pinned by the caller. */
export function fromCatalog<V extends ChartValues>(
  factory: string,
  entry: CatalogEntry<V>,
  version: string,
  pin: ChartPin | undefined,
): HelmChart<V> {
  const { name, repo, versions, profile } = entry;
  const known = Object.hasOwn(versions, version) ? versions[version] : undefined;
  if (pin === undefined && known === undefined) {
    throw new GantryError(`${factory}: invalid props`, [
      {
        property: "version",
        message: `got ${showValue(version)}; known: ${Object.keys(versions).join(", ")}. For another one, give its digest too, ${factory}("…", { tree: "…" }), or take it from anywhere with HelmChart.pinned("${name}", "…", { repo: "${repo}" }); bin/cluster vendor --update prints the digests`,
      },
    ]);
  }
  // What the chart of another version asks for by itself is not known.
  const needs = known === undefined ? () => undefined : profile.needs;
  return HelmChart.withProfile(factory, name, version, { ...(pin ?? known), repo }, { ...profile, needs });
}
