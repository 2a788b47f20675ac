import type { Fault } from "../core/errors";
import type { EnvModel } from "../core/render/env";
import { renderJson } from "../core/render/json";
import { renderYaml } from "../core/render/yaml";
import type { HelmChart } from "./helm-chart";

/** Each chart once, by folder. Two that want the same folder are {@link chartLockFaults}. */
export function lockedCharts(charts: readonly HelmChart[]): HelmChart[] {
  const byFolder = new Map(charts.map((chart) => [chart.directory, chart]));
  return [...byFolder.values()].sort((a, b) => (a.directory < b.directory ? -1 : 1));
}

/** Charts that are not the same but would be unpacked to the same folder. */
export function chartLockFaults(charts: readonly HelmChart[]): Fault[] {
  const owners = new Map<string, HelmChart>();
  const faults = new Map<string, Fault>();
  for (const chart of charts) {
    const owner = owners.get(chart.directory);
    if (owner === undefined) owners.set(chart.directory, chart);
    else if (identity(owner) !== identity(chart)) {
      const two =
        owner.toString() === chart.toString()
          ? `two different ${chart.toString()}`
          : `${owner.toString()} and ${chart.toString()}`;
      faults.set(chart.directory, {
        property: `directory`,
        message: `got "${chart.directory}" for ${two}; allowed: a folder for each, HelmChart.pinned(…, { directory: "…" })`,
      });
    }
  }
  return [...faults.values()];
}

function identity({ name, version, source, sha256 = "", tree = "" }: HelmChart): string {
  return JSON.stringify([name, version, source, sha256, tree]);
}

/** `charts.lock.json`: which charts, from where, and by what they are known again. For people and other tools. */
export function renderChartsLock(charts: readonly HelmChart[]): string {
  return renderJson({
    version: 1,
    charts: lockedCharts(charts).map(({ name, version, source, directory, sha256 = null, tree = null }) => ({
      name,
      version,
      source: source,
      directory,
      sha256,
      tree,
    })),
  });
}

/** `chartfile.yaml`: the same for `tk tool charts`, which knows no digests. */
export function renderChartfile(charts: readonly HelmChart[]): string {
  const repositories = new Map<string, string>();
  const requires = lockedCharts(charts).map((chart) => {
    const url =
      "repo" in chart.source ? chart.source.repo : chart.source.oci.slice(0, chart.source.oci.lastIndexOf("/"));
    let alias = [...repositories].find(([, known]) => known === url)?.[0];
    for (let i = 1; alias === undefined; i++) {
      const free = i === 1 ? chart.repository : `${chart.repository}-${i}`;
      if (!repositories.has(free)) alias = free;
    }
    repositories.set(alias, url);
    const directory = chart.directory === chart.name ? {} : { directory: chart.directory };
    return { chart: `${alias}/${chart.name}`, version: chart.version, ...directory };
  });
  return renderYaml({
    version: 1,
    directory: "vendor",
    repositories: [...repositories].map(([name, url]) => ({ name, url })),
    requires,
  });
}

/** The same for the program: `CHART_n`, words with spaces between, `-` where there is nothing. */
export function chartSettings(charts: readonly HelmChart[]): EnvModel {
  const lines = lockedCharts(charts).map(({ name, version, directory, sha256 = "-", tree = "-", source }) => {
    const where =
      "repo" in source ? ["repo", source.repo.replace(/\/+$/, ""), source.url ?? "-"] : ["oci", source.oci, "-"];
    return [name, version, directory, sha256, tree, ...where].join(" ");
  });
  return {
    CHART_COUNT: lines.length,
    ...Object.fromEntries(lines.map((line, i) => [`CHART_${i + 1}`, line])),
  };
}
