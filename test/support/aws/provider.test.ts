// The schema provider itself: what it lets through, what it refuses, and the facts it adds.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changed, cycleStack, openStack, replaced, type Terraform, terraformTools, terraforms } from "../terraform";
import { withTools } from "../tools";
import { synthWideStack } from "./wide-stack";

const scratch = mkdtempSync(join(tmpdir(), "gantry-aws-"));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

let count = 0;
function stackOf(configuration: object): string {
  const dir = join(scratch, String(count++));
  mkdirSync(dir);
  const common = {
    terraform: { required_providers: { aws: { source: "aws", version: "6.25.0" } } },
    provider: { aws: [{ region: "eu-central-1" }] },
  };
  writeFileSync(join(dir, "cdk.tf.json"), JSON.stringify({ ...common, ...configuration }));
  return dir;
}

const resource = (type: string, body: object) => ({ resource: { [type]: { a: body } } });
const instance = (more: object = {}) => resource("aws_instance", { ami: "ami-1", instance_type: "t4g.small", ...more });

const refused: readonly (readonly [string, object, RegExp])[] = [
  ["misspelt argument", instance({ instance_typ: "x" }), /Extraneous JSON object property|No argument or block type/],
  [
    "misspelt nested argument",
    instance({ root_block_device: { volumesize: 8 } }),
    /Extraneous|No argument or block type/,
  ],
  [
    "missing argument of a rule",
    resource("aws_vpc_security_group_ingress_rule", { ip_protocol: "tcp" }),
    /Missing required argument/,
  ],
  ["missing argument of a key pair", resource("aws_key_pair", { key_name: "k" }), /Missing required argument/],
  [
    "missing argument in a block",
    resource("aws_budgets_budget", {
      budget_type: "COST",
      time_unit: "MONTHLY",
      notification: [{ comparison_operator: "GREATER_THAN" }],
    }),
    /Missing required argument/,
  ],
  [
    "missing block",
    resource("aws_dlm_lifecycle_policy", { description: "d", execution_role_arn: "arn:x" }),
    /Insufficient policy_details blocks/,
  ],
  [
    "too many blocks",
    instance({ root_block_device: [{ volume_size: 8 }, { volume_size: 9 }] }),
    /Too many root_block_device blocks/,
  ],
  ["text for a number", instance({ root_block_device: { volume_size: "big" } }), /Inappropriate value|number required/],
  [
    "text for a list",
    instance({ vpc_security_group_ids: "sg-1" }),
    /Incorrect attribute value type|Inappropriate value/,
  ],
  [
    "value for what AWS decides",
    instance({ arn: "x" }),
    /Invalid or unknown key|unconfigurable|Can't configure a value/,
  ],
  ["unknown resource type", resource("aws_instanze", {}), /Invalid resource type/],
  ["unknown data source", { data: { aws_amy: { a: {} } } }, /Invalid data source/],
  [
    "reference to an undeclared resource",
    instance({ key_name: "${aws_key_pair.nope.key_name}" }),
    /Reference to undeclared resource/,
  ],
  [
    "reference to an unknown attribute",
    { ...instance(), output: { o: { value: "${aws_instance.a.public_ipp}" } } },
    /Unsupported attribute/,
  ],
  [
    "cycle",
    {
      resource: {
        aws_security_group: {
          a: { description: "${aws_security_group.b.id}" },
          b: { description: "${aws_security_group.a.id}" },
        },
      },
    },
    /Cycle/,
  ],
  [
    "unknown provider argument",
    { ...instance(), provider: { aws: [{ regoin: "x" }] } },
    /Extraneous|No argument or block type/,
  ],
];

/** The message without line breaks and the bars of the box around it. */
function flat(error: unknown): string {
  return String(error).replace(/[\s│╷╵]+/g, " ");
}

