import type { ImageSource } from "../core/image-source";
import type { EnvironmentValue } from "./container-env";
import type { Part, ReleasePart } from "./environment";
import { QueueWorkers } from "./queue-workers";
import { Service } from "./service";
import { PLAIN_RESOURCE, type TiltModel, type TiltResourceModel } from "./tilt-workflow.schema";
import { imageReference, type WorkloadImage, type WorkloadSource } from "./workload-image";

/** A port of a pod on this machine. */
export interface PlannedForward {
  readonly local: number;
  /** The port as it was given, a number or a name. */
  readonly given: number | string;
  /** Its number; `undefined`: nothing has that name. */
  readonly port: number | undefined;
  readonly name: string;
  readonly path: string;
  /** Where the stack says so, for faults. */
  readonly place: string;
}

/** A release or a workload as Tilt has it. */
export interface PlannedResource {
  readonly name: string;
  readonly kind: "chart" | "service" | "workers";
  readonly group: string;
  readonly model: TiltResourceModel;
  readonly dependsOn: readonly string[];
  readonly forwards: readonly PlannedForward[];
  /** Ports of a service by name. */
  readonly ports: Readonly<Record<string, number>>;
}

/** A button on Tilt's page. */
export interface PlannedTool {
  readonly name: string;
  readonly command: readonly string[];
  readonly stays: boolean;
  readonly dependsOn: readonly string[];
}

/** An image that Tilt builds. */
export interface PlannedImage {
  readonly image: WorkloadSource;
  /** As the workload names it. */
  readonly reference: string;
  readonly triggers: readonly string[];
  readonly args: Readonly<Record<string, string>>;
}

/** What Tilt is told: all that a cluster declares, with what the props say of it. */
export interface TiltPlan {
  readonly resources: readonly PlannedResource[];
  readonly images: readonly PlannedImage[];
  readonly tools: readonly PlannedTool[];
}

const PROGRAM = "bin/cluster";

/** Puts what a cluster declares and what the props say of it together. */
export function tiltPlan(clusterName: string, parts: readonly Part[], model: TiltModel): TiltPlan {
  const releases = parts.filter((part): part is ReleasePart => part.partKind === "release");
  const services = parts.filter((part): part is Service => part instanceof Service);
  const workers = parts.filter((part): part is QueueWorkers => part instanceof QueueWorkers);
  const resources = [
    ...releases.map((part) => resource(part.partName, "chart", model, [])),
    ...services.map((part) => resource(part.partName, "service", model, [], part.ports)),
    ...workers.map((part) => resource(part.partName, "workers", model, beforeWorkers(part, releases))),
  ];
  const short = (name: string) => shortName(name, clusterName);
  const tools = [
    ...workers.map(({ workerName }, i) => ({
      name: i === 0 ? "trigger-test-job" : `trigger-test-job-${short(workerName)}`,
      command: [PROGRAM, "enqueue", "--workers", workerName, "job=test"],
    })),
    ...workers.map(({ workerName }) => ({
      name: `scale-${short(workerName)}`,
      command: [PROGRAM, "scale", workerName, "1"],
    })),
    ...[...services, ...workers].map(({ partName }) => ({
      name: `view-${short(partName)}-logs`,
      command: [PROGRAM, "logs", partName],
      stays: true,
    })),
  ];
  const own = Object.entries(model.tools).map(([name, tool]) => ({ name, ...tool }));
  return {
    resources,
    images: plannedImages([...services, ...workers], model),
    tools: [...tools, ...own].map((tool) => ({ stays: false, dependsOn: [], ...tool })),
  };
}

