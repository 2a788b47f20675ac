import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { LocalBackend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { Ami, Duration, GpuBuilder } from "../../lib/builder";
import { addImages } from "./images";

/** The builder of the runbook: one GPU machine on EC2. */
export class Ec2BuilderStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new LocalBackend(this, { path: `../../../terraform.${id}.tfstate` });
    new AwsProvider(this, "aws", { region: "us-west-2" });

    const builder = new GpuBuilder(this, "builder", {
      instanceType: "g6.xlarge",
      ami: Ami.deepLearningBase("ubuntu-24.04"),
      sshFrom: ["203.0.113.4/32"],
      sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl you@example.com",
      identityFile: "~/.ssh/id_ed25519",
      disk: { sizeGib: 200, minFreeGib: 20 },
      spot: { onInterruption: "stop" },
      idleStop: Duration.minutes(30),
      maxAge: Duration.hours(12),
      tags: { team: "inference" },
    });
    addImages(this, builder);
  }
}
