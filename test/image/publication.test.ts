import { App, TerraformStack, Testing } from "cdktf";
import { GpuBuilder, Host } from "../../lib/builder";
import { BaseImage, ContainerImage, GhcrPublication, type GhcrPublicationProps, GhcrRepository } from "../../lib/image";
import { messageOf } from "../support/project";
import { Template } from "../support/template";

const repository = GhcrRepository.of("pacphi/sindri");
type Given = Partial<GhcrPublicationProps>;

function base(stack: TerraformStack): BaseImage {
  return new BaseImage(stack, "sindri-base", {
    context: "v3",
    file: "Dockerfile.base",
    repository: "sindri",
    version: "3.0.0",
  });
}

const publish = (stack: TerraformStack, props: Given = {}, id = "publish") =>
  new GhcrPublication(stack, id, {
    image: props.image ?? base(stack),
    repository,
    builder: props.builder ?? new GpuBuilder(stack, "builder", { host: Host.local() }),
    ...props,
  });

const settings = (props: Given) => {
  const template = Template.of((stack) => publish(stack, props), { aws: false });
  return template.env("image/publications/publish.env");
};

test("a base is published under its content, its version and base-latest", () => {
  const template = Template.of((stack) => publish(stack, { platforms: ["linux/amd64", "linux/arm64"] }), {
    aws: false,
  });
  expect(template.env("image/publications/publish.env")).toEqual({
    IMAGE: "sindri-base",
    REGISTRY: "ghcr.io",
    NAME: "pacphi/sindri",
    CONTENT_PREFIX: "base-",
    VERSION: "3.0.0",
    VERSION_TAG: "base-3.0.0",
    MOVING_TAGS: "base-latest",
    PLATFORMS: "linux/amd64 linux/arm64",
    SOURCE_LABEL: "https://github.com/pacphi/sindri",
    TITLE: "sindri",
    DESCRIPTION: "",
    LICENSES: "",
    TOKEN_ENV: "GITHUB_TOKEN",
    USER_NAME: "",
    CACHE_NAME_REF: "",
    SIGN: "",
    SIGNER: "^https://github\\.com/pacphi/sindri/",
    ISSUER: "https://token.actions.githubusercontent.com",
    KEEP_VERSIONS: "5",
    CACHE_DAYS: "30",
    INSECURE: "",
    RUN_COUNT: "1",
    RUN_1: "true",
    VERSION_FILE: "",
    CHANGELOG: "CHANGELOG.md",
  });
  expect(template.env("image/image.env")).toMatchObject({ IMAGES: "sindri-base", PUBLICATIONS: "publish" });
  expect(template.env("image/images/sindri-base.env")).toMatchObject({ ROLE: "base" });
  expect(template.env("builder/images/sindri-base.env")).toMatchObject({ TAG: "base-latest" });
  expect(template.isExecutable("bin/image")).toBe(true);
});

test("every setting has its place; a loopback registry is spoken to in plain http", () => {
  const registry = "127.0.0.1:5000";
  expect(
    settings({
      repository: GhcrRepository.of("acme/tool", { registry }),
      cache: GhcrRepository.of("acme/tool-cache", { registry }),
      tags: ["base-latest", "base-stable"],
      sign: true,
      retention: { keepVersions: 2, cacheDays: 7 },
      tokenEnv: "REGISTRY_TOKEN",
      userName: "ci",
      source: "https://git.example.com/acme/tool",
      title: "Tool",
      description: "What it is",
      licenses: "Apache-2.0 OR MIT",
      verifyCommand: ["tool", "--version"],
    }),
  ).toMatchObject({
    REGISTRY: registry,
    NAME: "acme/tool",
    CACHE_NAME_REF: "acme/tool-cache",
    MOVING_TAGS: "base-latest base-stable",
    SIGN: "1",
    KEEP_VERSIONS: "2",
    CACHE_DAYS: "7",
    TOKEN_ENV: "REGISTRY_TOKEN",
    USER_NAME: "ci",
    SOURCE_LABEL: "https://git.example.com/acme/tool",
    TITLE: "Tool",
    DESCRIPTION: "What it is",
    LICENSES: "Apache-2.0 OR MIT",
    RUN_COUNT: "2",
    RUN_1: "tool",
    RUN_2: "--version",
    INSECURE: "1",
    SIGNER: "^https://git\\.example\\.com/acme/tool/",
  });
});

test("a registry elsewhere says no source by itself", () => {
  const there = GhcrRepository.of("acme/tool", { registry: "registry.example.com" });
  expect(settings({ repository: there })).toMatchObject({ SOURCE_LABEL: "", SIGNER: "", INSECURE: "" });
});

