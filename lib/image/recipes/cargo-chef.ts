import { z } from "zod";
import { parseValue } from "../../core/props";
import { relativeDirectory } from "../../core/relative-path.schema";
import type { ContainerfileStage, ContainerfileStep } from "../containerfile.model";
import { containerfileStage } from "../containerfile.schema";
import { Mount, Step } from "../step";

/** What {@link cargoChef} builds. */
export interface CargoChefProps {
  /** Where the stages start: an image, or a stage above, with Rust and `cargo-chef`. */
  readonly from: ContainerfileStage["from"];
  /** Directory of the workspace, relative to the context. @default - the context itself */
  readonly directory?: string;
  /** Where it is in the image: an absolute path. @default "/src" */
  readonly workdir?: string;
  /** Binaries to build. @default - all of the workspace */
  readonly binaries?: readonly string[];
  /** Cargo's profile. @default "release" */
  readonly profile?: string;
  /** Features to switch on. @default - the default ones */
  readonly features?: readonly string[];
  /** Cargo's home in the image, of which builds on one machine share the downloads. @default "/usr/local/cargo" */
  readonly cargoHome?: string;
}

const word = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_./-]*$/)
  .describe("a name of letters, digits, dots, dashes, slashes and underscores");
const absolute = z
  .string()
  .regex(/^\/[A-Za-z0-9._/-]+$/)
  .describe('an absolute path, such as "/src"');

const cargoChefProps = z.strictObject({
  from: containerfileStage.shape.from,
  directory: relativeDirectory.default("."),
  workdir: absolute.default("/src"),
  binaries: z.array(word).default([]),
  profile: word.default("release"),
  features: z.array(word).default([]),
  cargoHome: absolute.default("/usr/local/cargo"),
});

/**
 * Three stages that build a Rust workspace: `planner` writes down its dependencies, `cook` compiles them, `build` compiles the
 * workspace itself. A change of code leaves `cook` cached; only one of the dependencies rebuilds it.
 *
 * @throws GantryError for props that are none.
 */
export function cargoChef(props: CargoChefProps): ContainerfileStage[] {
  const { from, directory, workdir, binaries, profile, features, cargoHome } = parseValue(
    "cargoChef",
    cargoChefProps,
    props,
  );
  // Shared: cargo itself waits for others that write there.
  const mounts = [Mount.cache(`${cargoHome}/registry`), Mount.cache(`${cargoHome}/git`)];
  const flags = ["--profile", profile, ...(features.length > 0 ? ["--features", features.join(",")] : [])];
  const only = binaries.flatMap((binary) => ["--bin", binary]);
  const code: ContainerfileStep = Step.copy([directory], "./");
  return [
    {
      name: "planner",
      from,
      steps: [Step.workdir(workdir), code, Step.run(["cargo", "chef", "prepare", "--recipe-path", "recipe.json"])],
    },
    {
      name: "cook",
      from,
      steps: [
        Step.workdir(workdir),
        Step.copy([`${workdir}/recipe.json`], "recipe.json", { from: "planner" }),
        Step.run(["cargo", "chef", "cook", ...flags, ...only, "--recipe-path", "recipe.json"], { mounts }),
      ],
    },
    {
      name: "build",
      from: "cook",
      steps: [code, Step.run(["cargo", "build", "--locked", ...flags, ...only], { mounts })],
    },
  ];
}
