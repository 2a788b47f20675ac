import { LocalBackend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { GpuBuilder, Host } from "../../lib/builder";
import { addImages } from "./images";

/** The same builder without a cloud: it builds the same images on this machine. */
export class LocalBuilderStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new LocalBackend(this, { path: `../../../terraform.${id}.tfstate` });

    // `CDKTF_CONTEXT_JSON='{"engine":"docker"}'` where there is docker only.
    const engine = (this.node.tryGetContext("engine") as "podman" | "docker" | undefined) ?? "podman";
    const builder = new GpuBuilder(this, "local-builder", { host: Host.local(), engine, disk: { minFreeGib: 1 } });
    addImages(this, builder);
  }
}
