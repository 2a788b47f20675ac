import { TerraformStack, Testing } from "cdktf";
import {
  BaseImage,
  ContainerImage,
  Containerfile,
  DevImage,
  expanded,
  pinned,
  Mount,
  Step,
  type BaseImageProps,
  type ContainerImageProps,
  type DevImageProps,
  type ImageSource,
} from "../../lib/image";
import { GpuBuilder, Host } from "../../lib/builder";
import { messageOf } from "../support/project";
import { Template } from "../support/template";

const stackOf = () => new TerraformStack(Testing.app(), "lab");
const digest = `sha256:${"a".repeat(64)}`;
const ubuntu = pinned("docker.io/library/ubuntu:24.04", digest);
const typed = Containerfile.of({ stages: [{ name: "base", from: ubuntu, steps: [Step.run(["true"])] }] });

describe("a base image", () => {
  test("tags, arguments and inputs", () => {
    const base = new BaseImage(stackOf(), "sindri-base", {
      context: "v3",
      file: "Dockerfile.base",
      repository: "sindri",
      version: "3.0.0",
      args: { RUST_VERSION: "1.93", UBUNTU_VERSION: "24.04", GH_VERSION: "2.86.0", EXTRA: "x" },
      rebuildWhen: ["rust-toolchain.toml"],
    });
    expect(base.tags).toEqual({
      repository: "sindri",
      contentPrefix: "base-",
      versionTag: "base-3.0.0",
      movingTag: "base-latest",
    });
    expect([base.version, base.imageName, base.inputs, base.args]).toEqual([
      "3.0.0",
      "sindri-base",
      ["rust-toolchain.toml"],
      { RUST_VERSION: "1.93", UBUNTU_VERSION: "24.04", GH_VERSION: "2.86.0", EXTRA: "x" },
    ]);
    expect(new BaseImage(stackOf(), "b", { context: "." }).inputs).toEqual([]);
  });

  test("all faults at once", () => {
    const props = {
      version: "latest",
      args: { RUST_VERSION: "nightly", "A-B": "1" },
      rebuildWhen: ["../Cargo.toml", "."],
      inputs: ["x"],
    } as unknown as BaseImageProps;
    expect(messageOf(() => new BaseImage(stackOf(), "base", props))).toBe(`[lab/base] BaseImage: invalid props
  version: got "latest"; allowed: a version, such as "3.0.0"
  args.A-B: got the name "A-B"; allowed: a name of letters, digits and underscores
  rebuildWhen[0]: got "../Cargo.toml"; allowed: a path in the context without "." and "..", such as "rust-toolchain.toml" or "scripts"
  rebuildWhen[1]: got "."; allowed: a path in the context without "." and "..", such as "rust-toolchain.toml" or "scripts"
  inputs: unknown property; allowed: context, imageName, repository, movingTag, file, containerfile, target, platform, platforms, labels, secrets, allowFloatingBase, version, args, rebuildWhen`);
    expect(messageOf(() => new BaseImage(stackOf(), "base", { context: ".", args: { GH_VERSION: "latest" } }))).toBe(
      '[lab/base] BaseImage: invalid props\n  args.GH_VERSION: got "latest"; allowed: a version, such as "24.04" or "2.86.0"',
    );
  });
});

describe("a development image", () => {
  const base = (stack: TerraformStack) => new BaseImage(stack, "base", { context: "v3", version: "1" });

  test("stands on its base by a build argument", () => {
    const stack = stackOf();
    const dev = new DevImage(stack, "sindri", { base: base(stack), context: ".", file: "v3/Dockerfile.dev" });
    expect([dev.base.imageName, dev.bases.map(({ imageName }) => imageName), dev.baseArg, dev.tags.movingTag]).toEqual([
      "base",
      ["base"],
      "BASE_IMAGE",
      "latest",
    ]);
  });

  test("as data, it starts from the argument", () => {
    const stack = stackOf();
    const containerfile = Containerfile.of({
      args: { BASE_IMAGE: null },
      stages: [{ name: "dev", from: expanded("${BASE_IMAGE}") }],
    });
    expect(new DevImage(stack, "dev", { base: base(stack), containerfile }).containerfileText).toBe(
      "ARG BASE_IMAGE\n\nFROM ${BASE_IMAGE} AS dev\n",
    );
    expect(
      messageOf(
        () =>
          new DevImage(stackOf(), "dev", { base: base(stackOf()), containerfile: typed, args: { BASE_IMAGE: "x" } }),
      ),
    ).toBe(`[lab/dev] DevImage: invalid props
  args.BASE_IMAGE: got a value; allowed: none, builds give it the digest of the base
  baseArg: got "BASE_IMAGE"; allowed: a build argument in "args" of the containerfile, which a stage is from (there is none)`);
  });

  test("a base that is none", () => {
    const stack = stackOf();
    const props = { base: new ContainerImage(stack, "x", { context: "x" }), context: "." } as unknown as DevImageProps;
    expect(messageOf(() => new DevImage(stack, "dev", props))).toBe(
      '[lab/dev] DevImage: invalid props\n  base: got ContainerImage "lab/x"; allowed: a BaseImage',
    );
  });
});

