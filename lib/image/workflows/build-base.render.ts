import { renderYaml, type YamlModel } from "../../core/render/yaml";
import { sbomJob, signJobs, verifyJob } from "./attest-jobs";
import { archOf, inputOf, isToPublish, type BuildBaseModel } from "./build-base.model";
import { assembleJob, partialJob, publishJob } from "./publish-jobs";
import { expression, header, type Part } from "./steps";

/** The workflow "Build Base Image" as a text. */
export function renderBuildBase(model: BuildBaseModel): string {
  return renderYaml(buildBaseWorkflow(model), { header: header(model.stack) });
}

/** The workflow "Build Base Image": builds where each platform is at home, assembles, attests, signs, verifies. */
export function buildBaseWorkflow(model: BuildBaseModel): YamlModel {
  const { platforms, program, builderProgram, publication, image } = model;
  const [only, ...others] = platforms;
  const builds = platforms.map((each): [string, Part] => [`build-${archOf(each)}`, partialJob(model, each)]);
  return {
    name: "Build Base Image",
    on: triggers(model),
    permissions: {},
    // Tags move in the order of the runs; a run that has begun to push is not broken off. GitHub keeps one run waiting in a group: one
    // for trying is in a group of its own, or it would take the place of a push that waits.
    concurrency: {
      group: `build-base-${expression(`${isToPublish(model)} && 'publish' || github.run_id`)}`,
      "cancel-in-progress": false,
    },
    defaults: { run: { shell: "bash" } },
    env: { PROGRAM: program, BUILDER: builderProgram, BASE: image, PUBLICATION: publication },
    jobs: {
      ...(only !== undefined && others.length === 0
        ? { publish: publishJob(model, only) }
        : { ...Object.fromEntries(builds), publish: assembleJob(model) }),
      sbom: sbomJob(model),
      ...signJobs(model),
      verify: verifyJob(model),
    },
  };
}

function triggers({ args, platforms, branch, paths, schedule }: BuildBaseModel): Part {
  const overrides = args.map((arg): [string, Part] => [
    inputOf(arg),
    {
      description: `${arg.name} instead of ${arg.value}, to try it: nothing is tagged`,
      type: "string",
      required: false,
      default: "",
    },
  ]);
  return {
    workflow_dispatch: {
      inputs: {
        force: {
          description: "Build every step anew, attest and sign again; what is published stays as it is",
          type: "boolean",
          required: false,
          default: false,
        },
        platforms: {
          description: "Platforms to build; with one alone nothing is tagged",
          type: "choice",
          required: false,
          default: "all",
          options: ["all", ...platforms.map(({ platform }) => platform)],
        },
        ...Object.fromEntries(overrides),
      },
    },
    push: { branches: [branch], paths: [...paths] },
    ...(schedule === undefined ? {} : { schedule: [{ cron: schedule }] }),
  };
}
