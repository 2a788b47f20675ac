import { Construct } from "constructs";
import { GeneratedFile } from "../core/generated-file";
import { renderEnv } from "../core/render/env";
import { chartLockFaults, chartSettings, renderChartfile, renderChartsLock } from "./chart-lock.render";
import type { HelmChart } from "./helm-chart";

/** The charts of a cluster by their content: `tanka/charts.lock.json`, `tanka/chartfile.yaml` and what `bin/cluster vendor` reads. */
export class ChartLock extends Construct {
  /** `charts`: asked for once the whole tree is declared. */
  constructor(scope: Construct, id: string, charts: () => readonly HelmChart[]) {
    super(scope, id);
    const file = (name: string, path: string, content: () => string) =>
      new GeneratedFile(this, name, { path, content });
    file("Lock", "tanka/charts.lock.json", () => renderChartsLock(charts()));
    file("Chartfile", "tanka/chartfile.yaml", () => renderChartfile(charts()));
    file("Settings", "cluster/charts.env", () => renderEnv(chartSettings(charts())));
    this.node.addValidation({
      validate: () => chartLockFaults(charts()).map(({ property, message }) => `${property}: ${message}`),
    });
  }
}
