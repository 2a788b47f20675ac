import { DataAwsAvailabilityZones } from "@cdktf/provider-aws/lib/data-aws-availability-zones";
import { DataAwsEc2InstanceTypeOfferings } from "@cdktf/provider-aws/lib/data-aws-ec2-instance-type-offerings";
import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { DataAwsVpc } from "@cdktf/provider-aws/lib/data-aws-vpc";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Fn, Op, Token } from "cdktf";
import type { Construct } from "constructs";
import { Cidr } from "../core/cidr";
import { GantryError } from "../core/errors";
import type { Ec2Props, Tags } from "./gpu-builder.schema";
import { regionOf } from "../core/aws/region";

/** The part of a VPC that a machine goes to. */
export interface Network {
  readonly vpcId: string;
  /** Zone to put new disks in. */
  readonly zone: string;
  /** The subnet; in the default VPC that of `zone`, where the disk it must reach may say another one. */
  subnet(zone?: string): DataAwsSubnet;
}

/** The subnet that was given, or the default one of a zone that offers the instance type. */
export function findNetwork(scope: Construct, props: Ec2Props): Network {
  if (props.subnetId !== undefined) {
    const subnet = new DataAwsSubnet(scope, "Subnet", { id: props.subnetId });
    return { vpcId: subnet.vpcId, zone: subnet.availabilityZone, subnet: () => subnet };
  }
  const region = regionOf(scope);
  const given = props.availabilityZone;
  if (given !== undefined && region !== undefined && given.slice(0, -1) !== region) {
    throw new GantryError(`[${scope.node.path}] ${scope.constructor.name}: invalid props`, [
      {
        property: "availabilityZone",
        message: `got "${given}"; allowed: a zone of ${region}, the region of the stack's AWS provider`,
      },
    ]);
  }
  const vpc = new DataAwsVpc(scope, "Vpc", { default: true });
  const zone = given ?? zoneThatOffers(scope, props.instanceType);
  return {
    vpcId: vpc.id,
    zone,
    subnet: (availabilityZone = zone) =>
      new DataAwsSubnet(scope, "Subnet", { vpcId: vpc.id, defaultForAz: true, availabilityZone }),
  };
}

/**
 * The first zone that offers the type, by name. Zones that an account opts in to (local ones) have no default subnet.
 * Any zone where AWS does not say, so that its own error reaches the user.
 */
function zoneThatOffers(scope: Construct, instanceType: string): string {
  const offerings = new DataAwsEc2InstanceTypeOfferings(scope, "Offerings", {
    locationType: "availability-zone",
    filter: [{ name: "instance-type", values: [instanceType] }],
  });
  const zones = new DataAwsAvailabilityZones(scope, "Zones", {
    state: "available",
    filter: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
  }).names;
  const known = Fn.coalescelist([offerings.locations, zones]) as string[];
  const usable = Fn.tolist(Fn.setintersection(known, [zones]));
  return Fn.element(Fn.sort(Fn.coalescelist([usable, zones]) as string[]), 0) as string;
}

/** The machine's own firewall, and the rules that let somebody in. */
export interface Doors {
  readonly securityGroup: SecurityGroup;
  readonly ingress: readonly VpcSecurityGroupIngressRule[];
}

/** A security group with one rule for each block of addresses that may come in by ssh. Out is open: builds download. */
export function addSecurityGroup(
  scope: Construct,
  props: Ec2Props,
  vpcId: string,
  namePrefix: string,
  tags: Tags,
): Doors {
  const securityGroup = new SecurityGroup(scope, "SecurityGroup", {
    namePrefix,
    description: `Builder ${scope.node.id}`,
    vpcId,
    tags,
    lifecycle: { createBeforeDestroy: true },
  });
  const to = { securityGroupId: securityGroup.id, tags };
  const anywhere = { ...to, ipProtocol: "-1", description: "packages, images, sources" };
  new VpcSecurityGroupEgressRule(scope, "EgressIpv4", { ...anywhere, cidrIpv4: "0.0.0.0/0" });
  new VpcSecurityGroupEgressRule(scope, "EgressIpv6", { ...anywhere, cidrIpv6: "::/0" });
  const ssh = { ...to, ipProtocol: "tcp", fromPort: 22, toPort: 22, description: "ssh" };
  const ingress = props.sshFrom?.map((block, i) => {
    if (Token.isUnresolved(block)) {
      const precondition = [
        {
          condition: Op.not(Fn.endswith(block, "/0")),
          errorMessage: "sshFrom: everyone may not reach the builder by ssh.",
        },
      ];
      return new VpcSecurityGroupIngressRule(scope, `SshFrom-${i}`, {
        ...ssh,
        cidrIpv4: block,
        lifecycle: { precondition },
      });
    }
    const cidr = Cidr.parse(block);
    // Named after the block, not its place in the list: reordering must not close and reopen the door.
    const id = `SshFrom-${cidr.toString().replaceAll("/", "-")}`;
    const from = cidr.version === 4 ? { cidrIpv4: cidr.toString() } : { cidrIpv6: cidr.toString() };
    return new VpcSecurityGroupIngressRule(scope, id, { ...ssh, ...from });
  });
  return { securityGroup, ingress: ingress ?? [] };
}
