import { GantryError } from "../core/errors";
import { parseValue } from "../core/props";
import type { ContainerfileProps, ContainerfileStage } from "./containerfile.model";
import { LINE_FEED_ARG, needsLineFeed, renderContainerfile } from "./containerfile.render";
import { containerfileFaults } from "./containerfile.rules";
import { containerfileProps } from "./containerfile.schema";
import { Expanded } from "./expanded";
import { PinnedImage } from "./pinned-image";

/**
 * A Containerfile as data: stages, and steps made by {@link Step} or by a recipe. Texts arrive in the image as they are given,
 * whatever is in them, and commands run without a shell unless asked. The text it prints is read alike by podman and docker.
 *
 * @example
 * const python = pinned("docker.io/library/python:3.11-slim", `sha256:${"0".repeat(64)}`);
 * Containerfile.of({
 *   stages: [
 *     { name: "base", from: python, steps: aptInstall({ packages: ["ffmpeg"] }) },
 *     { name: "dependencies", from: "base", steps: pipInstall({ requirements: ["requirements.txt"] }) },
 *     {
 *       name: "final",
 *       from: "dependencies",
 *       steps: [
 *         Step.workdir("/app"),
 *         Step.copy(["src"], "src"),
 *         Step.env({ PATH: expanded("/app/bin:${PATH}") }),
 *         Step.user("1000"),
 *         Step.entrypoint(["python", "-m", "jarvis"]),
 *       ],
 *     },
 *   ],
 * });
 */
export class Containerfile {
  /** @throws GantryError listing every fault: unknown and repeated stages, references to a stage below, NUL, and so on. */
  static of(props: ContainerfileProps): Containerfile {
    const model = parseValue("Containerfile.of", containerfileProps, props) as ContainerfileProps;
    const faults = containerfileFaults(model);
    if (faults.length > 0) throw new GantryError("Containerfile.of: invalid props", faults);
    return new Containerfile(model);
  }

  private constructor(
    /** What it was made of, checked and frozen. */
    readonly model: ContainerfileProps,
  ) {}

  get stages(): readonly ContainerfileStage[] {
    return this.model.stages;
  }

  /**
   * Build arguments that a build of it needs from us: the line feed that no line of a Containerfile can hold, and the defaults that
   * choose a stage to start from, which podman 4.3 does not put in by itself.
   */
  get buildArgs(): Readonly<Record<string, string>> {
    const { args = {} } = this.model;
    const names = this.stages.map(({ name }) => name);
    const choices = this.stages.flatMap(({ from }) =>
      from instanceof Expanded && names.includes(from.with(args) ?? "") ? from.variables : [],
    );
    return {
      ...Object.fromEntries(choices.map((name) => [name, args[name] ?? ""])),
      ...(this.stages.some(needsLineFeed) && { [LINE_FEED_ARG]: "\n" }),
    };
  }

  /** Whether a step reads the build context. One that does not is built without, so nothing in it causes a rebuild. */
  get readsContext(): boolean {
    return this.stages.some(({ steps = [] }) =>
      steps.some(
        (step) =>
          (step.kind === "copy" && step.from === undefined) ||
          ((step.kind === "run" || step.kind === "shell") &&
            (step.mounts ?? []).some((mount) => mount.type === "bind" && mount.from === undefined)),
      ),
    );
  }

  /** Whether it has a health check or a shell of its own, which podman heeds only in docker's image format. */
  get needsDockerFormat(): boolean {
    return this.stages.some(({ steps = [] }) =>
      steps.some(({ kind }) => kind === "healthcheck" || kind === "default-shell"),
    );
  }

  /** Ids of the secrets that it mounts and cannot do without. */
  get requiredSecrets(): readonly string[] {
    const ids = this.stages.flatMap(({ steps = [] }) =>
      steps.flatMap((step) =>
        step.kind === "run" || step.kind === "shell"
          ? (step.mounts ?? []).flatMap((mount) =>
              mount.type === "secret" && mount.required !== false ? [mount.id] : [],
            )
          : [],
      ),
    );
    return [...new Set(ids)];
  }

  /** A copy with labels on its last stage, or on another one. */
  withLabels(labels: Readonly<Record<string, string>>, stage = this.stages.at(-1)?.name): Containerfile {
    if (Object.keys(labels).length === 0) return this;
    const stages = this.stages.map((each) =>
      each.name === stage
        ? { ...each, steps: [...(each.steps ?? []), { kind: "label" as const, values: labels }] }
        : each,
    );
    return Containerfile.of({ ...this.model, stages });
  }

  /** The images of others it stands on, as they will be asked for; arguments without a value stay `${NAME}`. */
  foreignImages(args: Readonly<Record<string, string>> = {}): readonly string[] {
    const names = new Set(this.stages.map(({ name }) => name));
    const known = { ...this.model.args, ...args };
    const found = this.stages.flatMap(({ from, steps = [] }): string[] => {
      const copied = steps.flatMap((step) =>
        step.kind === "copy" && step.from instanceof PinnedImage ? [String(step.from)] : [],
      );
      const image = from instanceof Expanded ? (from.with(known) ?? from.text) : String(from);
      return image === "scratch" || names.has(image) ? copied : [image, ...copied];
    });
    return [...new Set(found)];
  }

  /** Its text. */
  render(): string {
    return renderContainerfile(this.model);
  }

  toString(): string {
    return this.render();
  }
}
