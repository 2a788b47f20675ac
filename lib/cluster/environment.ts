import type { IConstruct } from "constructs";
import { GantryError } from "../core/errors";
import type { Data } from "../core/render/model";
import type { ApiObject } from "./manifest";
import type { ReleaseOptions } from "./chart-release";
import type { HelmChart } from "./helm-chart";
import type { Needs } from "./needs";

/** Where a part is rendered to: what differs between environments of one cluster declaration. */
export interface RenderTarget {
  /** Name of the environment, for example `"local"`. */
  readonly environment: string;
  /** The namespace that stands for one that the stack declares, for example `"raibid-dev"` for `"raibid-system"`. */
  namespace(declared: string): string;
}

/** A chart as an environment renders it. */
export interface ReleasePart extends IConstruct {
  readonly partKind: "release";
  readonly partName: string;
  readonly namespaceName: string;
  readonly chart: HelmChart;
  readonly options: ReleaseOptions;
  valuesFor(target: RenderTarget): Data;
  /** What it takes of its namespace; `undefined`: nobody knows. */
  needsFor(target: RenderTarget): Needs | undefined;
}

/** Objects of ours as an environment renders them. */
export interface ManifestPart extends IConstruct {
  readonly partKind: "manifests";
  readonly partName: string;
  readonly namespaceName: string;
  objectsFor(target: RenderTarget): readonly ApiObject[];
  /** What it takes of its namespace. @default - nothing */
  needsFor?(target: RenderTarget): Needs | undefined;
}

/** What stands in an environment. */
export type Part = ReleasePart | ManifestPart;

/** What a cluster's declaration puts into each of its environments, whichever is declared first. */
export class Parts {
  private readonly list: Part[] = [];
  private readonly listeners: ((part: Part) => void)[] = [];

  /** All that is there so far, in the order declared. */
  get all(): readonly Part[] {
    return this.list;
  }

  /** The charts of all releases, in the order declared. */
  get charts(): readonly HelmChart[] {
    return this.list.flatMap((part) => (part.partKind === "release" ? [part.chart] : []));
  }

  /** @throws GantryError when another part has its name. */
  add(part: Part): void {
    const taken = this.list.find(({ partName }) => partName === part.partName);
    if (taken !== undefined) {
      // Tanka and Tilt know parts by their names alone, whatever their namespaces.
      throw new GantryError(`[${part.node.path}] ${part.constructor.name}: invalid name`, [
        {
          property: "name",
          message: `got "${part.partName}", which is [${taken.node.path}]; allowed: a name of its own in the cluster, in all its namespaces`,
        },
      ]);
    }
    this.list.push(part);
    for (const listener of this.listeners) listener(part);
  }

  /** Calls `listener` for each part, those that come later included. */
  forEach(listener: (part: Part) => void): void {
    this.list.forEach(listener);
    this.listeners.push(listener);
  }
}
