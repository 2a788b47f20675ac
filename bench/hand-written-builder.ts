import { DataAwsAvailabilityZones } from "@cdktf/provider-aws/lib/data-aws-availability-zones";
import { DataAwsEc2InstanceTypeOfferings } from "@cdktf/provider-aws/lib/data-aws-ec2-instance-type-offerings";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { DataAwsVpc } from "@cdktf/provider-aws/lib/data-aws-vpc";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Instance } from "@cdktf/provider-aws/lib/instance";
import { KeyPair } from "@cdktf/provider-aws/lib/key-pair";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { DataResource, Fn, TerraformOutput, type TerraformStack } from "cdktf";

/** The resources of one default builder, as somebody would write them without us. */
export function handWrittenBuilder(stack: TerraformStack, id: string, publicKey: string): void {
  const tags = { Name: `bench-${id}`, "gantry:project": "bench" };
  const ami = new DataAwsSsmParameter(stack, `${id}-ami`, {
    name: "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id",
  });
  const offerings = new DataAwsEc2InstanceTypeOfferings(stack, `${id}-offerings`, {
    locationType: "availability-zone",
    filter: [{ name: "instance-type", values: ["g6.xlarge"] }],
  });
  const zones = new DataAwsAvailabilityZones(stack, `${id}-zones`, {
    state: "available",
    filter: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
  });
  const known = Fn.coalescelist([offerings.locations, zones.names]) as string[];
  const usable = Fn.tolist(Fn.setintersection(known, [zones.names]));
  const vpc = new DataAwsVpc(stack, `${id}-vpc`, { default: true });
  const subnet = new DataAwsSubnet(stack, `${id}-subnet`, {
    vpcId: vpc.id,
    defaultForAz: true,
    availabilityZone: Fn.element(Fn.sort(Fn.coalescelist([usable, zones.names]) as string[]), 0) as string,
  });
  const group = new SecurityGroup(stack, `${id}-sg`, {
    namePrefix: `gantry-${id}-`,
    description: `Builder ${id}`,
    vpcId: vpc.id,
    tags,
    lifecycle: { createBeforeDestroy: true },
  });
  new VpcSecurityGroupIngressRule(stack, `${id}-ssh`, {
    securityGroupId: group.id,
    cidrIpv4: "203.0.113.4/32",
    ipProtocol: "tcp",
    fromPort: 22,
    toPort: 22,
    description: "ssh",
    tags,
  });
  const egress = { securityGroupId: group.id, ipProtocol: "-1", description: "packages, images, sources", tags };
  new VpcSecurityGroupEgressRule(stack, `${id}-egress4`, { ...egress, cidrIpv4: "0.0.0.0/0" });
  new VpcSecurityGroupEgressRule(stack, `${id}-egress6`, { ...egress, cidrIpv6: "::/0" });
  const role = new IamRole(stack, `${id}-role`, {
    namePrefix: `gantry-${id}-`,
    assumeRolePolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }],
    }),
    tags,
  });
  const partition = new DataAwsPartition(stack, `${id}-partition`);
  new IamRolePolicyAttachment(stack, `${id}-ssm`, {
    role: role.name,
    policyArn: `arn:${partition.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore`,
  });
  const profile = new IamInstanceProfile(stack, `${id}-profile`, {
    namePrefix: `gantry-${id}-`,
    role: role.name,
    tags,
  });
  const key = new KeyPair(stack, `${id}-key`, { keyNamePrefix: `gantry-${id}-`, publicKey, tags });
  const kind = new DataResource(stack, `${id}-kind`, {
    triggersReplace: { architecture: "x86_64", market: "on-demand" },
  });
  const instance = new Instance(stack, id, {
    ami: ami.insecureValue,
    instanceType: "g6.xlarge",
    subnetId: subnet.id,
    vpcSecurityGroupIds: [group.id],
    iamInstanceProfile: profile.name,
    keyName: key.keyName,
    associatePublicIpAddress: true,
    instanceInitiatedShutdownBehavior: "stop",
    metadataOptions: {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: "disabled",
    },
    rootBlockDevice: {
      volumeType: "gp3",
      volumeSize: 200,
      iops: 3000,
      throughput: 125,
      encrypted: true,
      deleteOnTermination: true,
      tags,
    },
    userData: "#cloud-config\ndisable_root: true\nssh_pwauth: false\npackage_update: false\npackage_upgrade: false\n",
    tags,
    lifecycle: {
      ignoreChanges: ["ami", "user_data", "associate_public_ip_address", "subnet_id", "availability_zone"],
      replaceTriggeredBy: [`terraform_data.${kind.friendlyUniqueId}`],
    },
  });
  const output = (name: string, value: string) =>
    new TerraformOutput(stack, `${id}-${name}`, { value, description: name });
  output("instance_id", instance.id);
  output("public_ip", instance.publicIp);
  output("private_ip", instance.privateIp);
  output("ssh_command", `ssh ubuntu@${instance.publicIp}`);
}
