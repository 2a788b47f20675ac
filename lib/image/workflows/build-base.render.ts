import { renderYaml, type YamlModel } from "../../core/render/yaml";
import { ACTIONS } from "./actions";
import { expression, header, programSteps, right, run, token, uses, type Part, type ProgramSource } from "./steps";

/** A machine of GitHub's that builds for its own platform. */
export interface PlatformRunner {
  /** For example `"linux/arm64"`. */
  readonly platform: string;
  /** Label of the runner, for example `"ubuntu-24.04-arm"`. */
  readonly runner: string;
}

/** A build argument that a run by hand may give another value. */
export interface ArgInput {
  /** The argument, for example `"RUST_VERSION"`. */
  readonly name: string;
  /** The stack's value. */
  readonly value: string;
}

/** What is in `build-base.yml`. */
export interface BuildBaseModel extends ProgramSource {
  readonly stack: string;
  /** The program of the stack's builder, relative to the repository. */
  readonly builderProgram: string;
  /** The base's name in the programs. */
  readonly image: string;
  /** The publication's name in the program. */
  readonly publication: string;
  /** Whether the publication has a build cache in the registry. */
  readonly writesCache: boolean;
  /** For example `"ghcr.io"`. */
  readonly registry: string;
  /** Name in the registry, for example `"pacphi/sindri"`. */
  readonly repository: string;
  /** Variable that the program reads its token from. */
  readonly tokenEnv: string;
  readonly platforms: readonly PlatformRunner[];
  readonly args: readonly ArgInput[];
  /** Branch whose pushes publish. */
  readonly branch: string;
  /** Patterns of the files that the base is made from. */
  readonly paths: readonly string[];
  /** When it runs by itself; `undefined`: never. */
  readonly schedule: string | undefined;
  readonly timeoutMinutes: number;
}

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
    // Tags move in the order of the runs; a run that has begun to push is not broken off.
    concurrency: { group: "build-base", "cancel-in-progress": false },
    defaults: { run: { shell: "bash" } },
    env: { PROGRAM: program, BUILDER: builderProgram, BASE: image, PUBLICATION: publication },
    jobs: {
      ...(only !== undefined && others.length === 0
        ? { publish: publishJob(model, only) }
        : { ...Object.fromEntries(builds), publish: assembleJob(model) }),
      sbom: sbomJob(model),
      sign: signJob(model),
      verify: verifyJob(model),
    },
  };
}

const FIRST = "ubuntu-24.04";
const SUBJECT = (digest: string) => `${expression("env.IMAGE")}@${expression(digest)}`;
const DIGEST = "needs.publish.outputs.digest";
const CHANGED = "needs.publish.outputs.changed == 'true'";
/** Tags move for what is on the branch, and as the stack has it. */
const isToPublish = ({ branch, args }: BuildBaseModel) =>
  [`github.ref == 'refs/heads/${branch}'`, ...args.map((arg) => `!inputs.${inputOf(arg)}`)].join(" && ");

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
          description: "Build every step anew, also what is published; that stays as it is",
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

