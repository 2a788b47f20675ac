import { z } from "zod";
import { instanceOf, parseValue } from "../../core/props";
import { Containerfile } from "../containerfile";
import type { ContainerfileStep } from "../containerfile.model";
import { PinnedImage } from "../pinned-image";
import { Step } from "../step";
import { aptInstall } from "./apt";
import { developerUser, type DeveloperUserProps } from "./developer-user";
import { sha256 } from "./download";
import { packageNames } from "./package-names.schema";

/** sha256 of a download for each kind of processor that the image is built for. */
export interface ArchSums {
  readonly amd64?: string;
  readonly arm64?: string;
}

const sums = z
  .strictObject({ amd64: sha256.optional(), arm64: sha256.optional() })
  .refine(
    (given) => given.amd64 !== undefined || given.arm64 !== undefined,
    "allowed: a sha256 for amd64, arm64 or both",
  );
const version = z
  .string()
  .regex(/^\d+(\.\d+){1,2}$/)
  .describe('a version, such as "2.86.0"');

/** Which GitHub CLI {@link githubCli} installs. */
export interface GithubCliProps {
  /** Version without `v`, for example `"2.86.0"`. */
  readonly version: string;
  /** Of `gh_<version>_linux_<arch>.tar.gz`, from `gh_<version>_checksums.txt` of the release. */
  readonly sha256: ArchSums;
}

const githubCliProps = z.strictObject({ version, sha256: sums });

/**
 * GitHub's command line program, from its release, checked by sha256. Needs `curl`, `tar` and certificates. The build argument
 * `GH_VERSION` has the version, so that an image says which one it is; another one than the sha256 is of fails the build.
 *
 * @throws GantryError for props that are none.
 */
export function githubCli(props: GithubCliProps): ContainerfileStep[] {
  const parsed = parseValue("githubCli", githubCliProps, props);
  return [
    Step.arg("GH_VERSION", parsed.version),
    Step.shell([
      whichArch(parsed.sha256),
      'curl -fsSL --retry 3 --proto =https -o /tmp/gh.tar.gz "https://github.com/cli/cli/releases/download/v$GH_VERSION/gh_${GH_VERSION}_linux_$arch.tar.gz"',
      'echo "$sum  /tmp/gh.tar.gz" | sha256sum -c -',
      "tar -xzf /tmp/gh.tar.gz -C /usr/local --strip-components=1 --no-same-owner",
      "rm /tmp/gh.tar.gz",
      "gh --version",
    ]),
  ];
}

/** What {@link rustToolchain} installs. */
export interface RustToolchainProps {
  /** Default of the build argument `RUST_VERSION`, for example `"1.93"`. */
  readonly version: string;
  /** Version of `rustup-init`, and its sha256. @default - 1.28.2 for amd64 and arm64 */
  readonly rustup?: { readonly version: string; readonly sha256: ArchSums };
  /** Version of cargo-chef; its download is checked by cargo against the registry. @default "0.1.77" */
  readonly cargoChef?: string;
}

// https://static.rust-lang.org/rustup/archive/1.28.2/<target>/rustup-init.sha256
const RUSTUP = {
  version: "1.28.2",
  sha256: {
    amd64: "20a06e644b0d9bd2fbdbfd52d42540bdde820ea7df86e92e533c073da0cdd43c",
    arm64: "e3853c5a252fca15252d07cb23a1bdd9377a8c6f3efa01531109281ae47f841c",
  },
};

const rustToolchainProps = z.strictObject({
  version,
  rustup: z.strictObject({ version, sha256: sums }).default(RUSTUP),
  cargoChef: version.default("0.1.77"),
});

/**
 * Rust by rustup, for all users, and cargo-chef. Needs `curl`, certificates, a C compiler and `CARGO_HOME=/usr/local/cargo`, which it
 * sets itself.
 *
 * @throws GantryError for props that are none.
 */
