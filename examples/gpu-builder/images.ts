import type { TerraformStack } from "cdktf";
import type { GpuBuilder } from "../../lib/builder";
import { ContainerImage } from "../../lib/image";

/** The images of the runbook, and a small one that needs no network. Every builder of the example builds them. */
export function addImages(stack: TerraformStack, builder: GpuBuilder): void {
  const base = new ContainerImage(stack, "nvidia-bootc-base", {
    context: "examples/gpu-builder/nvidia-bootc-base",
    args: { CUDA_VERSION: "12.8" },
  });
  const vllm = new ContainerImage(stack, "vllm-bootc", {
    context: "examples/gpu-builder/vllm-bootc",
    bases: [base],
  });
  const hello = new ContainerImage(stack, "hello", { context: "examples/gpu-builder/hello" });
  for (const image of [base, vllm, hello]) builder.build(image);
}
