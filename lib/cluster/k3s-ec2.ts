import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Instance } from "@cdktf/provider-aws/lib/instance";
import { KeyPair } from "@cdktf/provider-aws/lib/key-pair";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { Ami } from "../core/aws/ami";
import { USER_DATA } from "../core/aws/user-data";
import { Cidr } from "../core/cidr";
import type { K3sClusterModel, K3sNode } from "./k3s-model";
import { outputName, outputPrefix } from "./k3s-settings";
import type { Ec2TargetModel } from "./k3s-target";
import type { NodeArch } from "./machine-profile";

/** The machines of a cluster on EC2. */
export interface K3sMachines {
  /** One instance for each node, by its name. */
  readonly instances: ReadonlyMap<string, Instance>;
  /** What lets the nodes reach each other, and nobody else. */
  readonly securityGroup: SecurityGroup;
  readonly role: IamRole;
}

type Tags = Readonly<Record<string, string>>;

/** Adds the machines of a cluster. Nothing secret is in them: user data is a stub, and tokens are made on the first server. */
export function addK3sMachines(scope: Construct, cluster: K3sClusterModel, target: Ec2TargetModel): K3sMachines {
  const prefix = `gantry-${cluster.name.slice(0, 30)}-`;
  const tags: Tags = { ...target.tags, Name: cluster.name, "gantry:project": cluster.project };
  const securityGroup = addSecurityGroup(scope, cluster, target, prefix, tags);
  const { role, profile } = addRole(scope, prefix, tags);
  const keyName =
    target.sshPublicKey === undefined
      ? target.keyName
      : new KeyPair(scope, "KeyPair", { keyNamePrefix: prefix, publicKey: target.sshPublicKey, tags }).keyName;
  const images = new Map<NodeArch, string>();
  const image = (arch: NodeArch) => {
    const known = images.get(arch) ?? findImage(scope, target, arch);
    images.set(arch, known);
    return known;
  };
  const instances = new Map<string, Instance>();
  cluster.nodes.forEach((node, i) => {
    const instance = new Instance(scope, `Node-${node.name}`, {
      ami: image(node.arch),
      instanceType: node.role === "server" ? target.instanceType : (target.agentInstanceType ?? target.instanceType),
      subnetId: target.subnetIds[i % target.subnetIds.length] ?? "",
      vpcSecurityGroupIds: [securityGroup.id],
      iamInstanceProfile: profile.name,
      keyName: keyName ?? "",
      associatePublicIpAddress: target.publicAddress,
      metadataOptions: {
        httpEndpoint: "enabled",
        httpTokens: "required",
        httpPutResponseHopLimit: 1, // pods do not get the node's credentials
        instanceMetadataTags: "disabled",
      },
      rootBlockDevice: {
        volumeType: "gp3",
        volumeSize: target.diskGib,
        encrypted: true,
        deleteOnTermination: true,
        tags: { ...tags, Name: `${cluster.name}-${node.name}` },
      },
      userData: USER_DATA,
      tags: { ...tags, Name: `${cluster.name}-${node.name}`, "gantry:role": node.role },
      // A newer image must never replace a server: its part of etcd is on its disk.
      lifecycle: { ignoreChanges: ["ami", "user_data", "associate_public_ip_address"] },
    });
    addOutputs(scope, cluster, node, instance);
    instances.set(node.name, instance);
  });
  return { instances, securityGroup, role };
}

function findImage(scope: Construct, { ami }: Ec2TargetModel, arch: NodeArch): string {
  const place = new Construct(scope, `Image-${arch}`); // data sources are named once a scope
  return (ami ?? Ami.ubuntu("24.04")).imageId(place, arch === "arm64" ? "arm64" : "x86_64");
}

interface Port {
  readonly id: string;
  readonly description: string;
  readonly ipProtocol: "tcp" | "udp";
  readonly fromPort: number;
  readonly toPort: number;
}

