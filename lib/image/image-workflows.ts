import { Annotations, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import type { z } from "zod";
import { GantryError, type Fault } from "../core/errors";
import type { RenderContext } from "../core/file-synthesizer";
import { GeneratedFile } from "../core/generated-file";
import { parseProps } from "../core/props";
import type { ContainerImage } from "./container-image";
import { ImageProgram } from "./image-program";
import type { ImageWorkflowsProps } from "./image-workflows.props";
import { imageWorkflowsProps } from "./image-workflows.schema";
import type { ArgInput, PlatformRunner } from "./workflows/build-base.model";
import { renderBuildBase } from "./workflows/build-base.render";
import { renderCi } from "./workflows/ci.render";

export type { ImageWorkflowsProps, WorkflowCheck } from "./image-workflows.props";

type Parsed = z.output<typeof imageWorkflowsProps>;

/** GitHub's own machines, by platform. */
const RUNNERS: Readonly<Record<string, string>> = {
  "linux/amd64": "ubuntu-24.04",
  "linux/arm64": "ubuntu-24.04-arm",
};
/** Inputs of `build-base.yml` besides the build arguments. */
const INPUTS = ["force", "platforms"];

/**
 * The workflows `.github/workflows/build-base.yml`, which publishes the base image for all its platforms, with a bill of materials,
 * provenance and a signature, and `ci.yml`, which builds on the published base and runs checks. Both run the stack's own programs.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * const builder = new GpuBuilder(stack, "builder", { host: Host.local() });
 * const base = new BaseImage(stack, "sindri-base", { context: "v3", file: "Dockerfile.base", repository: "sindri", version: "3.0.0" });
 * const publication = new GhcrPublication(stack, "publish-base", {
 *   image: base,
 *   repository: GhcrRepository.of("pacphi/sindri"),
 *   builder,
 *   platforms: ["linux/amd64", "linux/arm64"],
 *   sign: true,
 * });
 * new ImageWorkflows(stack, "workflows", {
 *   publication,
 *   dev: new DevImage(stack, "sindri", { base, context: ".", file: "v3/Dockerfile.dev" }),
 *   checks: [{ name: "Version", run: '"$ENGINE" run --rm "$IMAGE" --version' }],
 *   synthCommand: "npm ci && npm run synth",
 * });
 */
export class ImageWorkflows extends Construct {
  /** "Build Base Image". */
  readonly buildBase: GeneratedFile;
  /** "CI". */
  readonly ci: GeneratedFile;

  private readonly settings: Parsed;

  /** @throws GantryError listing every fault of the props. */
  constructor(scope: Construct, id: string, props: ImageWorkflowsProps) {
    super(scope, id);
    this.settings = parseProps(this, imageWorkflowsProps, props);
    const faults = faultsOf(this.settings);
    if (faults.length > 0) throw new GantryError(`[${this.node.path}] ImageWorkflows: invalid props`, faults);
    const { publication, dev, synthCommand, paths } = this.settings;
    if (synthCommand !== undefined && paths.length === 0 && Object.keys(publication.image.args).length > 0) {
      Annotations.of(this).addWarning(
        "a push that changes the base's build arguments does not start build-base.yml; name the stack's sources in paths",
      );
    }
    if (dev !== undefined) ImageProgram.of(publication.program.builder).addImage(dev, "dev");
    this.buildBase = new GeneratedFile(this, "BuildBase", {
      path: ".github/workflows/build-base.yml",
      content: (context) => this.renderBuildBase(context),
    });
    this.ci = new GeneratedFile(this, "Ci", {
      path: ".github/workflows/ci.yml",
      content: (context) => this.renderCi(context),
    });
  }

  private renderBuildBase(context: RenderContext): string {
    const { publication, branch, schedule, attest, baseTimeoutMinutes } = this.settings;
    const { image } = publication;
    return renderBuildBase({
      ...this.common(context),
      image: image.imageName,
      publication: publication.node.id,
      registry: publication.repository.registry,
      repository: publication.repository.name,
      writesCache: publication.cache !== undefined,
      attests: attest,
      signs: publication.sign,
      platforms: platformsOf(this.settings),
      args: argInputsOf(this.settings),
      branch,
      paths: [...sourcesOf(image), ...this.ownSettings(image), ...this.settings.paths, this.buildBase.path],
      schedule: schedule === false ? undefined : schedule,
      timeoutMinutes: baseTimeoutMinutes,
    });
  }

  private renderCi(context: RenderContext): string {
    const { publication, dev, branch, baseFrom, checks, ciTimeoutMinutes } = this.settings;
    const [first] = platformsOf(this.settings);
    return renderCi({
      ...this.common(context),
      base: publication.image.imageName,
      dev: dev && { name: dev.imageName, reference: referenceOf(dev, publication.program.builder.engine) },
      runner: first?.runner ?? "",
      branch,
      baseFrom,
      checks,
      timeoutMinutes: ciTimeoutMinutes,
    });
  }

  /** Where the programs are committed, so are the build arguments and the Containerfile that the stack has as data. */
  private ownSettings({ imageName }: ContainerImage): string[] {
    const { synthCommand, programDirectory, publication } = this.settings;
    if (synthCommand !== undefined) return [];
    const directory = programDirectory === undefined ? "" : `${programDirectory}/`;
    return [`${directory}${publication.program.builder.programName}/images/${imageName}.*`];
  }

  private common({ adoptedRoot }: RenderContext) {
    const { publication, synthCommand, nodeVersion } = this.settings;
    if (!adoptedRoot && synthCommand === undefined) {
      throw new GantryError(`[${this.node.path}] ImageWorkflows: the runners have no programs`, [
        {
          property: "synthCommand",
          message:
            'missing; allowed: a command that generates them, such as "npm ci && npm run synth", or programs that are committed: setFileRoot(stack, ".")',
        },
      ]);
    }
    const stack = TerraformStack.of(this).node.id;
    const directory = this.settings.programDirectory ?? (adoptedRoot ? "" : `cdktf.out/stacks/${stack}/files`);
    const bin = directory === "" ? "bin" : `${directory}/bin`;
    return {
      stack,
      program: `${bin}/image`,
      builderProgram: `${bin}/${publication.program.builder.programName}`,
      engine: publication.program.builder.engine,
      tokenEnv: publication.tokenEnv,
      synthCommand,
      nodeVersion,
    };
  }
}

/** What a name says more than its text: on GitHub, and in this stack. */
function faultsOf(settings: Parsed): Fault[] {
  const { publication, dev, runners, argInputs } = settings;
  const faults: Fault[] = [];
  const add = (property: string, message: string) => faults.push({ property, message });
  if (!publication.repository.isGithub) {
    add(
      "publication",
      `got one at ${publication.repository.registry}; allowed: one at ghcr.io, where a workflow's own token is valid`,
    );
  }
  if (!publication.program.builder.isLocal) {
    add(
      "publication",
      `got one of the builder "${publication.program.builder.programName}" on another host; allowed: one with Host.local(), because runners build by themselves`,
    );
  }
  for (const platform of publication.platforms) {
    if (runners[platform] === undefined && RUNNERS[platform] === undefined) {
      add("runners", `has no runner for ${platform}; allowed: a label for each platform of the publication`);
    }
  }
  if (dev === publication.image) add("dev", "got the base itself; allowed: an image that is FROM it");
  const known = Object.keys(publication.image.args);
  for (const name of argInputs ?? []) {
    if (!known.includes(name))
      add("argInputs", `got "${name}"; allowed: build arguments of the base: ${known.join(", ")}`);
  }
  const inputs = argInputsOf(settings).map(({ name }) => name.toLowerCase());
  for (const name of new Set(inputs.filter((each, i) => INPUTS.includes(each) || inputs.indexOf(each) !== i))) {
    add("argInputs", `the input "${name}" would be there twice; allowed: each once, in any case of letters`);
  }
  if (argInputs === undefined && inputs.length > 8) {
    add("argInputs", `missing, and ${inputs.length} build arguments end in _VERSION; allowed: at most 8 of them`);
  }
  return faults;
}

function argInputsOf({ publication, argInputs }: Parsed): ArgInput[] {
  const { args } = publication.image;
  const names = argInputs ?? Object.keys(args).filter((name) => name.endsWith("_VERSION"));
  return names.map((name) => ({ name, value: args[name] ?? "" }));
}

function platformsOf({ publication, runners }: Parsed): PlatformRunner[] {
  const platforms = publication.platforms.length > 0 ? publication.platforms : ["linux/amd64"];
  return platforms.map((platform) => ({ platform, runner: runners[platform] ?? RUNNERS[platform] ?? "" }));
}

/** Patterns of the files that an image is built from, as GitHub reads patterns. */
function sourcesOf({ context, file, containerfile, inputs }: ContainerImage): string[] {
  const below = (path: string) => (context === "." ? path : `${context}/${path}`).replace(/[*?+[\]!\\]/g, "\\$&");
  if (inputs === undefined) return [`${below("")}**`];
  const paths = inputs.flatMap((path) => [below(path), `${below(path)}/**`]);
  return containerfile === undefined ? [below(file), ...paths] : paths;
}

/** The name that `bin/image build` gives an image last. */
function referenceOf({ tags }: ContainerImage, engine: "podman" | "docker"): string {
  return `${engine === "podman" ? "localhost/" : ""}${tags.repository}:${tags.movingTag}`;
}
