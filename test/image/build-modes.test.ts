import { TerraformStack, Testing } from "cdktf";
import { Duration } from "../../lib";
import { GpuBuilder, Host } from "../../lib/builder";
import { BaseImage, BuildModes, ContainerImage, DevImage, type BuildModesProps } from "../../lib/image";
import { messageOf } from "../support/project";
import { Template } from "../support/template";

const parts = (stack: TerraformStack) => {
  const builder = new GpuBuilder(stack, "builder", { host: Host.local() });
  const base = new BaseImage(stack, "sindri-base", {
    context: "v3",
    file: "Dockerfile.base",
    repository: "sindri",
    version: "3.0.0",
  });
  const dev = new DevImage(stack, "sindri", { base, context: ".", file: "v3/Dockerfile.dev" });
  return { builder, base, dev };
};
const template = (props: Partial<BuildModesProps> = {}) =>
  Template.of(
    (stack) => {
      const { builder, dev } = parts(stack);
      new BuildModes(stack, "modes", { builder, dev, ...props });
    },
    { aws: false },
  );
const fault = (props: (stack: TerraformStack) => object) => {
  const stack = new TerraformStack(Testing.app(), "lab");
  return messageOf(() => new BuildModes(stack, "modes", props(stack) as BuildModesProps));
};

test("the settings of the program, with defaults", () => {
  const { env, paths } = (() => {
    const made = template();
    return { env: made.env("image/image.env"), paths: made.paths };
  })();
  expect(env).toMatchObject({
    MODES: "1",
    BASE: "sindri-base",
    DEV: "sindri",
    PRODUCTION: "",
    PREFIX: "",
    CACHE_NAME: "sindri",
    SOURCE_URL: "",
    SOURCE_REF: "",
    DEPLOY: "",
    DESTROY: "",
    CONNECT: "",
    VERIFY_COUNT: "0",
    AFTER_BUILD_COUNT: "0",
    INCREMENTAL_COUNT: "0",
    CARGO_COUNT: "0",
    BUDGET_BASE: "1200",
    BUDGET_FAST: "300",
    BUDGET_CLEAN: "900",
    BUDGET_NUCLEAR: "3000",
    KEEP_BASES: "2",
    IMAGES: "sindri-base sindri",
  });
  expect(paths).toEqual(
    expect.arrayContaining([
      "Makefile",
      "bin/image",
      "image/config.schema.json",
      "image/config.tsv",
      "image/targets.tsv",
      "justfile",
    ]),
  );
  expect(paths.filter((path) => /\.(service|timer)$/.test(path))).toEqual([]);
});

test("each image has its role", () => {
  const made = Template.of(
    (stack) => {
      const { builder, base, dev } = parts(stack);
      const production = new ContainerImage(stack, "sindri-release", { context: "v3", repository: "sindri" });
      new BuildModes(stack, "modes", { builder, base, dev, production });
    },
    { aws: false },
  );
  const role = (name: string) => made.env(`image/images/${name}.env`).ROLE;
  expect([role("sindri-base"), role("sindri"), role("sindri-release")]).toEqual(["base", "dev", "production"]);
});

test("what was given arrives", () => {
  const made = template({
    prefix: "v3",
    source: { url: "https://github.com/pacphi/sindri", ref: "v3", cacheName: "sindri-v3" },
    deploy: "sindri deploy",
    verifyCommand: ["--version"],
    afterBuild: ["cargo install --path v3/crates/sindri"],
    incrementalDirectories: ["v3/target/*/incremental"],
    targetDirectories: ["v3/target"],
    budgets: { fast: Duration.minutes(3) },
    keepBases: 4,
  });
  expect(made.env("image/image.env")).toMatchObject({
    PREFIX: "v3",
    SOURCE_URL: "https://github.com/pacphi/sindri",
    SOURCE_REF: "v3",
    CACHE_NAME: "sindri-v3",
    DEPLOY: "sindri deploy",
    VERIFY_COUNT: "1",
    VERIFY_1: "--version",
    AFTER_BUILD_1: "cargo install --path v3/crates/sindri",
    INCREMENTAL_1: "v3/target/*/incremental",
    CARGO_1: "v3/target",
    BUDGET_FAST: "180",
    BUDGET_BASE: "1200",
    KEEP_BASES: "4",
  });
  expect(made.file("Makefile")).toContain("\nv3-cycle-fast:\n");
  expect(made.file("image/targets.tsv")).toContain(
    "v3-cycle-fast\tBuild, verify, deploy\tup to 3m\tDaily work\tcycle-fast\n",
  );
});

test("Makefile and justfile may be elsewhere, or not at all", () => {
  const made = template({ makefile: "make/images.mk", justfile: false });
  expect(made.file("make/images.mk")).toContain("pwd -P)/../bin/image\n");
  expect(made.paths).not.toContain("justfile");
});

test("the timer that was asked for", () => {
  const made = template({ maintenance: "weekly" });
  expect(made.file("image/gantry-lab-images.service")).toContain(
    `exec "$$1/../bin/image" clear weekly --yes' sh "%Y"\n`,
  );
  expect(made.file("image/gantry-lab-images.timer")).toContain("OnCalendar=weekly\n");
});

test("all faults at once", () => {
  expect(
    fault((stack) => ({
      ...parts(stack),
      builder: {},
      prefix: "V 3",
      source: { url: "https://me:secret@github.com/x", ref: "-x" },
      deploy: "a\nb",
      targetDirectories: ["../target", "."],
      keepBases: 0,
      maintenance: "daily",
      makefile: true,
      budget: {},
    })),
  ).toBe(`[lab/modes] BuildModes: invalid props
  builder: got {}; allowed: a builder, such as a GpuBuilder
  prefix: got "V 3"; allowed: lower-case letters, digits and dashes, such as "v3"
  source.url: got a secret (not shown); allowed: an address without a password, such as "https://github.com/pacphi/sindri"
  source.ref: got "-x"; allowed: a branch, tag or commit, such as "main"
  deploy: got "a\\nb"; allowed: a command line, such as "sindri deploy --config \\"$CONFIG\\""
  targetDirectories[0]: got "../target"; allowed: a directory below the project's, such as "v3/target" or "v3/target/*/incremental"
  targetDirectories[1]: got "."; allowed: a directory below the project's, such as "v3/target" or "v3/target/*/incremental"
  keepBases: got 0; allowed: a whole number from 1 to 100
  maintenance: got "daily"; allowed: one of "weekly", "monthly"
  makefile: got true; allowed: false, or a relative path with "/" and without "..", such as "images/vllm"
  budget: unknown property; did you mean "budgets"?`);
});

test("a base that the image is not built on, and an image in two roles", () => {
  expect(
    fault((stack) => {
      const { builder, dev } = parts(stack);
      return { builder, dev, base: new ContainerImage(stack, "other", { context: "." }), production: dev };
    }),
  ).toBe(`[lab/modes] BuildModes: invalid props
  base: got "other", which "sindri" is not built on; allowed: one of its bases
  production: got "sindri", which is dev; allowed: another image`);
});

test("a stack has build modes once", () => {
  expect(
    fault((stack) => {
      const { builder, dev } = parts(stack);
      new BuildModes(stack, "first", { builder, dev });
      return { builder, dev };
    }),
  ).toBe("[lab/modes] BuildModes: invalid props\n  id: the stack has build modes already: lab/first; allowed: one");
});
