import { TerraformResource, type TerraformMetaArguments } from "cdktf";
import type { Construct } from "constructs";

/** What a {@link TerraformData} reacts to. */
export interface TerraformDataConfig extends TerraformMetaArguments {
  /** The resource is replaced, and its provisioners run again, when any of these change. May hold references. */
  readonly triggersReplace: Readonly<Record<string, string>>;
}

/**
 * Terraform's built-in `terraform_data`. cdktf has it as `DataResource`, which runs `terraform version` at every synth and
 * fails where there is none, or only tofu.
 */
export class TerraformData extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    private readonly config: TerraformDataConfig,
  ) {
    super(scope, id, {
      ...config,
      terraformResourceType: "terraform_data",
      terraformGeneratorMetadata: { providerName: "terraform" },
    });
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { triggers_replace: this.config.triggersReplace };
  }

  protected override synthesizeHclAttributes(): Record<string, unknown> {
    return {
      triggers_replace: {
        value: this.config.triggersReplace,
        isBlock: false,
        type: "map",
        storageClassType: "stringMap",
      },
    };
  }
}
