import { DataAwsAvailabilityZones } from "@cdktf/provider-aws/lib/data-aws-availability-zones";
import { DataAwsEc2InstanceTypeOfferings } from "@cdktf/provider-aws/lib/data-aws-ec2-instance-type-offerings";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { DataAwsVpc } from "@cdktf/provider-aws/lib/data-aws-vpc";
import { EbsVolume } from "@cdktf/provider-aws/lib/ebs-volume";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import { EipAssociation } from "@cdktf/provider-aws/lib/eip-association";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Instance, type InstanceConfig } from "@cdktf/provider-aws/lib/instance";
import { KeyPair } from "@cdktf/provider-aws/lib/key-pair";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VolumeAttachment } from "@cdktf/provider-aws/lib/volume-attachment";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Fn } from "cdktf";
import type { Construct } from "constructs";
import type { z } from "zod";
import type { ec2BuilderProps } from "./gpu-builder.schema";
import type { Arch } from "./instance-types";
import { USER_DATA } from "./user-data";

type Ec2Props = z.output<typeof ec2BuilderProps>;

/** What a builder on EC2 consists of. */
export interface Ec2Machine {
  readonly instance: Instance;
  readonly securityGroup: SecurityGroup;
  readonly role: IamRole;
  /** `undefined` when an existing key pair is used. */
  readonly keyPair: KeyPair | undefined;
  readonly elasticIp: Eip | undefined;
  readonly dataVolume: EbsVolume | undefined;
  /** Its public address, in Terraform's terms; empty while it is stopped, unless it has an elastic one. */
  readonly publicIp: string;
}

/** Adds the instance and all it needs to `scope`; the instance is the child `"Default"`. */
export function addEc2Machine(scope: Construct, props: Ec2Props, arch: Arch, tags: Readonly<Record<string, string>>): Ec2Machine {
  const prefix = `${scope.node.id.replace(/[^A-Za-z0-9-]+/g, "-").slice(0, 30)}-`;
  const subnet = findSubnet(scope, props);
  const securityGroup = addSecurityGroup(scope, props, subnet.vpcId, prefix, tags);
  const { role, profile } = addRole(scope, prefix, tags);
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
    metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1, instanceMetadataTags: "disabled" },
    rootBlockDevice: {
      volumeType: "gp3",
      volumeSize: props.disk.sizeGib,
      encrypted: true,
      deleteOnTermination: true,
      ...(props.disk.iops !== undefined && { iops: props.disk.iops }),
      ...(props.disk.throughputMibps !== undefined && { throughput: props.disk.throughputMibps }),
      tags,
    },
    userData: USER_DATA,
    ...(props.spot && { instanceMarketOptions: spotOptions(props.spot) }),
    tags,
    lifecycle: { ignoreChanges: ignoredChanges(props) },
  });
  const elasticIp = props.elasticIp ? addElasticIp(scope, instance, tags) : undefined;
  const dataVolume = props.dataVolume && addDataVolume(scope, props.dataVolume, instance, subnet.availabilityZone, tags);
  return { instance, securityGroup, role, keyPair, elasticIp, dataVolume, publicIp: elasticIp?.publicIp ?? instance.publicIp };
}

/**
 * A newer image, an edited stub or the address a stopped instance lost must never replace or stop the machine. Nor may a
 * zone that begins to offer the type, where we chose the subnet.
 */
