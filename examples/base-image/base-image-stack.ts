import { LocalBackend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { GpuBuilder, Host } from "../../lib/builder";
import {
  BaseImage,
  BuildModes,
  ContainerImage,
  DevImage,
  GhcrPublication,
  GhcrRepository,
  ImageWorkflows,
} from "../../lib/image";

/** A base image on GHCR, the images on top of it, and everything around: modes, caches, releases, workflows. */
export class BaseImageStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new LocalBackend(this, { path: `../../../terraform.${id}.tfstate` });

    const builder = new GpuBuilder(this, "local", { host: Host.local(), disk: { minFreeGib: 10 } });
    const repository = GhcrRepository.of("pacphi/sindri");

    const base = new BaseImage(this, "sindri-base", {
      context: "examples/base-image",
      file: "v3/Dockerfile.base",
      repository: "sindri",
      version: "3.0.0",
      platforms: ["linux/amd64", "linux/arm64"],
      args: { RUST_VERSION: "1.93", UBUNTU_VERSION: "24.04", GH_VERSION: "2.86.0" },
    });
    const dev = new DevImage(this, "sindri", {
      base,
      context: "examples/base-image",
      file: "v3/Dockerfile.dev",
    });
    const production = new ContainerImage(this, "sindri-production", {
      bases: [base],
      context: "examples/base-image",
      file: "v3/Dockerfile",
      repository: "sindri",
      movingTag: "production",
    });

    const publication = new GhcrPublication(this, "publish-base", {
      image: base,
      repository,
      builder,
      cache: GhcrRepository.of("pacphi/sindri-cache"),
      sign: true,
      licenses: "MIT",
    });
    new GhcrPublication(this, "publish-production", {
      image: production,
      repository,
      builder,
      tags: ["latest"],
      licenses: "MIT",
      release: {
        versionFile: "examples/base-image/v3/Cargo.toml",
        changelog: "examples/base-image/CHANGELOG.md",
      },
    });

    new BuildModes(this, "modes", {
      builder,
      base,
      dev,
      production,
      prefix: "v3",
      source: { url: "https://github.com/pacphi/sindri.git", ref: "main", cacheName: "sindri" },
      destroy: 'sindri destroy --config "$CONFIG" --force',
      deploy: 'sindri deploy --config "$CONFIG"',
      connect: 'sindri connect --config "$CONFIG"',
      verifyCommand: ["--version"],
      afterBuild: ["cargo install --locked --path examples/base-image/v3/crates/sindri"],
      incrementalDirectories: ["examples/base-image/v3/target/*/incremental"],
      targetDirectories: ["examples/base-image/v3/target"],
    });

    new ImageWorkflows(this, "workflows", {
      publication,
      dev,
      checks: [{ name: "The image runs", run: '"$ENGINE" run --rm "$IMAGE" --version' }],
      synthCommand: "npm ci && npm run synth",
      paths: ["examples/base-image/*.ts"], // the build arguments stand there
    });
  }
}
