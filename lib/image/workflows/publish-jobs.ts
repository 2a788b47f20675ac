// The jobs of `build-base.yml` that build and publish.
import { archOf, RUNNER, inputOf, isToPublish, type BuildBaseModel, type PlatformRunner } from "./build-base.model";
import { expression, programSteps, right, run, token, type Part } from "./steps";

/** One platform's image, in the registry under a tag of its content and platform. */
export function partialJob(model: BuildBaseModel, { platform, runner }: PlatformRunner): Part {
  return {
    name: `Build ${platform}`,
    // Pushes and the schedule have no inputs: they build all.
    if: `!inputs.platforms || inputs.platforms == 'all' || inputs.platforms == '${platform}'`,
    "runs-on": runner,
    "timeout-minutes": model.timeoutMinutes,
    permissions: { contents: right("read", "the sources"), packages: right("write", "this platform's image") },
    steps: [
      ...programSteps(model),
      buildStep(model),
      run("Push", [`"$PROGRAM" publish --platform "$PLATFORM" --partial${cache(model)} "$PUBLICATION"`], {
        if: isToPublish(model),
        env: { PLATFORM: platform, ...token(model.tokenEnv) },
      }),
    ],
  };
}

/** When a build was left out, so is this: an index holds all platforms or is not made. */
export function assembleJob(model: BuildBaseModel): Part {
  return {
    name: "Assemble and tag",
    needs: model.platforms.map((each) => `build-${archOf(each)}`),
    if: isToPublish(model),
    "runs-on": RUNNER,
    "timeout-minutes": 15,
    permissions: { contents: right("read", "the sources"), packages: right("write", "the index and its tags") },
    outputs: published,
    steps: [...programSteps(model), publishStep(model, "Assemble and tag", "--assemble")],
  };
}

/** All in one, where there is one platform. */
export function publishJob(model: BuildBaseModel, { platform, runner }: PlatformRunner): Part {
  return {
    name: `Build and publish ${platform}`,
    "runs-on": runner,
    "timeout-minutes": model.timeoutMinutes,
    permissions: { contents: right("read", "the sources"), packages: right("write", "the image and its tags") },
    outputs: published,
    steps: [
      ...programSteps(model),
      buildStep(model),
      publishStep(model, "Publish", `--platform "$PLATFORM"${cache(model)}`, {
        if: isToPublish(model),
        env: { PLATFORM: platform, ...token(model.tokenEnv) },
      }),
    ],
  };
}

const published = {
  digest: expression("steps.publish.outputs.digest"),
  changed: expression("steps.publish.outputs.changed"),
};

function publishStep(model: BuildBaseModel, name: string, options: string, rest: Part = {}): Part {
  return run(
    name,
    [
      `result=$("$PROGRAM" publish ${options} --json "$PUBLICATION")`,
      'printf "%s\\n" "$result"',
      'digest=$(jq -er .digest <<<"$result")',
      'changed=$(jq -r \'.outcome == "published"\' <<<"$result")',
      'printf "digest=%s\\nchanged=%s\\n" "$digest" "$changed" >>"$GITHUB_OUTPUT"',
    ],
    { id: "publish", env: token(model.tokenEnv), ...rest },
  );
}

/** Only a branch's own run fills the build cache, never one for trying. */
const cache = ({ writesCache }: BuildBaseModel) => (writesCache ? " --write-cache" : "");

/** What publishing does not do: it builds only what is to be published and is not yet. */
function buildStep(model: BuildBaseModel): Part {
  const { args, branch } = model;
  const overrides = args.map((arg) => `inputs.${inputOf(arg)}`);
  // Once a week, so that what the base is made of is missed here first, and not when a new base is needed.
  const isAnew = "inputs.force || github.event_name == 'schedule'";
  return run(
    "Build",
    [
      "options=()",
      'if [ "$ANEW" = true ]; then options+=(--no-cache --pull); fi',
      ...(args.length === 0
        ? []
        : [
            "for name in $ARGS; do",
            "  new=NEW_$name",
            '  if [ -n "${!new}" ]; then options+=(--build-arg "$name=${!new}"); fi',
            "done",
          ]),
      '"$BUILDER" build "${options[@]}" "$BASE"',
    ],
    {
      if: [isAnew, `github.ref != 'refs/heads/${branch}'`, ...overrides].join(" || "),
      env: {
        ANEW: expression(isAnew),
        ...(args.length === 0 ? {} : { ARGS: args.map(({ name }) => name).join(" ") }),
        ...Object.fromEntries(args.map((arg, i) => [`NEW_${arg.name}`, expression(overrides[i] ?? "")])),
      },
    },
  );
}
