// The cluster's props and their schemas say the same.
import type { z } from "zod";
import type { K3sClusterProps, K3sNodeProps } from "../../lib/cluster/k3s-cluster.props";
import type { k3sClusterProps } from "../../lib/cluster/k3s-cluster.schema";
import type { Ec2TargetProps, ec2TargetProps, K3dTargetProps, k3dTargetProps } from "../../lib/cluster/k3s-target";
import type { K3sPins, k3sPins } from "../../lib/cluster/k3s-version";
import type { MachineProfileProps, machineProfileProps } from "../../lib/cluster/machine-profile";
import type { Equal, Expect, SameProps } from "../support/typetest";

type Cluster = z.input<typeof k3sClusterProps>;

export type Pinned = [
  Expect<SameProps<K3sPins, typeof k3sPins>>,
  Expect<SameProps<K3dTargetProps, typeof k3dTargetProps>>,
  Expect<SameProps<Ec2TargetProps, typeof ec2TargetProps>>,
  Expect<SameProps<MachineProfileProps, typeof machineProfileProps>>,
  Expect<SameProps<K3sNodeProps, z.ZodType<unknown, Cluster["servers"][number]>>>,
  // `config` holds any JSON, which is a type that contains itself.
  Expect<Equal<keyof K3sClusterProps, keyof Cluster>>,
  Expect<SameProps<Omit<K3sClusterProps, "config">, z.ZodType<unknown, Omit<Cluster, "config">>>>,
];
