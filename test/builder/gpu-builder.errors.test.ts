import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformStack, TerraformVariable, Testing, Token } from "cdktf";
import { Ami, Duration, GpuBuilder, Host, type GpuBuilderProps } from "../../lib/builder";
import type { Ec2BuilderProps } from "../../lib/builder/gpu-builder.props";
import { ContainerImage } from "../../lib/image";
import { messageOf } from "../support/project";
import { PUBLIC_KEY } from "../support/template";

const right: Ec2BuilderProps = {
  instanceType: "g6.xlarge",
  ami: Ami.deepLearningBase("ubuntu-24.04"),
  sshFrom: ["203.0.113.4/32"],
  sshPublicKey: PUBLIC_KEY,
};

function lab(id = "lab"): TerraformStack {
  const stack = new TerraformStack(Testing.app(), id);
  new AwsProvider(stack, "aws", { region: "us-west-2" });
  return stack;
}

/** What is wrong with these props, a line for each fault. */
function faults(props: object, stack = lab()): string {
  const message = messageOf(() => new GpuBuilder(stack, "builder", props as GpuBuilderProps));
  const [headline, ...lines] = message.split("\n");
  expect(headline).toBe(`[${stack.node.id}/builder] GpuBuilder: invalid props`);
  return lines.map((line) => line.trim()).join("\n");
}

test("all faults at once, those between props too", () => {
  const props = {
    instanceType: "g99.xlarge",
    ami: "ami-0abc",
    acces: "ssh",
    sshFrom: ["0.0.0.0/0", "10.1.0.7/24"],
    disk: { sizeGib: 10, minFreeGib: 20, throughputMibps: 1000 },
    dataVolume: { sizeGib: 20, holds: "everything" },
    spot: { onInterruption: "terminate" },
    idleStop: Duration.minutes(1),
    maxAge: 12,
    tags: { "aws:x": "1", name: "lab" },
    engine: "buildah",
    outputPrefix: "9",
  };
  expect(messageOf(() => new GpuBuilder(lab(), "builder", props as unknown as GpuBuilderProps))).toMatchInlineSnapshot(`
    "[lab/builder] GpuBuilder: invalid props
      engine: got "buildah"; allowed: one of "podman", "docker"
      ami: got "ami-0abc"; allowed: an Ami, such as Ami.deepLearningBase("ubuntu-24.04") or Ami.pinned({ "us-west-2": "ami-…" })
      sshFrom[0]: got "0.0.0.0/0"; allowed: a block of addresses by its first one, such as "203.0.113.4/32" or "10.1.0.0/24", or a reference to one block; not everyone ("0.0.0.0/0", "::/0")
      sshFrom[1]: got "10.1.0.7/24"; allowed: a block of addresses by its first one, such as "203.0.113.4/32" or "10.1.0.0/24", or a reference to one block; not everyone ("0.0.0.0/0", "::/0")
      dataVolume.holds: got "everything"; allowed: one of "home", "storage"
      spot.onInterruption: got "terminate"; allowed: "stop"
      idleStop: got "1m"; allowed: a Duration of at least 5m
      maxAge: got 12; allowed: a Duration of at least 1h
      tags["aws:x"]: got the name "aws:x"; allowed: a tag name of letters, digits, spaces and _.:/=+-@, at most 128, that does not begin with "aws:"
      outputPrefix: got "9"; allowed: lower-case letters, digits and underscores, such as "arm_"
      acces: unknown property; did you mean "access"?
      sshPublicKey: missing; allowed: exactly one of sshPublicKey and keyName
      instanceType: got "g99.xlarge"; allowed: a type of a family we know, or any type together with gpu and arch
      disk.minFreeGib: got 20; allowed: less than disk.sizeGib (10)
      disk.throughputMibps: got 1000; allowed: at most a quarter of disk.iops (3000); with disk.iops 4000 it is possible
      dataVolume.sizeGib: got 20; allowed: more than disk.minFreeGib (20), which has to stay free on it
      tags: got {"aws:x":"1","name":"lab"}; allowed: names that differ by more than upper and lower case; "Name" and "name" are one to IAM"
  `);
});