describe("an image with a Containerfile as data", () => {
  const faultsOf = (props: ContainerImageProps) => messageOf(() => new ContainerImage(stackOf(), "app", props));

  test("needs no context when it copies nothing from it, and labels are part of it", () => {
    const image = new ContainerImage(stackOf(), "app", { containerfile: typed, labels: { title: "it's $1\n2" } });
    expect([image.inputs, image.labels, image.args]).toEqual([[], {}, { GANTRY_LF: "\n" }]);
    expect(image.containerfileText).toBe(
      `# 24.04\nFROM docker.io/library/ubuntu@${digest} AS base\nARG GANTRY_LF\nRUN ["true"]\nLABEL title='it'\\''s $1'"\${GANTRY_LF}"'2'\n`,
    );
  });

  test("all that does not fit together, at once", () => {
    const containerfile = Containerfile.of({
      args: { TAG: "24.04", UNSET: null },
      stages: [
        { name: "a", from: expanded("docker.io/library/ubuntu:${TAG}") },
        { name: "b", from: "ghcr.io/x/y:1" },
        {
          name: "c",
          from: expanded("${UNSET}"),
          steps: [Step.copy(["x"], "/"), Step.run(["x"], { mounts: [Mount.secret("token")] })],
        },
        { name: "d", from: "scratch" },
        { name: "e", from: "localhost/base:dev" },
      ],
    });
    const stack = stackOf();
    const bases = [new ContainerImage(stack, "base", { context: "base" })];
    expect(faultsOf({ containerfile, bases, file: "Dockerfile", target: "z", args: { TAG: "26.04" } }))
      .toBe(`[lab/app] ContainerImage: invalid props
  context: missing; allowed: the directory that the containerfile copies from
  file: got "Dockerfile" and a containerfile; allowed: one of them
  target: got "z"; allowed: a stage of the containerfile (a, b, c, d, e)
  secrets: missing "token", which the containerfile mounts; allowed: { id: "token", file: … } too
  containerfile: got a stage from "docker.io/library/ubuntu:26.04", which may be another image tomorrow; allowed: pinned("docker.io/library/ubuntu:26.04", "sha256:…"), or allowFloatingBase: true
  containerfile: got a stage from "ghcr.io/x/y:1", which may be another image tomorrow; allowed: pinned("ghcr.io/x/y:1", "sha256:…"), or allowFloatingBase: true
  containerfile: got a stage from "\${UNSET}", of which the stack does not know the value; allowed: an argument with a value, baseArg, or allowFloatingBase: true`);
    const secrets = [{ id: "token", file: "t" }];
    expect(
      new ContainerImage(stackOf(), "app", { context: ".", containerfile, secrets, bases, allowFloatingBase: true })
        .file,
    ).toBe("Containerfile");
  });

  test("a file: what its labels and arguments may be", () => {
    expect(faultsOf({ context: ".", labels: { a: "$HOME", b: "fine" }, baseArg: "BASE" }))
      .toBe(`[lab/app] ContainerImage: invalid props
  baseArg: got "BASE" with 0 bases; allowed: with one base, which it is for
  labels.a: got "$HOME"; allowed: text without $, ", \\ and line feeds, or a LABEL in the Containerfile`);
    expect(faultsOf({})).toBe(
      '[lab/app] ContainerImage: invalid props\n  context: missing; allowed: a relative path with "/" and without "..", such as "images/vllm"',
    );
  });
});

describe("on a builder", () => {
  test("the Containerfile is a file of the stack, and the settings say what is special", () => {
    const template = Template.of(
      (stack) => {
        const base = new BaseImage(stack, "base", { containerfile: typed, version: "1" });
        const dev = new DevImage(stack, "dev", { base, context: "dev", labels: { a: "b" }, allowFloatingBase: true });
        new GpuBuilder(stack, "builder", { host: Host.local() }).build(dev);
      },
      { aws: false },
    );
    expect(template.file("builder/images/base.Containerfile")).toBe(typed.render());
    expect(template.file("builder/images/base.env")).toBe(
      "ARG_COUNT='0'\nBASES=''\nCONTAINERFILE='Containerfile'\nCONTEXT='.'\nGENERATED='1'\nIMAGE='base'\nINPUT_COUNT='0'\nNARROW='1'\nPLATFORM=''\nSECRET_COUNT='0'\nTAG='dev'\nTARGET=''\n",
    );
    expect(template.file("builder/images/dev.env")).toBe(
      "ARG_COUNT='0'\nBASES='base'\nBASE_ARG='BASE_IMAGE'\nCONTAINERFILE='Containerfile'\nCONTEXT='dev'\nFLOATING='1'\nIMAGE='dev'\nLABEL_1='a=b'\nLABEL_COUNT='1'\nPLATFORM=''\nSECRET_COUNT='0'\nTAG='dev'\nTARGET=''\n",
    );
  });

  test("images that are built from one another are refused with the way round", () => {
    const image = (imageName: string, bases: ImageSource[]): ImageSource => ({
      imageName,
      bases,
      context: ".",
      file: "Containerfile",
      target: undefined,
      platform: undefined,
      args: {},
      secrets: [],
    });
    const bases: ImageSource[] = [];
    const a = image("a", [image("b", [image("c", bases)])]);
    bases.push(a);
    expect(
      messageOf(() => {
        new GpuBuilder(stackOf(), "builder", { host: Host.local() }).build(image("app", [a]));
      }),
    ).toBe(
      "[lab/builder] GpuBuilder.build: invalid props\n  bases: got a → b → c → a; allowed: images that are not built from themselves",
    );
  });
});