function resource(
  name: string,
  kind: PlannedResource["kind"],
  model: TiltModel,
  before: readonly string[],
  ports: Readonly<Record<string, number>> = {},
): PlannedResource {
  const own = model.resources[name] ?? PLAIN_RESOURCE;
  const place = `resources.${name}`;
  const forwards = own.forwards ?? Object.values(ports);
  return {
    name,
    kind,
    model: own,
    ports,
    group: own.group ?? (kind === "chart" ? "infrastructure" : "application"),
    dependsOn: [...new Set([...before, ...own.dependsOn])],
    forwards: forwards.map((each, i) => {
      const { local, port = local, name: label = "", path = "" } = typeof each === "number" ? { local: each } : each;
      const known = Object.entries(ports).find(([, number]) => number === port)?.[0] ?? "";
      return {
        local,
        given: port,
        port: typeof port === "number" ? port : ports[port],
        name: label === "" ? known : label,
        path: path === "" && known === "metrics" ? "/metrics" : path,
        place: own.forwards === undefined ? `${place}.forwards` : `${place}.forwards[${i}]`,
      };
    }),
  };
}

/** What queue workers cannot do without: KEDA, which starts them, and the redis that their queue is in. */
function beforeWorkers(workers: QueueWorkers, releases: readonly ReleasePart[]): string[] {
  return releases
    .filter((release) => release.chart.directory === "keda" || holdsQueue(release, workers))
    .map(({ partName }) => partName);
}

function holdsQueue(release: ReleasePart, { model: { queue } }: QueueWorkers): boolean {
  return queue.model.host === `${release.partName}-master` && queue.model.namespace === release.namespaceName;
}

/** A name without what it has in common with the cluster's: `raibid-server` of `raibid-ci` is `server`. */
function shortName(name: string, clusterName: string): string {
  const [words, common] = [name.split("-"), clusterName.split("-")];
  let shared = 0;
  while (shared < words.length - 1 && words[shared] === common[shared]) shared++;
  return words.slice(shared).join("-");
}

function plannedImages(workloads: readonly (Service | QueueWorkers)[], model: TiltModel): PlannedImage[] {
  const images = new Map<string, WorkloadSource>();
  for (const { image } of workloads) if (isBuilt(image)) images.set(imageReference(image), image);
  return [...images].map(([reference, image]) => {
    const own = model.builds[image.imageName];
    const triggers = own?.triggers ?? whatItReads(image);
    return {
      image,
      reference,
      triggers: own?.triggers === undefined ? triggers : [...triggers, ...model.sharedTriggers],
      args: own?.args ?? {},
    };
  });
}

function isBuilt(image: WorkloadImage): image is WorkloadSource {
  return typeof image !== "string";
}

/** The paths of the project that a build reads, those of its bases included. */
function whatItReads(image: ImageSource): string[] {
  const inside = (path: string) => (image.context === "." ? path : `${image.context}/${path}`);
  const own = image.inputs === undefined ? [image.context] : image.inputs.map(inside);
  const file = image.containerfileText === undefined && image.inputs !== undefined ? [inside(image.file)] : [];
  return [...new Set([...own, ...file, ...image.bases.flatMap(whatItReads)])];
}

/** Environment of a workload that runs on this machine: what its declaration says, without what only the cluster knows. */
export function hostEnvironment(
  part: Part,
  forwardOf: (release: string) => number | undefined,
): Record<string, string> {
  if (part instanceof Service) return { ...part.model.config?.data, ...plain(part.model.env) };
  if (!(part instanceof QueueWorkers)) return {};
  const { queue, env } = part.model;
  const redis = forwardOf(queue.model.host.replace(/-master$/, ""));
  return {
    REDIS_HOST: "127.0.0.1",
    REDIS_PORT: String(redis ?? queue.model.port),
    QUEUE_STREAM: queue.model.stream,
    CONSUMER_GROUP: queue.model.group,
    ...plain(env),
  };
}

/** Values that are text without a reference to others, which are the cluster's to fill in. */
function plain(env: Readonly<Record<string, EnvironmentValue>>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== "object" && !String(value).includes("$(")) values[name] = String(value);
  }
  return values;
}
