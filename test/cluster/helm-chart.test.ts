import { HelmChart } from "../../lib/cluster/helm-chart";
import { messageOf } from "../support/project";

const tree = "0".repeat(64);

test("a chart by what is in it", () => {
  const chart = HelmChart.pinned("bitnami/redis", "18.19.4", { repo: "https://charts.example.org/bitnami/", tree });
  expect({ ...chart }).toMatchObject({
    name: "redis",
    repository: "bitnami",
    version: "18.19.4",
    directory: "redis",
    source: { repo: "https://charts.example.org/bitnami/" },
    sha256: undefined,
    tree,
  });
  expect([String(chart), chart.isPinned]).toEqual(["redis 18.19.4", true]);
  const oci = HelmChart.pinned("redis", "18.19.4", { oci: "oci://registry.example.org/charts/redis" });
  expect([oci.repository, oci.isPinned]).toEqual(["registry-example-org", false]);
});

test("all faults at once", () => {
  const props = { repo: "charts.example.org", sha256: "ABC", directory: "../up", tre: tree } as never;
  expect(messageOf(() => HelmChart.pinned("Redis", "18.x", props))).toBe(
    [
      "HelmChart.pinned: invalid props",
      '  name: got "Redis"; allowed: the name of a chart, such as "redis" or "bitnami/redis"',
      '  version: got "18.x"; allowed: a whole version, such as "18.19.4", not a range',
      '  repo: got "charts.example.org"; allowed: the address of a chart repository without credentials, such as "https://charts.bitnami.com/bitnami"',
      '  sha256: got "ABC"; allowed: 64 hexadecimal digits in lower case, as `cluster vendor --update` prints them',
      '  directory: got "../up"; allowed: the name of a folder, such as "redis"',
      '  tre: unknown property; did you mean "tree"?',
    ].join("\n"),
  );
});

test("no credentials in an address, which is in generated files", () => {
  expect(messageOf(() => HelmChart.pinned("redis", "1.0.0", { repo: "https://me:word@example.org/charts" }))).toBe(
    'HelmChart.pinned: invalid props\n  repo: got a secret (not shown); allowed: the address of a chart repository without credentials, such as "https://charts.bitnami.com/bitnami"',
  );
});

test.each([
  ["neither", {}, "  repo: missing; allowed: exactly one of repo and oci"],
  [
    "both",
    { repo: "https://example.org", oci: "oci://example.org/redis" },
    '  repo: got "https://example.org"; allowed: exactly one of repo and oci',
  ],
])("%s of repo and oci", (_what, props, fault) => {
  expect(messageOf(() => HelmChart.pinned("redis", "1.0.0", props))).toBe(`HelmChart.pinned: invalid props\n${fault}`);
});
