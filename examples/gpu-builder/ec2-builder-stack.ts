import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { LocalBackend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { Ami, Duration, GpuBuilder } from "../../lib/builder";
import { ContainerImage } from "../../lib/image";

/** The builder of the runbook: one GPU machine on EC2 that builds `nvidia-bootc-base`, and `vllm-bootc` from it. */
export class Ec2BuilderStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new LocalBackend(this, { path: `../../../terraform.${id}.tfstate` });
    new AwsProvider(this, "aws", { region: "us-west-2" });

    const base = new ContainerImage(this, "nvidia-bootc-base", {
      context: "examples/gpu-builder/nvidia-bootc-base",
      args: { CUDA_VERSION: "12.8" },
    });
    const vllm = new ContainerImage(this, "vllm-bootc", {
      context: "examples/gpu-builder/vllm-bootc",
      bases: [base],
    });

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
    builder.build(base);
    builder.build(vllm);
  }
}
