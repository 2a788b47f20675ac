import { fromCatalog, type ChartPin } from "./catalog/entry";
import { FLUX2, type Flux2Values } from "./catalog/flux2";
import { GITEA, type GiteaValues } from "./catalog/gitea";
import { KEDA, type KedaValues } from "./catalog/keda";
import { REDIS, type RedisValues } from "./catalog/redis";
import type { HelmChart } from "./helm-chart";

/**
 * Charts that are ready for use: where they are, what is in them, values for a single machine, and the secrets they cannot do
 * without. Each is pinned by the content of the unpacked chart, which is the same wherever the archive comes from. Another version
 * needs a digest: `Charts.redis("…", { tree: "…" })`.
 *
 * @example
 * Charts.redis("18.19.4").toString(); // redis 18.19.4
 */
export class Charts {
  /**
   * bitnami/redis: one server, reached as `redis-master:6379`, which keeps what it is given (append-only file, no eviction). Needs
   * `existingSecrets: { auth }`, a Secret with the key `redis-password`.
   *
   * @throws GantryError for a version that neither the catalog nor `pin` has a digest for.
   */
  static redis(version: string, pin?: ChartPin): HelmChart<RedisValues> {
    return fromCatalog("Charts.redis", REDIS, version, pin);
  }

  /**
   * gitea-charts/gitea: one server, reached as `gitea-http:3000`, with a PostgreSQL of its own. Needs `existingSecrets: { admin,
   * database }`: Secrets with `username` and `password`, and with `password` and `postgres-password`.
   *
   * @throws GantryError for a version that neither the catalog nor `pin` has a digest for.
   */
  static gitea(version: string, pin?: ChartPin): HelmChart<GiteaValues> {
    return fromCatalog("Charts.gitea", GITEA, version, pin);
  }

  /**
   * kedacore/keda: scales jobs and deployments by queues.
   *
   * @throws GantryError for a version that neither the catalog nor `pin` has a digest for.
   */
  static keda(version: string, pin?: ChartPin): HelmChart<KedaValues> {
    return fromCatalog("Charts.keda", KEDA, version, pin);
  }

  /**
   * fluxcd-community/flux2: applies repositories and charts to the cluster, with the source, kustomize and helm controllers.
   *
   * @throws GantryError for a version that neither the catalog nor `pin` has a digest for.
   */
  static flux2(version: string, pin?: ChartPin): HelmChart<Flux2Values> {
    return fromCatalog("Charts.flux2", FLUX2, version, pin);
  }

  private constructor() {
    // Only its functions are of use.
  }
}
