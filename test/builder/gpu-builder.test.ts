import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, TerraformStack, TerraformVariable, type TerraformResource } from "cdktf";
import { Ami, Duration, GpuBuilder, Host } from "../../lib/builder";
import type { Ec2BuilderProps } from "../../lib/builder/gpu-builder.props";
import { COMMON_PROGRAMS } from "../../lib/core/program-library";
import { CLIENT_PROGRAMS, HOST_PROGRAMS } from "../../lib/builder/programs";
import { ContainerImage } from "../../lib/image";
import { PUBLIC_KEY, Template } from "../support/template";

const right: Ec2BuilderProps = {
  instanceType: "g6.xlarge",
  ami: Ami.deepLearningBase("ubuntu-24.04"),
  sshFrom: ["203.0.113.4/32"],
  sshPublicKey: PUBLIC_KEY,
};
const onEc2 = (props: Partial<Ec2BuilderProps> = {}, declare?: (builder: GpuBuilder, stack: TerraformStack) => void) =>
  Template.of((stack) => {
    const builder = new GpuBuilder(stack, "builder", { ...right, ...props });
    declare?.(builder, stack);
  });
const withoutKey = ({ sshPublicKey: _key, ...rest }: Ec2BuilderProps) => rest;

describe("a machine with nothing said", () => {
  const template = onEc2();
  const instance = template.resource("aws_instance");

  test("is made of these and no other resources", () => {
    expect(template.types.sort()).toEqual([
      "aws_iam_instance_profile",
      "aws_iam_role",
      "aws_iam_role_policy_attachment",
      "aws_instance",
      "aws_key_pair",
      "aws_security_group",
      "aws_vpc_security_group_egress_rule",
      "aws_vpc_security_group_egress_rule",
      "aws_vpc_security_group_ingress_rule",
      "terraform_data",
    ]);
  });

  test("keeps its disk encrypted and its metadata to itself, and stops when it shuts down", () => {
    expect(instance).toMatchObject({
      instance_type: "g6.xlarge",
      instance_initiated_shutdown_behavior: "stop",
      metadata_options: { http_endpoint: "enabled", http_put_response_hop_limit: 1, http_tokens: "required" },
      root_block_device: { encrypted: true, volume_size: 200, volume_type: "gp3" },
      associate_public_ip_address: true,
    });
  });

  test("is not replaced by a new image, another stub or zone, nor by the address it loses when it stops", () => {
    expect(instance).toMatchObject({
      lifecycle: {
        ignore_changes: ["ami", "user_data", "associate_public_ip_address", "subnet_id", "availability_zone"],
      },
    });
  });

  test("has a first-boot stub that is small and holds no secret", () => {
    const stub = String(instance.user_data);
    expect(Buffer.byteLength(stub)).toBeLessThan(4096);
    expect(stub).toMatch(/^#cloud-config\n/);
    expect(stub).not.toMatch(/AAAA|key|password:/i);
  });

  test("lets one block in by ssh, and nobody else by anything", () => {
    expect(template.resource("aws_vpc_security_group_ingress_rule")).toMatchObject({
      cidr_ipv4: "203.0.113.4/32",
      from_port: 22,
      to_port: 22,
      ip_protocol: "tcp",
    });
    expect(template.resource("aws_security_group")).not.toHaveProperty("ingress");
  });

  test("has a role that Systems Manager can use, and no more", () => {
    expect(template.resource("aws_iam_role_policy_attachment").policy_arn).toMatch(
      /^arn:\$\{data\.aws_partition\..*\.partition\}:iam::aws:policy\/AmazonSSMManagedInstanceCore$/,
    );
  });

  test("keeps names within what AWS takes, whatever its id", () => {
    const long = Template.of((stack) => {
      new GpuBuilder(stack, `sg-${"x".repeat(60)}`, right);
    });
    for (const type of ["aws_iam_role", "aws_iam_instance_profile", "aws_security_group"]) {
      const prefix = String(long.resource(type).name_prefix);
      expect(prefix.length).toBeLessThanOrEqual(38);
      expect(prefix).not.toMatch(/^sg-/);
    }
  });

  test("its outputs are for people and the program", () => {
    const names = Object.keys(template.json.output ?? {});
    expect(names).toEqual(["instance_id", "private_ip", "public_ip", "ssh_command"]);
    expect(template.output("ssh_command")).toBe("ssh ubuntu@${aws_instance.builder.public_ip}");
  });
});

test("tags are on everything that takes tags, the root disk too", () => {
  const template = onEc2({ elasticIp: true, dataVolume: { sizeGib: 50 }, tags: { team: "inference" } });
  const expected = { Name: "lab-builder", "gantry:project": "lab", team: "inference" };
  const taggable = template.types.filter(
    (type) =>
      !["terraform_data", "aws_iam_role_policy_attachment", "aws_eip_association", "aws_volume_attachment"].includes(
        type,
      ),
  );
  expect(new Set(taggable).size).toBe(9);
  for (const type of taggable) {
    for (const resource of Object.values(template.resources(type))) expect(resource.tags).toEqual(expected);
  }
  expect(template.resource("aws_instance")).toMatchObject({ root_block_device: { tags: expected } });
});

test("a tag of yours wins over ours", () => {
  expect(onEc2({ tags: { Name: "gpu" } }).resource("aws_instance").tags).toMatchObject({ Name: "gpu" });
});

describe("access", () => {
  test("several blocks, IPv6 among them, each in its own rule named after it", () => {
    const rules = onEc2({ sshFrom: ["2001:DB8::/64", "10.0.0.0/8"] }).resources("aws_vpc_security_group_ingress_rule");
    const swapped = onEc2({ sshFrom: ["10.0.0.0/8", "2001:db8::/64"] }).resources(
      "aws_vpc_security_group_ingress_rule",
    );
    expect(Object.values(rules)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ cidr_ipv6: "2001:db8::/64" }),
        expect.objectContaining({ cidr_ipv4: "10.0.0.0/8" }),
      ]),
    );
    expect(swapped).toEqual(rules);
  });

  test("a block that only Terraform knows is checked by Terraform", () => {
    const template = Template.of((stack) => {
      const office = new TerraformVariable(stack, "office", { type: "string" });
      new GpuBuilder(stack, "builder", { ...right, sshFrom: [office.stringValue] });
    });
    expect(template.resource("aws_vpc_security_group_ingress_rule")).toMatchObject({
      cidr_ipv4: "${var.office}",
      lifecycle: {
        precondition: [
          {
            condition: '${!endswith(var.office, "/0")}',
            error_message: "sshFrom: everyone may not reach the builder by ssh.",
          },
        ],
      },
    });
  });

  test("through Systems Manager: no way in, no public address asked for", () => {
    const { sshFrom: _from, ...closed } = right;
    const template = Template.of((stack) => {
      new GpuBuilder(stack, "builder", { ...closed, access: "ssm", identityFile: "~/.ssh/lab key" });
    });
    expect(template.resources("aws_vpc_security_group_ingress_rule")).toEqual({});
    expect(template.resource("aws_instance")).not.toHaveProperty("associate_public_ip_address");
    expect(template.output("ssh_command")).toBe(
      "ssh -i '~/.ssh/lab key' -o ProxyCommand='aws ssm start-session --target %h --document-name AWS-StartSSHSession " +
        "--parameters portNumber=%p --region us-west-2' ubuntu@${aws_instance.builder.id}",
    );
    expect(template.env("builder/builder.env")).toMatchObject({ ACCESS: "ssm", REGION: "us-west-2" });
  });

  test("a key pair that exists", () => {
    const template = Template.of((stack) => {
      new GpuBuilder(stack, "builder", { ...withoutKey(right), keyName: "mine" });
    });
    expect(template.resources("aws_key_pair")).toEqual({});
    expect(template.resource("aws_instance").key_name).toBe("mine");
  });

  test("what looks like Terraform in a path is text", () => {
    expect(onEc2({ identityFile: "keys/${var.x}%{y}" }).output("ssh_command")).toBe(
      "ssh -i 'keys/$${var.x}%%{y}' ubuntu@${aws_instance.builder.public_ip}",
    );
  });
});