test("neither a machine nor a host", () => {
  expect(faults({})).toMatchInlineSnapshot(`
    "instanceType: missing; allowed: an EC2 instance type, such as "g6.xlarge"
    ami: missing; allowed: an Ami, such as Ami.deepLearningBase("ubuntu-24.04") or Ami.pinned({ "us-west-2": "ami-…" })
    sshFrom: missing; allowed: at least one block of addresses, such as ["203.0.113.4/32"]; or access "ssm", which opens no port
    sshPublicKey: missing; allowed: exactly one of sshPublicKey and keyName"
  `);
  expect(faults(undefined as unknown as object)).toMatchInlineSnapshot(
    `"props: missing; allowed: an object with engine, project, remoteRoot, maxIterations, keepSnapshots, tmuxSession, provision, instanceType, ami, gpu, arch, access, sshFrom, sshPublicKey, keyName, identityFile, subnetId, availabilityZone, elasticIp, disk, dataVolume, spot, idleStop, maxAge, tags, outputPrefix"`,
  );
});

test("a host and a machine", () => {
  expect(faults({ host: Host.local(), instanceType: "g6.xlarge", sshFrom: [] })).toMatchInlineSnapshot(`
    "instanceType: unknown property; allowed: engine, project, remoteRoot, maxIterations, keepSnapshots, tmuxSession, provision, host, gpu, disk
    sshFrom: unknown property; allowed: engine, project, remoteRoot, maxIterations, keepSnapshots, tmuxSession, provision, host, gpu, disk"
  `);
  expect(faults({ host: "builder.example.com" })).toMatchInlineSnapshot(
    `"host: got "builder.example.com"; allowed: Host.existing({...}) or Host.local()"`,
  );
});

describe("who may come in", () => {
  test.each(["0.0.0.0/0", "::/0", "203.0.113.4", "10.1.0.7/24", "10.0.0.0/33", ""])("%j is refused", (block) => {
    expect(faults({ ...right, sshFrom: [block] })).toBe(
      `sshFrom[0]: got ${JSON.stringify(block)}; allowed: a block of addresses by its first one, such as "203.0.113.4/32" or "10.1.0.0/24", or a reference to one block; not everyone ("0.0.0.0/0", "::/0")`,
    );
  });

  test("a list that Terraform knows only later is told once", () => {
    expect(faults({ ...right, sshFrom: Token.asList({ resolve: () => [] }) })).toBe(
      'sshFrom: got a Terraform reference (known only after apply); allowed: a list, each a block of addresses by its first one, such as "203.0.113.4/32" or "10.1.0.0/24", or a reference to one block; not everyone ("0.0.0.0/0", "::/0")',
    );
  });

  test("nobody, or somebody where no port is open", () => {
    const { sshFrom, ...closed } = right;
    const needed = `allowed: at least one block of addresses, such as ["203.0.113.4/32"]; or access "ssm", which opens no port`;
    expect(faults(closed)).toBe(`sshFrom: missing; ${needed}`);
    expect(faults({ ...right, sshFrom: [] })).toBe(`sshFrom: got []; ${needed}`);
    expect(faults({ ...right, access: "ssm" })).toBe(
      `sshFrom: got ${JSON.stringify(sshFrom)}; allowed: nothing, since access "ssm" opens no port`,
    );
  });

  test("the same block twice, in another spelling", () => {
    expect(faults({ ...right, sshFrom: ["2001:db8::/64", "2001:DB8:0::/64"] })).toBe(
      `sshFrom: got ["2001:db8::/64","2001:DB8:0::/64"]; allowed: each block once`,
    );
  });
});

