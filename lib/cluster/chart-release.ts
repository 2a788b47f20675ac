import { Annotations } from "cdktf";
import { Construct } from "constructs";
import { GantryError } from "../core/errors";
import { parseProps } from "../core/props";
import type { Data } from "../core/render/model";
import type { ChartReleaseProps } from "./chart-release.props";
import { needsOfValues } from "./chart-needs";
import type { Part, ReleasePart } from "./environment";
import { releaseValues } from "./chart-release.rules";
import { chartReleaseProps, releaseChart, type ChartReleaseModel } from "./chart-release.schema";
import type { ChartValues, HelmChart } from "./helm-chart";
import type { Needs, StatedNeed } from "./needs";
import { memoryMib } from "./quantity";
import { computeNeed } from "./quota";
import {
  allowFrom,
  Endpoint,
  releaseLabels,
  type NamespaceNetwork,
  type NetworkMember,
  type NetworkPeer,
} from "./network";

export type * from "./chart-release.props";

/** What a release needs to know of the namespace it is in. */
export interface ReleaseNamespace extends Construct {
  /** Name in the cluster. */
  readonly namespaceName: string;
  /** Version of Kubernetes, for example `"v1.28.4+k3s1"`. */
  readonly kubeVersion: string;
  /** @internal */
  readonly network: NamespaceNetwork;
  /** Takes in what environments render. */
  addPart(part: Part): void;
}

/** How a release is rendered. */
export interface ReleaseOptions {
  readonly noHooks: boolean;
  /** For example `"1.28.4"`. */
  readonly kubeVersion: string;
  readonly includeCrds: boolean;
  /** Paths of values whose keys are not checked at rendering; `undefined`: all were checked already. */
  readonly checkKeys: { readonly allowUnknown: readonly string[] } | undefined;
}

/** A chart with its values, in a namespace. Made by `addChart` of a namespace. */
export class ChartRelease extends Construct implements ReleasePart, NetworkMember {
  readonly partKind = "release";
  readonly partName: string;
  /** Name that names of its resources begin with. */
  readonly releaseName: string;
  /** The chart. */
  readonly chart: HelmChart;
  /** Namespace it is in. */
  readonly namespaceName: string;
  /** Values as helm gets them. */
  readonly values: Readonly<Record<string, Data>>;
  /** Images that an {@link ImageCatalog} moved but has no digest of, for example `"docker.io/bitnamilegacy/redis:7.2.4-debian-12-r9"`. */
  readonly unpinnedImages: readonly string[];
  /** How it is rendered. */
  readonly options: ReleaseOptions;
  /** @internal */
  readonly endpoint: Endpoint;

  private readonly needs: Needs | undefined;

  /** @throws GantryError listing every fault of props and values. */
  constructor(namespace: ReleaseNamespace, id: string, chart: HelmChart, props: ChartReleaseProps = {}) {
    super(namespace, id);
    parseProps(this, releaseChart, { chart });
    const model = parseProps(this, chartReleaseProps, props);
    const { values, faults, unpinned } = releaseValues(chart, model);
    if (faults.length > 0) throw new GantryError(`[${this.node.path}] ChartRelease: invalid props`, faults);
    this.releaseName = model.releaseName ?? chart.name;
    this.partName = this.releaseName;
    this.chart = chart;
    this.namespaceName = namespace.namespaceName;
    this.values = values;
    this.unpinnedImages = unpinned;
    this.options = {
      noHooks: model.noHooks,
      // Without the distribution's suffix: no chart asks for it, and a patch of k3s alone should change no render.
      kubeVersion: (model.kubeVersion ?? namespace.kubeVersion).replace(/^v|\+.*$/g, ""),
      includeCrds: model.includeCrds,
      checkKeys: chart.keys === undefined ? { allowUnknown: model.allowUnknown } : undefined,
    };
    const unlabelled = `pods of ${chart.name} have no label of their release; allowed: the namespace ${this.namespaceName}`;
    this.endpoint = new Endpoint(namespace.network, this.releaseName, {
      ...releaseLabels(this.releaseName),
      ...(chart.network.unlabelled === true ? { unlabelled } : {}),
    });
    if (!chart.isPinned) {
      Annotations.of(this).addWarning(
        `chart ${chart.toString()} has neither sha256 nor tree and will not be rendered; bin/cluster vendor --update prints them`,
      );
    }
    if (unpinned.length > 0) {
      Annotations.of(this).addWarning(
        `images without a digest: ${unpinned.join(", ")}; give ImageCatalog.bitnamiLegacy their digests`,
      );
    }
    // Hooks that are rendered are pods that the catalog does not look into.
    this.needs =
      model.capacity !== undefined
        ? { pods: [], claims: [], stated: statedNeed(this.releaseName, model.capacity) }
        : model.noHooks
          ? needsOfValues((reader) => chart.needs(reader), values)
          : undefined;
    if (this.needs === undefined) {
      Annotations.of(this).addWarning(
        `capacity: what ${chart.toString()} takes with these values is not known and is in no proof; say it: capacity: { pods: …, requests: { cpu: "…", memory: "…" } }`,
      );
    }
    namespace.addPart(this);
  }

  /**
   * Lets others reach its pods, on one port of theirs by number or name, or on all. Those of its namespace reach them already.
   *
   * @throws GantryError listing every fault.
   */
  allowFrom(from: NetworkMember | NetworkPeer, port?: number | string): void {
    allowFrom(this, from, port);
  }

  /** Values as an environment gives them to helm. */
  valuesFor(): Data {
    return this.values;
  }

  /** What it takes of its namespace; `undefined`: nobody knows. */
  needsFor(): Needs | undefined {
    return this.needs;
  }
}

function statedNeed(name: string, capacity: NonNullable<ChartReleaseModel["capacity"]>): StatedNeed {
  const { pods, requests = {}, limits = {}, persistentVolumeClaims = 0, storage } = capacity;
  return {
    name,
    pods,
    requests: computeNeed(requests),
    limits: computeNeed(limits),
    claims: persistentVolumeClaims,
    storageMib: storage === undefined ? 0 : memoryMib(storage),
  };
}

/** The props of a release of such a chart. */
export type ReleasePropsOf<C> = C extends HelmChart<infer V extends ChartValues> ? ChartReleaseProps<V> : never;