withTools(terraformTools, () => {
  describe.each(terraforms)("%s with the AWS schema", (binary: Terraform) => {
    test("accepts, applies, settles and destroys a stack of 32 kinds", () => {
      const { plan, outputs, unsettled, left } = cycleStack(synthWideStack(join(scratch, `wide-${binary}`)), {
        binary,
      });
      expect(changed(plan).length).toBeGreaterThan(30);
      expect(outputs).toEqual({ eip_ip: "127.0.0.1", ip: "127.0.0.1" });
      expect({ unsettled, left }).toEqual({ unsettled: [], left: [] });
    });

    describe("refuses", () => {
      const good = () => openStack(stackOf(instance({ root_block_device: { volume_size: 8 } })), binary);
      let stack: ReturnType<typeof good>;
      beforeAll(() => {
        stack = good();
      });
      afterAll(() => {
        stack.dispose();
      });

      test("nothing in a good one", () => {
        stack.validate();
        expect(changed(stack.plan())).toEqual(["aws_instance.a"]);
      });

      test.each(refused)("%s", (_name, configuration, message) => {
        stack.replaceStack(stackOf(configuration));
        let said = "accepted";
        try {
          stack.validate();
          stack.plan();
        } catch (error) {
          said = flat(error);
        }
        expect(said).toMatch(message);
      });
    });

    test("knows what replaces an instance and what changes it in place", () => {
      const base = { user_data: "a", user_data_replace_on_change: false, root_block_device: { encrypted: true } };
      const stack = openStack(stackOf(instance(base)), binary);
      try {
        stack.apply();
        const after = (more: object) => {
          stack.replaceStack(stackOf(instance({ ...base, ...more })));
          const plan = stack.plan();
          return { changed: changed(plan), replaced: replaced(plan) };
        };
        const inPlace = { changed: ["aws_instance.a"], replaced: [] };
        const replacement = { changed: ["aws_instance.a"], replaced: ["aws_instance.a"] };
        expect(after({ instance_type: "t4g.large" })).toEqual(inPlace);
        expect(after({ user_data: "b" })).toEqual(inPlace);
        expect(after({ root_block_device: { encrypted: true, volume_size: 9 } })).toEqual(inPlace);
        expect(after({ ami: "ami-2" })).toEqual(replacement);
        expect(after({ user_data: "b", user_data_replace_on_change: true })).toEqual(replacement);
        expect(after({ root_block_device: { encrypted: false } })).toEqual(replacement);
      } finally {
        stack.dispose();
      }
    });

    test("answers data sources, with what their filters ask for", () => {
      const filter = (name: string, ...values: string[]) => ({ filter: [{ name, values }] });
      const data = {
        aws_ami: { a: { most_recent: true, owners: ["x"], ...filter("architecture", "arm64") } },
        aws_subnets: { a: filter("vpc-id", "vpc-1") },
        aws_ec2_instance_type_offerings: {
          a: { location_type: "availability-zone", ...filter("instance-type", "g5.xlarge") },
        },
        aws_vpc: { a: { default: true } },
      };
      const output = {
        architecture: { value: "${data.aws_ami.a.architecture}" },
        subnets: { value: "${length(data.aws_subnets.a.ids)}" },
        zones: { value: "${data.aws_ec2_instance_type_offerings.a.locations}" },
        types: { value: "${data.aws_ec2_instance_type_offerings.a.instance_types}" },
        cidr: { value: "${data.aws_vpc.a.cidr_block}" },
      };
      expect(cycleStack(stackOf({ data, output }), { binary })).toMatchObject({
        outputs: {
          architecture: "arm64",
          subnets: 3,
          zones: ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
          types: ["g5.xlarge"],
          cidr: "172.31.0.0/16",
        },
        unsettled: [],
      });
    });

    test("shows drift, loss and failure when told to", () => {
      const stack = openStack(stackOf(instance()), binary);
      try {
        expect(() => {
          stack.apply({ env: { AWSSTUB_FAIL: "aws_instance" } });
        }).toThrow(/made to fail/);
        stack.apply();
        const drift = { env: { AWSSTUB_DRIFT: '{"aws_instance":{"instance_type":"t3.nano"}}' } };
        expect(stack.plan(["-refresh-only"], drift).resource_drift?.map(({ address }) => address)).toEqual([
          "aws_instance.a",
        ]);
        const gone = stack.plan([], { env: { AWSSTUB_DRIFT: '{"aws_instance":null}' } });
        expect(gone.resource_changes?.map(({ change }) => change.actions)).toEqual([["create"]]);
      } finally {
        stack.dispose();
      }
    });
  });
});
