import { Lazy, TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { GantryError } from "../core/errors";
import { shellQuote } from "../core/render/env";
import type { Ec2Machine } from "./ec2-machine";
import type { Ec2Props } from "./gpu-builder.schema";
import { regionOf } from "../core/aws/region";

/** Adds the outputs that people and the builder's program find the machine by. */
export function addOutputs(scope: Construct, { instance, publicIp, dataVolume }: Ec2Machine, props: Ec2Props): void {
  claimOutputs(scope, props.outputPrefix);
  const add = (name: string, value: string, description: string) => {
    new TerraformOutput(scope, name, { value, description }).overrideLogicalId(`${props.outputPrefix}${name}`);
  };
  const command = Lazy.stringValue({ produce: () => sshCommand(props, instance.id, publicIp, regionOf(scope)) });
  add("instance_id", instance.id, "EC2 instance");
  add("public_ip", publicIp, "Public address; empty while the instance is stopped");
  add("private_ip", instance.privateIp, "Address inside the VPC");
  add("ssh_command", command, "Paste it into a shell (print it with output -raw)");
  if (dataVolume) add("data_volume_id", dataVolume.id, "EBS volume that outlives the instance");
}

const outputOwners = new WeakMap<TerraformStack, Map<string, Construct>>();

/** Two builders that write the same outputs: Terraform would keep one of them and say nothing. */
function claimOutputs(builder: Construct, prefix: string): void {
  const stack = TerraformStack.of(builder);
  const owners = outputOwners.get(stack) ?? new Map<string, Construct>();
  outputOwners.set(stack, owners);
  const twin = owners.get(prefix);
  if (twin) {
    const suggestion = `${builder.node.id.replaceAll("-", "_")}_`;
    const given = `got ${JSON.stringify(prefix)}, which [${twin.node.path}] has already`;
    throw new GantryError(`[${builder.node.path}] ${builder.constructor.name}: invalid props`, [
      { property: "outputPrefix", message: `${given}; allowed: another prefix, such as "${suggestion}"` },
    ]);
  }
  owners.set(prefix, builder);
}

function sshCommand(props: Ec2Props, instanceId: string, address: string, region: string | undefined): string {
  const key = props.identityFile === undefined ? "" : `-i ${shellWord(props.identityFile)} `;
  if (props.access === "ssh") return `ssh ${key}${shellWord(props.ami.user)}@${address}`;
  const start = "aws ssm start-session --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p";
  const proxy = `${start}${region === undefined ? "" : ` --region ${region}`}`;
  return `ssh ${key}-o ProxyCommand=${shellQuote(proxy)} ${shellWord(props.ami.user)}@${instanceId}`;
}

/** A path or a name for a shell to read, in text that Terraform reads first. A plain one stays as it is: the shell opens its `~/`. */
function shellWord(word: string): string {
  if (/^[\w./~@+-]+$/.test(word)) return word;
  return shellQuote(word).replace(/[$%](?=\{)/g, "$&$&");
}
