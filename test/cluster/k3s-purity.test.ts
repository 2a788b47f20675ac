// Declaring a cluster touches nothing but the construct tree.
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, TerraformStack } from "cdktf";
import { Host } from "../../lib/core/host";
import { K3sCluster } from "../../lib/cluster/k3s-cluster";
import { K3sTarget } from "../../lib/cluster/k3s-target";
import { K3sVersion } from "../../lib/cluster/k3s-version";
import { MachineProfile } from "../../lib/cluster/machine-profile";
import { touchedBy } from "../support/purity";

function declare(stack: TerraformStack): void {
  const version = K3sVersion.pinned("v1.28.4+k3s1", { binary: { arm64: "a".repeat(64) } });
  const node = (name: string) => ({ name, arch: "arm64", cpu: 2, memory: "8Gi" }) as const;
  const servers = [node("a"), node("b"), node("c")];
  const hosts = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((address) => Host.existing({ address }));
  new K3sCluster(stack, "native", { version, servers: [{ name: "dgx", machine: MachineProfile.dgxSpark() }] });
  new K3sCluster(stack, "ssh", { version, servers, target: K3sTarget.ssh(hosts), directory: "ssh" });
  new K3sCluster(stack, "k3d", { version, servers, target: K3sTarget.k3d(), directory: "k3d" });
  const ec2 = { instanceType: "m7g.large", vpcId: "vpc-1", subnetIds: ["subnet-1", "subnet-2"], keyName: "k" };
  const target = K3sTarget.ec2({ ...ec2, sshFrom: ["203.0.113.4/32"] });
  new K3sCluster(stack, "ec2", { version, servers, target, directory: "ec2", args: { kubelet: { v: 2 } } });
}

function emptyStack(): TerraformStack {
  const stack = new TerraformStack(new App({ outdir: "unused", stackTraces: false }), "lab");
  new AwsProvider(stack, "aws", { region: "us-west-2" });
  return stack;
}

test("no constructor reads a disk, a clock, the environment, the network, chance or a process", () => {
  declare(emptyStack()); // all modules are loaded now
  const stack = emptyStack();
  expect(touchedBy(() => declare(stack))).toEqual([]);
  expect(stack.node.findAll().length).toBeGreaterThan(60);
});
