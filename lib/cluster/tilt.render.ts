import type { Data } from "../core/render/model";
import type { Part } from "./environment";
import { compact } from "./manifest";
import type { EnvironmentHome, TankaEnvironment } from "./tanka-environment";
import { vendorDirectory } from "./tanka.render";
import { hostEnvironment, type PlannedResource, type TiltPlan } from "./tilt-plan";
import type { TiltModel } from "./tilt-workflow.schema";

/** The model of `tilt.json`. */
export function renderTilt(
  cluster: EnvironmentHome,
  model: TiltModel,
  plan: TiltPlan,
  environments: readonly TankaEnvironment[],
  adoptedRoot: boolean,
): Data {
  const parts = cluster.parts.all;
  const releases = parts.flatMap((part) => (part.partKind === "release" ? [part] : []));
  return {
    version: 1,
    cluster: cluster.clusterName,
    // Where paths of the project start; empty: at the cdktf.json at or above this file.
    project: adoptedRoot ? "." : "",
    environment: model.environment,
    environments: Object.fromEntries(
      environments.map((each) => [each.environmentName, { contexts: contextsOf(each, cluster, model) }]),
    ),
    maxParallelUpdates: model.parallelism?.updates ?? 2,
    charts: [...new Set(releases.map((release) => vendorDirectory(release)))],
    resources: plan.resources.map((resource) => renderResource(resource, plan, parts)),
    images: plan.images.map(({ image, reference, triggers, args }) => ({
      name: image.imageName,
      reference,
      triggers: [...triggers],
      args,
    })),
    engine: model.engine ?? "",
    ignore: [...model.ignore],
    tools: plan.tools.map(({ name, command, stays, dependsOn }) => ({
      name,
      command: [...command],
      stays,
      dependsOn: [...dependsOn],
    })),
  };
}

function contextsOf(environment: TankaEnvironment, cluster: EnvironmentHome, model: TiltModel): string[] {
  if (model.contexts !== undefined) return [...model.contexts];
  const { contexts } = environment;
  if (contexts !== cluster.contextNames) return [...contexts];
  // Native k3s calls its own context "default", and people rename it to "k3s".
  return [...new Set([...contexts, `k3d-${cluster.clusterName}`, "default", "k3s"])];
}

function renderResource(resource: PlannedResource, plan: TiltPlan, parts: readonly Part[]): Data {
  const { name, kind, group, model, dependsOn, forwards } = resource;
  const part = parts.find(({ partName }) => partName === name);
  const forwardOf = (release: string) =>
    plan.resources.find((other) => other.name === release)?.forwards.find(({ port }) => port === 6379)?.local;
  return compact<Data>({
    name,
    kind,
    group,
    main: model.main,
    dependsOn: [...dependsOn],
    forwards: forwards.map(({ local, port = local, name: label, path }) => ({ local, port, name: label, path })),
    links: model.links.map((link) =>
      typeof link === "string" ? { url: link, name: "" } : { url: link.url, name: link.name ?? "" },
    ),
    manual: model.trigger === "manual",
    autoStart: model.autoStart,
    onHost:
      model.onHost === undefined || part === undefined
        ? undefined
        : {
            directory: model.onHost.directory,
            command: [...model.onHost.command],
            env: { ...hostEnvironment(part, forwardOf), ...model.onHost.env },
          },
  });
}
