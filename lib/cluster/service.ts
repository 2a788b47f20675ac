import { Construct } from "constructs";
import { z } from "zod";
import type { Data } from "../core/render/model";
import { parseProps } from "../core/props";
import { containerEnv, environmentProps, type EnvironmentValue } from "./container-env";
import type { ManifestPart, Part, RenderTarget } from "./environment";
import type { Needs } from "./needs";
import { compact, DNS_LABEL, DNS_LABEL_WORDS, labelsOf, type ApiObject } from "./manifest";
import { allowFrom, Endpoint, type NamespaceNetwork, type NetworkMember, type NetworkPeer } from "./network";
import { podContainer, podProps, podSpec, type PodProps } from "./pod";
import type { ComputeProps } from "./quota.props";
import { computeNeed } from "./quota";
import { computeProps } from "./quota.schema";
import { securityContexts } from "./security-context";
import { imageReference, workloadImage, type WorkloadImage } from "./workload-image";

/** A server that runs all the time. */
export interface ServiceProps extends PodProps {
  /** What it runs: a `ContainerImage` of the stack, or `"ghcr.io/org/app@sha256:…"`. */
  readonly image: WorkloadImage;
  /** Ports by name, for example `{ http: 8080, metrics: 8081 }`. `metrics` is scraped at `/metrics`. */
  readonly ports: Readonly<Record<string, number>>;
  /** Environment, in this order: `$(NAME)` in a text stands for a variable before it. @default - none */
  readonly env?: Readonly<Record<string, EnvironmentValue>>;
  /** Settings that others may read too, in a ConfigMap that the container has as environment. @default - none */
  readonly config?: { readonly name: string; readonly data: Readonly<Record<string, string>> };
  /** Path that answers 2xx when it is ready, on the port `http` (or the first one). @default - it is ready when the port is open */
  readonly healthPath?: string;
  /** Pods. @default 1 */
  readonly replicas?: number;
  /** What one pod is sure to get. @default - `{ cpu: "100m", memory: "128Mi" }` */
  readonly requests?: ComputeProps;
  /** The most one pod gets. @default - its requests times what is usual: no CPU limit, memory as requested */
  readonly limits?: ComputeProps;
  /** Whether its image runs as root, which the Pod Security standard "restricted" does not admit. @default false */
  readonly runAsRoot?: boolean;
}

/** @internal Runtime twin of {@link ServiceProps}. */
export const serviceProps = z.strictObject({
  image: workloadImage,
  ports: z
    .record(
      z
        .string()
        .regex(/^[a-z]([a-z0-9-]{0,13}[a-z0-9])?$/)
        .describe("the name of a port: lower-case letters, digits and dashes, at most 15"),
      z.int().min(1).max(65535),
    )
    .refine((ports) => Object.keys(ports).length > 0)
    .describe("at least one port by name"),
  env: environmentProps,
  config: z
    .strictObject({
      name: z.string().regex(DNS_LABEL).describe(DNS_LABEL_WORDS),
      data: z.record(z.string(), z.string()),
    })
    .optional(),
  healthPath: z
    .string()
    .regex(/^\/\S*$/)
    .describe("a path that starts with /")
    .optional(),
  replicas: z.int().min(0).max(1000).default(1),
  requests: computeProps.default({ cpu: "100m", memory: "128Mi" }),
  limits: computeProps.optional(),
  runAsRoot: z.boolean().default(false),
  ...podProps,
});

type ServiceModel = z.output<typeof serviceProps>;

/** What a workload needs to know of the namespace it runs in. */
export interface WorkloadHome extends Construct {
  readonly namespaceName: string;
  readonly clusterName: string;
  /** @internal */
  readonly network: NamespaceNetwork;
  addPart(part: Part): void;
}

const workloadName = z.object({ name: z.string().regex(DNS_LABEL).describe(DNS_LABEL_WORDS) });

