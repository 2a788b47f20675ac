// The jobs of `build-base.yml` that say something of the published image, signed by the run itself.
import { ACTIONS, type Action } from "./actions";
import { archOf, DIGEST, RUNNER, imageOf, IS_TO_SIGN, type BuildBaseModel } from "./build-base.model";
import { expression, programSteps, right, run, token, uses, type Part } from "./steps";

/** The list of what is in each platform's image, and a signed statement that it is this image's. */
export function sbomJob(model: BuildBaseModel): Part {
  const file = `${expression("runner.temp")}/sbom.spdx.json`;
  return {
    name: `Bill of materials ${expression("matrix.platform")}`,
    needs: ["publish"],
    if: IS_TO_SIGN,
    strategy: {
      "fail-fast": false,
      matrix: { include: model.platforms.map((each) => ({ platform: each.platform, arch: archOf(each) })) },
    },
    "runs-on": RUNNER,
    "timeout-minutes": 20,
    permissions: model.attests ? attestRights : { packages: right("read", "the published image") },
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
          image: `${expression("env.IMAGE")}@${expression("steps.image.outputs.digest")}`,
          "registry-username": expression("github.actor"),
          "registry-password": expression("github.token"),
          format: "spdx-json",
          "output-file": file,
          "artifact-name": `sbom-${expression("matrix.arch")}.spdx.json`,
          "upload-release-assets": false,
        },
      }),
      ...(model.attests
        ? [
            attestStep("Attest the bill of materials", ACTIONS.attest, "steps.image.outputs.digest", {
              "sbom-path": file,
            }),
          ]
        : []),
    ],
  };
}

/** Who made it from what, and a signature on the image and all that is in it; nothing when neither is wanted. */
export function signJobs(model: BuildBaseModel): Readonly<Record<string, Part>> {
  const { attests, signs } = model;
  if (!attests && !signs) return {};
  const sign = [
    uses("Set up cosign", ACTIONS.cosign),
    run("Sign", ['cosign sign --yes --recursive "$IMAGE@$INDEX"'], { env: { INDEX: expression(DIGEST) } }),
  ];
  const job = {
    name: attests ? `Provenance${signs ? " and signature" : ""}` : "Signature",
    // GHCR keeps what refers to an image in one list, which two writers at once would take from each other.
    needs: ["publish", "sbom"],
    if: IS_TO_SIGN,
    "runs-on": RUNNER,
    "timeout-minutes": 15,
    permissions: attests ? attestRights : signRights,
    env: { IMAGE: imageOf(model) },
    steps: [
      loginStep(model),
      ...(attests ? [attestStep("Attest the provenance", ACTIONS.provenance, DIGEST)] : []),
      ...(signs ? sign : []),
    ],
  };
  return { sign: job };
}

/** Looks at the image as everybody gets it. */
export function verifyJob(model: BuildBaseModel): Part {
  const statements = ["sbom", ...Object.keys(signJobs(model))];
  return {
    name: "Verify",
    needs: ["publish", ...statements],
    // Also what is there since long is looked at: it may have been changed behind our back.
    if: [
      "!cancelled()",
      "needs.publish.outputs.digest",
      ...statements.map((id) => `needs.${id}.result != 'failure'`),
    ].join(" && "),
    "runs-on": RUNNER,
    "timeout-minutes": 15,
    permissions: { contents: right("read", "the sources"), packages: right("read", "the published image") },
    steps: [
      ...programSteps(model),
      ...(model.signs ? [uses("Set up cosign", ACTIONS.cosign)] : []),
      run("Verify", ['"$PROGRAM" verify "$PUBLICATION"'], { env: token(model.tokenEnv) }),
    ],
  };
}

/** A statement of the run about an image, kept by GitHub and beside the image. */
function attestStep(name: string, action: Action, digest: string, rest: Part = {}): Part {
  return uses(name, action, {
    with: {
      "subject-name": expression("env.IMAGE"),
      "subject-digest": expression(digest),
      ...rest,
      "push-to-registry": true,
      "create-storage-record": false,
    },
  });
}

/** No sources: what was built says what it is. */
const signRights: Part = {
  packages: right("write", "statements lie beside the image"),
  "id-token": right("write", "the identity that signs"),
};
const attestRights: Part = { ...signRights, attestations: right("write", "the statement in the repository") };

/** The actions take the login where docker keeps it. */
function loginStep({ registry }: BuildBaseModel): Part {
  return run("Log in", ['docker login "$REGISTRY" --username "$GITHUB_ACTOR" --password-stdin <<<"$TOKEN"'], {
    env: { REGISTRY: registry, ...token("TOKEN") },
  });
}
