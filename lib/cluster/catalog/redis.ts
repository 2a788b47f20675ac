import type { Data } from "../../core/render/model";
import { valueAt, type ChartKeys } from "../chart-keys";
import keys from "../chart-keys/redis-18.19.4.json";
import type { ChartValues } from "../helm-chart";
import type { ValueReader } from "../chart-needs";
import type { Needs } from "../needs";
import type { CatalogEntry, ResourceValues } from "./entry";

/** What a part of the chart may use and where it keeps its data. */
export interface RedisNodeValues extends ChartValues {
  readonly count?: number;
  readonly configuration?: string;
  readonly resources?: ResourceValues;
  readonly persistence?: ChartValues & {
    readonly enabled?: boolean;
    readonly size?: string;
    readonly storageClass?: string;
  };
}

/** Values of bitnami/redis, as far as they are typed; all others are checked by their keys. */
export interface RedisValues extends ChartValues {
  /** One server, `redis-master`, or that and replicas. @default "standalone" */
  readonly architecture?: "standalone" | "replication";
  readonly auth?: ChartValues & {
    readonly enabled?: boolean;
    /** Use `existingSecrets: { auth }`. */
    readonly existingSecret?: string;
    readonly existingSecretPasswordKey?: string;
  };
  /** Lines of `redis.conf`. @default - append-only file, no eviction, 384 MB of data */
  readonly commonConfiguration?: string;
  readonly master?: RedisNodeValues;
  readonly replica?: RedisNodeValues & { readonly replicaCount?: number };
  readonly metrics?: ChartValues & { readonly enabled?: boolean };
  readonly networkPolicy?: ChartValues & { readonly enabled?: boolean };
}

// A queue must not lose jobs: nothing is evicted, and writes fail before the container's memory (512Mi) is full. A quarter of it
// stays free for buffers and for rewriting the append-only file.
const configuration = ["appendonly yes", 'save ""', "maxmemory 384mb", "maxmemory-policy noeviction"].join("\n");

/** Containers beside those of the chart's values, and pods by load. */
const BEYOND = ["master.sidecars", "master.initContainers", "replica.sidecars", "replica.initContainers"];

/** What the chart renders: a StatefulSet for the master and one for replicas, or one for both with sentinels beside them. */
function needs(values: ValueReader): Needs | undefined {
  if (BEYOND.some((path) => values.has(path)) || values.on("replica.autoscaling.enabled", false)) return undefined;
  const sidecars = (sentinel: boolean) => [
    ...(sentinel ? [values.container("sentinel", "sentinel.resources")] : []),
    ...(values.on("metrics.enabled", false) ? [values.container("metrics", "metrics.resources")] : []),
    ...(values.on("volumePermissions.enabled", false)
      ? [{ ...values.container("volume-permissions", "volumePermissions.resources"), init: true }]
      : []),
    ...(values.on("sysctl.enabled", false)
      ? [{ ...values.container("init-sysctl", "sysctl.resources"), init: true }]
      : []),
  ];
  const part = (name: string, path: string, count: number, sentinel = false) => ({
    pods: [{ name, count, containers: [values.container("redis", `${path}.resources`), ...sidecars(sentinel)] }],
    claims: values.claims(name, `${path}.persistence`, count, "8Gi"),
  });
  const replicas = values.count("replica.replicaCount", 3);
  const replicated = values.text("architecture", "replication") === "replication";
  if (replicated && values.on("sentinel.enabled", false)) return part("redis-node", "replica", replicas, true);
  const master = part("redis-master", "master", values.count("master.count", 1));
  if (!replicated) return master;
  const others = part("redis-replicas", "replica", replicas);
  return { pods: [...master.pods, ...others.pods], claims: [...master.claims, ...others.claims] };
}

/** @internal bitnami/redis. */
export const REDIS: CatalogEntry<RedisValues> = {
  name: "bitnami/redis",
  repo: "https://charts.bitnami.com/bitnami",
  versions: {
    "18.19.4": { tree: "300ad6c7311d4906d7acd3417c5d80bb810b81fb56aa7aa585f357a4317466c0", keys: keys as ChartKeys },
  },
  profile: {
    defaults: {
      architecture: "standalone",
      commonConfiguration: configuration,
      master: {
        resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "500m", memory: "512Mi" } },
      },
      // The chart's policy would open the port to every namespace, whatever the policies of the namespace say.
      networkPolicy: { enabled: false },
    },
    secrets: [
      {
        role: "auth",
        at: "auth.existingSecret",
        keys: ["redis-password"],
        when: (values) => valueAt(values, "auth.enabled") !== false,
      },
    ],
    faults: () => [],
    needs,
  },
};

/** The policy by which Redis drops data when its memory is full, as the values of a release set it; Redis' own is `noeviction`. */
export function redisEvictionPolicy(values: Data): string {
  const lines = ["commonConfiguration", "master.configuration"].flatMap((path) => {
    const text = valueAt(values, path);
    return typeof text === "string" ? text.split("\n") : [];
  });
  const policies = lines.flatMap((line) => /^\s*maxmemory-policy\s+["']?([\w-]+)/i.exec(line)?.[1] ?? []);
  return policies.at(-1)?.toLowerCase() ?? "noeviction";
}
