import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { Ami, GpuBuilder } from "../../lib/builder";

const app = new App();
const stack = new TerraformStack(app, "bench");
new LocalBackend(stack, { path: "bench.tfstate" });
new AwsProvider(stack, "aws", { region: "us-west-2" });
new GpuBuilder(stack, "builder", {
  instanceType: "g6.xlarge",
  ami: Ami.deepLearningBase("ubuntu-24.04"),
  sshFrom: ["203.0.113.4/32"],
  sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl bench",
});
app.synth();
