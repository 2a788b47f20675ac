// The stacks in the hands of the real tofu and terraform, with the AWS schema provider: every example through its whole
// life, and what must survive which change.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { App, LocalBackend, TerraformStack, TerraformVariable } from "cdktf";
import { Ami, GpuBuilder, Host } from "../../lib/builder";
import type { Ec2BuilderProps } from "../../lib/builder/gpu-builder.props";
import { ContainerImage } from "../../lib/image";
import { exampleNames, synthesizeExample } from "../../scripts/examples";
import { messageOf } from "../support/project";
import { PUBLIC_KEY } from "../support/template";
import {
  changed,
  cycleStack,
  openStack,
  planStack,
  replaced,
  terraforms,
  terraformTools,
  type Workspace,
} from "../support/terraform";
import { withTools } from "../support/tools";

const right: Ec2BuilderProps = {
  instanceType: "g6.xlarge",
  ami: Ami.deepLearningBase("ubuntu-24.04"),
  sshFrom: ["203.0.113.4/32"],
  sshPublicKey: PUBLIC_KEY,
};

const work = mkdtempSync(join(tmpdir(), "gantry-plan-"));
afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

let count = 0;
/** Synthesizes a stack; returns the directory Terraform runs in. */
function synth(declare: (stack: TerraformStack) => void, region: string | null = "us-west-2"): string {
  const outdir = join(work, String(count++));
  const app = new App({ outdir, stackTraces: false });
  const stack = new TerraformStack(app, "lab");
  new LocalBackend(stack, { path: "lab.tfstate" });
  new AwsProvider(stack, "aws", region === null ? {} : { region });
  declare(stack);
  app.synth();
  return join(outdir, "stacks/lab");
}

const builder = (props: Partial<Ec2BuilderProps> = {}) =>
  synth((stack) => {
    new GpuBuilder(stack, "builder", { ...right, ...props });
  });

const values = (of: Readonly<Record<string, object>>) => ({ env: { AWSSTUB_VALUES: JSON.stringify(of) } });
const offeredIn = (...locations: string[]) => ({ "data.aws_ec2_instance_type_offerings": { locations } });
const types = (addresses: readonly string[]) => addresses.map((address) => address.split(".")[0]).sort();

/** Runs `test` in a copy of a stack that is deployed already. */
function deployed(
  dir: string,
  binary: (typeof terraforms)[number],
  test: (stack: Workspace) => void,
  options = {},
): void {
  const stack = openStack(dir, binary);
  try {
    stack.apply(options);
    test(stack);
  } finally {
    stack.dispose();
  }
}

/** What the state knows of the only resource (or data source) of a type. */
const attribute = (stack: Workspace, type: string, name: string, mode = "managed"): unknown => {
  const state = JSON.parse(stack.run(["show", "-json"])) as {
    values: { root_module: { resources: { type: string; mode: string; values: Record<string, unknown> }[] } };
  };
  const found = state.values.root_module.resources.find((each) => each.type === type && each.mode === mode);
  return found?.values[name];
};

jest.setTimeout(300_000); // a life of a stack is a dozen runs of a program that takes its time

