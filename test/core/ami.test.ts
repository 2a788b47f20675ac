import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformOutput, TerraformStack, TerraformVariable, Testing, Token } from "cdktf";
import { Ami, type DeepLearningOs } from "../../lib/builder";
import { FEDORA_WITH_DRIVER } from "../../lib/core/aws/ami";
import type { Arch } from "../../lib/core/aws/instance-types";
import { messageOf } from "../support/project";

interface Declared {
  readonly output: { readonly id: { readonly value: string } };
  readonly data?: Record<string, Record<string, { readonly name?: string; readonly [key: string]: unknown }>>;
}

/** What an image adds to a stack, and how the instance refers to it. */
function declared(ami: Ami, arch: Arch, region?: string) {
  const stack = new TerraformStack(Testing.app(), "lab");
  new AwsProvider(stack, "aws", region === undefined ? {} : { region });
  new TerraformOutput(stack, "id", { value: ami.imageId(stack, arch) });
  const { data = {}, output } = JSON.parse(Testing.synth(stack)) as Declared;
  const [[type = "", sources = {}] = []] = Object.entries(data);
  return { type, source: Object.values(sources)[0] ?? {}, id: output.id.value };
}

test.each<[Ami, Arch, string, string]>([
  [
    Ami.amazonLinux("2023"),
    "x86_64",
    "ec2-user",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
  ],
  [
    Ami.amazonLinux("2023"),
    "arm64",
    "ec2-user",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
  ],
  [
    Ami.ubuntu("24.04"),
    "x86_64",
    "ubuntu",
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
  ],
  [
    Ami.ubuntu("22.04"),
    "arm64",
    "ubuntu",
    "/aws/service/canonical/ubuntu/server/22.04/stable/current/arm64/hvm/ebs-gp2/ami-id",
  ],
  ...(["ubuntu-22.04", "ubuntu-24.04", "amazon-linux-2023"] satisfies DeepLearningOs[]).flatMap((os) =>
    (["x86_64", "arm64"] as const).map((arch): [Ami, Arch, string, string] => [
      Ami.deepLearningBase(os),
      arch,
      os.startsWith("ubuntu") ? "ubuntu" : "ec2-user",
      `/aws/service/deeplearning/ami/${arch}/base-oss-nvidia-driver-gpu-${os}/latest/ami-id`,
    ]),
  ),
])("%j on %s: user %s, parameter %s", (ami, arch, user, name) => {
  const { type, source, id } = declared(ami, arch);
  expect(ami.user).toBe(user);
  expect(type).toBe("aws_ssm_parameter");
  expect(source.name).toBe(name);
  expect(id).toMatch(/\.insecure_value\}$/); // .value would hide the plan as a secret
});

test.each<[Ami, Arch, string, string, string]>([
  [Ami.rhel("8"), "x86_64", "ec2-user", "309956199498", "RHEL-8.*_HVM-*-x86_64-*-Hourly2-GP3"],
  [Ami.rhel("9"), "x86_64", "ec2-user", "309956199498", "RHEL-9.*_HVM-*-x86_64-*-Hourly2-GP3"],
  [Ami.rhel("10"), "arm64", "ec2-user", "309956199498", "RHEL-10.*_HVM-*-arm64-*-Hourly2-GP3"],
  [Ami.fedora(43), "x86_64", "fedora", "125523088429", "Fedora-Cloud-Base-AmazonEC2.x86_64-43-*"],
  [Ami.fedora(44), "arm64", "fedora", "125523088429", "Fedora-Cloud-Base-AmazonEC2.aarch64-44-*"],
])("%j on %s: user %s, the newest of account %s called %s", (ami, arch, user, owner, name) => {
  const { type, source } = declared(ami, arch);
  expect(ami.user).toBe(user);
  expect(type).toBe("aws_ami");
  expect(source).toMatchObject({
    most_recent: true,
    owners: [owner],
    filter: [
      { name: "name", values: [name] },
      { name: "architecture", values: [arch] },
      { name: "virtualization-type", values: ["hvm"] },
      { name: "root-device-type", values: ["ebs"] },
    ],
  });
});