test("an elastic address is what people and the program are told", () => {
  const template = onEc2({ elasticIp: true });
  expect(template.output("public_ip")).toMatch(/^\$\{aws_eip\.builder_ElasticIp_\w+\.public_ip\}$/);
  expect(template.output("ssh_command")).toMatch(/^ssh ubuntu@\$\{aws_eip\./);
});

test("spot capacity stops and comes back", () => {
  expect(onEc2({ spot: { maxPriceUsd: 0.25 } }).resource("aws_instance").instance_market_options).toEqual({
    market_type: "spot",
    spot_options: { instance_interruption_behavior: "stop", max_price: "0.25", spot_instance_type: "persistent" },
  });
});

test("what only a new machine can have makes a new machine", () => {
  const kinds = [onEc2(), onEc2({ spot: {} }), onEc2({ instanceType: "g5g.xlarge" })].map((template) => {
    const [id = "", kind] = Object.entries(template.resources("terraform_data"))[0] ?? [];
    expect(template.resource("aws_instance")).toMatchObject({
      lifecycle: { replace_triggered_by: [`terraform_data.${id}`] },
    });
    return kind?.triggers_replace;
  });
  expect(kinds).toEqual([
    { architecture: "x86_64", market: "on-demand" },
    { architecture: "x86_64", market: "spot" },
    { architecture: "arm64", market: "on-demand" },
  ]);
});

describe("a data volume", () => {
  test("is encrypted, has its id among the outputs, and is detached from a stopped machine only", () => {
    const template = onEc2({ dataVolume: { sizeGib: 500, holds: "storage" } });
    expect(template.resource("aws_ebs_volume")).toMatchObject({ encrypted: true, size: 500, type: "gp3" });
    expect(template.resource("aws_volume_attachment")).toMatchObject({ stop_instance_before_detaching: true });
    expect(template.output("data_volume_id")).toMatch(/^\$\{aws_ebs_volume\./);
    expect(template.env("builder/builder.env").DATA_HOLDS).toBe("storage");
  });

  test("decides where a machine goes that nobody placed", () => {
    const template = onEc2({ dataVolume: { sizeGib: 50 } });
    expect(template.data("aws_subnet").availability_zone).toMatch(/^\$\{aws_ebs_volume\.\w+\.availability_zone\}$/);
    expect(template.resource("aws_ebs_volume")).toMatchObject({ lifecycle: { ignore_changes: ["availability_zone"] } });
  });

  test.each<Partial<Ec2BuilderProps>>([{ subnetId: "subnet-0123" }, { availabilityZone: "us-west-2b" }])(
    "is compared with %j at plan time",
    (place) => {
      const instance = onEc2({ ...place, dataVolume: { sizeGib: 50 } }).resource("aws_instance");
      expect(instance).toMatchObject({
        lifecycle: {
          ignore_changes: ["ami", "user_data", "associate_public_ip_address"],
          precondition: [
            {
              condition: expect.stringMatching(
                /^\$\{\(?aws_ebs_volume\.\w+\.availability_zone == data\.aws_subnet\.\w+\.availability_zone\)?\}$/,
              ) as unknown,
            },
          ],
        },
      });
    },
  );

  test("can be protected from everything", () => {
    const template = onEc2({ dataVolume: { sizeGib: 50, protect: true } });
    expect(template.resource("aws_ebs_volume")).toMatchObject({ lifecycle: { prevent_destroy: true } });
  });
});

describe("what setup is told", () => {
  const told = (props: Partial<Ec2BuilderProps>) => {
    const { HOST_USER, GPU, DRIVER } = onEc2(props).env("builder/builder.env");
    return [HOST_USER, GPU, DRIVER];
  };

  test.each<[string, Partial<Ec2BuilderProps>, string[]]>([
    ["a GPU, its driver in the image", {}, ["ubuntu", "nvidia", "preinstalled"]],
    ["a GPU, no driver yet", { ami: Ami.rhel("9") }, ["ec2-user", "nvidia", "install"]],
    ["no GPU, no driver", { instanceType: "m6i.xlarge", ami: Ami.amazonLinux("2023") }, ["ec2-user", "none", "none"]],
    ["another maker's GPU", { instanceType: "g4ad.xlarge", ami: Ami.fedora(44) }, ["fedora", "none", "none"]],
    [
      "a type newer than our table",
      { instanceType: "g99.xlarge", gpu: "nvidia", arch: "arm64" },
      ["ubuntu", "nvidia", "preinstalled"],
    ],
  ])("%s", (_what, props, expected) => {
    expect(told(props)).toEqual(expected);
  });

  test("times and the rest", () => {
    const props = {
      idleStop: Duration.minutes(30),
      maxAge: Duration.hours(12),
      identityFile: "~/.ssh/id",
      project: "p",
    };
    expect(onEc2(props).env("builder/builder.env")).toMatchObject({
      PROJECT: "p",
      HOST_KIND: "ec2",
      HOST_PORT: "22",
      HOST_ADDRESS: "",
      IDENTITY_FILE: "~/.ssh/id",
      IDLE_STOP_SECONDS: "1800",
      MAX_AGE_SECONDS: "43200",
      STACK_DIR: "..",
      PROJECT_DIR: "",
    });
  });

  test("a GPU nobody sets up is warned of", () => {
    expect(onEc2({ instanceType: "g4ad.xlarge" }).warnings).toEqual([
      "[lab/builder] setup installs no driver for AMD GPUs; only NVIDIA's are set up for containers",
    ]);
  });

  test("the region is found also where the provider comes later, and left out where nobody wrote it", () => {
    const late = Template.of(
      (stack) => {
        new GpuBuilder(stack, "builder", { ...right, access: "ssm", sshFrom: undefined } as unknown as Ec2BuilderProps);
        new AwsProvider(stack, "aws", { region: "eu-west-1" });
      },
      { aws: false },
    );
    expect(late.env("builder/builder.env").REGION).toBe("eu-west-1");
    expect(late.output("ssh_command")).toContain("--region eu-west-1'");
    const none = Template.of(
      (stack) => {
        new AwsProvider(stack, "aws");
        new GpuBuilder(stack, "builder", right);
      },
      { aws: false },
    );
    expect(none.env("builder/builder.env").REGION).toBe("");
  });
});

describe("files", () => {
  test("the program, its settings, its images, the runbook and the library, and nothing else", () => {
    const template = onEc2({}, (builder, stack) => {
      builder.build(new ContainerImage(stack, "vllm", { context: "vllm" }));
    });
    expect(template.paths).toEqual(
      [
        "bin/builder",
        "builder/RUNBOOK.md",
        "builder/builder.env",
        "builder/images/vllm.env",
        "gantry.json",
        ...COMMON_PROGRAMS.map((name) => `lib/gantry/common/${name}`),
        ...CLIENT_PROGRAMS.names.map((name) => `lib/gantry/builder/${name}`),
        ...HOST_PROGRAMS.names.map((name) => `lib/gantry/host/${name}`),
      ].sort(),
    );
    expect(template.isExecutable("bin/builder")).toBe(true);
    expect(template.isExecutable("builder/builder.env")).toBe(false);
  });

  test("images in the order of their bases, each with what its build needs", () => {
    const template = onEc2({}, (builder, stack) => {
      const base = new ContainerImage(stack, "z-base", { context: "base" });
      const middle = new ContainerImage(stack, "middle", { context: "middle", bases: [base] });
      const top = new ContainerImage(stack, "a-top", {
        context: "top",
        file: "build/Containerfile",
        target: "final",
        platform: "linux/amd64",
        args: { B: "it's", A: '$(id) "x"\nnext' },
        secrets: [{ id: "token", file: "~/.token" }],
        bases: [middle, base],
      });
      builder.build(top, { tag: "next" });
    });
    expect(template.env("builder/builder.env").IMAGES).toBe("z-base middle a-top");
    expect(template.file("builder/images/a-top.env")).toBe(`ARG_1='A=$(id) "x"
next'
ARG_2='B=it'\\''s'
ARG_COUNT='2'
BASES='middle z-base'
CONTAINERFILE='build/Containerfile'
CONTEXT='top'
IMAGE='a-top'
PLATFORM='linux/amd64'
SECRET_1='token=~/.token'
SECRET_COUNT='1'
TAG='next'
TARGET='final'
`);
    expect(template.env("builder/images/z-base.env").TAG).toBe("next");
    expect(template.warnings).toEqual([]);
  });

  test("an image for another architecture than the builder's is warned of", () => {
    const template = onEc2({ instanceType: "g5g.xlarge" }, (builder, stack) => {
      builder.build(new ContainerImage(stack, "vllm", { context: "vllm", platform: "linux/amd64" }));
    });
    expect(template.warnings).toEqual([
      '[lab/builder] image "vllm" is for linux/amd64, the builder is linux/arm64: its RUN steps need an emulator, which setup does not install',
    ]);
  });
});

describe("a host that is there already", () => {
  test("on this machine: no cloud at all", () => {
    const template = Template.of(
      (stack) => {
        new GpuBuilder(stack, "builder", { host: Host.local(), gpu: true });
      },
      { aws: false },
    );
    expect(template.types).toEqual([]);
    expect(template.json.output).toBeUndefined();
    expect(template.env("builder/builder.env")).toMatchObject({
      HOST_KIND: "local",
      HOST_USER: "",
      GPU: "nvidia",
      DRIVER: "preinstalled",
      MIN_FREE_GIB: "20",
    });
  });

  test("by ssh, its port in the name its key is known by", () => {
    const host = Host.existing({
      address: "192.0.2.10",
      port: 2222,
      user: "me",
      identityFile: "~/.ssh/id",
      hostKey: PUBLIC_KEY,
    });
    const template = Template.of(
      (stack) => {
        new GpuBuilder(stack, "builder", { host });
      },
      { aws: false },
    );
    expect(template.env("builder/builder.env")).toMatchObject({
      HOST_KIND: "existing",
      HOST_ADDRESS: "192.0.2.10",
      HOST_PORT: "2222",
      HOST_ALIAS: "[192.0.2.10]:2222",
      HOST_USER: "me",
      HOST_KEY: PUBLIC_KEY,
      DRIVER: "none",
    });
  });
});

describe("set up on deploy", () => {
  const setup = (template: Template) =>
    Object.entries(template.resources("terraform_data")).find(([id]) => id.includes("Setup"))?.[1];

  test("one command, after all that it takes to get in, told where the machine is", () => {
    const template = onEc2({ provision: "on-deploy", elasticIp: true, dataVolume: { sizeGib: 50 } });
    const [rule = ""] = Object.keys(template.resources("aws_vpc_security_group_ingress_rule"));
    const dependencies = setup(template)?.depends_on as string[];
    expect(dependencies).toContain(`aws_vpc_security_group_ingress_rule.${rule}`);
    expect(dependencies.map((address) => address.split(".")[0]).sort()).toEqual([
      "aws_eip_association",
      "aws_iam_role_policy_attachment",
      "aws_volume_attachment",
      "aws_vpc_security_group_ingress_rule",
    ]);
    expect(setup(template)?.provisioner).toEqual([
      {
        "local-exec": {
          command: "'files/bin/builder' setup --yes",
          interpreter: ["/bin/sh", "-c"],
          environment: {
            GANTRY_ADDRESS: template.output("public_ip"),
            GANTRY_INSTANCE_ID: "${aws_instance.builder.id}",
            GANTRY_DATA_VOLUME_ID: template.output("data_volume_id"),
          },
        },
      },
    ]);
  });

  test("again when the machine, its volume, or anything of the setup is another, and only then", () => {
    const triggers = (props: Partial<Ec2BuilderProps>) =>
      setup(onEc2({ provision: "on-deploy", ...props }))?.triggers_replace as Record<string, string>;
    const before = triggers({});
    expect(before).toEqual({
      instance: "${aws_instance.builder.id}",
      steps: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(triggers({ tags: { team: "x" }, maxIterations: 9 })).toEqual(before);
    expect(triggers({ engine: "docker" }).steps).not.toBe(before.steps);
    expect(triggers({ idleStop: Duration.hours(1) }).steps).not.toBe(before.steps);
    expect(triggers({ dataVolume: { sizeGib: 50 } }).volume).toMatch(/^\$\{aws_ebs_volume\./);
  });

  test("on a host that is there already", () => {
    const template = Template.of(
      (stack) => {
        new GpuBuilder(stack, "builder", { host: Host.local(), provision: "on-deploy" });
      },
      { aws: false },
    );
    expect(setup(template)).toMatchObject({
      provisioner: [{ "local-exec": { command: "'files/bin/builder' setup --yes" } }],
    });
    expect(setup(template)).not.toHaveProperty("depends_on");
  });
});

test("two builders in one stack keep to themselves", () => {
  const template = Template.of((stack) => {
    new GpuBuilder(stack, "builder", { ...right, elasticIp: true });
    new GpuBuilder(stack, "arm", { ...right, instanceType: "g5g.xlarge", outputPrefix: "arm_" });
    new GpuBuilder(stack, "local", { host: Host.local() });
  });
  expect(Object.keys(template.resources("aws_instance"))).toEqual(["arm", "builder"]);
  expect(Object.keys(template.json.output ?? {})).toEqual(
    expect.arrayContaining(["instance_id", "arm_instance_id", "ssh_command", "arm_ssh_command"]),
  );
  expect(template.env("arm/builder.env")).toMatchObject({ OUTPUT_PREFIX: "arm_", GPU: "nvidia" });
  expect(template.file("bin/arm")).toBe(template.file("bin/builder"));
  const prefix = "/aws/service/deeplearning/ami";
  const parameters = Object.values(template.json.data?.aws_ssm_parameter ?? {}).map(({ name }) => name);
  expect(parameters.sort()).toEqual([
    `${prefix}/arm64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id`,
    `${prefix}/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id`,
  ]);
});

test("ids of children stay: a new one would replace what people have", () => {
  const stack = new TerraformStack(new App({ outdir: "unused" }), "lab");
  const builder = new GpuBuilder(stack, "builder", {
    ...right,
    provision: "on-deploy",
    elasticIp: true,
    dataVolume: { sizeGib: 50 },
  });
  expect(builder.node.children.map(({ node }) => node.id).sort()).toEqual([
    "Ami",
    "DataVolume",
    "DataVolumeAttachment",
    "Default",
    "EgressIpv4",
    "EgressIpv6",
    "ElasticIp",
    "ElasticIpAssociation",
    "KeyPair",
    "Kind",
    "Offerings",
    "Partition",
    "Profile",
    "Program",
    "Role",
    "Runbook",
    "SecurityGroup",
    "Settings",
    "Setup",
    "SshFrom-203.0.113.4-32",
    "Subnet",
    "SystemsManager",
    "Vpc",
    "Zones",
    "data_volume_id",
    "instance_id",
    "private_ip",
    "public_ip",
    "ssh_command",
  ]);
  expect(builder.node.defaultChild).toBe(builder.machine?.instance);
  expect((builder.node.defaultChild as TerraformResource).friendlyUniqueId).toBe("builder");
});