withTools(terraformTools, () => {
  describe.each(terraforms)("%s", (binary) => {
    describe.each(exampleNames())("examples/%s", (example) => {
      test("every stack: valid, planned, deployed, settled, gone", () => {
        const outdir = join(work, `${binary}-${example}`);
        synthesizeExample(example, outdir);
        const stacks = readdirSync(join(outdir, "stacks"));
        expect(stacks.length).toBeGreaterThan(0);
        for (const stack of stacks) {
          const { plan, unsettled, left } = cycleStack(join(outdir, "stacks", stack), { binary });
          expect(plan.resource_drift ?? []).toEqual([]);
          expect({ stack, unsettled, left }).toEqual({ stack, unsettled: [], left: [] });
        }
      });
    });

    test("every option at once, in a network of the same stack, beside a second builder", () => {
      const dir = synth((stack) => {
        const vpc = new Vpc(stack, "vpc", { cidrBlock: "10.0.0.0/16" });
        const subnet = new Subnet(stack, "subnet", {
          vpcId: vpc.id,
          cidrBlock: "10.0.1.0/24",
          availabilityZone: "us-west-2b",
        });
        const all = new GpuBuilder(stack, "builder", {
          ...right,
          ami: Ami.rhel("9"),
          sshFrom: ["203.0.113.4/32", "2001:db8::/64"],
          subnetId: subnet.id,
          elasticIp: true,
          identityFile: "~/.ssh/lab key",
          disk: { sizeGib: 500, iops: 6000, throughputMibps: 500 },
          dataVolume: { sizeGib: 1000, holds: "storage" },
          spot: { maxPriceUsd: 0.5 },
          tags: { team: "inference" },
        });
        all.build(new ContainerImage(stack, "vllm", { context: "vllm" }));
        new GpuBuilder(stack, "arm", {
          instanceType: "g5g.xlarge",
          ami: Ami.fedora(44),
          access: "ssm",
          keyName: "mine",
          dataVolume: { sizeGib: 50 },
          outputPrefix: "arm_",
        });
        new GpuBuilder(stack, "local", { host: Host.local() });
      });
      const { unsettled, left, outputs } = cycleStack(dir, { binary });
      expect({ unsettled, left }).toEqual({ unsettled: [], left: [] });
      expect(Object.keys(outputs).sort()).toEqual(
        ["data_volume_id", "instance_id", "private_ip", "public_ip", "ssh_command"]
          .flatMap((name) => [name, `arm_${name}`])
          .sort(),
      );
      expect(outputs.data_volume_id).toMatch(/^vol-/);
    });

    test("a newer image changes nothing, until the machine is replaced on purpose", () => {
      deployed(builder(), binary, (stack) => {
        const newer = values({ "data.aws_ssm_parameter": { insecure_value: "ami-0bbbbbbbbbbbbbbbb" } });
        expect(changed(stack.plan([], newer))).toEqual([]);
        const plan = stack.plan(["-replace=aws_instance.builder"], newer);
        expect(replaced(plan)).toEqual(["aws_instance.builder"]);
        const instance = plan.resource_changes?.find(({ address }) => address === "aws_instance.builder");
        expect(instance?.change.after?.ami).toBe("ami-0bbbbbbbbbbbbbbbb");
      });
    });

    test("a zone that begins to offer the type moves no machine; a data volume keeps the next one where it is", () => {
      const before = values(offeredIn("us-west-2b", "us-west-2c"));
      const after = values(offeredIn("us-west-2c", "us-west-2a", "us-west-2b"));
      deployed(
        builder({ dataVolume: { sizeGib: 100 } }),
        binary,
        (stack) => {
          const volume = attribute(stack, "aws_ebs_volume", "id");
          expect(attribute(stack, "aws_ebs_volume", "availability_zone")).toBe("us-west-2b");
          expect(changed(stack.plan([], after))).toEqual([]);

          // On purpose, or because somebody (or a spot interruption) took the machine away.
          expect(types(changed(stack.plan(["-replace=aws_instance.builder"], after)))).toEqual([
            "aws_instance",
            "aws_volume_attachment",
          ]);
          const gone = { env: { ...after.env, AWSSTUB_DRIFT: JSON.stringify({ aws_instance: null }) } };
          const again = stack.plan([], gone);
          expect(types(changed(again))).toEqual(["aws_instance", "aws_volume_attachment"]);
          stack.apply(gone);
          expect(attribute(stack, "aws_ebs_volume", "id")).toBe(volume);
          expect(attribute(stack, "aws_ebs_volume", "availability_zone")).toBe("us-west-2b");
          expect(attribute(stack, "aws_subnet", "availability_zone", "data")).toBe("us-west-2b");
        },
        before,
      );
    });

    test("the data volume survives whatever replaces the machine", () => {
      const dataVolume = { sizeGib: 100 };
      const placed = { dataVolume, subnetId: "subnet-0aaa" };
      deployed(builder(placed), binary, (stack) => {
        const volume = attribute(stack, "aws_ebs_volume", "id");
        const instances = new Set([attribute(stack, "aws_instance", "id")]);
        const changes: Partial<Ec2BuilderProps>[] = [
          { ...placed, subnetId: "subnet-0bbb" },
          { ...placed, spot: {} },
          placed, // and back: the provider alone would not notice
          { ...placed, instanceType: "g5g.xlarge" },
          { ...placed, sshPublicKey: PUBLIC_KEY.replace("OMqq", "OMqr") },
        ];
        for (const change of changes) {
          stack.replaceStack(builder(change));
          const plan = stack.plan();
          expect(replaced(plan)).toEqual(expect.arrayContaining(["aws_instance.builder"]));
          expect(types(changed(plan))).not.toContain("aws_ebs_volume");
          stack.apply();
          expect(attribute(stack, "aws_ebs_volume", "id")).toBe(volume);
          instances.add(attribute(stack, "aws_instance", "id"));
        }
        expect(instances.size).toBe(changes.length + 1);
        expect(changed(stack.plan())).toEqual([]);
      });
    });

    test("a subnet in another zone than the data volume is refused before anything is destroyed", () => {
      const dir = builder({ dataVolume: { sizeGib: 100 }, subnetId: "subnet-0aaa" });
      deployed(dir, binary, (stack) => {
        const moved = values({ "data.aws_subnet": { availability_zone: "us-west-2c" } });
        const message = messageOf(() => stack.plan([], moved)).replace(/[│╷╵\s]+/g, " ");
        expect(message).toContain(
          "The data volume is in another availability zone than the subnet, and a volume cannot move: give a subnet of its zone, or copy it through a snapshot.",
        );
      });
    });

    test("a larger data volume is that and nothing more", () => {
      deployed(builder({ dataVolume: { sizeGib: 100 } }), binary, (stack) => {
        stack.replaceStack(builder({ dataVolume: { sizeGib: 200 }, tags: { team: "x" } }));
        const plan = stack.plan();
        expect(replaced(plan)).toEqual([]);
        expect(types(changed(plan))).toContain("aws_ebs_volume");
        stack.apply();
        expect(changed(stack.plan())).toEqual([]);
      });
    });

    test("a protected data volume stops a destroy", () => {
      deployed(builder({ dataVolume: { sizeGib: 100, protect: true } }), binary, (stack) => {
        expect(
          messageOf(() => {
            stack.destroy();
          }),
        ).toContain("prevent_destroy");
        expect(attribute(stack, "aws_ebs_volume", "id")).toMatch(/^vol-/);
      });
    });

    test("other blocks of addresses open and close rules, and touch no machine", () => {
      deployed(builder({ sshFrom: ["10.0.0.0/8", "203.0.113.4/32"] }), binary, (stack) => {
        stack.replaceStack(builder({ sshFrom: ["203.0.113.4/32", "192.0.2.0/24"] }));
        expect(types(changed(stack.plan()))).toEqual([
          "aws_vpc_security_group_ingress_rule",
          "aws_vpc_security_group_ingress_rule",
        ]);
      });
    });

    test("what somebody changed by hand shows as drift", () => {
      deployed(builder(), binary, (stack) => {
        const byHand = { env: { AWSSTUB_DRIFT: JSON.stringify({ aws_instance: { instance_type: "g6.2xlarge" } }) } };
        const plan = stack.plan(["-refresh-only"], byHand);
        expect(plan.resource_drift?.map(({ address }) => address)).toEqual(["aws_instance.builder"]);
      });
    });
  });

  describe("looked up when it runs", () => {
    test("a pinned image in a region that nobody wrote down", () => {
      const images = { "eu-west-1": "ami-0123456789abcdef0", "us-west-2": "ami-0123456789abcdef1" };
      const dir = synth((stack) => {
        new GpuBuilder(stack, "builder", { ...right, ami: Ami.pinned(images) });
      }, null);
      const stack = openStack(dir, "tofu");
      try {
        const plan = stack.plan([], { env: { AWS_REGION: "eu-west-1" } });
        const instance = plan.resource_changes?.find(({ type }) => type === "aws_instance");
        expect(instance?.change.after?.ami).toBe("ami-0123456789abcdef0");
        expect(messageOf(() => stack.plan([], { env: { AWS_REGION: "ap-south-1" } }))).toContain("Invalid index");
      } finally {
        stack.dispose();
      }
    });

    test("who may come in: anybody but everybody", () => {
      const dir = synth((stack) => {
        const office = new TerraformVariable(stack, "office", { type: "string" });
        new GpuBuilder(stack, "builder", { ...right, sshFrom: [office.stringValue] });
      });
      const stack = openStack(dir, "tofu");
      try {
        expect(types(changed(stack.plan(["-var=office=198.51.100.0/24"])))).toContain(
          "aws_vpc_security_group_ingress_rule",
        );
        expect(messageOf(() => stack.plan(["-var=office=0.0.0.0/0"]))).toContain(
          "everyone may not reach the builder by ssh",
        );
      } finally {
        stack.dispose();
      }
    });

    test("a zone, also where AWS says of no zone that it offers the type, or of local ones only", () => {
      const dir = builder();
      for (const offered of [offeredIn(), offeredIn("us-west-2-lax-1a")]) {
        deployed(
          dir,
          "tofu",
          (stack) => {
            expect(stack.run(["state", "list"])).toContain("aws_instance.builder");
          },
          values(offered),
        );
      }
    });
  });

  describe("ssh_command", () => {
    /** What ssh is started with when the output is pasted into a shell. */
    function pasted(props: Partial<Ec2BuilderProps>): string[] {
      const bin = join(work, `bin-${count}`);
      mkdirSync(bin);
      writeFileSync(join(bin, "ssh"), '#!/bin/sh\nprintf "%s\\0" "$@"\n', { mode: 0o755 });
      let words: string[] = [];
      const { sshFrom: _from, ...closed } = right;
      const dir = synth((stack) => {
        new GpuBuilder(stack, "builder", { ...(props.access === "ssm" ? closed : right), ...props });
      });
      deployed(dir, "tofu", (stack) => {
        const command = stack.run(["output", "-raw", "ssh_command"]);
        const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: "/home/me" };
        words = execFileSync("sh", ["-c", command], { env, encoding: "utf8" }).split("\0").slice(0, -1);
      });
      return words;
    }

    test("plain", () => {
      expect(pasted({})).toEqual(["ubuntu@127.0.0.1"]);
      expect(pasted({ identityFile: "~/.ssh/id" })).toEqual(["-i", "/home/me/.ssh/id", "ubuntu@127.0.0.1"]);
    });

    test("with a path that a shell and Terraform would read", () => {
      const path = "keys of ${HOME}/it's %{if} `id` $(id)";
      expect(pasted({ identityFile: path })).toEqual(["-i", path, "ubuntu@127.0.0.1"]);
    });

    test("through Systems Manager", () => {
      const words = pasted({ access: "ssm", ami: Ami.rhel("9") });
      expect(words).toEqual([
        "-o",
        "ProxyCommand=aws ssm start-session --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p --region us-west-2",
        expect.stringMatching(/^ec2-user@i-[0-9a-f]+$/) as string,
      ]);
    });
  });

  test("set up on deploy: the program runs once the machine can be reached, and again for the next machine", () => {
    const log = join(work, "setup.log");
    const declare = (stack: TerraformStack) => {
      const made = new GpuBuilder(stack, "builder", {
        ...right,
        provision: "on-deploy",
        elasticIp: true,
        dataVolume: { sizeGib: 9, holds: "home" },
        disk: { minFreeGib: 1 },
      });
      // In the place of the program: setting up this machine is not what a test should do.
      const line = '"$1 $2 $GANTRY_INSTANCE_ID $GANTRY_ADDRESS $GANTRY_DATA_VOLUME_ID"';
      made.program.overrideContent(`#!/bin/sh\nprintf '%s\\n' ${line} >>'${log}'\n`);
    };
    const lines = () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);
    deployed(synth(declare), "tofu", (stack) => {
      expect(lines()).toEqual([expect.stringMatching(/^setup --yes i-[0-9a-f]+ 127\.0\.0\.1 vol-[0-9a-f]+$/)]);
      expect(changed(stack.plan())).toEqual([]);
      stack.run(["apply", "-auto-approve", "-replace=aws_instance.builder"]);
      expect(lines()).toHaveLength(2);
      expect(lines()[0]?.split(" ")[2]).not.toBe(lines()[1]?.split(" ")[2]);
      expect(lines()[0]?.split(" ")[4]).toBe(lines()[1]?.split(" ")[4]);
    });
  });

  test("a plan from nothing shows no secret and hides nothing", () => {
    const plan = planStack(builder(), { binary: "tofu" });
    expect(JSON.stringify(plan)).not.toMatch(/PRIVATE KEY|"after_sensitive":true/);
    const instance = plan.resource_changes?.find(({ type }) => type === "aws_instance");
    expect(instance?.change.after?.ami).toBe("ami-0a5b0000000000000");
  });
});
