import type { Fault } from "../../core/errors";
import type { Data } from "../../core/render/model";
import { isMap, mergeValues, valueAt, valuesOf, type ChartKeys } from "../chart-keys";
import keys from "../chart-keys/gitea-10.1.4.json";
import type { ChartValues } from "../helm-chart";
import type { ValueReader } from "../chart-needs";
import type { Needs } from "../needs";
import type { CatalogEntry, ResourceValues } from "./entry";

/** A port of Gitea. */
export interface GiteaServiceValues extends ChartValues {
  readonly type?: "ClusterIP" | "NodePort" | "LoadBalancer";
  readonly port?: number;
  readonly nodePort?: number;
}

/** Values of gitea-charts/gitea, as far as they are typed; all others are checked by their keys. */
export interface GiteaValues extends ChartValues {
  readonly replicaCount?: number;
  readonly service?: ChartValues & { readonly http?: GiteaServiceValues; readonly ssh?: GiteaServiceValues };
  readonly persistence?: ChartValues & {
    readonly enabled?: boolean;
    readonly size?: string;
    readonly storageClass?: string;
  };
  readonly gitea?: ChartValues & {
    readonly admin?: ChartValues & {
      /** Use `existingSecrets: { admin }`. */
      readonly existingSecret?: string;
      readonly email?: string;
    };
    /** Sections of `app.ini`. */
    readonly config?: Readonly<Record<string, string | Readonly<Record<string, string | number | boolean>>>>;
    readonly livenessProbe?: ChartValues;
    readonly readinessProbe?: ChartValues;
  };
  /** One PostgreSQL in the cluster. @default - `enabled: true` */
  readonly postgresql?: ChartValues & { readonly enabled?: boolean };
  /** @default - `enabled: false` */
  readonly "postgresql-ha"?: ChartValues & { readonly enabled?: boolean };
  /** @default - `enabled: false`: cache, session and queue are in Gitea itself */
  readonly "redis-cluster"?: ChartValues & { readonly enabled?: boolean };
  readonly resources?: ResourceValues;
}

const DATABASE_PASSWORD = "GITEA__DATABASE__PASSWD";

/** Gitea gets the password of its database from the environment: the chart itself would print it into a Secret of its own. */
function databasePassword(path: string) {
  return (values: Data, secretName: string): Data => {
    const given = valueAt(values, "gitea.additionalConfigFromEnvs");
    const others = Array.isArray(given) ? (given as readonly Data[]) : [];
    const own = others.some((each) => isMap(each) && each.name === DATABASE_PASSWORD);
    const variable = { name: DATABASE_PASSWORD, valueFrom: { secretKeyRef: { name: secretName, key: "password" } } };
    const blank = mergeValues(valuesOf(path, ""), values);
    return own ? blank : mergeValues(blank, valuesOf("gitea.additionalConfigFromEnvs", [...others, variable]));
  };
}

const enabled = (part: string) => (values: Data) => valueAt(values, `${part}.enabled`) === true;

function faults(values: Data): Fault[] {
  return ["securityContext", "containerSecurityContext"]
    .filter((path) => valueAt(values, `${path}.fsGroup`) !== undefined)
    .map((path) => ({
      property: `values.${path}.fsGroup`,
      message: "a container has none, Kubernetes refuses it; allowed: podSecurityContext.fsGroup",
    }));
}

/** Parts of the chart that are charts themselves, with pods of their own that are not looked into. */
const BEYOND = ["postgresql-ha.enabled", "redis-cluster.enabled", "postgresql.metrics.enabled"];

/** Gitea with the containers that set it up before it starts, and its database. */
function needs(values: ValueReader): Needs | undefined {
  const ha = values.text("postgresql.architecture", "standalone") !== "standalone";
  if (ha || BEYOND.some((path) => values.on(path, false))) return undefined;
  const setup = { requests: { cpu: 100, memory: 128 } }; // the chart's own; it says no limits
  const names = ["init-directories", "init-app-ini", "configure-gitea"];
  if (values.on("signing.enabled", false)) names.push("configure-gpg");
  const replicas = values.count("replicaCount", 1);
  const database = values.on("postgresql.enabled", true);
  return {
    pods: [
      {
        name: "gitea",
        count: replicas,
        containers: [
          ...names.map((name) => ({ ...values.container(name, "initContainers.resources", setup), init: true })),
          values.container("gitea", "resources"),
        ],
      },
      {
        name: "gitea-postgresql",
        count: database ? 1 : 0,
        containers: [values.container("postgresql", "postgresql.primary.resources")],
      },
    ],
    claims: [
      ...(values.on("persistence.create", true) ? values.claims("gitea", "persistence", 1, "10Gi") : []),
      ...values.claims("gitea-postgresql", "postgresql.primary.persistence", database ? 1 : 0, "8Gi"),
    ],
  };
}

/** @internal gitea-charts/gitea. */
export const GITEA: CatalogEntry<GiteaValues> = {
  name: "gitea-charts/gitea",
  repo: "https://dl.gitea.io/charts",
  versions: {
    "10.1.4": { tree: "776728852195f28670b08e49cfb83b3d838d537d6e34345020d6118b4396b2d1", keys: keys as ChartKeys },
  },
  profile: {
    defaults: {
      // Its volume can be mounted once, and its queue has a lock file.
      strategy: { type: "Recreate" },
      containerSecurityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        runAsGroup: 1000,
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      resources: { requests: { cpu: "200m", memory: "512Mi" }, limits: { cpu: "1", memory: "2Gi" } },
      postgresql: {
        enabled: true,
        primary: {
          // As for Redis: the chart's policy would open the port to every namespace.
          networkPolicy: { enabled: false },
          persistence: { size: "5Gi" },
          resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "500m", memory: "512Mi" } },
        },
      },
      "postgresql-ha": { enabled: false },
      "redis-cluster": { enabled: false },
      test: { enabled: false },
    },
    secrets: [
      { role: "admin", at: "gitea.admin.existingSecret", keys: ["username", "password"], when: () => true },
      {
        role: "database",
        at: "postgresql.global.postgresql.auth.existingSecret",
        keys: ["password", "postgres-password"],
        when: enabled("postgresql"),
        apply: databasePassword("postgresql.global.postgresql.auth.password"),
      },
      {
        role: "database-ha",
        at: "postgresql-ha.postgresql.existingSecret",
        keys: ["password", "postgres-password", "repmgr-password"],
        when: enabled("postgresql-ha"),
        apply: databasePassword("postgresql-ha.global.postgresql.password"),
      },
      {
        role: "pgpool",
        at: "postgresql-ha.pgpool.existingSecret",
        keys: ["admin-password"],
        when: enabled("postgresql-ha"),
      },
    ],
    faults,
    needs,
  },
};
