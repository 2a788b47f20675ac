// The builder's props and their schemas say the same.
import type { z } from "zod";
import type { PinnedAmiProps, pinnedAmiProps } from "../../lib/core/aws/ami";
import type { BuildProps, buildProps } from "../../lib/builder/gpu-builder";
import type {
  BuilderProps,
  DataVolumeProps,
  Ec2BuilderProps,
  Ec2DiskProps,
  HostBuilderProps,
  HostDiskProps,
  SpotProps,
} from "../../lib/builder/gpu-builder.props";
import type { ec2BuilderProps, hostBuilderProps } from "../../lib/builder/gpu-builder.schema";
import type { Equal, Expect, SameProps } from "../support/typetest";

type Ec2 = z.input<typeof ec2BuilderProps>;
type OnHost = z.input<typeof hostBuilderProps>;
/** Schema of a nested object, to compare its interface by name. */
type Nested<T> = z.ZodType<unknown, NonNullable<T>>;

export type Pinned = [
  Expect<SameProps<Ec2BuilderProps, typeof ec2BuilderProps>>,
  Expect<SameProps<HostBuilderProps, typeof hostBuilderProps>>,
  Expect<SameProps<PinnedAmiProps, typeof pinnedAmiProps>>,
  Expect<SameProps<BuildProps, typeof buildProps>>,
  Expect<SameProps<Ec2DiskProps, Nested<Ec2["disk"]>>>,
  Expect<SameProps<HostDiskProps, Nested<OnHost["disk"]>>>,
  Expect<SameProps<DataVolumeProps, Nested<Ec2["dataVolume"]>>>,
  Expect<SameProps<SpotProps, Nested<Ec2["spot"]>>>,
  Expect<
    Equal<keyof BuilderProps, Extract<keyof Ec2, keyof OnHost> extends infer K ? Exclude<K, "disk" | "gpu"> : never>
  >,
];
