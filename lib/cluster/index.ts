export { ChartRelease } from "./chart-release";
export type { ChartCapacityProps, ChartReleaseProps, SecretName } from "./chart-release.props";
export type { ChartPin } from "./catalog/entry";
export { Charts } from "./charts";
export { HelmChart, type ChartValues, type HelmChartProps } from "./helm-chart";
export { ImageCatalog, type BitnamiLegacyProps } from "./image-catalog";
export { K3sCluster } from "./k3s-cluster";
export type {
  K3sArgs,
  K3sClusterProps,
  K3sMirrorProps,
  K3sNetworkProps,
  K3sNodeProps,
  K3sPart,
  K3sRegistriesProps,
  K3sRegistryProps,
  K3sS3Props,
  K3sSnapshotProps,
  K3sUpgradeProps,
} from "./k3s-cluster.props";
export { K3sTarget, type Ec2TargetProps, type K3dTargetProps } from "./k3s-target";
export { K3sVersion, type K3sPins, type PerArch } from "./k3s-version";
export { MachineProfile } from "./machine-profile";
export { Namespace, type NamespaceProps } from "./namespace";
export { NetworkPeer, type NamespaceNetworkMode, type NetworkMember } from "./network";
export { Parallelism } from "./parallelism";
export type { PodProps } from "./pod";
export { QueueWorkers, type QueueWorkersProps } from "./queue-workers";
export type { ComputeProps, LimitsProps, QuotaProps } from "./quota.props";
export { RedisStream, type RedisStreamProps } from "./redis-stream";
export { SecretKeyRef, SecretRef, type SecretRefProps } from "./secret-ref";
export { Service, type ServiceProps } from "./service";
export { TankaEnvironment, type TankaEnvironmentProps } from "./tanka-environment";
export { TiltWorkflow } from "./tilt-workflow";
export type {
  TiltBuildProps,
  TiltForward,
  TiltHostRunProps,
  TiltLink,
  TiltResourceProps,
  TiltToolProps,
  TiltWorkflowProps,
} from "./tilt-workflow.props";
export type { WorkloadImage } from "./workload-image";
