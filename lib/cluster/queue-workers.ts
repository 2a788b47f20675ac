import { Construct } from "constructs";
import { z } from "zod";
import { GantryError } from "../core/errors";
import { instanceOf, parseProps } from "../core/props";
import type { Data } from "../core/render/model";
import { containerEnv, environmentProps, type EnvironmentValue } from "./container-env";
import type { ManifestPart, RenderTarget } from "./environment";
import { compact, DNS_LABEL, DNS_LABEL_WORDS, labelsOf, type ApiObject } from "./manifest";
import type { Needs } from "./needs";
import { allowFrom, Endpoint, type NetworkMember, type NetworkPeer } from "./network";
import { memoryQuantity } from "./quantity";
import { podContainer, podProps, podSpec, type PodProps } from "./pod";
import type { ComputeProps } from "./quota.props";
import { computeNeed } from "./quota";
import { computeProps } from "./quota.schema";
import { RedisStream } from "./redis-stream";
import { securityContexts } from "./security-context";
import type { WorkloadHome } from "./service";
import { imageReference, workloadImage, type WorkloadImage } from "./workload-image";

/** Workers that KEDA starts, one Job for each job that waits in the queue. */
export interface QueueWorkersProps extends PodProps {
  /** What they run: a `ContainerImage` of the stack, or `"ghcr.io/org/app@sha256:…"`. */
  readonly image: WorkloadImage;
  /** The queue they work on. */
  readonly queue: RedisStream;
  /** The most that run at the same time. @default 10 */
  readonly max?: number;
  /** How many run when nothing waits, not more than `max`. @default 0 */
  readonly min?: number;
  /** How often KEDA looks at the queue, in seconds. @default 10 */
  readonly pollingSeconds?: number;
  /** Environment besides REDIS_HOST, REDIS_PORT, QUEUE_STREAM, CONSUMER_GROUP and WORKSPACE_DIR, in this order. @default - none */
  readonly env?: Readonly<Record<string, EnvironmentValue>>;
  /** What one worker is sure to get. @default - `{ cpu: "1", memory: "2Gi" }` */
  readonly requests?: ComputeProps;
  /** The most one worker gets. @default - `{ cpu: "2", memory: "4Gi" }` */
  readonly limits?: ComputeProps;
  /** Whether its image runs as root, which the Pod Security standard "restricted" does not admit. @default false */
  readonly runAsRoot?: boolean;
  /** Room for its workspace, an empty directory at `/workspace`. @default "10Gi" */
  readonly workspace?: string;
  /** How often a failed Job is tried again. @default 0 */
  readonly backoffLimit?: number;
  /** How long a finished Job stays to be looked at, in seconds. @default 300 */
  readonly ttlSeconds?: number;
  /** How long one Job may run, in seconds, until it is stopped and has failed. @default - as long as it takes */
  readonly activeDeadlineSeconds?: number;
  /** How many Jobs that succeeded are kept at most. @default - KEDA's own, 100 */
  readonly successfulJobsHistoryLimit?: number;
  /** How many Jobs that failed are kept at most. @default - KEDA's own, 100 */
  readonly failedJobsHistoryLimit?: number;
}

/** @internal Runtime twin of {@link QueueWorkersProps}. */
export const queueWorkersProps = z.strictObject({
  image: workloadImage,
  queue: instanceOf(RedisStream, "RedisStream.of(…)"),
  max: z.int().min(1).max(1000).default(10),
  min: z.int().min(0).max(1000).default(0),
  pollingSeconds: z.int().min(1).max(3600).default(10),
  env: environmentProps,
  requests: computeProps.default({ cpu: "1", memory: "2Gi" }),
  limits: computeProps.default({ cpu: "2", memory: "4Gi" }),
  runAsRoot: z.boolean().default(false),
  workspace: memoryQuantity.default("10Gi"),
  backoffLimit: z.int().min(0).max(100).default(0),
  ttlSeconds: z
    .int()
    .min(0)
    .max(7 * 86_400)
    .default(300),
  activeDeadlineSeconds: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .optional(),
  successfulJobsHistoryLimit: z.int().min(0).max(10_000).optional(),
  failedJobsHistoryLimit: z.int().min(0).max(10_000).optional(),
  ...podProps,
});

/** The one label that KEDA lets its pods have. */
const WORKERS_LABEL = "scaledjob.keda.sh/name";
const WORKSPACE = "/workspace";
const workerName = z.object({ name: z.string().regex(DNS_LABEL).describe(DNS_LABEL_WORDS) });

/** A ScaledJob of KEDA on a redis stream. Made by `Namespace.addQueueWorkers`. */
export class QueueWorkers extends Construct implements ManifestPart, NetworkMember {
  readonly partKind = "manifests";
  readonly partName: string;
  readonly workerName: string;
  readonly namespaceName: string;
  readonly image: WorkloadImage;
  /** @internal */
  readonly model: z.output<typeof queueWorkersProps>;
  /** @internal */
  readonly endpoint: Endpoint;

  private readonly clusterName: string;