/** One platform's image, in the registry under a tag of its content and platform. */
function partialJob(model: BuildBaseModel, { platform, runner }: PlatformRunner): Part {
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
function assembleJob(model: BuildBaseModel): Part {
  return {
    name: "Assemble and tag",
    needs: model.platforms.map((each) => `build-${archOf(each)}`),
    if: isToPublish(model),
    "runs-on": FIRST,
    "timeout-minutes": 15,
    permissions: { contents: right("read", "the sources"), packages: right("write", "the index and its tags") },
    outputs: published,
    steps: [...programSteps(model), publishStep(model, "Assemble and tag", "--assemble")],
  };
}

/** All in one, where there is one platform. */
function publishJob(model: BuildBaseModel, { platform, runner }: PlatformRunner): Part {
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

/** The list of what is in each platform's image, and a signed statement that it is this image's. */
function sbomJob(model: BuildBaseModel): Part {
  const file = `${expression("runner.temp")}/sbom.spdx.json`;
  return {
    name: `Bill of materials ${expression("matrix.platform")}`,
    needs: ["publish"],
    if: CHANGED,
    strategy: {
      "fail-fast": false,
      matrix: { include: model.platforms.map((each) => ({ platform: each.platform, arch: archOf(each) })) },
    },
    "runs-on": FIRST,
    "timeout-minutes": 20,
    permissions: attestRights,
    env: { IMAGE: imageOf(model) },
    steps: [
      loginStep(model),
      run(
        "Find the image of the platform",
        [
          'index=$(skopeo inspect --raw "docker://$IMAGE@$INDEX")',
          "found=$(jq -er '",
          "  if .manifests then .manifests[] else {digest: $ENV.INDEX} end",
          '  | select(.platform == null or ([.platform | .os, .architecture, .variant // empty] | join("/")) == $ENV.PLATFORM)',
          '  | .digest\' <<<"$index")',
          'printf "digest=%s\\n" "$found" >>"$GITHUB_OUTPUT"',
        ],
        { id: "image", env: { INDEX: expression(DIGEST), PLATFORM: expression("matrix.platform") } },
      ),
      uses("Write the bill of materials", ACTIONS.sbom, {
        with: {
          image: SUBJECT("steps.image.outputs.digest"),
          "registry-username": expression("github.actor"),
          "registry-password": expression("github.token"),
          format: "spdx-json",
          "output-file": file,
          "artifact-name": `sbom-${expression("matrix.arch")}.spdx.json`,
          "upload-release-assets": false,
        },
      }),
      uses("Attest the bill of materials", ACTIONS.attest, {
        with: {
          "subject-name": expression("env.IMAGE"),
          "subject-digest": expression("steps.image.outputs.digest"),
          "sbom-path": file,
          "push-to-registry": true,
          "create-storage-record": false,
        },
      }),
    ],
  };
}

function signJob(model: BuildBaseModel): Part {
  return {
    name: "Provenance and signature",
    needs: ["publish"],
    if: CHANGED,
    "runs-on": FIRST,
    "timeout-minutes": 15,
    permissions: attestRights,
    env: { IMAGE: imageOf(model) },
    steps: [
      loginStep(model),
      uses("Attest the provenance", ACTIONS.provenance, {
        with: {
          "subject-name": expression("env.IMAGE"),
          "subject-digest": expression(DIGEST),
          "push-to-registry": true,
          "create-storage-record": false,
        },
      }),
      uses("Set up cosign", ACTIONS.cosign),
      run(
        "Sign",
        // In a tag beside the image: GHCR has no list of what refers to an image.
        ['cosign sign --yes --recursive --new-bundle-format=false --use-signing-config=false "$IMAGE@$INDEX"'],
        { env: { INDEX: expression(DIGEST) } },
      ),
    ],
  };
}

function verifyJob(model: BuildBaseModel): Part {
  return {
    name: "Verify",
    needs: ["publish", "sign"],
    // Also what is there since long is looked at: it may have been changed behind our back.
    if: "!cancelled() && needs.publish.outputs.digest && needs.sign.result != 'failure'",
    "runs-on": FIRST,
    "timeout-minutes": 15,
    permissions: { contents: right("read", "the sources"), packages: right("read", "the published image") },
    steps: [
      ...programSteps(model),
      uses("Set up cosign", ACTIONS.cosign),
      run("Verify", ['"$PROGRAM" verify "$PUBLICATION"'], { env: token(model.tokenEnv) }),
    ],
  };
}

/** No sources: what was built says what it is. */
const attestRights: Part = {
  packages: right("write", "statements lie beside the image"),
  "id-token": right("write", "the identity that signs"),
  attestations: right("write", "the statement in the repository"),
};

/** The actions take the login where docker keeps it. */
function loginStep({ registry }: BuildBaseModel): Part {
  return run("Log in", ['docker login "$REGISTRY" --username "$GITHUB_ACTOR" --password-stdin <<<"$TOKEN"'], {
    env: { REGISTRY: registry, ...token("TOKEN") },
  });
}

const imageOf = ({ registry, repository }: BuildBaseModel) => `${registry}/${repository}`;
const archOf = ({ platform }: PlatformRunner) => platform.slice("linux/".length).replaceAll("/", "-");
const inputOf = ({ name }: ArgInput) => name.toLowerCase();
