import type { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformProvider, TerraformStack, Token } from "cdktf";
import type { Construct } from "constructs";
import { z } from "zod";

/** @internal Name of an AWS region. */
export const regionName = z
  .string()
  .regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/)
  .describe('a region, such as "us-west-2"');

/** Region of the stack's AWS provider where it is written out, else nothing: it comes from the environment at run time. */
export function regionOf(scope: Construct): string | undefined {
  // The provider by its name and not its class: loading that class costs more than all the rest.
  const provider = TerraformStack.of(scope).node.children.find(
    (child): child is AwsProvider =>
      TerraformProvider.isTerraformProvider(child) &&
      child.terraformResourceType === "aws" &&
      child.alias === undefined,
  );
  const region = provider?.region;
  return region === undefined || Token.isUnresolved(region) ? undefined : region;
}
