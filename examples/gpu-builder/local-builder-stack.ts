import { LocalBackend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { GpuBuilder, Host } from "../../lib/builder";
import { ContainerImage } from "../../lib/image";

/** The same program without a cloud: it builds on this machine, here a small image that needs no network. */
export class LocalBuilderStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new LocalBackend(this, { path: `../../../terraform.${id}.tfstate` });

    // `CDKTF_CONTEXT_JSON='{"engine":"docker"}'` where there is docker only.
    const engine = (this.node.tryGetContext("engine") as "podman" | "docker" | undefined) ?? "podman";
    const hello = new ContainerImage(this, "hello", { context: "examples/gpu-builder/hello" });
    new GpuBuilder(this, "local-builder", { host: Host.local(), engine, disk: { minFreeGib: 1 } }).build(hello);
  }
}
