// Declaring a stack touches nothing but the construct tree: whatever a constructor read from disk, clock, environment or
// network would make two syntheses differ.
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, TerraformStack } from "cdktf";
import { Ami, Duration, GpuBuilder, Host } from "../../lib/builder";
import { setupSteps } from "../../lib/builder/provisioning";
import { ContainerImage } from "../../lib/image";
import { touchedBy } from "../support/purity";
import { PUBLIC_KEY } from "../support/template";

function emptyStack(): TerraformStack {
  const stack = new TerraformStack(new App({ outdir: "unused", stackTraces: false }), "lab");
  new AwsProvider(stack, "aws", { region: "us-west-2" });
  return stack;
}

function declare(stack: TerraformStack): void {
  const base = new ContainerImage(stack, "base", { context: "base", args: { A: "1" } });
  const image = new ContainerImage(stack, "vllm", {
    context: "vllm",
    bases: [base],
    secrets: [{ id: "t", file: "~/t" }],
  });
  const ec2 = new GpuBuilder(stack, "builder", {
    instanceType: "g6.xlarge",
    ami: Ami.deepLearningBase("ubuntu-24.04"),
    sshFrom: ["203.0.113.4/32", "2001:db8::/64"],
    sshPublicKey: PUBLIC_KEY,
    identityFile: "~/.ssh/id",
    elasticIp: true,
    dataVolume: { sizeGib: 100 },
    spot: {},
    idleStop: Duration.minutes(30),
    provision: "on-deploy",
  });
  ec2.build(image);
  new GpuBuilder(stack, "local", { host: Host.local(), provision: "on-deploy" }).build(image);
  const host = Host.existing({ address: "192.0.2.10", identityFile: "~/.ssh/id" });
  new GpuBuilder(stack, "existing", { host }).build(image);
}

test("no constructor reads a disk, a clock, the environment, the network, chance or a process", () => {
  declare(emptyStack()); // all modules are loaded now
  const stack = emptyStack();
  expect(touchedBy(() => setupSteps({}))).toEqual(["fs.readFileSync"]); // the traps are where the library looks
  expect(touchedBy(() => declare(stack))).toEqual([]);
  expect(stack.node.findAll().length).toBeGreaterThan(60);
});
