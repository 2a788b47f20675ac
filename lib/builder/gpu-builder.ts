import { Annotations, TerraformOutput, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { z } from "zod";
import { GantryError } from "../core/errors";
import { GeneratedFile } from "../core/generated-file";
import type { Host } from "../core/host";
import type { ImageSource } from "../core/image-source";
import { parseProps } from "../core/props";
import { renderEnv, shellQuote, type EnvModel } from "../core/render/env";
import { regionOf } from "./ami";
import { addLauncher, BuilderLibrary } from "./builder-library";
import { buildOrder, imageSettings, type ImageBuild } from "./image-builds";
import { addEc2Machine, type Ec2Machine } from "./ec2-machine";
import type { GpuBuilderProps } from "./gpu-builder.props";
import { ec2BuilderProps, hostBuilderProps } from "./gpu-builder.schema";
import { instanceTypeFacts, type Gpu } from "./instance-types";
import { addProvisioning } from "./provisioning";
import { renderRunbook } from "./runbook.render";

export type * from "./gpu-builder.props";

/** How an image is built on a builder. */
export interface BuildProps {
  /** Tag that moves to each successful build. @default "dev" */
  readonly tag?: string;
}

const buildProps = z.strictObject({
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
export class GpuBuilder extends Construct {
  /** What it consists of on EC2; `undefined` on a host that is there already. */
  readonly machine: Ec2Machine | undefined;
  /** The program `bin/<id>`. */
  readonly program: GeneratedFile;
  /** Settings the program reads: `<id>/builder.env`. */
  readonly settings: GeneratedFile;
  /** How to work with it, for people and coding agents: `<id>/RUNBOOK.md`. */
  readonly runbook: GeneratedFile;

  private readonly builds = new Map<string, ImageBuild>();

  /** @throws GantryError listing every fault of the props. */
  constructor(scope: Construct, id: string, props: GpuBuilderProps) {
    super(scope, id);
    parseProps(this, programName, { id });
    const { machine, settings, provision } = "host" in props ? this.onHost(props) : this.onEc2(props);
    this.machine = machine;
    BuilderLibrary.of(TerraformStack.of(this));
    this.program = addLauncher(this, id);
    this.settings = new GeneratedFile(this, "Settings", {
      path: `${id}/builder.env`,
      content: ({ stackDirectory, adoptedRoot }) =>
        renderEnv({
          ...settings,
          BUILDER_ID: id,
          STACK_DIR: stackDirectory,
          PROJECT_DIR: adoptedRoot ? "." : "",
          IMAGES: buildOrder([...this.builds.values()]).join(" "),
        }),
    });
    const rhel = "host" in props ? undefined : props.ami.rhel;
    this.runbook = new GeneratedFile(this, "Runbook", {
      path: `${id}/RUNBOOK.md`,
      content: ({ adoptedRoot }) => renderRunbook({ id, settings, images: [...this.builds.values()], rhel, adoptedRoot }),
    });
    if (provision === "on-deploy") addProvisioning(this, this.program, settings, machine);
  }

  /**
   * Has the builder build an image; the images it is `FROM` come along, in order.
   *
   * @throws GantryError for a tag that is none, and for two images of one name.
   */
  build(image: ImageSource, props: BuildProps = {}): void {
    const { tag } = parseProps(this, buildProps, props);
    for (const base of image.bases) if (!this.builds.has(base.imageName)) this.build(base, props);
    const known = this.builds.get(image.imageName);
    if (known?.image === image && known.tag === tag) return;
    if (known) {
      const how = known.image === image ? `is built already, as "${known.tag}"` : "is the name of another image that is built here";
      throw new GantryError(`[${this.node.path}] GpuBuilder.build: invalid image`, [
        { property: "imageName", message: `"${image.imageName}" ${how}; give one of the two another name` },
      ]);
    }
    this.builds.set(image.imageName, { image, tag });
    new GeneratedFile(this, `Image-${image.imageName}`, {
      path: `${this.node.id}/images/${image.imageName}.env`,
      content: renderEnv(imageSettings({ image, tag })),
    });
  }

  private onHost(given: GpuBuilderProps) {
    const props = parseProps(this, hostBuilderProps, given);
    return {
      machine: undefined,
      provision: props.provision,
      settings: {
        ...this.commonSettings(props),
        ...hostSettings(props.host),
        GPU: props.gpu ? "nvidia" : "none",
        DRIVER: props.gpu ? "preinstalled" : "none", // whoever owns the machine owns its kernel modules
      },
    };
  }

  private onEc2(given: GpuBuilderProps) {
    const props = parseProps(this, ec2BuilderProps, given);
    const facts = instanceTypeFacts(props.instanceType);
    const gpu: Gpu = props.gpu ?? facts?.gpu ?? "none";
    const arch = props.arch ?? facts?.arch ?? "x86_64";
    if (gpu === "amd") Annotations.of(this).addWarning("setup installs no driver for AMD GPUs; only NVIDIA's are set up for containers");
    const common = this.commonSettings(props);
    const tags = { Name: `${TerraformStack.of(this).node.id}-${this.node.id}`, "gantry:project": common.PROJECT, ...props.tags };
    const machine = addEc2Machine(this, props, arch, tags);
    this.addOutputs(machine, props);
    return {
      machine,
      provision: props.provision,
      settings: {
        ...common,
        HOST_KIND: "ec2",
        HOST_USER: props.ami.user,
        HOST_PORT: 22,
        IDENTITY_FILE: props.identityFile ?? "",
        ACCESS: props.access,
        REGION: regionOf(this) ?? "",
        OUTPUT_PREFIX: props.outputPrefix,
        GPU: gpu === "nvidia" ? "nvidia" : "none",
        DRIVER: gpu !== "nvidia" ? "none" : props.ami.nvidiaDriver ? "preinstalled" : "install",
        IDLE_STOP_SECONDS: props.idleStop?.toSeconds() ?? "",
        MAX_AGE_SECONDS: props.maxAge?.toSeconds() ?? "",
        DATA_HOLDS: props.dataVolume?.holds ?? "",
      },
    };
  }

  private commonSettings(props: z.output<typeof hostBuilderProps> | z.output<typeof ec2BuilderProps>) {
    return {
      PROJECT: props.project ?? TerraformStack.of(this).node.id.toLowerCase(),
      ENGINE: props.engine,
      REMOTE_ROOT: props.remoteRoot,
      MIN_FREE_GIB: props.disk.minFreeGib,
      MAX_ITERATIONS: props.maxIterations,
      KEEP_SNAPSHOTS: props.keepSnapshots,
      TMUX_SESSION: props.tmuxSession,
      HOST_ADDRESS: "",
      HOST_ALIAS: "",
      HOST_KEY: "",
      OUTPUT_PREFIX: "",
      REGION: "",
      IDLE_STOP_SECONDS: "",
      MAX_AGE_SECONDS: "",
      DATA_HOLDS: "",
    } satisfies EnvModel;
  }

  private addOutputs({ instance, publicIp, dataVolume }: Ec2Machine, props: z.output<typeof ec2BuilderProps>): void {
    claimOutputs(this, props.outputPrefix);
    const add = (name: string, value: string, description: string) => {
      new TerraformOutput(this, name, { value, description }).overrideLogicalId(`${props.outputPrefix}${name}`);
    };
    add("instance_id", instance.id, "EC2 instance");
    add("public_ip", publicIp, "Public address; empty while the instance is stopped");
    add("private_ip", instance.privateIp, "Address inside the VPC");
    add("ssh_command", sshCommand(props, instance.id, publicIp, regionOf(this)), "Paste it into a shell (print it with output -raw)");
    if (dataVolume) add("data_volume_id", dataVolume.id, "EBS volume that outlives the instance");
  }
}

const outputOwners = new WeakMap<TerraformStack, Map<string, GpuBuilder>>();

/** Two builders that write the same outputs: Terraform would keep one of them and say nothing. */
function claimOutputs(builder: GpuBuilder, prefix: string): void {
  const stack = TerraformStack.of(builder);
  const owners = outputOwners.get(stack) ?? new Map<string, GpuBuilder>();
  outputOwners.set(stack, owners);
  const twin = owners.get(prefix);
  if (twin) {
    const suggestion = `${builder.node.id.replaceAll("-", "_")}_`;
    throw new GantryError(`[${builder.node.path}] GpuBuilder: invalid props`, [
      { property: "outputPrefix", message: `got ${JSON.stringify(prefix)}; taken by [${twin.node.path}]; allowed: another prefix, such as "${suggestion}"` },
    ]);
  }
  owners.set(prefix, builder);
}

const programName = z.object({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/)
    .describe("a program name of lower-case letters, digits and dashes (the builder's program is bin/<id>)"),
});

function hostSettings(host: Host): EnvModel {
  if (host.kind === "local") return { HOST_KIND: "local", HOST_USER: "", HOST_PORT: "", IDENTITY_FILE: "", ACCESS: "ssh" };
  return {
    HOST_KIND: "existing",
    HOST_ADDRESS: host.address,
    HOST_PORT: host.port,
    HOST_USER: host.user ?? "",
    HOST_ALIAS: host.port === 22 ? host.address : `${host.address}:${host.port}`,
    HOST_KEY: host.hostKey ?? "",
    IDENTITY_FILE: host.identityFile ?? "",
    ACCESS: "ssh",
  };
}

function sshCommand(props: z.output<typeof ec2BuilderProps>, instanceId: string, address: string, region: string | undefined): string {
  const key = props.identityFile === undefined ? "" : `-i ${/^[\w./~@+-]+$/.test(props.identityFile) ? props.identityFile : shellQuote(props.identityFile)} `;
  if (props.access === "ssh") return `ssh ${key}${props.ami.user}@${address}`;
  const proxy = `aws ssm start-session --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p${region === undefined ? "" : ` --region ${region}`}`;
  return `ssh ${key}-o ProxyCommand=${shellQuote(proxy)} ${props.ami.user}@${instanceId}`;
}
