import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import type { z } from "zod";
import { GantryError, type Fault } from "../core/errors";
import { GeneratedFile } from "../core/generated-file";
import { parseProps } from "../core/props";
import type { EnvModel } from "../core/render/env";
import { renderJson } from "../core/render/json";
import type { Data } from "../core/render/model";
import type { BuildModesProps } from "./build-modes.props";
import { buildModesProps } from "./build-modes.schema";
import { configJsonSchema, configKeys } from "./config-file.schema";
import type { ContainerImage } from "./container-image";
import { ImageProgram } from "./image-program";
import { renderJustfile } from "./justfile.render";
import { renderMaintenanceService, renderMaintenanceTimer } from "./maintenance.render";
import { renderMakefile } from "./makefile.render";
import { modeTargets, targetTable, type ModeTarget } from "./mode-targets";

/**
 * The ways of daily work with images: fast, clean and nuclear cycles, tiers of caches, builds of what is pushed. The program
 * `bin/image` does them; a Makefile and a justfile have short names for them.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * const builder = new GpuBuilder(stack, "builder", { host: Host.local() });
 * const base = new BaseImage(stack, "sindri-base", { context: "v3", file: "Dockerfile.base", repository: "sindri", version: "3.0.0" });
 * const dev = new DevImage(stack, "sindri", { base, context: ".", file: "v3/Dockerfile.dev" });
 * new BuildModes(stack, "modes", {
 *   builder,
 *   dev,
 *   prefix: "v3",
 *   source: { url: "https://github.com/pacphi/sindri" },
 *   destroy: 'sindri destroy --force --config "$CONFIG"',
 *   deploy: 'sindri deploy --config "$CONFIG"',
 *   targetDirectories: ["v3/target"],
 *   incrementalDirectories: ["v3/target/*\/incremental"],
 * });
 */
export class BuildModes extends Construct {
  /** The image of daily work. */
  readonly dev: ContainerImage;
  /** The image that survives a hard clear; `undefined`: none. */
  readonly base: ContainerImage | undefined;
  /** What a release builds; `undefined`: nothing. */
  readonly production: ContainerImage | undefined;
  /** The targets of the Makefile and the justfile. */
  readonly targets: readonly ModeTarget[];
  /** The program that they call. */
  readonly program: ImageProgram;
  /** The Makefile; `undefined`: none. */
  readonly makefile: GeneratedFile | undefined;
  /** The justfile; `undefined`: none. */
  readonly justfile: GeneratedFile | undefined;

  /** @throws GantryError listing every fault of the props, and for a second one in a stack. */
  constructor(scope: Construct, id: string, props: BuildModesProps) {
    super(scope, id);
    const parsed = parseProps(this, buildModesProps, props);
    this.dev = parsed.dev;
    this.base = parsed.base ?? parsed.dev.bases[0];
    this.production = parsed.production;
    this.refuseWhatCannotBe();
    const prefix = parsed.prefix === undefined ? "" : `${parsed.prefix}-`;
    this.targets = Object.freeze(modeTargets(prefix, parsed.budgets));

    this.program = ImageProgram.of(parsed.builder);
    if (this.base) this.program.addImage(this.base, "base");
    this.program.addImage(this.dev, "dev");
    if (this.production) this.program.addImage(this.production, "production");
    this.program.addModes(this.settings(parsed));

    new GeneratedFile(this, "Targets", { path: "image/targets.tsv", content: targetTable(this.targets) });
    new GeneratedFile(this, "ConfigKeys", { path: "image/config.tsv", content: configKeys() });
    new GeneratedFile(this, "ConfigSchema", {
      path: "image/config.schema.json",
      content: renderJson(configJsonSchema() as Data),
    });
    this.makefile = this.targetFile("Makefile", parsed.makefile, renderMakefile);
    this.justfile = this.targetFile("Justfile", parsed.justfile, renderJustfile);
    if (parsed.maintenance !== undefined) {
      const model = { project: parsed.builder.project, every: parsed.maintenance };
      const path = `image/gantry-${model.project}-images`;
      new GeneratedFile(this, "Service", { path: `${path}.service`, content: renderMaintenanceService(model) });
      new GeneratedFile(this, "Timer", { path: `${path}.timer`, content: renderMaintenanceTimer(model) });
    }
  }

  private refuseWhatCannotBe(): void {
    const faults: Fault[] = [];
    const { base, dev, production } = this;
    if (base === dev) {
      faults.push({ property: "base", message: `got "${dev.imageName}", which is dev; allowed: another image` });
    } else if (base !== undefined && !standsOn(dev, base)) {
      faults.push({
        property: "base",
        message: `got "${base.imageName}", which "${dev.imageName}" is not built on; allowed: one of its bases`,
      });
    }
    if (production !== undefined && (production === dev || production === base)) {
      faults.push({
        property: "production",
        message: `got "${production.imageName}", which is ${production === dev ? "dev" : "the base"}; allowed: another image`,
      });
    }
    const other = TerraformStack.of(this)
      .node.findAll()
      .find((each) => each instanceof BuildModes && each !== this);
    if (other !== undefined) {
      faults.push({ property: "id", message: `the stack has build modes already: ${other.node.path}; allowed: one` });
    }
    if (faults.length > 0) throw new GantryError(`[${this.node.path}] BuildModes: invalid props`, faults);
  }

  private targetFile(id: string, path: string | false, render: typeof renderMakefile): GeneratedFile | undefined {
    if (path === false) return undefined;
    const program = `${"../".repeat(path.split("/").length - 1)}bin/image`;
    return new GeneratedFile(this, id, { path, content: render({ program, targets: this.targets }) });
  }

  private settings(props: z.output<typeof buildModesProps>): EnvModel {
    const { source, budgets } = props;
    return {
      MODES: 1,
      BASE: this.base?.imageName ?? "",
      DEV: this.dev.imageName,
      PRODUCTION: this.production?.imageName ?? "",
      PREFIX: props.prefix ?? "",
      CACHE_NAME: source.cacheName ?? this.dev.tags.repository,
      SOURCE_URL: source.url ?? "",
      SOURCE_REF: source.ref ?? "",
      DEPLOY: props.deploy ?? "",
      DESTROY: props.destroy ?? "",
      CONNECT: props.connect ?? "",
      ...numbered("VERIFY", props.verifyCommand),
      ...numbered("AFTER_BUILD", props.afterBuild),
      ...numbered("INCREMENTAL", props.incrementalDirectories),
      ...numbered("CARGO", props.targetDirectories),
      BUDGET_BASE: budgets.base.toSeconds(),
      BUDGET_FAST: budgets.fast.toSeconds(),
      BUDGET_CLEAN: budgets.clean.toSeconds(),
      BUDGET_NUCLEAR: budgets.nuclear.toSeconds(),
      KEEP_BASES: props.keepBases,
    };
  }
}

/** Whether an image is built on another, however far below. */
function standsOn(image: ContainerImage, base: ContainerImage): boolean {
  return image.bases.some((each) => each === base || standsOn(each, base));
}

/** `X_COUNT`, `X_1`, `X_2` …: the list a shell without arrays in files can read. */
function numbered(name: string, values: readonly string[]): EnvModel {
  const entries = values.map((value, i): [string, string] => [`${name}_${i + 1}`, value]);
  return { [`${name}_COUNT`]: values.length, ...Object.fromEntries(entries) };
}