test("what is released is for production, and says its version when it is verified", () => {
  const template = Template.of(
    (stack) => {
      const image = new ContainerImage(stack, "sindri", { context: ".", file: "v3/Dockerfile" });
      publish(stack, { image, release: { versionFile: "v3/Cargo.toml" } });
    },
    { aws: false },
  );
  expect(template.env("image/images/sindri.env")).toMatchObject({ ROLE: "production" });
  expect(template.env("image/publications/publish.env")).toMatchObject({
    CONTENT_PREFIX: "ctx-",
    VERSION_TAG: "",
    MOVING_TAGS: "latest",
    VERSION_FILE: "v3/Cargo.toml",
    CHANGELOG: "CHANGELOG.md",
    RUN_1: "--version",
  });
});

test("a publication says what it is", () => {
  const made = publish(new TerraformStack(Testing.app(), "lab"), { tags: ["base-latest"] });
  expect([made.versionTag, made.tags, made.platforms, made.tokenEnv, made.sign, made.cache]).toEqual([
    "base-3.0.0",
    ["base-latest"],
    [],
    "GITHUB_TOKEN",
    false,
    undefined,
  ]);
  expect(made.program.builder.programName).toBe("builder");
});

test("all faults at once", () => {
  const stack = new TerraformStack(Testing.app(), "lab");
  const wrong = {
    image: "sindri-base",
    repository: "ghcr.io/pacphi/sindri",
    builder: stack,
    platforms: ["linux/amd64", "linux/amd64"],
    tags: ["base-3.0.0", "base-0123456789abcdef"],
    retention: { keepVersions: -1, cacheDays: 0 },
    tokenEnv: "ghp_0123456789abcdefghij",
    source: "git@github.com:pacphi/sindri",
    title: "two\nlines",
    release: { versionFile: "../Cargo.toml" },
    plattforms: [],
  } as unknown as GhcrPublicationProps;
  expect(messageOf(() => new GhcrPublication(stack, "publish", wrong)))
    .toBe(`[lab/publish] GhcrPublication: invalid props
  image: got "sindri-base"; allowed: a ContainerImage
  repository: got "ghcr.io/pacphi/sindri"; allowed: a GhcrRepository, such as GhcrRepository.of("pacphi/sindri")
  builder: got TerraformStack "lab"; allowed: a builder, such as a GpuBuilder
  platforms: got ["linux/amd64","linux/amd64"]; allowed: each platform once
  tags[0]: got "base-3.0.0"; allowed: a tag that moves, such as "base-latest"; not a version and not a content hash
  tags[1]: got "base-0123456789abcdef"; allowed: a tag that moves, such as "base-latest"; not a version and not a content hash
  retention.keepVersions: got -1; allowed: a whole number from 0 to 1000
  retention.cacheDays: got 0; allowed: a whole number from 1 to 3650
  tokenEnv: got a secret (not shown); allowed: the name of an environment variable, such as "GITHUB_TOKEN", not the token itself
  source: got "git@github.com:pacphi/sindri"; allowed: an address without a password, such as "https://github.com/pacphi/sindri"
  title: got "two\\nlines"; allowed: one line of text, such as "Sindri base"
  release.versionFile: got "../Cargo.toml"; allowed: a relative path with "/" and without "..", such as "images/vllm"
  plattforms: unknown property; did you mean "platforms"?`);
});

test("the cache is a repository of its own, behind the same login; the id becomes a file name", () => {
  const stack = new TerraformStack(Testing.app(), "lab");
  const builder = new GpuBuilder(stack, "builder", { host: Host.local() });
  const image = base(stack);
  const message = (cache: GhcrRepository, id: string) => messageOf(() => publish(stack, { image, builder, cache }, id));
  expect(message(GhcrRepository.of("a/b", { registry: "localhost:5000" }), "my publication"))
    .toBe(`[lab/my publication] GhcrPublication: invalid props
  id: got "my publication"; allowed: letters, digits, dots, dashes and underscores, because a file is named after it
  cache: got localhost:5000/a/b; allowed: a repository on ghcr.io, because one login is for both`);
  expect(message(repository, "publish")).toBe(`[lab/publish] GhcrPublication: invalid props
  cache: got ghcr.io/pacphi/sindri; allowed: a repository of its own, because the cache has a tag for every layer`);
});

test("two publications do not move the same tag", () => {
  const app = new App();
  const stack = new TerraformStack(app, "lab");
  const builder = new GpuBuilder(stack, "builder", { host: Host.local() });
  publish(stack, { image: base(stack), builder }, "one");
  const other = new ContainerImage(stack, "other", { context: "." });
  publish(stack, { image: other, builder, tags: ["base-latest"] }, "two");
  expect(stack.node.findAll().flatMap((each) => each.node.validate())).toEqual([
    "GhcrPublication: ghcr.io/pacphi/sindri:base-latest is published by lab/two as well; give one of them other tags",
    "GhcrPublication: ghcr.io/pacphi/sindri:base-latest is published by lab/one as well; give one of them other tags",
  ]);
});
