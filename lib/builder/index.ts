export { Duration } from "../core/duration";
export { Host, type ExistingHost, type ExistingHostProps, type LocalHost } from "../core/host";
export { Ami, type DeepLearningOs, type PinnedAmiProps } from "../core/aws/ami";
export {
  GpuBuilder,
  type BuilderProps,
  type BuildProps,
  type DataVolumeProps,
  type Ec2BuilderProps,
  type Ec2DiskProps,
  type GpuBuilderProps,
  type HostBuilderProps,
  type HostDiskProps,
  type SpotProps,
} from "./gpu-builder";
export type { Ec2Machine } from "./ec2-machine";
export { instanceTypeFacts, type Arch, type Gpu, type InstanceTypeFacts } from "../core/aws/instance-types";