describe("keys", () => {
  const allowed =
    'allowed: the one line of an OpenSSH public key file, such as "ssh-ed25519 AAAA… me@laptop" or "ssh-rsa AAAA…", the types EC2 takes (never a private key)';

  test.each([
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE\n-----END OPENSSH PRIVATE KEY-----\n",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
  ])("a private key is refused, and not printed", (key) => {
    expect(faults({ ...right, sshPublicKey: key })).toBe(`sshPublicKey: got a secret (not shown); ${allowed}`);
    const elsewhere = faults({ ...right, identityFile: key, keyName: key.repeat(2), tags: { key } });
    expect(elsewhere).not.toMatch(/b3Blbn|MIIE/);
    expect(elsewhere).toContain("identityFile: got a secret (not shown); allowed: the path of a private key file");
  });

  test("two keys in one, and a type EC2 does not take", () => {
    const ecdsa = `ecdsa-sha2-nistp256 ${"A".repeat(140)} me`;
    expect(faults({ ...right, sshPublicKey: `${PUBLIC_KEY}\n${PUBLIC_KEY}` })).toContain(allowed);
    expect(faults({ ...right, sshPublicKey: ecdsa })).toContain(allowed);
  });

  test("exactly one of key and key name", () => {
    const { sshPublicKey, ...keyless } = right;
    expect(faults(keyless)).toBe("sshPublicKey: missing; allowed: exactly one of sshPublicKey and keyName");
    expect(faults({ ...right, keyName: "mine" })).toMatch(
      /^sshPublicKey: got "ssh-ed25519 .*; allowed: exactly one of sshPublicKey and keyName$/,
    );
    expect(sshPublicKey).toBeDefined();
  });

  test("the public key's file where the private one's belongs", () => {
    expect(faults({ ...right, identityFile: "~/.ssh/id_ed25519.pub" })).toBe(
      'identityFile: got "~/.ssh/id_ed25519.pub"; allowed: the path of a private key file, such as "~/.ssh/id_ed25519" (not the .pub file, not the key itself)',
    );
  });
});

describe("machine, image and driver go together", () => {
  const own = "Ami.pinned({…}, { nvidiaDriver: true })";
  test.each<[string, object, string]>([
    [
      "an unknown type",
      { instanceType: "g99.xlarge" },
      'instanceType: got "g99.xlarge"; allowed: a type of a family we know, or any type together with gpu and arch',
    ],
    ["no type", { instanceType: "big" }, 'instanceType: got "big"; allowed: an EC2 instance type, such as "g6.xlarge"'],
    [
      "facts that the table knows better",
      { gpu: "none", arch: "arm64" },
      'gpu: got "none"; allowed: nothing, or "nvidia": that is what g6.xlarge has\n' +
        'arch: got "arm64"; allowed: nothing, or "x86_64": that is what g6.xlarge has',
    ],
    [
      "an image of another architecture",
      { instanceType: "g5g.xlarge", ami: Ami.pinned({ "us-west-2": "ami-0123456789abcdef0" }, { arch: "x86_64" }) },
      'ami: got "Ami.pinned"; allowed: an image of arm64, the architecture of g5g.xlarge; this one is x86_64',
    ],
    [
      "a GPU that the open driver does not run",
      { instanceType: "p3.2xlarge" },
      `ami: got "Ami.deepLearningBase(ubuntu-24.04)"; allowed: ${own}, an image with the driver that p3.2xlarge needs: NVIDIA's open driver, the one setup installs, does not run its GPU`,
    ],
    [
      "an image that NVIDIA has no driver for",
      { ami: Ami.fedora(41) },
      `ami: got "Ami.fedora(41)"; allowed: an image that NVIDIA has a driver for, or ${own}`,
    ],
    [
      "a volume that cannot be told from others",
      { instanceType: "t2.large", dataVolume: { sizeGib: 100 } },
      'dataVolume: got {"sizeGib":100}; allowed: nothing with t2.large: it is no Nitro type, and its volumes do not say which one they are',
    ],
    [
      "an image for other regions",
      { ami: Ami.pinned({ "eu-west-1": "ami-0123456789abcdef0", "eu-west-2": "ami-0123456789abcdef1" }) },
      "ami: got Ami.pinned for eu-west-1, eu-west-2; allowed: one for us-west-2, the region of the stack's AWS provider",
    ],
    [
      "a zone of another region",
      { availabilityZone: "eu-west-1a" },
      'availabilityZone: got "eu-west-1a"; allowed: a zone of us-west-2, the region of the stack\'s AWS provider',
    ],
    [
      "a zone beside a subnet",
      { availabilityZone: "us-west-2a", subnetId: "subnet-0123" },
      'availabilityZone: got "us-west-2a"; allowed: nothing beside subnetId, which says the zone',
    ],
  ])("%s", (_what, props, expected) => {
    expect(faults({ ...right, ...props })).toBe(expected);
  });

  test("what is fine", () => {
    const pinned = Ami.pinned({ "us-west-2": "ami-0123456789abcdef0" }, { nvidiaDriver: true });
    const fine: Partial<Ec2BuilderProps>[] = [
      { instanceType: "g99.xlarge", gpu: "nvidia", arch: "x86_64" },
      { instanceType: "g6.xlarge", gpu: "nvidia" },
      { instanceType: "p3.2xlarge", ami: pinned },
      { instanceType: "m6i.xlarge", ami: Ami.fedora(41) },
      { instanceType: "g6.xlarge", ami: Ami.fedora(44) },
      { instanceType: "i3.metal", dataVolume: { sizeGib: 100 } },
      { disk: { sizeGib: 500, iops: 16000, throughputMibps: 1000 } },
      { sshPublicKey: `${PUBLIC_KEY}\n` },
    ];
    for (const props of fine) expect(new GpuBuilder(lab(), "builder", { ...right, ...props }).machine).toBeDefined();
  });
});

