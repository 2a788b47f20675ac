import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import type { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import type { EbsVolume } from "@cdktf/provider-aws/lib/ebs-volume";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import { EipAssociation } from "@cdktf/provider-aws/lib/eip-association";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Instance, type InstanceConfig } from "@cdktf/provider-aws/lib/instance";
import { KeyPair } from "@cdktf/provider-aws/lib/key-pair";
import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Lazy, Op, type ITerraformDependable, type TerraformResourceLifecycle } from "cdktf";
import type { Construct } from "constructs";
import { TerraformData } from "../core/terraform-data";
import { addDataVolume, attachDataVolume } from "./ec2-data-volume";
import { addSecurityGroup, findNetwork } from "./ec2-network";
import type { Ec2Props, Tags } from "./gpu-builder.schema";
import type { Arch } from "../core/aws/instance-types";
import { USER_DATA } from "../core/aws/user-data";

/** What a builder on EC2 consists of. */
export interface Ec2Machine {
  readonly instance: Instance;
  readonly arch: Arch;
  readonly securityGroup: SecurityGroup;
  readonly role: IamRole;
  /** `undefined` when an existing key pair is used. */
  readonly keyPair: KeyPair | undefined;
  readonly elasticIp: Eip | undefined;
  readonly dataVolume: EbsVolume | undefined;
  /** Its public address, in Terraform's terms; empty while it is stopped, unless it has an elastic one. */
  readonly publicIp: string;
  /** What must be there, beside the instance, before it can be reached and set up. */
  readonly prerequisites: readonly ITerraformDependable[];
}

/** Adds the instance and all it needs to `scope`; the instance is the child `"Default"`. */
export function addEc2Machine(scope: Construct, props: Ec2Props, arch: Arch, tags: Tags): Ec2Machine {
  // At most 38 characters, which is what IAM takes; and never "sg-…", which EC2 keeps for itself.
  const prefix = `gantry-${scope.node.id.slice(0, 30)}-`;
  const network = findNetwork(scope, props);
  const dataVolume = props.dataVolume && addDataVolume(scope, props.dataVolume, network.zone, tags);
  // A machine of ours to place goes where its volume is, even when another zone would be the first choice by now.
  const subnet = network.subnet(isPlacedByUs(props) ? dataVolume?.availabilityZone : undefined);
  const { securityGroup, ingress } = addSecurityGroup(scope, props, network.vpcId, prefix, tags);
  const { role, policy, profile } = addRole(scope, prefix, tags);
  const keyPair =
    props.sshPublicKey === undefined
      ? undefined
      : new KeyPair(scope, "KeyPair", { keyNamePrefix: prefix, publicKey: props.sshPublicKey, tags });

  const instance = new Instance(scope, "Default", {
    ami: props.ami.imageId(scope, arch),
    instanceType: props.instanceType,
    subnetId: subnet.id,
    vpcSecurityGroupIds: [securityGroup.id],
    iamInstanceProfile: profile.name,
    keyName: keyPair?.keyName ?? props.keyName ?? "",
    ...(props.access === "ssh" && { associatePublicIpAddress: true }),
    instanceInitiatedShutdownBehavior: "stop",
    metadataOptions: {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: "disabled",
    },
    rootBlockDevice: {
      volumeType: "gp3",
      volumeSize: props.disk.sizeGib,
      iops: props.disk.iops,
      throughput: props.disk.throughputMibps,
      encrypted: true,
      deleteOnTermination: true,
      tags,
    },
    userData: USER_DATA,
    ...(props.spot && { instanceMarketOptions: spotOptions(props.spot) }),
    tags,
    lifecycle: {
      ignoreChanges: ignoredChanges(props),
      replaceTriggeredBy: [addKind(scope, props, arch)],
      ...(dataVolume && !isPlacedByUs(props) && { precondition: [sameZone(dataVolume, subnet)] }),
    },
  });
  const attachment = dataVolume && attachDataVolume(scope, dataVolume, instance);
  const { elasticIp, association } = props.elasticIp ? addElasticIp(scope, instance, tags) : {};
  return {
    instance,
    arch,
    securityGroup,
    role,
    keyPair,
    elasticIp,
    dataVolume,
    publicIp: elasticIp?.publicIp ?? instance.publicIp,
    prerequisites: [...ingress, policy, attachment, association].filter((each) => each !== undefined),
  };
}

function isPlacedByUs(props: Ec2Props): boolean {
  return props.subnetId === undefined && props.availabilityZone === undefined;
}

/**
 * A newer image, an edited stub or the address a stopped instance lost must never replace or stop the machine. Nor may a
 * zone that begins to offer the type, where we chose the subnet.
 */
function ignoredChanges(props: Ec2Props): string[] {
  const placement = isPlacedByUs(props) ? ["subnet_id", "availability_zone"] : [];
  return ["ami", "user_data", "associate_public_ip_address", ...placement];
}

/**
 * What only a new instance can have, though the provider does not know: it would try to run an image of the old
 * architecture (a new image is ignored), and it keeps spot capacity when spot is gone from the configuration.
 */
function addKind(scope: Construct, props: Ec2Props, architecture: Arch): string {
  const kind = new TerraformData(scope, "Kind", {
    triggersReplace: { architecture, market: props.spot ? "spot" : "on-demand" },
  });
  // Terraform wants a bare address here; cdktf would write an interpolation.
  return Lazy.stringValue({ produce: () => `${kind.terraformResourceType}.${kind.friendlyUniqueId}` });
}

/** Says at plan time what EC2 would say after the old instance is gone. */
function sameZone(
  volume: EbsVolume,
  subnet: DataAwsSubnet,
): NonNullable<TerraformResourceLifecycle["precondition"]>[0] {
  return {
    condition: Op.eq(volume.availabilityZone, subnet.availabilityZone),
    errorMessage:
      "The data volume is in another availability zone than the subnet, and a volume cannot move: give a subnet of its zone, or copy it through a snapshot.",
  };
}

function spotOptions(spot: NonNullable<Ec2Props["spot"]>): NonNullable<InstanceConfig["instanceMarketOptions"]> {
  return {
    marketType: "spot",
    spotOptions: {
      spotInstanceType: "persistent",
      instanceInterruptionBehavior: spot.onInterruption,
      ...(spot.maxPriceUsd !== undefined && { maxPrice: String(spot.maxPriceUsd) }),
    },
  };
}

/** A role that can do one thing: be reached through Systems Manager. */
function addRole(scope: Construct, namePrefix: string, tags: Tags) {
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }],
  };
  const role = new IamRole(scope, "Role", { namePrefix, assumeRolePolicy: JSON.stringify(trust), tags });
  const { partition } = new DataAwsPartition(scope, "Partition");
  const policy = new IamRolePolicyAttachment(scope, "SystemsManager", {
    role: role.name,
    policyArn: `arn:${partition}:iam::aws:policy/AmazonSSMManagedInstanceCore`,
  });
  return { role, policy, profile: new IamInstanceProfile(scope, "Profile", { namePrefix, role: role.name, tags }) };
}

function addElasticIp(scope: Construct, instance: Instance, tags: Tags) {
  const elasticIp = new Eip(scope, "ElasticIp", { domain: "vpc", tags });
  const association = new EipAssociation(scope, "ElasticIpAssociation", {
    allocationId: elasticIp.id,
    instanceId: instance.id,
  });
  return { elasticIp, association };
}
