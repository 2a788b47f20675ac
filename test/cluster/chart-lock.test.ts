import { chartLockFaults, chartSettings, renderChartfile, renderChartsLock } from "../../lib/cluster/chart-lock.render";
import { HelmChart } from "../../lib/cluster/helm-chart";

const sha256 = "a".repeat(64);
const tree = "b".repeat(64);
const repo = "https://charts.example.org/stable/";
const redis = HelmChart.pinned("acme/redis", "1.2.3", { repo, tree });
const old = HelmChart.pinned("acme/redis", "1.0.0", { repo, sha256, directory: "redis-old" });
const nats = HelmChart.pinned("nats", "2.0.0", { oci: "oci://registry.example.org/charts/nats" });
const other = HelmChart.pinned("acme/mail", "3.0.0", { repo: "https://other.example.org", tree });
const charts = [redis, old, nats, redis, other];

test("charts.lock.json", () => {
  const source = { repo };
  expect(JSON.parse(renderChartsLock(charts))).toEqual({
    version: 1,
    charts: [
      {
        name: "mail",
        version: "3.0.0",
        source: { repo: "https://other.example.org" },
        directory: "mail",
        sha256: null,
        tree,
      },
      {
        name: "nats",
        version: "2.0.0",
        source: { oci: "oci://registry.example.org/charts/nats" },
        directory: "nats",
        sha256: null,
        tree: null,
      },
      { name: "redis", version: "1.2.3", source, directory: "redis", sha256: null, tree },
      { name: "redis", version: "1.0.0", source, directory: "redis-old", sha256, tree: null },
    ],
  });
});

test("chartfile.yaml, where two repositories of one name are two", () => {
  expect(renderChartfile(charts)).toBe(`version: 1
directory: vendor
repositories:
  - name: acme
    url: https://other.example.org
  - name: registry-example-org
    url: oci://registry.example.org/charts
  - name: acme-2
    url: https://charts.example.org/stable/
requires:
  - chart: acme/mail
    version: "3.0.0"
  - chart: registry-example-org/nats
    version: "2.0.0"
  - chart: acme-2/redis
    version: "1.2.3"
  - chart: acme-2/redis
    version: "1.0.0"
    directory: redis-old
`);
});

test("what the program reads", () => {
  expect(chartSettings(charts)).toEqual({
    CHART_COUNT: 4,
    CHART_1: `mail 3.0.0 mail - ${tree} repo https://other.example.org -`,
    CHART_2: "nats 2.0.0 nats - - oci oci://registry.example.org/charts/nats -",
    CHART_3: `redis 1.2.3 redis - ${tree} repo https://charts.example.org/stable -`,
    CHART_4: `redis 1.0.0 redis-old ${sha256} - repo https://charts.example.org/stable -`,
  });
});

test("two charts that want one folder", () => {
  expect(chartLockFaults(charts)).toEqual([]);
  const twin = HelmChart.pinned("acme/redis", "1.0.0", { repo, sha256 });
  expect(chartLockFaults([...charts, twin])).toEqual([
    {
      property: "directory",
      message:
        'got "redis" for redis 1.2.3 and redis 1.0.0; allowed: a folder for each, HelmChart.pinned(…, { directory: "…" })',
    },
  ]);
});