test.each<[object, string]>([
  [{ disk: { sizeGib: 20 } }, "disk.minFreeGib: missing; allowed: less than disk.sizeGib (20)"],
  [
    { disk: { throughputMibps: 800 } },
    "disk.throughputMibps: got 800; allowed: at most a quarter of disk.iops (3000); with disk.iops 3200 it is possible",
  ],
  [
    { disk: { iops: 16000, sizeGib: 30 } },
    "disk.iops: got 16000; allowed: at most 500 for each GiB of disk.sizeGib (30)",
  ],
  [
    { dataVolume: { sizeGib: 20 } },
    "dataVolume.sizeGib: got 20; allowed: more than disk.minFreeGib (20), which has to stay free on it",
  ],
  [
    { tags: { name: "x" } },
    'tags: got {"name":"x"}; allowed: names that differ by more than upper and lower case; "Name" and "name" are one to IAM',
  ],
  [
    { spot: { maxPriceUsd: 0 } },
    "spot.maxPriceUsd: got 0; allowed: a price per hour in US dollars, from 0.0001 to 1000",
  ],
  [{ maxAge: Duration.minutes(59) }, 'maxAge: got "59m"; allowed: a Duration of at least 1h'],
])("%j", (props, expected) => {
  expect(faults({ ...right, ...props })).toBe(expected);
});

