// The props of a release and their schema say the same.
import type { ChartReleaseProps } from "../../lib/cluster/chart-release.props";
import type { chartReleaseProps } from "../../lib/cluster/chart-release.schema";
import { Charts } from "../../lib/cluster/charts";
import type { Namespace } from "../../lib/cluster/namespace";
import type { Expect, SameProps } from "../support/typetest";

export type Pinned = Expect<SameProps<ChartReleaseProps, typeof chartReleaseProps>>;

/** What the catalog types is typed; other values stand beside it. */
export function typed(namespace: Namespace): void {
  namespace.addChart(Charts.redis("18.19.4"), { values: { architecture: "replication", nameOverride: "x" } });
  // @ts-expect-error -- another architecture
  namespace.addChart(Charts.redis("18.19.4"), { values: { architecture: "cluster" } });
}
