// Releases of charts in a namespace that is only a name.
import { App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { ChartRelease } from "../../lib/cluster/chart-release";
import type { ChartReleaseProps } from "../../lib/cluster/chart-release.props";
import { Parts } from "../../lib/cluster/environment";
import type { ChartValues, HelmChart } from "../../lib/cluster/helm-chart";
import { NamespaceNetwork } from "../../lib/cluster/network";

class Home extends Construct {
  readonly clusterName = "lab";
  readonly parts = new Parts();
  readonly network = new NamespaceNetwork(this, "lab", "isolated");
  readonly namespaceName = "lab";
  readonly kubeVersion = "v1.28.4+k3s1";

  addPart(): void {
    // Nothing is rendered.
  }
}

/** A release in a stack of its own. */
export function release<V extends ChartValues>(chart: HelmChart<V>, props: ChartReleaseProps = {}): ChartRelease {
  return new ChartRelease(new Home(new TerraformStack(new App(), "dev"), "lab"), chart.name, chart, props);
}

/** What is wrong with a release, a line each, without the headline. */
export function releaseFaults<V extends ChartValues>(chart: HelmChart<V>, props: ChartReleaseProps = {}): string[] {
  try {
    release(chart, props);
  } catch (error) {
    const [headline, ...faults] = (error as Error).message.split("\n  ");
    expect(headline).toBe(`[dev/lab/${chart.name}] ChartRelease: invalid props`);
    return faults;
  }
  return [];
}
