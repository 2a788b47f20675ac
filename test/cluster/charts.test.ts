// The catalog. With GANTRY_CHARTS, a directory with the archives, also against the charts themselves.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { redisEvictionPolicy } from "../../lib/cluster/catalog/redis";
import type { ChartRelease } from "../../lib/cluster/chart-release";
import type { ChartReleaseProps } from "../../lib/cluster/chart-release.props";
import { Charts } from "../../lib/cluster/charts";
import type { HelmChart } from "../../lib/cluster/helm-chart";
import { cpuMillis, memoryMib } from "../../lib/cluster/quantity";
import { messageOf } from "../support/project";
import { release, releaseFaults } from "../support/release";

interface Amounts {
  readonly cpu?: string;
  readonly memory?: string;
}

interface RenderedContainer {
  readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts };
}

/** What is read of a rendered object: a workload's pods, or a claim. */
interface Rendered {
  readonly kind: string;
  readonly spec: {
    readonly replicas?: number;
    readonly resources: { readonly requests: { readonly storage: string } };
    readonly volumeClaimTemplates?: readonly {
      readonly spec: { readonly resources: { readonly requests: { readonly storage: string } } };
    }[];
    readonly template: {
      readonly spec: {
        readonly containers: readonly RenderedContainer[];
        readonly initContainers?: readonly RenderedContainer[];
      };
    };
  };
}

const redis = Charts.redis("18.19.4");
const gitea = Charts.gitea("10.1.4");

test("redis keeps its jobs and asks for its password", () => {
  const { values } = release(redis, {
    existingSecrets: { auth: { secretName: "redis-auth", keys: ["redis-password"] } },
  });
  expect(values).toMatchObject({
    architecture: "standalone",
    auth: { existingSecret: "redis-auth" },
    networkPolicy: { enabled: false },
  });
  expect(redisEvictionPolicy(values)).toBe("noeviction");
  expect(redisEvictionPolicy({ ...values, commonConfiguration: "maxmemory-policy allkeys-lru\n" })).toBe("allkeys-lru");
  expect(releaseFaults(redis)).toEqual([
    'existingSecrets.auth: missing; redis 18.19.4 would make up a password or use a known one. Allowed: the name of a Secret with the key redis-password, such as that of ns.addSecretRef("redis-auth", { keys: ["redis-password"] })',
  ]);
  expect(releaseFaults(redis, { existingSecrets: { auth: { secretName: "redis", keys: ["password"] } } })).toEqual([
    'existingSecrets.auth: the Secret "redis" has the key password; allowed: one with the key redis-password',
  ]);
  expect(releaseFaults(redis, { values: { auth: { enabled: false } } })).toEqual([]);
});

test("gitea gets the password of its database from the Secret only", () => {
  const existingSecrets = { admin: "gitea-admin", database: "gitea-database" };
  const other = { name: "OTHER", value: "1" };
  const { values } = release(gitea, { existingSecrets, values: { gitea: { additionalConfigFromEnvs: [other] } } });
  expect(values.gitea).toEqual({
    admin: { existingSecret: "gitea-admin" },
    additionalConfigFromEnvs: [
      other,
      { name: "GITEA__DATABASE__PASSWD", valueFrom: { secretKeyRef: { name: "gitea-database", key: "password" } } },
    ],
  });
  expect(values.postgresql).toMatchObject({
    enabled: true,
    global: { postgresql: { auth: { existingSecret: "gitea-database", password: "" } } },
  });
  expect(
    releaseFaults(gitea, { values: { postgresql: { enabled: false } } }).map((fault) => fault.split(":")[0]),
  ).toEqual(["existingSecrets.admin"]);
  const ha = { postgresql: { enabled: false }, "postgresql-ha": { enabled: true } };
  expect(releaseFaults(gitea, { values: ha }).map((fault) => fault.split(":")[0])).toEqual([
    "existingSecrets.admin",
    "existingSecrets.database-ha",
    "existingSecrets.pgpool",
  ]);
  expect(releaseFaults(gitea, { existingSecrets, values: { securityContext: { fsGroup: 1000 } } })).toEqual([
    "values.securityContext.fsGroup: a container has none, Kubernetes refuses it; allowed: podSecurityContext.fsGroup",
  ]);
});

test("values that these charts never read", () => {
  const values = { imageReflectorController: { create: false } };
  expect(releaseFaults(Charts.flux2("2.12.4"), { values })).toEqual([
    'values.imageReflectorController: unknown key of flux2 2.12.4; did you mean "imageReflectionController"?',
  ]);
  expect(releaseFaults(Charts.keda("2.14.0"), { values: { serviceAccount: { create: true } } })).toEqual([
    'values.serviceAccount.create: unknown key of keda 2.14.0; did you mean "metricServer.create" or "operator.create" or "webhooks.create"?',
  ]);
  const existingSecrets = { admin: "a", database: "b" };
  expect(releaseFaults(gitea, { existingSecrets, values: { livenessProbe: { enabled: true } } })).toEqual([
    'values.livenessProbe: unknown key of gitea 10.1.4; did you mean "gitea.livenessProbe"?',
  ]);
});