describe("Terraform references", () => {
  const reference = Token.asString({ resolve: () => "x" });

  test.each<keyof Ec2BuilderProps>([
    "instanceType",
    "sshPublicKey",
    "identityFile",
    "availabilityZone",
    "project",
    "remoteRoot",
    "tmuxSession",
    "outputPrefix",
  ])("%s would end up in a file or a decision: refused", (name) => {
    const lines = faults({ ...right, [name]: reference }).split("\n");
    expect(
      lines.filter((line) => line.startsWith(`${name}: got a Terraform reference (known only after apply); allowed: `)),
    ).toHaveLength(1);
  });

  test("a number, too", () => {
    const number = Token.asNumber({ resolve: () => 1 });
    expect(faults({ ...right, disk: { minFreeGib: number }, maxIterations: number })).toMatch(
      /^maxIterations: got a Terraform reference .*\ndisk\.minFreeGib: got a Terraform reference [^\n]*$/,
    );
  });

  test("they are taken where only Terraform needs them", () => {
    const stack = lab();
    const text = (id: string) => new TerraformVariable(stack, id, { type: "string" }).stringValue;
    const props = { instanceType: "m6i.xlarge", ami: right.ami, sshFrom: [text("from")], keyName: text("key") };
    new GpuBuilder(stack, "builder", { ...props, subnetId: text("subnet"), tags: { team: text("team") } });
  });
});

test("an id that is no program name, a stack id that is no label", () => {
  expect(messageOf(() => new GpuBuilder(lab(), "My Builder", right))).toBe(
    "[lab/My Builder] GpuBuilder: invalid props\n" +
      '  id: got "My Builder"; allowed: a program name of lower-case letters, digits and dashes (the builder\'s program is bin/<id>)',
  );
  expect(faults(right, lab("Lab+1"))).toBe(
    'project: got "lab+1"; allowed: a label of lower-case letters, digits, dots, dashes and underscores, at most 63 (by default the stack\'s id)',
  );
});

test("two builders with the same outputs", () => {
  const stack = lab();
  new GpuBuilder(stack, "builder", right);
  expect(messageOf(() => new GpuBuilder(stack, "arm-builder", right))).toBe(
    "[lab/arm-builder] GpuBuilder: invalid props\n" +
      '  outputPrefix: got "", which [lab/builder] has already; allowed: another prefix, such as "arm_builder_"',
  );
});

describe("images", () => {
  const builder = () => {
    const stack = lab();
    return { stack, builder: new GpuBuilder(stack, "builder", { host: Host.local() }) };
  };

  test("another image of the same name, also as a base", () => {
    const one = builder();
    const base = new ContainerImage(one.stack, "base", { context: "a" });
    const twin = new ContainerImage(one.stack, "twin", { context: "b", imageName: "base" });
    const child = new ContainerImage(one.stack, "child", { context: "c", bases: [twin] });
    one.builder.build(base);
    const expected =
      "[lab/builder] GpuBuilder.build: invalid props\n" +
      '  imageName: got "base", the name of another image that is built here; allowed: another name';
    expect(
      messageOf(() => {
        one.builder.build(twin);
      }),
    ).toBe(expected);
    expect(
      messageOf(() => {
        one.builder.build(child);
      }),
    ).toBe(expected);
  });

  test.each<[unknown, string]>([
    ["x", '"x"'],
    [undefined, "nothing"],
    [{ imageName: "x" }, '{"imageName":"x"}'],
  ])("%j is none", (image, shown) => {
    expect(
      messageOf(() => {
        builder().builder.build(image as ContainerImage);
      }),
    ).toBe(`[lab/builder] GpuBuilder.build: invalid props\n  image: got ${shown}; allowed: a ContainerImage`);
  });

  test("one image with two tags, and what is no tag", () => {
    const one = builder();
    const image = new ContainerImage(one.stack, "image", { context: "a" });
    one.builder.build(image);
    one.builder.build(image, { tag: "dev" });
    expect(
      messageOf(() => {
        one.builder.build(image, { tag: "next" });
      }),
    ).toBe(
      "[lab/builder] GpuBuilder.build: invalid props\n" +
        '  tag: got "next" for "image", which is built here as "dev"; allowed: one tag for an image',
    );
    expect(
      messageOf(() => {
        one.builder.build(image, { tag: "ctx-0123" });
      }),
    ).toBe(
      "[lab/builder] GpuBuilder.build: invalid props\n" +
        '  tag: got "ctx-0123"; allowed: an image tag, such as "dev" (not "ctx-…", which names builds by their content)',
    );
  });
});