function ignoredChanges(props: Ec2Props): string[] {
  const chosenByUs = props.subnetId === undefined && props.availabilityZone === undefined;
  return ["ami", "user_data", "associate_public_ip_address", ...(chosenByUs ? ["subnet_id", "availability_zone"] : [])];
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

function findSubnet(scope: Construct, props: Ec2Props): DataAwsSubnet {
  if (props.subnetId !== undefined) return new DataAwsSubnet(scope, "Subnet", { id: props.subnetId });
  const vpc = new DataAwsVpc(scope, "Vpc", { default: true });
  return new DataAwsSubnet(scope, "Subnet", {
    vpcId: vpc.id,
    defaultForAz: true,
    availabilityZone: props.availabilityZone ?? zoneThatOffers(scope, props.instanceType),
  });
}

/** The first zone that offers the type; any zone where AWS does not say, so that its own error reaches the user. */
function zoneThatOffers(scope: Construct, instanceType: string): string {
  const offerings = new DataAwsEc2InstanceTypeOfferings(scope, "Offerings", {
    locationType: "availability-zone",
    filter: [{ name: "instance-type", values: [instanceType] }],
  });
  const zones = new DataAwsAvailabilityZones(scope, "Zones", { state: "available" });
  return Fn.element(Fn.sort(Fn.coalescelist([offerings.locations, zones.names])), 0) as string;
}

function addSecurityGroup(scope: Construct, props: Ec2Props, vpcId: string, namePrefix: string, tags: Readonly<Record<string, string>>): SecurityGroup {
  const group = new SecurityGroup(scope, "SecurityGroup", {
    namePrefix,
    description: `Builder ${scope.node.id}`,
    vpcId,
    tags,
    lifecycle: { createBeforeDestroy: true },
  });
  const to = { securityGroupId: group.id, tags };
  props.sshFrom?.forEach((cidr, i) => {
    // Named after the block, not its place in the list: reordering must not close and reopen the door.
    const id = /^[0-9A-Fa-f.:/]+$/.test(cidr) ? cidr.replaceAll("/", "-") : String(i);
    const block = cidr.includes(":") ? { cidrIpv6: cidr } : { cidrIpv4: cidr };
    new VpcSecurityGroupIngressRule(scope, `SshFrom-${id}`, { ...to, ...block, ipProtocol: "tcp", fromPort: 22, toPort: 22, description: "ssh" });
  });
  const anywhere = { ...to, ipProtocol: "-1", description: "packages, images, sources" };
  new VpcSecurityGroupEgressRule(scope, "EgressIpv4", { ...anywhere, cidrIpv4: "0.0.0.0/0" });
  new VpcSecurityGroupEgressRule(scope, "EgressIpv6", { ...anywhere, cidrIpv6: "::/0" });
  return group;
}

/** A role that can do one thing: be reached through Systems Manager. */
function addRole(scope: Construct, namePrefix: string, tags: Readonly<Record<string, string>>): { role: IamRole; profile: IamInstanceProfile } {
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }],
  };
  const role = new IamRole(scope, "Role", { namePrefix, assumeRolePolicy: JSON.stringify(trust), tags });
  new IamRolePolicyAttachment(scope, "SystemsManager", {
    role: role.name,
    policyArn: `arn:${new DataAwsPartition(scope, "Partition").partition}:iam::aws:policy/AmazonSSMManagedInstanceCore`,
  });
  return { role, profile: new IamInstanceProfile(scope, "Profile", { namePrefix, role: role.name, tags }) };
}

function addElasticIp(scope: Construct, instance: Instance, tags: Readonly<Record<string, string>>): Eip {
  const address = new Eip(scope, "ElasticIp", { domain: "vpc", tags });
  new EipAssociation(scope, "ElasticIpAssociation", { allocationId: address.id, instanceId: instance.id });
  return address;
}

/** Its zone is the subnet's, not the instance's: a volume must not be replaced with the instance. */
function addDataVolume(
  scope: Construct,
  props: NonNullable<Ec2Props["dataVolume"]>,
  instance: Instance,
  availabilityZone: string,
  tags: Readonly<Record<string, string>>,
): EbsVolume {
  const volume = new EbsVolume(scope, "DataVolume", {
    availabilityZone,
    size: props.sizeGib,
    type: "gp3",
    encrypted: true,
    tags,
    lifecycle: { ignoreChanges: ["availability_zone"], ...(props.protect && { preventDestroy: true }) },
  });
  new VolumeAttachment(scope, "DataVolumeAttachment", {
    deviceName: "/dev/sdf",
    volumeId: volume.id,
    instanceId: instance.id,
    stopInstanceBeforeDetaching: true,
  });
  return volume;
}