test("a version that the catalog does not have", () => {
  expect(messageOf(() => Charts.redis("19.0.0"))).toBe(
    'Charts.redis: invalid props\n  version: got "19.0.0"; known: 18.19.4. For another one, give its digest too, Charts.redis("…", { tree: "…" }), or take it from anywhere with HelmChart.pinned("bitnami/redis", "…", { repo: "https://charts.bitnami.com/bitnami" }); bin/cluster vendor --update prints the digests',
  );
  const tree = "1".repeat(64);
  expect({ ...Charts.redis("19.0.0", { tree }) }).toMatchObject({ version: "19.0.0", tree, keys: undefined });
});

// Third-party charts are no part of the repository.
const archives = process.env.GANTRY_CHARTS;
if (archives !== undefined) {
  const folder = mkdtempSync(join(tmpdir(), "gantry-charts-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each<[string, HelmChart]>(
    [redis, gitea, Charts.keda("2.14.0"), Charts.flux2("2.12.4")].map((chart) => [String(chart), chart]),
  )("%s is what the catalog says", (_name, { name, version, tree, keys }) => {
    const archive = join(archives, `${name}-${version}.tgz`);
    execFileSync("tar", ["-xzf", archive, "-C", folder]);
    const list = "find . -type f | sed 's|^./||' | LC_ALL=C sort | tr '\\n' '\\0' | xargs -0 sha256sum | sha256sum";
    expect(execFileSync("bash", ["-c", list], { cwd: join(folder, name), encoding: "utf8" }).slice(0, 64)).toBe(tree);
    const script = join(__dirname, "../../scripts/chart-keys.mjs");
    expect(JSON.parse(execFileSync(process.execPath, [script, archive], { encoding: "utf8" }))).toEqual(keys);
  });

  /** Count and requests of each workload's pods, as the API server would count them, and each claim. */
  function rendered(chart: HelmChart, made: ChartRelease): string[] {
    const values = join(folder, `${chart.name}.json`);
    writeFileSync(values, JSON.stringify(made.values));
    const archive = join(String(archives), `${chart.name}-${chart.version}.tgz`);
    const args = ["template", chart.name, archive, "--no-hooks", "--kube-version", "1.28.4", "-f", values];
    const documents = parseAllDocuments(execFileSync("helm", args, { encoding: "utf8", maxBuffer: 1 << 26 }));
    return documents.flatMap((document) => {
      const object = document.toJS() as Rendered | null;
      if (object?.kind === "PersistentVolumeClaim") return [claim(1, object.spec)];
      if (object?.kind !== "Deployment" && object?.kind !== "StatefulSet") return [];
      const { replicas = 1, template, volumeClaimTemplates = [] } = object.spec;
      const requests = (containers: readonly RenderedContainer[] = []) =>
        containers.map(({ resources }) => ({ ...resources?.limits, ...resources?.requests }));
      const { containers, initContainers } = template.spec;
      const pod = (amount: (one: Amounts) => number) =>
        Math.max(
          requests(containers).reduce((sum, one) => sum + amount(one), 0),
          ...requests(initContainers).map(amount),
        );
      const cpu = pod((one) => cpuMillis(one.cpu ?? "0m"));
      const memory = pod((one) => memoryMib(one.memory ?? "0Mi"));
      return [`${replicas} × ${cpu} ${memory}`, ...volumeClaimTemplates.map(({ spec }) => claim(replicas, spec))];
    });
  }

  const claim = (
    count: number,
    { resources }: { readonly resources: { readonly requests: { readonly storage: string } } },
  ) => `${count} × ${memoryMib(resources.requests.storage)} MiB`;

  /** The same of what the catalog says. */
  function known(made: ChartRelease): string[] {
    const { pods, claims } = made.needsFor() ?? { pods: [], claims: [] };
    return [
      ...pods
        .filter(({ count }) => count > 0)
        .map(({ count, containers }) => {
          const of = (what: "cpu" | "memory") => {
            const amounts = containers.map(({ init, requests, limits }) => ({
              init,
              value: requests[what] ?? limits[what] ?? 0,
            }));
            const running = amounts.filter(({ init }) => init !== true).reduce((sum, { value }) => sum + value, 0);
            return Math.max(running, ...amounts.filter(({ init }) => init).map(({ value }) => value));
          };
          return `${count} × ${of("cpu")} ${of("memory")}`;
        }),
      ...claims.map(({ count, storageMib }) => `${count} × ${storageMib} MiB`),
    ];
  }

  test.each<[string, HelmChart, ChartReleaseProps]>([
    ["redis", redis, { existingSecrets: { auth: "a" } }],
    ["redis with replicas", redis, { existingSecrets: { auth: "a" }, values: { architecture: "replication" } }],
    ["gitea", gitea, { existingSecrets: { admin: "a", database: "b" } }],
    ["keda", Charts.keda("2.14.0"), {}],
    ["flux2", Charts.flux2("2.12.4"), {}],
  ])("%s takes what the catalog knows of it", (_name, chart, props) => {
    const made = release(chart, props);
    const expected = rendered(chart, made);
    expect(expected).not.toEqual([]);
    expect(known(made).sort()).toEqual(expected.sort());
  });
}
