import { Construct } from "constructs";
import type { Data } from "../core/render/model";
import type { ChartReleaseProps } from "./chart-release.props";
import type { Part, ReleasePart } from "./environment";
import type { HelmChart } from "./helm-chart";

/** Home. */
export interface ReleaseHome extends Construct {
  readonly namespaceName: string;
  readonly kubeVersion: string;
  addPart(part: Part): void;
}

/** A release. */
export class ChartRelease extends Construct implements ReleasePart {
  readonly partKind = "release";
  readonly partName: string;
  readonly releaseName: string;
  readonly namespaceName: string;
  readonly kubeVersion: string;
  readonly noHooks = true;
  readonly includeCrds = true;
  readonly allowUnknown: readonly string[] = [];
  constructor(
    home: ReleaseHome,
    readonly chart: HelmChart,
    private readonly props: ChartReleaseProps,
  ) {
    super(home, chart.directory);
    this.releaseName = this.partName = chart.directory;
    this.namespaceName = home.namespaceName;
    this.kubeVersion = home.kubeVersion;
    home.addPart(this);
  }
  valuesFor(): Data {
    return this.props.values ?? {};
  }
}