/** A Deployment, its Service and its settings. Made by `Namespace.addService`. */
export class Service extends Construct implements ManifestPart, NetworkMember {
  readonly partKind = "manifests";
  readonly partName: string;
  readonly serviceName: string;
  readonly namespaceName: string;
  readonly image: WorkloadImage;
  readonly ports: Readonly<Record<string, number>>;
  /** @internal */
  readonly model: ServiceModel;
  /** @internal */
  readonly endpoint: Endpoint;

  private readonly clusterName: string;

  /** @throws GantryError listing every fault of the props. */
  constructor(home: WorkloadHome, name: string, props: ServiceProps) {
    super(home, name);
    parseProps(this, workloadName, { name });
    this.model = parseProps(this, serviceProps, props);
    this.partName = name;
    this.serviceName = name;
    this.namespaceName = home.namespaceName;
    this.clusterName = home.clusterName;
    this.image = this.model.image;
    this.ports = this.model.ports;
    this.endpoint = new Endpoint(home.network, name, { labels: { app: name }, ports: this.ports });
    home.addPart(this);
  }

  /**
   * Lets others reach its pods, on one of its ports by name or number, or on all. Those of its namespace reach them already.
   *
   * @throws GantryError listing every fault.
   */
  allowFrom(from: NetworkMember | NetworkPeer, port?: number | string): void {
    allowFrom(this, from, port);
  }

  objectsFor(target: RenderTarget): readonly ApiObject[] {
    const namespace = target.namespace(this.namespaceName);
    const name = this.serviceName;
    const labels = labelsOf(name, this.clusterName);
    const { config, replicas } = this.model;
    const metadata = { name, namespace, labels };
    const ports = Object.entries(this.ports);
    return [
      ...(config === undefined
        ? []
        : [
            {
              apiVersion: "v1",
              kind: "ConfigMap",
              metadata: { name: config.name, namespace, labels },
              data: config.data,
            },
          ]),
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata,
        spec: {
          replicas,
          selector: { matchLabels: { app: name } },
          template: {
            metadata: { labels, ...this.scrape() },
            spec: {
              securityContext: securityContexts(this.model.runAsRoot).pod,
              containers: [this.container()],
              ...podSpec(this.model),
            },
          },
        },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata,
        spec: {
          selector: { app: name },
          ports: ports.map(([port, number]) => ({ name: port, port: number, targetPort: port })),
        },
      },
    ];
  }

  /** Its pods, all at the same time. */
  needsFor(_target: RenderTarget): Needs {
    const { requests, replicas } = this.model;
    const container = {
      name: this.serviceName,
      requests: computeNeed(requests),
      limits: computeNeed(this.limits()),
    };
    return {
      pods: [{ name: this.serviceName, count: replicas, lever: "replicas", containers: [container] }],
      claims: [],
    };
  }

  private limits() {
    return this.model.limits ?? { memory: this.model.requests.memory };
  }

  private scrape(): Record<string, Data> {
    const { metrics } = this.ports;
    if (metrics === undefined) return {};
    const at = { "prometheus.io/port": String(metrics), "prometheus.io/path": "/metrics" };
    return { annotations: { "prometheus.io/scrape": "true", ...at } };
  }

  private container(): Data {
    const { image, env, config, healthPath, requests } = this.model;
    const ports = Object.entries(this.ports);
    const port = this.ports.http === undefined ? (ports[0]?.[0] ?? "http") : "http";
    const probe = healthPath === undefined ? { tcpSocket: { port } } : { httpGet: { path: healthPath, port } };
    return compact<Data>({
      name: this.serviceName,
      image: imageReference(image),
      imagePullPolicy: "IfNotPresent",
      securityContext: securityContexts(this.model.runAsRoot).container,
      ports: ports.map(([name, containerPort]) => ({ name, containerPort })),
      ...podContainer(this.model),
      envFrom: config && [{ configMapRef: { name: config.name } }],
      env: Object.keys(env).length > 0 ? containerEnv(env) : undefined,
      resources: {
        requests: compact(requests),
        limits: compact(this.limits()),
      },
      readinessProbe: { ...probe, periodSeconds: 5 },
      livenessProbe: { ...probe, initialDelaySeconds: 15, periodSeconds: 20 },
    });
  }
}
