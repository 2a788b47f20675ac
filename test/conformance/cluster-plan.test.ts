// A cluster of three servers on EC2 in the hands of the real tofu and terraform, with the AWS schema provider.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { Ami } from "../../lib/core/aws/ami";
import { K3sCluster } from "../../lib/cluster/k3s-cluster";
import { K3sTarget } from "../../lib/cluster/k3s-target";
import { PUBLIC_KEY } from "../support/template";
import { cycleStack, planStack, terraformTools } from "../support/terraform";
import { withTools } from "../support/tools";

const work = mkdtempSync(join(tmpdir(), "gantry-cluster-plan-"));
afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

function synth(): string {
  const stack = new TerraformStack(new App({ outdir: work, stackTraces: false }), "lab");
  new LocalBackend(stack, { path: "lab.tfstate" });
  new AwsProvider(stack, "aws", { region: "us-west-2" });
  const vpc = new Vpc(stack, "vpc", { cidrBlock: "10.0.0.0/16" });
  const subnetIds = ["a", "b", "c"].map(
    (zone, i) =>
      new Subnet(stack, zone, { vpcId: vpc.id, cidrBlock: `10.0.${i}.0/24`, availabilityZone: `us-west-2${zone}` }).id,
  );
  new K3sCluster(stack, "ci", {
    version: "v1.28.5+k3s1",
    target: K3sTarget.ec2({
      instanceType: "m7g.large",
      agentInstanceType: "m7i.large",
      ami: Ami.rhel("9"),
      vpcId: vpc.id,
      subnetIds,
      sshFrom: ["203.0.113.4/32"],
      apiFrom: ["2001:db8::/64"],
      sshPublicKey: PUBLIC_KEY,
    }),
    servers: ["a", "b", "c"].map((name) => ({ name, arch: "arm64" as const, cpu: 2, memory: "8Gi" })),
    agents: [{ name: "w-1", arch: "amd64", cpu: 2, memory: "8Gi" }],
  });
  (stack.node.root as App).synth();
  return join(work, "stacks/lab");
}

jest.setTimeout(120_000);

withTools(terraformTools, () => {
  test("valid and planned by both, deployed, settled, gone", () => {
    const dir = synth();
    const { plan, outputs, unsettled, left } = cycleStack(dir, { binary: "tofu" });
    const instances = (plan.resource_changes ?? []).filter(({ type }) => type === "aws_instance");
    expect(instances).toHaveLength(4);
    expect({ unsettled, left }).toEqual({ unsettled: [], left: [] });
    expect(Object.keys(outputs)).toHaveLength(12);
    expect(planStack(dir, { binary: "terraform" }).resource_changes).toHaveLength(plan.resource_changes?.length ?? 0);
  });
});
