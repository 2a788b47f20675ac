import { TerraformStack, Testing, Token } from "cdktf";
import { Containerfile, ContainerImage, expanded, Step, type ContainerImageProps } from "../../lib/image";
import { GpuBuilder, Host } from "../../lib/builder";
import { messageOf } from "../support/project";
import { Template } from "../support/template";

const stackOf = () => new TerraformStack(Testing.app(), "lab");
const image = (props: ContainerImageProps, id = "vllm-bootc") => new ContainerImage(stackOf(), id, props);

test("the id is the name, and the rest has the defaults of podman and docker", () => {
  const { imageName, context, file, target, platform, args, secrets, bases } = image({ context: "vllm" });
  expect({ imageName, context, file, target, platform, args, secrets, bases }).toEqual({
    imageName: "vllm-bootc",
    context: "vllm",
    file: "Containerfile",
    target: undefined,
    platform: undefined,
    args: {},
    secrets: [],
    bases: [],
  });
});

test("a caller's objects stay the caller's", () => {
  const args = { CUDA: "12" };
  const made = image({ context: "vllm", args });
  args.CUDA = "13";
  expect(made.args).toEqual({ CUDA: "12" });
  expect(Object.isFrozen(made.args)).toBe(true);
});

test("all faults at once", () => {
  const props = {
    context: "../outside",
    file: "/etc/passwd",
    target: "-x",
    platform: "windows/amd64",
    args: { "A-B": "1", NUL: "\0" },
    secrets: [
      { id: "token", file: "a" },
      { id: "token", file: "b" },
    ],
    base: [],
  } as unknown as ContainerImageProps;
  expect(messageOf(() => image(props, "Not A Name"))).toBe(`[lab/Not A Name] ContainerImage: invalid props
  context: got "../outside"; allowed: a relative path with "/" and without "..", such as "images/vllm"
  imageName: got "Not A Name"; allowed: an image name in lower case, without registry, "/" and tag, such as "vllm-bootc" (by default the construct's id)
  file: got "/etc/passwd"; allowed: a relative path with "/" and without "..", such as "images/vllm"
  target: got "-x"; allowed: the name of a stage of the Containerfile
  platform: got "windows/amd64"; allowed: a platform, such as "linux/amd64" or "linux/arm64"
  args.A-B: got the name "A-B"; allowed: a name of letters, digits and underscores
  args.NUL: got "\\u0000"; allowed: text without NUL
  secrets: got [{"id":"token","file":"a"},{"id":"token","file":"b"}]; allowed: each id once
  base: unknown property; did you mean "bases"?`);
});

test("the stack's choice of a stage comes before the Containerfile's", () => {
  const containerfile = Containerfile.of({
    args: { DISTRO: "a" },
    stages: [
      { name: "base-a", from: "scratch" },
      { name: "base-b", from: "scratch" },
      { name: "final", from: expanded("base-${DISTRO}"), steps: [Step.defaultShell(["/bin/bash", "-c"])] },
    ],
  });
  expect(image({ containerfile })).toMatchObject({ args: { DISTRO: "a" }, dockerFormat: true });
  expect(image({ containerfile, args: { DISTRO: "b" } }).args).toEqual({ DISTRO: "b" });
});

test("nothing given at all", () => {
  expect(messageOf(() => image(undefined as unknown as ContainerImageProps))).toBe(
    "[lab/vllm-bootc] ContainerImage: invalid props\n  props: missing; allowed: an object with context, imageName, repository, movingTag, file, containerfile, target, platform, platforms, args, labels, secrets, baseArg, inputs, allowFloatingBase, bases",
  );
});

test.each(["team/app", "a..b", "App", "app:dev", "-app", ""])("%j is no image name", (imageName) => {
  expect(messageOf(() => image({ context: ".", imageName }))).toContain(`imageName: got ${JSON.stringify(imageName)}`);
});

test.each(["a", "a.b_c--d", "a__b", "9x"])("%j is an image name", (imageName) => {
  expect(image({ context: ".", imageName }).imageName).toBe(imageName);
});

test.each(["\ud800", "a\udc00b"])("text that no file can carry is refused where it is given: %j", (A) => {
  const allowed = "allowed: text of whole Unicode characters, without NUL";
  expect(messageOf(() => image({ context: ".", args: { A, B: "😀" }, labels: { l: A } }))).toBe(
    `[lab/vllm-bootc] ContainerImage: invalid props
  args.A: got ${JSON.stringify(A)}; ${allowed}
  labels.l: got ${JSON.stringify(A)}; ${allowed}`,
  );
});

test("a Terraform reference is refused where it would end up in a file", () => {
  const reference = Token.asString({ resolve: () => "x" });
  expect(messageOf(() => image({ context: "vllm", args: { VERSION: reference } }))).toBe(
    "[lab/vllm-bootc] ContainerImage: invalid props\n  args.VERSION: got a Terraform reference (known only after apply); allowed: text without NUL",
  );
});

test("a build argument that looks like a secret is warned of, and not printed", () => {
  const template = Template.of(
    (stack) => {
      const vllm = new ContainerImage(stack, "vllm", { context: "vllm", args: { TOKEN: "ghp_0123456789abcdefghij" } });
      new GpuBuilder(stack, "builder", { host: Host.local() }).build(vllm);
    },
    { aws: false },
  );
  expect(template.warnings).toEqual([
    "[lab/vllm] args.TOKEN looks like a secret and would stay in the image's history; use secrets",
  ]);
});
