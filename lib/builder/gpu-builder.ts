import { Annotations, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { z } from "zod";
import { GantryError } from "../core/errors";
import { GeneratedFile } from "../core/generated-file";
import type { ImageBuilder } from "../core/image-builder";
import type { ImageSource } from "../core/image-source";
import { addLauncher, ProgramLibrary } from "../core/program-library";
import { parseProps, parseValue } from "../core/props";
import { renderEnv } from "../core/render/env";
import { showValue } from "../core/show-value";
import { ec2Settings, hostSettings } from "./builder-settings";
import { addEc2Machine, type Ec2Machine } from "./ec2-machine";
import { addOutputs } from "./ec2-outputs";
import type { BuilderProps, Ec2BuilderProps, GpuBuilderProps, HostBuilderProps } from "./gpu-builder.props";
import { ec2BuilderProps, hostBuilderProps } from "./gpu-builder.schema";
import { baseCycle, buildOrder, imageSettings, type ImageBuild } from "./image-builds";
import { instanceTypeFacts, type Arch } from "../core/aws/instance-types";
import { CLIENT_PROGRAMS, HOST_PROGRAMS } from "./programs";
import { addProvisioning } from "./provisioning";
import { regionOf } from "../core/aws/region";
import { renderRunbook } from "./runbook.render";

export type * from "./gpu-builder.props";

/** How an image is built on a builder. */
export interface BuildProps {
  /** Tag that moves to each successful build. @default "dev" */
  readonly tag?: string;
}

/** @internal Runtime twin of {@link BuildProps}. */
export const buildProps = z.strictObject({
  tag: z
    .string()
    .regex(/^(?!ctx-)[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/)
    .describe('an image tag, such as "dev" (not "ctx-…", which names builds by their content)')
    .default("dev"),
});

/**
 * A machine that code is synced to and images are built on: an EC2 instance of its own, or a host that is there already.
 * Synthesis writes its program `bin/<id>` with `up`, `sync`, `build`, `loop`, `ssh`, `doctor` and more.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * new AwsProvider(stack, "aws", { region: "us-west-2" });
 * const builder = new GpuBuilder(stack, "builder", {
 *   instanceType: "g6.xlarge",
 *   ami: Ami.deepLearningBase("ubuntu-24.04"),
 *   sshFrom: ["203.0.113.4/32"],
 *   sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me",
 *   idleStop: Duration.minutes(30),
 * });
 * builder.build(new ContainerImage(stack, "vllm-bootc", { context: "vllm-bootc" }));
 */
export class GpuBuilder extends Construct implements ImageBuilder {
  /** What it consists of on EC2; `undefined` on a host that is there already. */
  readonly machine: Ec2Machine | undefined;
  /** The program `bin/<id>`. */
  readonly program: GeneratedFile;
  /** Settings the program reads: `<id>/builder.env`. */
  readonly settings: GeneratedFile;
  /** How to work with it, for people and coding agents: `<id>/RUNBOOK.md`. */
  readonly runbook: GeneratedFile;

  /** Its program is `bin/<programName>`. */
  readonly programName: string;
  /** Container engine on its host. */
  readonly engine: "podman" | "docker";
  /** Whether its host is the machine that the program runs on. */
  readonly isLocal: boolean;
  /** Label of all that it builds. */
  readonly project: string;

  private readonly builds = new Map<string, ImageBuild>();

  /** @throws GantryError listing every fault of the props. */
  constructor(scope: Construct, id: string, props: GpuBuilderProps) {
    super(scope, id);
    parseProps(this, programName, { id });
    const { machine, settings, provision, rhel, engine, project } = isOnHost(props)
      ? this.onHost(props)
      : this.onEc2(props);
    this.machine = machine;
    this.programName = id;
    this.engine = engine;
    this.isLocal = settings.HOST_KIND === "local";
    this.project = project;
    ProgramLibrary.of(this).add(CLIENT_PROGRAMS).add(HOST_PROGRAMS);
    this.program = addLauncher(this, id);
    this.settings = new GeneratedFile(this, "Settings", {
      path: `${id}/builder.env`,
      content: ({ stackDirectory, adoptedRoot }) =>
        renderEnv({
          ...settings,
          ...(machine && { REGION: regionOf(this) ?? "" }),
          STACK_DIR: stackDirectory,
          PROJECT_DIR: adoptedRoot ? "." : "",
          IMAGES: buildOrder([...this.builds.values()]).join(" "),
        }),
    });
    this.runbook = new GeneratedFile(this, "Runbook", {
      path: `${id}/RUNBOOK.md`,
      content: ({ adoptedRoot }) =>
        renderRunbook({ id, settings, images: [...this.builds.values()], rhel, adoptedRoot }),
    });
    if (provision === "on-deploy") addProvisioning(this, this.program, settings, machine);
  }

  /**
   * Has the builder build an image; the images it is `FROM` come along, in order.
   *
   * @throws GantryError for what is no image, a tag that is none, two images of one name, and images that are built from one another.
   */
  build(image: ImageSource, props: BuildProps = {}): void {
    const place = `[${this.node.path}] GpuBuilder.build`;
    if (!isImage(image)) {
      throw new GantryError(`${place}: invalid props`, [
        { property: "image", message: `got ${showValue(image)}; allowed: a ContainerImage` },
      ]);
    }
    const { tag } = parseValue(place, buildProps, props);
    const cycle = baseCycle(image);
    if (cycle !== undefined) {
      throw new GantryError(`${place}: invalid props`, [
        { property: "bases", message: `got ${cycle.join(" → ")}; allowed: images that are not built from themselves` },
      ]);
    }
    for (const base of image.bases) {
      if (this.builds.get(base.imageName)?.image !== base) this.build(base, props);
    }
    const known = this.builds.get(image.imageName);
    if (known?.image === image && known.tag === tag) return;
    if (known) {
      const another = known.image !== image;
      throw new GantryError(`${place}: invalid props`, [
        another
          ? {
              property: "imageName",
              message: `got "${image.imageName}", the name of another image that is built here; allowed: another name`,
            }
          : {
              property: "tag",
              message: `got "${tag}" for "${image.imageName}", which is built here as "${known.tag}"; allowed: one tag for an image`,
            },
      ]);
    }
    this.warnOfEmulation(image);
    this.builds.set(image.imageName, { image, tag });
    new GeneratedFile(this, `Image-${image.imageName}`, {
      path: `${this.node.id}/images/${image.imageName}.env`,
      content: renderEnv(imageSettings({ image, tag })),
    });
    if (image.containerfileText !== undefined) {
      new GeneratedFile(this, `Containerfile-${image.imageName}`, {
        path: `${this.node.id}/images/${image.imageName}.Containerfile`,
        content: image.containerfileText,
      });
    }
  }

  private onHost(given: HostBuilderProps) {
    const props = parseProps(this, hostBuilderProps, this.withProject(given));
    const { provision, engine, project } = props;
    return { machine: undefined, provision, engine, project, settings: hostSettings(props), rhel: undefined };
  }

  private onEc2(given: Ec2BuilderProps) {
    const props = parseProps(this, ec2BuilderProps, this.withProject(given));
    const facts = instanceTypeFacts(props.instanceType);
    const gpu = props.gpu ?? facts?.gpu ?? "none";
    const arch = props.arch ?? facts?.arch ?? "x86_64";
    if (gpu === "amd") {
      Annotations.of(this).addWarning("setup installs no driver for AMD GPUs; only NVIDIA's are set up for containers");
    }
    const name = `${TerraformStack.of(this).node.id}-${this.node.id}`;
    const machine = addEc2Machine(this, props, arch, { Name: name, "gantry:project": props.project, ...props.tags });
    addOutputs(this, machine, props);
    const { provision, engine, project } = props;
    return { machine, provision, engine, project, settings: ec2Settings(props, gpu), rhel: props.ami.facts.rhel };
  }

  private withProject<P extends BuilderProps>(given: P): P {
    if (typeof given !== "object" || given === null) return given; // refused by the schema
    return { ...given, project: given.project ?? TerraformStack.of(this).node.id.toLowerCase() };
  }

  private warnOfEmulation({ imageName, platform }: ImageSource): void {
    const arch = this.machine?.arch;
    if (arch === undefined || platform === undefined || platform === PLATFORMS[arch]) return;
    Annotations.of(this).addWarning(
      `image "${imageName}" is for ${platform}, the builder is ${PLATFORMS[arch]}: its RUN steps need an emulator, which setup does not install`,
    );
  }
}

const PLATFORMS: Readonly<Record<Arch, string>> = { x86_64: "linux/amd64", arm64: "linux/arm64" };

function isOnHost(props: GpuBuilderProps): props is HostBuilderProps {
  return typeof props === "object" && props !== null && "host" in props;
}

/** From JavaScript it may be anything. */
function isImage(image: unknown): boolean {
  if (typeof image !== "object" || image === null) return false;
  const { imageName, context, bases } = image as Partial<ImageSource>;
  return typeof imageName === "string" && typeof context === "string" && Array.isArray(bases);
}

const programName = z.object({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/)
    .describe("a program name of lower-case letters, digits and dashes (the builder's program is bin/<id>)"),
});
