import { join } from "node:path";
import { Annotations, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { z } from "zod";
import { GantryError } from "../core/errors";
import { GeneratedFile, staticFile } from "../core/generated-file";
import { addLauncher, ProgramLibrary } from "../core/program-library";
import { parseProps } from "../core/props";
import { renderEnv } from "../core/render/env";
import { looksSecret } from "../core/show-value";
import { renderCompose } from "./compose.render";
import { devSettings, serviceSettings } from "./dev-settings";
import type { DevStackProps } from "./dev-stack.props";
import { devStackFaults } from "./dev-stack.rules";
import { devStackProps, portsOf, type DevStackModel } from "./dev-stack.schema";
import { DEV_PROGRAMS } from "./programs";

export type * from "./dev-stack.props";

/** Names of the shims, which know their command by it. */
const SHIMS = ["dev-fast.sh", "rebuild-clean.sh", "dev-local.sh", "podman-dev.sh", "setup.sh"];

/**
 * Services that people work on, in containers with their code mounted, or without containers. Synthesis writes the program
 * `bin/<id>` with `fast`, `clean`, `local`, `full`, `setup`, `stop`, `logs`, `backup` and more, a compose file, and
 * `scripts/dev-fast.sh` and its siblings, which call the program.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * new DevStack(stack, "jarvis", {
 *   services: {
 *     backend: {
 *       build: { context: ".", target: "dependencies" },
 *       ports: [8000],
 *       live: { "./src": "/app/src" },
 *       volumes: { models: "/app/models" },
 *       dependencies: ["requirements.txt"],
 *       envFile: ".env",
 *       health: { path: "/health" },
 *     },
 *   },
 *   native: { command: ["python", "-m", "jarvis"], requirements: "requirements.txt", needs: ["ffmpeg"] },
 * });
 */
export class DevStack extends Construct {
  /** The program `bin/<id>`. */
  readonly program: GeneratedFile;
  /** Settings the program reads: `<id>/dev.env`. */
  readonly settings: GeneratedFile;
  /** The whole stack for compose: `<id>/compose.yaml`. */
  readonly compose: GeneratedFile;

  /** @throws GantryError listing every fault of the props. */
  constructor(scope: Construct, id: string, props: DevStackProps) {
    super(scope, id);
    parseProps(this, programName, { id });
    const given: unknown = props; // from JavaScript it may be nothing at all
    const project = TerraformStack.of(this).node.id.toLowerCase();
    const named = typeof given === "object" && given !== null ? { ...props, project: props.project ?? project } : given;
    const model = parseProps(this, devStackProps, named);
    const faults = devStackFaults(model);
    if (faults.length > 0) throw new GantryError(`[${this.node.path}] DevStack: invalid props`, faults);
    this.warn(model);
    ProgramLibrary.of(this).add(DEV_PROGRAMS);
    this.program = addLauncher(this, id);
    this.settings = new GeneratedFile(this, "Settings", {
      path: `${id}/dev.env`,
      content: ({ stackDirectory, adoptedRoot }) =>
        renderEnv({ ...devSettings(id, model), STACK_DIR: stackDirectory, PROJECT_DIR: adoptedRoot ? "." : "" }),
    });
    for (const [name, service] of Object.entries(model.services)) {
      const content = renderEnv(serviceSettings(id, name, model, service));
      new GeneratedFile(this, `Service-${name}`, { path: `${id}/services/${name}.env`, content });
    }
    this.compose = new GeneratedFile(this, "Compose", {
      path: `${id}/compose.yaml`,
      content: renderCompose(id, model),
    });
    for (const name of SHIMS) {
      const content = staticFile(join(DEV_PROGRAMS.directory, "../dev-shim.sh"));
      new GeneratedFile(this, `Shim-${name}`, { path: `${model.scripts}/${name}`, content, executable: true });
    }
  }

  private warn({ services, engine }: DevStackModel): void {
    for (const [name, service] of Object.entries(services)) {
      const low = portsOf(service).find(({ host }) => host < 1024);
      if (low !== undefined && engine === "podman") {
        Annotations.of(this).addWarning(
          `services.${name}.ports: ${low.host} is below 1024, which rootless podman may not bind; take one from 1024 on`,
        );
      }
      for (const [key, value] of Object.entries(service.env)) {
        if (!looksSecret(value)) continue;
        Annotations.of(this).addWarning(
          `services.${name}.env.${key} looks like a secret and would be in a generated file; use envFile`,
        );
      }
    }
  }
}

const programName = z.object({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/)
    .describe("a program name of lower-case letters, digits and dashes, at most 31 (the stack's program is bin/<id>)"),
});
