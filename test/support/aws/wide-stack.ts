// A stack with every kind of resource and data source a GPU team is likely to use, to try the provider with.
import { join } from "node:path";
import { App, TerraformStack, LocalBackend, TerraformOutput, Fn } from "cdktf";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { KeyPair } from "@cdktf/provider-aws/lib/key-pair";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { Instance } from "@cdktf/provider-aws/lib/instance";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import { EipAssociation } from "@cdktf/provider-aws/lib/eip-association";
import { EbsVolume } from "@cdktf/provider-aws/lib/ebs-volume";
import { VolumeAttachment } from "@cdktf/provider-aws/lib/volume-attachment";
import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { SpotInstanceRequest } from "@cdktf/provider-aws/lib/spot-instance-request";
import { SpotFleetRequest } from "@cdktf/provider-aws/lib/spot-fleet-request";
import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import { DataAwsAmi } from "@cdktf/provider-aws/lib/data-aws-ami";
import { DataAwsAvailabilityZones } from "@cdktf/provider-aws/lib/data-aws-availability-zones";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { DlmLifecyclePolicy } from "@cdktf/provider-aws/lib/dlm-lifecycle-policy";
import { BudgetsBudget } from "@cdktf/provider-aws/lib/budgets-budget";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
/** Synthesizes the stack into a directory; returns the one with `cdk.tf.json`. */
export function synthWideStack(outdir: string): string {
  const app = new App({ outdir });
  const s = new TerraformStack(app, "wide");
  new LocalBackend(s, { path: "terraform.tfstate" });
  new AwsProvider(s, "aws", { region: "eu-central-1", defaultTags: [{ tags: { Project: "x" } }] });
  const az = new DataAwsAvailabilityZones(s, "az", { state: "available" });
  const ami = new DataAwsAmi(s, "ami", {
    mostRecent: true,
    owners: ["amazon"],
    filter: [{ name: "name", values: ["nixos/*"] }],
  });
  const ssm = new DataAwsSsmParameter(s, "ssm", { name: "/aws/service/ami" });
  const vpc = new Vpc(s, "vpc", { cidrBlock: "10.0.0.0/16" });
  const sub = new Subnet(s, "sub", {
    vpcId: vpc.id,
    cidrBlock: "10.0.1.0/24",
    availabilityZone: Fn.element(az.names, 0) as string,
    mapPublicIpOnLaunch: true,
  });
  const igw = new InternetGateway(s, "igw", { vpcId: vpc.id });
  const rt = new RouteTable(s, "rt", { vpcId: vpc.id });
  new Route(s, "r", { routeTableId: rt.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: igw.id });
  new RouteTableAssociation(s, "rta", { routeTableId: rt.id, subnetId: sub.id });
  const sg = new SecurityGroup(s, "sg", { namePrefix: "h-", vpcId: vpc.id, lifecycle: { createBeforeDestroy: true } });
  new VpcSecurityGroupIngressRule(s, "in", {
    securityGroupId: sg.id,
    ipProtocol: "tcp",
    fromPort: 22,
    toPort: 22,
    cidrIpv4: "10.0.0.0/8",
  });
  new VpcSecurityGroupEgressRule(s, "out", { securityGroupId: sg.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" });
  const kp = new KeyPair(s, "kp", { keyName: "k", publicKey: "ssh-ed25519 AAAA" });
  const doc = new DataAwsIamPolicyDocument(s, "doc", {
    statement: [{ actions: ["sts:AssumeRole"], principals: [{ type: "Service", identifiers: ["ec2.amazonaws.com"] }] }],
  });
  const role = new IamRole(s, "role", { name: "h", assumeRolePolicy: doc.json });
  new IamRolePolicy(s, "rp", { role: role.id, name: "p", policy: "{}" });
  new IamRolePolicyAttachment(s, "rpa", {
    role: role.name,
    policyArn: "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
  });
  const prof = new IamInstanceProfile(s, "prof", { name: "h", role: role.name });
  const inst = new Instance(s, "i", {
    ami: ami.id,
    instanceType: "c7g.metal",
    subnetId: sub.id,
    vpcSecurityGroupIds: [sg.id],
    keyName: kp.keyName,
    iamInstanceProfile: prof.name,
    userDataBase64: Fn.base64encode("x"),
    metadataOptions: { httpTokens: "required" },
    rootBlockDevice: { volumeSize: 50, volumeType: "gp3", encrypted: true },
    tags: { Name: "h" },
    instanceMarketOptions: { marketType: "spot", spotOptions: { maxPrice: "1" } },
    timeouts: { create: "20m" },
  });
  const eip = new Eip(s, "eip", { domain: "vpc" });
  new EipAssociation(s, "eipa", { allocationId: eip.id, instanceId: inst.id });
  const vol = new EbsVolume(s, "vol", {
    availabilityZone: sub.availabilityZone,
    size: 100,
    type: "gp3",
    encrypted: true,
  });
  new VolumeAttachment(s, "va", { deviceName: "/dev/xvdf", volumeId: vol.id, instanceId: inst.id });
  const lt = new LaunchTemplate(s, "lt", {
    namePrefix: "h-",
    imageId: ssm.value,
    instanceType: "c7g.metal",
    blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: 20, encrypted: "true" } }],
    instanceMarketOptions: { marketType: "spot" },
    tagSpecifications: [{ resourceType: "instance", tags: { a: "b" } }],
  });
  new AutoscalingGroup(s, "asg", {
    minSize: 0,
    maxSize: 2,
    vpcZoneIdentifier: [sub.id],
    launchTemplate: { id: lt.id, version: "${" + lt.fqn + ".latest_version}" },
    tag: [{ key: "a", value: "b", propagateAtLaunch: true }],
  });
  new SpotInstanceRequest(s, "spot", { ami: ami.id, instanceType: "c7g.metal", waitForFulfillment: true });
  new SpotFleetRequest(s, "fleet", {
    iamFleetRole: role.arn,
    targetCapacity: 1,
    launchSpecification: [{ ami: ami.id, instanceType: "m5.large" }],
  });
  new CloudwatchMetricAlarm(s, "al", {
    alarmName: "idle",
    comparisonOperator: "LessThanThreshold",
    evaluationPeriods: 3,
    metricName: "CPUUtilization",
    namespace: "AWS/EC2",
    period: 300,
    statistic: "Average",
    threshold: 5,
    dimensions: { InstanceId: inst.id },
    alarmActions: ["arn:aws:automate:eu-central-1:ec2:stop"],
  });
  const b = new S3Bucket(s, "b", { bucketPrefix: "cache-" });
  new S3BucketVersioningA(s, "bv", { bucket: b.id, versioningConfiguration: { status: "Enabled" } });
  new S3BucketPublicAccessBlock(s, "bp", { bucket: b.id, blockPublicAcls: true });
  new S3BucketLifecycleConfiguration(s, "bl", {
    bucket: b.id,
    rule: [{ id: "x", status: "Enabled", filter: [{}], expiration: [{ days: 30 }] }],
  });
  new S3BucketServerSideEncryptionConfigurationA(s, "be", {
    bucket: b.id,
    rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
  });
  new DlmLifecyclePolicy(s, "dlm", {
    description: "d",
    executionRoleArn: role.arn,
    policyDetails: {
      resourceTypes: ["VOLUME"],
      targetTags: { a: "b" },
      schedule: [{ name: "daily", createRule: { interval: 24 }, retainRule: { count: 7 } }],
    },
  });
  new BudgetsBudget(s, "bud", {
    budgetType: "COST",
    timeUnit: "MONTHLY",
    limitAmount: "50",
    limitUnit: "USD",
    notification: [
      {
        comparisonOperator: "GREATER_THAN",
        threshold: 80,
        thresholdType: "PERCENTAGE",
        notificationType: "ACTUAL",
        subscriberEmailAddresses: ["a@b.c"],
      },
    ],
  });
  new SsmParameter(s, "sp", { name: "/h", type: "SecureString", value: "secret" });
  new TerraformOutput(s, "eip_ip", { value: eip.publicIp });
  new TerraformOutput(s, "ip", { value: inst.publicIp });
  app.synth();
  return join(outdir, "stacks/wide");
}