  /** @throws GantryError listing every fault of the props. */
  constructor(home: WorkloadHome, name: string, props: QueueWorkersProps) {
    super(home, name);
    parseProps(this, workerName, { name });
    this.model = parseProps(this, queueWorkersProps, props);
    const { min, max } = this.model;
    if (min > max) {
      const message = `got ${min}; allowed: at most ${max}, which is max`;
      throw new GantryError(`[${this.node.path}] QueueWorkers: invalid props`, [{ property: "min", message }]);
    }
    if (Object.hasOwn(this.model.scratch, WORKSPACE)) {
      throw new GantryError(`[${this.node.path}] QueueWorkers: invalid props`, [
        { property: `scratch["${WORKSPACE}"]`, message: "is there already; its size is workspace" },
      ]);
    }
    this.partName = name;
    this.workerName = name;
    this.namespaceName = home.namespaceName;
    this.clusterName = home.clusterName;
    this.image = this.model.image;
    this.endpoint = new Endpoint(home.network, name, { labels: { [WORKERS_LABEL]: name } });
    home.addPart(this);
  }

  /**
   * Lets others reach its pods, on one port or on all. Those of its namespace reach them already.
   *
   * @throws GantryError listing every fault.
   */
  allowFrom(from: NetworkMember | NetworkPeer, port?: number | string): void {
    allowFrom(this, from, port);
  }

  /** How many run when nothing waits, and how many run at most. */
  countsFor(_target: RenderTarget): readonly [min: number, max: number] {
    return [this.model.min, this.model.max];
  }

  /** Its workers, as many as there may be. Those that have ended count in no quota. */
  needsFor(target: RenderTarget): Needs {
    const { requests, limits } = this.model;
    const container = { name: this.workerName, requests: computeNeed(requests), limits: computeNeed(limits) };
    const [, count] = this.countsFor(target);
    return { pods: [{ name: this.workerName, count, lever: "max", containers: [container] }], claims: [] };
  }

  objectsFor(target: RenderTarget): readonly ApiObject[] {
    const { queue, max, min, pollingSeconds, backoffLimit, ttlSeconds } = this.model;
    const { activeDeadlineSeconds, successfulJobsHistoryLimit, failedJobsHistoryLimit } = this.model;
    const namespace = target.namespace(this.namespaceName);
    const labels = labelsOf(this.workerName, this.clusterName);
    const { password } = queue.model;
    const authentication = `${this.workerName}-queue`;
    return [
      ...(password === undefined
        ? []
        : [
            {
              apiVersion: "keda.sh/v1alpha1",
              kind: "TriggerAuthentication",
              metadata: { name: authentication, namespace, labels },
              spec: {
                secretTargetRef: [{ parameter: "password", name: password.secret.secretName, key: password.key }],
              },
            },
          ]),
      {
        apiVersion: "keda.sh/v1alpha1",
        kind: "ScaledJob",
        metadata: { name: this.workerName, namespace, labels },
        spec: {
          jobTargetRef: {
            parallelism: 1,
            completions: 1,
            backoffLimit,
            ttlSecondsAfterFinished: ttlSeconds,
            ...compact<Data>({ activeDeadlineSeconds }),
            // No metadata: the definition of KEDA drops it, so that each apply would find a difference. Its pods carry
            // scaledjob.keda.sh/name.
            template: { spec: this.podSpec(target) },
          },
          pollingInterval: pollingSeconds,
          minReplicaCount: min,
          maxReplicaCount: max,
          ...compact<Data>({ successfulJobsHistoryLimit, failedJobsHistoryLimit }),
          scalingStrategy: { strategy: "accurate" },
          triggers: [
            {
              type: "redis-streams",
              // lagCount counts what nobody has read yet; with activationLagCount it is the one way to leave zero and return to it.
              metadata: {
                address: `${queue.hostFor(target)}:${queue.model.port}`,
                stream: queue.model.stream,
                consumerGroup: queue.model.group,
                lagCount: "1",
                activationLagCount: "0",
              },
              ...(password === undefined ? {} : { authenticationRef: { name: authentication } }),
            },
          ],
        },
      },
    ];
  }

  private podSpec(target: RenderTarget): Data {
    const { image, env, queue, requests, limits, workspace } = this.model;
    const own: Record<string, EnvironmentValue> = {
      REDIS_HOST: queue.hostFor(target),
      REDIS_PORT: queue.model.port,
      QUEUE_STREAM: queue.model.stream,
      CONSUMER_GROUP: queue.model.group,
      WORKSPACE_DIR: WORKSPACE,
      ...(queue.model.password === undefined ? {} : { REDIS_PASSWORD: queue.model.password }),
    };
    return {
      restartPolicy: "Never",
      securityContext: securityContexts(this.model.runAsRoot).pod,
      containers: [
        compact<Data>({
          name: this.workerName,
          image: imageReference(image),
          imagePullPolicy: "IfNotPresent",
          securityContext: securityContexts(this.model.runAsRoot).container,
          env: containerEnv({ ...own, ...env }),
          resources: { requests: compact(requests), limits: compact(limits) },
          ...podContainer(this.model, [{ name: "workspace", mountPath: WORKSPACE }]),
        }),
      ],
      ...podSpec(this.model, [{ name: "workspace", emptyDir: { sizeLimit: workspace } }]),
    };
  }
}