export function rustToolchain(props: RustToolchainProps): ContainerfileStep[] {
  const parsed = parseValue("rustToolchain", rustToolchainProps, props);
  const { rustup } = parsed;
  return [
    Step.arg("RUST_VERSION", parsed.version),
    Step.env({
      RUSTUP_HOME: "/usr/local/rustup",
      CARGO_HOME: "/usr/local/cargo",
      PATH: "/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    }),
    Step.shell([
      whichArch(rustup.sha256),
      'case "$arch" in amd64) target=x86_64 ;; arm64) target=aarch64 ;; esac',
      `curl -fsSL --retry 3 --proto =https -o /tmp/rustup-init "https://static.rust-lang.org/rustup/archive/${rustup.version}/$target-unknown-linux-gnu/rustup-init"`,
      'echo "$sum  /tmp/rustup-init" | sha256sum -c -',
      "chmod +x /tmp/rustup-init",
      '/tmp/rustup-init -y --no-modify-path --profile minimal --default-toolchain "$RUST_VERSION"',
      "rm /tmp/rustup-init",
      `cargo install cargo-chef --version ${parsed.cargoChef} --locked`,
      'rm -rf "$CARGO_HOME/registry" "$CARGO_HOME/git"',
      'chmod -R a+w "$RUSTUP_HOME" "$CARGO_HOME"',
    ]),
  ];
}

/** What {@link rustBase} is made of. */
export interface RustBaseProps {
  /** Ubuntu by its digest. */
  readonly ubuntu: PinnedImage;
  /** Release that this must be, for example `"24.04"`: default of the build argument `UBUNTU_VERSION`. @default - the tag of `ubuntu` */
  readonly ubuntuVersion?: string;
  readonly rust: RustToolchainProps;
  readonly githubCli: GithubCliProps;
  /** System packages besides those needed here. @default - none */
  readonly packages?: readonly string[];
  /** @default - `developer`, 1001, with sudo */
  readonly user?: DeveloperUserProps;
}

const ubuntuVersion = z
  .string()
  .regex(/^\d\d\.\d\d$/)
  .describe('a release, such as "24.04"');
const rustBaseProps = z.strictObject({
  ubuntu: instanceOf(PinnedImage, 'pinned("docker.io/library/ubuntu:24.04", "sha256:…")'),
  ubuntuVersion,
  rust: rustToolchainProps,
  githubCli: githubCliProps,
  packages: packageNames.optional(),
  user: z.looseObject({}).optional(),
});

/**
 * The Containerfile of a base for Rust projects: Ubuntu, system packages, Rust with cargo-chef, GitHub's command line program and a
 * user to work as. All versions are pinned; downloads are checked by sha256. Works with the arguments of a {@link BaseImage}.
 *
 * @example
 * const app = new App();
 * const stack = new TerraformStack(app, "lab");
 * new BaseImage(stack, "sindri-base", {
 *   version: "3.0.0",
 *   args: { RUST_VERSION: "1.93", UBUNTU_VERSION: "24.04", GH_VERSION: "2.86.0" },
 *   containerfile: rustBase({
 *     ubuntu: pinned("docker.io/library/ubuntu:24.04", `sha256:${"0".repeat(64)}`),
 *     rust: { version: "1.93" },
 *     githubCli: { version: "2.86.0", sha256: { amd64: "0".repeat(64), arm64: "0".repeat(64) } },
 *   }),
 * });
 * @throws GantryError listing every fault of the props.
 */
export function rustBase(props: RustBaseProps): Containerfile {
  const tag = /:([^:/]*)$/.exec(String((props as Partial<RustBaseProps> | undefined)?.ubuntu?.reference))?.[1];
  const named = typeof props === "object" ? { ubuntuVersion: tag, ...props } : props;
  const parsed = parseValue("rustBase", rustBaseProps, named);
  const packages = ["build-essential", "ca-certificates", "curl", "git", "pkg-config", "libssl-dev", "sudo"];
  return Containerfile.of({
    stages: [
      {
        name: "base",
        from: parsed.ubuntu,
        steps: [
          Step.arg("UBUNTU_VERSION", parsed.ubuntuVersion),
          // The digest says what is taken; this says that it is what is meant.
          Step.shell([". /etc/os-release", 'test "$VERSION_ID" = "$UBUNTU_VERSION"']),
          ...aptInstall({ packages: [...packages, ...(props.packages ?? [])] }),
          ...rustToolchain(props.rust),
          ...githubCli(props.githubCli),
          ...developerUser({ sudo: true, ...props.user }),
        ],
      },
    ],
  });
}

/** A shell command that sets `arch` and `sum`, and fails on a processor without a sha256. */
function whichArch({ amd64, arm64 }: z.output<typeof sums>): string {
  const cases = [
    ...(amd64 === undefined ? [] : [`x86_64) arch=amd64 sum=${amd64} ;;`]),
    ...(arm64 === undefined ? [] : [`aarch64) arch=arm64 sum=${arm64} ;;`]),
    '*) echo "no checksum is known for $(uname -m)"; exit 1 ;;',
  ];
  return `case "$(uname -m)" in ${cases.join(" ")} esac`;
}
