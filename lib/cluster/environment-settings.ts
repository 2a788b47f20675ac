import type { IConstruct } from "constructs";
import type { EnvModel } from "../core/render/env";
import type { RenderTarget } from "./environment";
import { ChartRelease } from "./chart-release";
import { Namespace } from "./namespace";
import { QueueWorkers } from "./queue-workers";
import { SecretRef } from "./secret-ref";
import { Service } from "./service";

/** Label of everything that an environment of ours has made. Tanka's own is the same for all projects with equal folders. */
export const ENVIRONMENT_LABEL = "io.gantry/environment";

/** Value of {@link ENVIRONMENT_LABEL}. */
export function environmentLabel(clusterName: string, environment: string): string {
  return `${clusterName}.${environment}`;
}

/** What `bin/cluster` must know of an environment, as lists of lines: `cluster/environments/<name>.env`. */
export function environmentSettings(
  cluster: IConstruct & { readonly clusterName: string },
  target: RenderTarget,
  contexts: readonly string[],
): EnvModel {
  const all = cluster.node.findAll();
  const lines = <T>(kind: abstract new (...args: never[]) => T, line: (one: T) => readonly (string | number)[]) =>
    all
      .filter((each) => each instanceof kind)
      .map((one) => line(one as T).join(" "))
      .join("\n");
  return {
    CONTEXTS: contexts.join("\n"),
    ENVIRONMENT_LABEL: `${ENVIRONMENT_LABEL}=${environmentLabel(cluster.clusterName, target.environment)}`,
    NAMESPACES: [
      ...new Set(lines(Namespace, ({ namespaceName }) => [target.namespace(namespaceName)]).split("\n")),
    ].join("\n"),
    // namespace, name, keys, keys that are made up when nobody gives a value
    SECRETS: lines(SecretRef, ({ namespaceName, secretName, keys, generate }) => [
      target.namespace(namespaceName),
      secretName,
      keys.join(","),
      generate.join(",") || "-",
    ]),
    // namespace, name
    SERVICES: lines(Service, ({ namespaceName, serviceName }) => [target.namespace(namespaceName), serviceName]),
    RELEASES: lines(ChartRelease, ({ namespaceName, releaseName }) => [target.namespace(namespaceName), releaseName]),
    // namespace, name, how many run when nothing waits, how many run at most
    WORKERS: lines(QueueWorkers, (workers) => [
      target.namespace(workers.namespaceName),
      workers.workerName,
      ...workers.countsFor(target),
    ]),
    // workers, namespace of redis, its service, its port, group, stream
    QUEUES: lines(QueueWorkers, ({ workerName, model: { queue } }) => [
      workerName,
      target.namespace(queue.model.namespace),
      queue.model.host,
      queue.model.port,
      queue.model.group,
      queue.model.stream,
    ]),
  };
}
