import { renderYaml, type YamlModel } from "../../core/render/yaml";
import { ACTIONS } from "./actions";
import { expression, header, programSteps, right, run, token, uses, type Part, type ProgramSource } from "./steps";

/** A command that judges a fresh development image. */
export interface CheckStep {
  readonly name: string;
  /** For bash; the image is `$IMAGE`, the engine `$ENGINE`. */
  readonly run: string;
}

/** What is in `ci.yml`. */
export interface CiModel extends ProgramSource {
  readonly stack: string;
  /** The program of the stack's builder, relative to the repository. */
  readonly builderProgram: string;
  /** The base's name in the programs. */
  readonly base: string;
  /** The image to build on it, and what its build is called; `undefined`: only the base is brought. */
  readonly dev: { readonly name: string; readonly reference: string } | undefined;
  /** Variable that the program reads its token from. */
  readonly tokenEnv: string;
  /** Label of the runner. */
  readonly runner: string;
  readonly branch: string;
  /** Where the base is looked for before the registry. */
  readonly baseFrom: "registry" | "actions-cache";
  readonly checks: readonly CheckStep[];
  readonly timeoutMinutes: number;
}

/** The workflow "CI" as a text. */
export function renderCi(model: CiModel): string {
  return renderYaml(ciWorkflow(model), { header: header(model.stack) });
}

/** The workflow "CI": brings the base instead of building it, builds the development image, runs the checks. */
export function ciWorkflow(model: CiModel): YamlModel {
  const { program, builderProgram, base, dev, engine, checks, baseFrom } = model;
  const isPullRequest = "github.event_name == 'pull_request'";
  return {
    name: "CI",
    on: { pull_request: {}, push: { branches: [model.branch] } },
    permissions: {},
    // A newer push to a pull request makes the run of the older one pointless; on a branch each commit is judged.
    concurrency: {
      group: `ci-${expression("github.event.pull_request.number || github.sha")}`,
      "cancel-in-progress": expression(isPullRequest),
    },
    defaults: { run: { shell: "bash" } },
    env: {
      PROGRAM: program,
      BUILDER: builderProgram,
      BASE: base,
      ENGINE: engine,
      ...(dev && { DEV: dev.name, IMAGE: dev.reference }),
    },
    jobs: {
      check: {
        name: "Build and check",
        "runs-on": model.runner,
        "timeout-minutes": model.timeoutMinutes,
        // Nothing to write with, for whoever opens a pull request.
        permissions: { contents: right("read", "the sources"), packages: right("read", "the published base") },
        steps: [
          ...programSteps(model),
          ...(baseFrom === "registry" ? [] : lookIntoCache()),
          bringBase(model),
          ...(dev ? [run("Build the development image", ['"$PROGRAM" build "$DEV"'])] : []),
          ...checks.map((check) => run(check.name, [check.run])),
          ...(baseFrom === "registry" ? [] : fillCache()),
        ],
      },
    },
  };
}

const TAR = `${expression("runner.temp")}/base.tar`;
const KEY = `base-image-${expression("env.ENGINE")}-${expression("runner.arch")}-${expression("steps.base.outputs.hash")}`;

/** The program pulls what is published with this content, by digest, and builds it otherwise. */
const bringBase = ({ tokenEnv }: CiModel) =>
  run("Bring the base image", ['"$PROGRAM" build "$BASE"'], { env: token(tokenEnv) });

function lookIntoCache(): Part[] {
  return [
    run(
      "Hash what the base image is made of",
      [
        'hash=$("$BUILDER" status --json "$BASE" | jq -er ".images[0].hash")',
        'printf "hash=%s\\n" "$hash" >>"$GITHUB_OUTPUT"',
      ],
      { id: "base" },
    ),
    uses("Look into the cache", ACTIONS.cacheRestore, { id: "cache", with: { path: TAR, key: KEY } }),
    run("Load the base image", ['"$ENGINE" load --input "$RUNNER_TEMP/base.tar"'], {
      if: "steps.cache.outputs.cache-hit == 'true'",
    }),
  ];
}

/** Filled by the branch only, so that no pull request puts something there for others. */
function fillCache(): Part[] {
  const isNew = "github.event_name == 'push' && steps.cache.outputs.cache-hit != 'true'";
  return [
    run("Pack the base image", ['"$ENGINE" save --output "$RUNNER_TEMP/base.tar" "localhost/$BASE:ctx-$HASH"'], {
      if: isNew,
      env: { HASH: expression("steps.base.outputs.hash") },
    }),
    uses("Fill the cache", ACTIONS.cacheSave, { if: isNew, with: { path: TAR, key: KEY } }),
  ];
}