/** What nodes of k3s say to each other, as its documentation lists it. */
function nodePorts({ network, datastore, nodes }: K3sClusterModel): Port[] {
  const tcp = (id: string, description: string, fromPort: number, toPort = fromPort): Port => ({
    id,
    description,
    ipProtocol: "tcp",
    fromPort,
    toPort,
  });
  const udp = (id: string, description: string, port: number): Port => ({
    id,
    description,
    ipProtocol: "udp",
    fromPort: port,
    toPort: port,
  });
  const several = nodes.filter(({ role }) => role === "server").length > 1;
  return [
    tcp("Api", "Kubernetes API and joining", 6443),
    tcp("Kubelet", "kubelet", 10250),
    ...(datastore === "etcd" && several ? [tcp("Etcd", "etcd", 2379, 2380)] : []),
    ...(network.flannelBackend === "vxlan" ? [udp("Vxlan", "pods, VXLAN", 8472)] : []),
    ...(network.flannelBackend === "wireguard-native" ? [udp("Wireguard", "pods, WireGuard", 51820)] : []),
  ];
}

function addSecurityGroup(
  scope: Construct,
  cluster: K3sClusterModel,
  target: Ec2TargetModel,
  namePrefix: string,
  tags: Tags,
): SecurityGroup {
  const group = new SecurityGroup(scope, "SecurityGroup", {
    namePrefix,
    description: `k3s cluster ${cluster.name}`,
    vpcId: target.vpcId,
    tags,
    lifecycle: { createBeforeDestroy: true },
  });
  const to = { securityGroupId: group.id, tags };
  const anywhere = { ...to, ipProtocol: "-1", description: "k3s, packages, images" };
  new VpcSecurityGroupEgressRule(scope, "EgressIpv4", { ...anywhere, cidrIpv4: "0.0.0.0/0" });
  new VpcSecurityGroupEgressRule(scope, "EgressIpv6", { ...anywhere, cidrIpv6: "::/0" });
  for (const { id, ...port } of nodePorts(cluster)) {
    new VpcSecurityGroupIngressRule(scope, `Nodes${id}`, { ...to, ...port, referencedSecurityGroupId: group.id });
  }
  const open = (kind: string, description: string, port: number, blocks: readonly string[]) => {
    for (const cidr of new Map(blocks.map((text) => [Cidr.parse(text).toString(), Cidr.parse(text)])).values()) {
      const from = cidr.version === 4 ? { cidrIpv4: cidr.toString() } : { cidrIpv6: cidr.toString() };
      const ports = { ipProtocol: "tcp", fromPort: port, toPort: port };
      const id = `${kind}From-${cidr.toString().replaceAll("/", "-")}`;
      new VpcSecurityGroupIngressRule(scope, id, { ...to, ...ports, description, ...from });
    }
  };
  open("Ssh", "ssh", 22, target.sshFrom);
  open("Api", "Kubernetes API", 6443, target.apiFrom);
  return group;
}

/** A role that can do one thing: be reached through Systems Manager. */
function addRole(scope: Construct, namePrefix: string, tags: Tags) {
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }],
  };
  const role = new IamRole(scope, "Role", { namePrefix, assumeRolePolicy: JSON.stringify(trust), tags });
  const { partition } = new DataAwsPartition(scope, "Partition");
  new IamRolePolicyAttachment(scope, "SystemsManager", {
    role: role.name,
    policyArn: `arn:${partition}:iam::aws:policy/AmazonSSMManagedInstanceCore`,
  });
  return { role, profile: new IamInstanceProfile(scope, "Profile", { namePrefix, role: role.name, tags }) };
}

function addOutputs(scope: Construct, cluster: K3sClusterModel, node: K3sNode, instance: Instance): void {
  const prefix = `${outputPrefix(cluster)}${outputName(node.name)}_`;
  const add = (name: string, value: string, description: string) => {
    const output = new TerraformOutput(scope, `Output-${node.name}-${name}`, { value, description });
    output.overrideLogicalId(`${prefix}${name}`);
  };
  add("instance_id", instance.id, `EC2 instance of ${node.name}`);
  add("public_ip", instance.publicIp, `Public address of ${node.name}; empty without one`);
  add("private_ip", instance.privateIp, `Address of ${node.name} inside the VPC`);
}
