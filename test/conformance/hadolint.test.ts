// hadolint on the Containerfiles that the recipes make and on those of the examples.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  aptInstall,
  cargoChef,
  Containerfile,
  developerUser,
  dnfInstall,
  npmInstall,
  pinned,
  pipInstall,
  productionContainerfile,
  rustBase,
  Step,
  uvSync,
  type ContainerfileStep,
} from "../../lib/image";
import { which, withTools } from "../support/tools";

const root = join(__dirname, "../..");
const sum = "0".repeat(64);
const image = pinned("docker.io/library/some:1", `sha256:${sum}`);
const stage = (steps: readonly ContainerfileStep[]) =>
  Containerfile.of({ stages: [{ name: "final", from: image, steps }] });

const made: Readonly<Record<string, Containerfile>> = {
  "the base for Rust": rustBase({
    ubuntu: pinned("docker.io/library/ubuntu:24.04", `sha256:${sum}`),
    rust: { version: "1.93", cargoChef: "0.1.77", rustup: { version: "1.28.2", sha256: { amd64: sum, arm64: sum } } },
    githubCli: { version: "2.86.0", sha256: { amd64: sum, arm64: sum } },
  }),
  "the production layout": productionContainerfile({
    from: image,
    packages: ["ffmpeg", "espeak-ng"],
    models: [{ url: "https://example.com/m?a=$b", sha256: sum, to: "piper/voice.onnx" }],
    dependencies: pipInstall(),
    code: ["src"],
    steps: [Step.user("1001"), Step.healthcheck(["true"]), Step.entrypoint(["python", "-m", "src"])],
  }),
  "cargo-chef": Containerfile.of({ stages: cargoChef({ from: image, directory: "v3", binaries: ["sindri"] }) }),
  "apt, uv, npm and a user": stage([
    Step.workdir("/app"),
    ...aptInstall({ packages: ["jq"] }),
    ...uvSync(),
    ...npmInstall(),
    ...developerUser(),
  ]),
  dnf: stage([...dnfInstall({ packages: ["jq"] })]),
};

// DL3008, DL3041: versions of packages follow the distribution's release, which is pinned by digest.
// DL4006: `echo … | sha256sum -c`, where the last command of the pipe is the one that decides.
// SC2016: an address may hold a dollar sign.
const IGNORED = ["DL3008", "DL3041", "DL4006", "SC2016"];

withTools(["hadolint"], () => {
  const hadolint = (text: string) => {
    const ignored = IGNORED.flatMap((rule) => ["--ignore", rule]);
    const { status, stdout, stderr } = spawnSync(which("hadolint") ?? "hadolint", ["--no-color", ...ignored, "-"], {
      input: text,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };

  test.each(Object.entries(made))("finds nothing in %s", (_, file) => {
    expect(hadolint(file.render())).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  const examples = execFileSync("git", ["ls-files", "-z", "examples/**Containerfile*", "examples/**Dockerfile*"], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\0")
    .filter((path) => path !== "");

  test("finds nothing in the examples", () => {
    expect(examples.length).toBeGreaterThan(5);
    for (const path of examples) {
      const text = readFileSync(join(root, path), "utf8");
      expect([path, hadolint(text)]).toEqual([path, { status: 0, stdout: "", stderr: "" }]);
    }
  });

  test("looks: an unpinned image, a cache that stays and a shell form are found", () => {
    const { status, stdout } = hadolint("FROM debian\nRUN apt-get update && apt-get install -y jq\nCMD jq\n");
    expect([status, stdout.match(/DL\d+/g)]).toEqual([1, ["DL3006", "DL3009", "DL3015", "DL3025"]]);
  });
});