describe("pinned", () => {
  const images = {
    "us-west-2": "ami-0123456789abcdef0",
    "eusc-de-east-1": "ami-01234567",
    "us-gov-west-1": "ami-0123456789abcdef1",
  };

  test("the region is written out: its image, and no question to AWS", () => {
    expect(declared(Ami.pinned(images), "x86_64", "us-west-2")).toEqual({
      type: "",
      source: {},
      id: images["us-west-2"],
    });
  });

  test("the region is known at run time only: looked up there", () => {
    const { type, id } = declared(Ami.pinned(images), "x86_64");
    expect(type).toBe("aws_region");
    expect(id).toBe(
      '${{"us-west-2" = "ami-0123456789abcdef0", "eusc-de-east-1" = "ami-01234567", "us-gov-west-1" = "ami-0123456789abcdef1"}[data.aws_region.Region.region]}',
    );
    const stack = new TerraformStack(Testing.app(), "lab");
    new AwsProvider(stack, "aws", { region: new TerraformVariable(stack, "region", { type: "string" }).stringValue });
    expect(Token.isUnresolved(Ami.pinned(images).imageId(stack, "x86_64"))).toBe(true);
  });

  test("another provider's region is not ours", () => {
    const stack = new TerraformStack(Testing.app(), "lab");
    new AwsProvider(stack, "other", { region: "eu-west-1", alias: "other" });
    new AwsProvider(stack, "aws", { region: "us-west-2" });
    expect(Ami.pinned(images).imageId(stack, "x86_64")).toBe(images["us-west-2"]);
  });

  test("who it is", () => {
    const pinned = Ami.pinned(images, { user: "rocky", nvidiaDriver: true });
    expect([pinned.user, pinned.nvidiaDriver]).toEqual(["rocky", true]);
    expect([Ami.pinned(images).user, Ami.pinned(images).nvidiaDriver]).toEqual(["ec2-user", false]);
  });

  test("all faults at once", () => {
    const wrong = { Oregon: "ami-0123456789abcdef0", "us-west-2": "ami-x" };
    const props = { user: "Root!", nvidiaDrivr: true } as object;
    expect(messageOf(() => Ami.pinned(wrong, props))).toBe(`Ami.pinned: invalid props
  user: got "Root!"; allowed: a Unix login name of at most 32 letters, digits, dots, dashes and underscores, such as "ubuntu"
  images.Oregon: got the name "Oregon"; allowed: a region, such as "us-west-2"
  images.us-west-2: got "ami-x"; allowed: an image id, such as "ami-0123456789abcdef0"
  nvidiaDrivr: unknown property; did you mean "nvidiaDriver"?`);
    expect(messageOf(() => Ami.pinned(images, "rocky" as never))).toBe(
      'Ami.pinned: invalid props\n  props: got "rocky"; allowed: an object with user, arch, nvidiaDriver',
    );
    expect(messageOf(() => Ami.pinned({}))).toBe(
      "Ami.pinned: invalid props\n  images: got {}; allowed: an image id for at least one region",
    );
  });
});

test.each<[() => unknown, string]>([
  [() => Ami.rhel("7" as "9"), 'Ami.rhel: invalid props\n  major: got "7"; allowed: one of "8", "9", "10"'],
  [() => Ami.rhel(9 as unknown as "9"), 'Ami.rhel: invalid props\n  major: got 9; allowed: one of "8", "9", "10"'],
  [() => Ami.amazonLinux("2" as "2023"), 'Ami.amazonLinux: invalid props\n  version: got "2"; allowed: "2023"'],
  [
    () => Ami.ubuntu("20.04" as "22.04"),
    'Ami.ubuntu: invalid props\n  version: got "20.04"; allowed: one of "22.04", "24.04"',
  ],
  [() => Ami.fedora(39), "Ami.fedora: invalid props\n  release: got 39; allowed: a whole number of at least 40"],
  [() => Ami.fedora(43.5), "Ami.fedora: invalid props\n  release: got 43.5; allowed: a whole number of at least 40"],
  [
    () => Ami.deepLearningBase("debian-12" as "ubuntu-24.04"),
    'Ami.deepLearningBase: invalid props\n  os: got "debian-12"; allowed: one of "ubuntu-24.04", "ubuntu-22.04", "amazon-linux-2023"',
  ],
])("case %#", (action, message) => {
  expect(messageOf(action)).toBe(message);
});

test("the Fedora releases with a driver are those whose repository setup knows", () => {
  const setup = readFileSync(join(__dirname, "../../lib/builder/scripts/host/setup-repos.sh"), "utf8");
  const known = [...setup.matchAll(/^ *fedora-(\d+)\)/gm)].map(([, release]) => Number(release));
  expect(known).toEqual(FEDORA_WITH_DRIVER);
});
