import { join } from "node:path";
import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { GeneratedFile, staticFile } from "../core/generated-file";
import { imageSettings } from "../core/image-settings";
import type { ImageSource } from "../core/image-source";
import { parseProps } from "../core/props";
import { renderEnv } from "../core/render/env";
import { renderJson } from "../core/render/json";
import { TankaEnvironment } from "./tanka-environment";
import { tiltPlan, type TiltPlan } from "./tilt-plan";
import { renderTilt } from "./tilt.render";
import type { TiltWorkflowProps } from "./tilt-workflow.props";
import { tiltFaults } from "./tilt-workflow.rules";
import { tiltWorkflowProps, type TiltModel } from "./tilt-workflow.schema";

export type * from "./tilt-workflow.props";

/**
 * What `tilt up` does with a cluster: builds the images of its workloads when their code changes, deploys charts and workloads in
 * the order they need each other, forwards ports, and has buttons for what people do all day. Synthesis writes `Tiltfile`, the
 * same for every stack, the data it reads, `tilt.json`, and a `justfile`.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * const cluster = new K3sCluster(stack, "raibid-ci", {
 *   version: "v1.28.5+k3s1",
 *   target: K3sTarget.native(),
 *   servers: [{ name: "dgx", machine: MachineProfile.dgxSpark() }],
 * });
 * const system = cluster.addNamespace("raibid-system");
 * const image = new ContainerImage(stack, "raibid-server", { context: ".", file: "crates/server/Dockerfile" });
 * system.addService("raibid-server", { image, ports: { http: 8080, metrics: 8081 } });
 * new TiltWorkflow(stack, "tilt", {
 *   cluster,
 *   parallelism: Parallelism.forCores(20),
 *   builds: { "raibid-server": { triggers: ["crates/server"] } },
 *   sharedTriggers: ["crates/common", "Cargo.toml", "Cargo.lock"],
 * });
 */
export class TiltWorkflow extends Construct {
  /** The program that Tilt runs: `Tiltfile`. */
  readonly tiltfile: GeneratedFile;
  /** What it reads: `tilt.json`. */
  readonly settings: GeneratedFile;
  /** Short names for what people do all day; `undefined`: none. */
  readonly justfile: GeneratedFile | undefined;

  private readonly model: TiltModel;
  private readonly images = new Set<string>();

  /** @throws GantryError listing every fault of the props. What only the finished stack can tell is told at synth. */
  constructor(scope: Construct, id: string, props: TiltWorkflowProps) {
    super(scope, id);
    this.model = parseProps(this, tiltWorkflowProps, props);
    const { cluster, justfile } = this.model;
    this.tiltfile = new GeneratedFile(this, "Tiltfile", {
      path: "Tiltfile",
      content: staticFile(join(__dirname, "tilt/Tiltfile")),
    });
    this.settings = new GeneratedFile(this, "Settings", {
      path: "tilt.json",
      content: ({ adoptedRoot }) =>
        renderJson(renderTilt(cluster, this.model, this.plan, this.environments, adoptedRoot)),
    });
    this.justfile =
      justfile === false
        ? undefined
        : new GeneratedFile(this, "Justfile", {
            path: justfile,
            content: staticFile(join(__dirname, "tilt/justfile")),
          });
    cluster.parts.forEach((part) => {
      if ("image" in part && typeof part.image === "object") this.addImage(part.image as ImageSource);
    });
    this.node.addValidation({
      validate: () =>
        tiltFaults(
          this.model,
          this.plan,
          this.environments.map(({ environmentName }) => environmentName),
        ).map(({ property, message }) => `${property}: ${message}`),
    });
  }

  /** Settings that `bin/cluster build-image` reads, those of the images it is built `FROM` too. */
  private addImage(image: ImageSource): void {
    if (this.images.has(image.imageName)) return;
    this.images.add(image.imageName);
    image.bases.forEach((base) => {
      this.addImage(base);
    });
    const path = `cluster/images/${image.imageName}`;
    const file = (extension: string, content: string) =>
      new GeneratedFile(this, `Image-${image.imageName}${extension}`, { path: `${path}${extension}`, content });
    const { repository, movingTag } = (image as { tags?: { repository: string; movingTag: string } }).tags ?? {
      repository: image.imageName,
      movingTag: "latest",
    };
    file(".env", renderEnv({ ...imageSettings({ image, tag: movingTag }), REPOSITORY: repository }));
    if (image.containerfileText !== undefined) file(".Containerfile", image.containerfileText);
  }

  private get plan(): TiltPlan {
    const { cluster } = this.model;
    return tiltPlan(cluster.clusterName, cluster.parts.all, this.model);
  }

  /** Environments of the cluster, wherever in the stack they are declared. */
  private get environments(): TankaEnvironment[] {
    const all = TerraformStack.of(this).node.findAll();
    return all.filter(
      (each): each is TankaEnvironment => each instanceof TankaEnvironment && each.cluster === this.model.cluster,
    );
  }
}
