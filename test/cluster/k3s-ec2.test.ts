import { K3sCluster, type K3sClusterProps } from "../../lib/cluster/k3s-cluster";
import { K3sTarget, type Ec2TargetProps } from "../../lib/cluster/k3s-target";
import { PUBLIC_KEY, Template, type Arguments } from "../support/template";

const right: Ec2TargetProps = {
  instanceType: "m7g.large",
  vpcId: "vpc-1",
  subnetIds: ["subnet-1", "subnet-2"],
  sshFrom: ["203.0.113.4/32"],
  sshPublicKey: PUBLIC_KEY,
};
const node = (name: string) => ({ name, arch: "arm64", cpu: 2, memory: "8Gi" }) as const;

function synth(target: Partial<Ec2TargetProps> = {}, props: Partial<K3sClusterProps> = {}) {
  return Template.of((stack) => {
    new K3sCluster(stack, "ci", {
      version: "v1.28.5+k3s1",
      target: K3sTarget.ec2({ ...right, ...target }),
      servers: [node("a"), node("b"), node("c")],
      agents: [node("w-1")],
      ...props,
    });
  });
}

test("one machine for each node, spread over the subnets, with nothing in it that is secret", () => {
  const template = synth();
  const instances = Object.values(template.resources("aws_instance"));
  expect(instances.map(({ subnet_id }) => subnet_id)).toEqual(["subnet-1", "subnet-2", "subnet-1", "subnet-2"]);
  for (const instance of instances) {
    expect(instance).toMatchObject({
      instance_type: "m7g.large",
      metadata_options: { http_tokens: "required", http_put_response_hop_limit: 1 },
      root_block_device: { encrypted: true, volume_type: "gp3", volume_size: 100 },
      lifecycle: { ignore_changes: ["ami", "user_data", "associate_public_ip_address"] },
    });
  }
  expect(JSON.stringify(template.json)).not.toMatch(/token-file|server-token|K3S_TOKEN/i);
  expect(Object.keys(template.json.output ?? {}).filter((name) => name.startsWith("ci_w_1"))).toEqual([
    "ci_w_1_instance_id",
    "ci_w_1_private_ip",
    "ci_w_1_public_ip",
  ]);
});

/** Who gets in where: `tcp 6443 nodes`. */
function doors(template: Template): string[] {
  return Object.values(template.resources("aws_vpc_security_group_ingress_rule"))
    .map((rule: Arguments) => {
      const from = rule.referenced_security_group_id === undefined ? String(rule.cidr_ipv4 ?? rule.cidr_ipv6) : "nodes";
      return `${String(rule.ip_protocol)} ${String(rule.from_port)}-${String(rule.to_port)} ${from}`;
    })
    .sort();
}

test("only what the nodes say to each other is let through, and ssh from where it was said", () => {
  expect(doors(synth())).toEqual([
    "tcp 10250-10250 nodes",
    "tcp 22-22 203.0.113.4/32",
    "tcp 2379-2380 nodes",
    "tcp 6443-6443 nodes",
    "udp 8472-8472 nodes",
  ]);
  const one = synth(
    { access: "ssm", sshFrom: [], apiFrom: ["2001:db8::/64"] },
    { servers: [node("a")], network: { flannelBackend: "wireguard-native" } },
  );
  expect(doors(one)).toEqual([
    "tcp 10250-10250 nodes",
    "tcp 6443-6443 2001:db8::/64",
    "tcp 6443-6443 nodes",
    "udp 51820-51820 nodes",
  ]);
});

test("where to join is known only after apply: the files leave it to the program", () => {
  const template = synth();
  expect(template.file("infra/k3s/nodes/b.yaml")).not.toContain("server:");
  expect(template.file("infra/k3s/config.yaml")).toContain("cluster-init: true\n");
  expect(synth({}, { registrationAddress: "10.0.0.9" }).file("infra/k3s/nodes/w-1.yaml")).toContain(
    "server: https://10.0.0.9:6443\n",
  );
});
