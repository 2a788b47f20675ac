import { z } from "zod";
import { parseValue } from "../../core/props";
import { relativeDirectory } from "../../core/relative-path.schema";
import { Containerfile } from "../containerfile";
import type { ContainerfileStage, ContainerfileStep } from "../containerfile.model";
import { containerfileStage, containerfileStep } from "../containerfile.schema";
import { Step } from "../step";
import { aptInstall } from "./apt";
import { download, downloadCommands, type Download } from "./download";
import { packageNames } from "./package-names.schema";

/** What {@link productionContainerfile} lays out. */
export interface ProductionProps {
  /** Where it starts, for example `pinned("docker.io/library/python:3.11-slim", "sha256:…")`. */
  readonly from: ContainerfileStage["from"];
  /** System packages (apt) that the program needs. @default - none */
  readonly packages?: readonly string[];
  /** Models to download, each in a layer of its own, checked by sha256. @default - none */
  readonly models?: readonly Download[];
  /** Packages that only downloading needs; `[]` when `curl` and certificates are there. @default ["ca-certificates", "curl"] */
  readonly downloadPackages?: readonly string[];
  /** Steps that install dependencies: {@link pipInstall}, {@link uvSync}, {@link npmInstall}. */
  readonly dependencies: readonly ContainerfileStep[];
  /** Files and directories of the context that are the program; each goes to the same path below `workdir`. */
  readonly code: readonly string[];
  /** Where the program is. @default "/app" */
  readonly workdir?: string;
  /** Directory of the models below `workdir`. @default "models" */
  readonly modelsDirectory?: string;
  /** Last steps: `Step.env`, `Step.user`, `Step.expose`, `Step.entrypoint` and such. @default - none */
  readonly steps?: readonly ContainerfileStep[];
}

const productionProps = z.strictObject({
  from: containerfileStage.shape.from,
  packages: packageNames.optional(),
  models: z.array(download).default([]),
  downloadPackages: z.union([packageNames, z.tuple([])]).default(["ca-certificates", "curl"]),
  dependencies: z.array(containerfileStep),
  code: z.array(relativeDirectory).min(1),
  workdir: z
    .string()
    .regex(/^\/[A-Za-z0-9._/-]+$/)
    .describe('an absolute path, such as "/app"')
    .default("/app"),
  modelsDirectory: relativeDirectory.default("models"),
  steps: z.array(containerfileStep).default([]),
});

/**
 * A production image in four stages that are cached by themselves: `base` (system packages), `models` (downloads), `dependencies`
 * (what the lock file says) and `final` (the code). A change of code rebuilds the last layers only, one of a model not the
 * dependencies, and the tools for downloading are not in the result.
 *
 * @example
 * productionContainerfile({
 *   from: pinned("docker.io/library/python:3.11-slim", `sha256:${"0".repeat(64)}`),
 *   packages: ["ffmpeg", "espeak-ng"],
 *   models: [{ url: "https://example.com/voice.onnx", sha256: "0".repeat(64), to: "voice.onnx" }],
 *   dependencies: pipInstall(),
 *   code: ["src"],
 *   steps: [Step.user("1000"), Step.expose(8000), Step.entrypoint(["python", "-m", "src"])],
 * });
 * @throws GantryError listing every fault of the props.
 */
export function productionContainerfile(props: ProductionProps): Containerfile {
  const parsed = parseValue("productionContainerfile", productionProps, props);
  const { from, packages, models, downloadPackages, code, workdir, modelsDirectory } = parsed;
  return Containerfile.of({
    stages: [
      { name: "base", from, steps: packages === undefined ? [] : aptInstall({ packages }) },
      {
        name: "models",
        from: "base",
        steps: [
          ...(models.length > 0 && downloadPackages.length > 0 ? aptInstall({ packages: downloadPackages }) : []),
          Step.workdir("/models"),
          ...models.map((model) => Step.shell(downloadCommands(model))),
        ],
      },
      { name: "dependencies", from: "base", steps: [Step.workdir(workdir), ...props.dependencies] },
      {
        name: "final",
        from: "dependencies",
        steps: [
          Step.copy(["/models"], modelsDirectory, { from: "models" }),
          ...code.map((path) => Step.copy([path], path)),
          ...(props.steps ?? []),
        ],
      },
    ],
  });
}
