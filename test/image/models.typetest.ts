// Props of the models and their schemas say the same.
import type { BaseImageProps, baseImageProps } from "../../lib/image/base-image";
import type { ContainerfileProps, ContainerfileStage } from "../../lib/image/containerfile.model";
import type { containerfileProps, containerfileStage } from "../../lib/image/containerfile.schema";
import type { DevImageProps, devImageProps } from "../../lib/image/dev-image";
import type { z } from "zod";
import type { Expect, SameProps } from "../support/typetest";

export type DevPinned = Expect<SameProps<DevImageProps, typeof devImageProps>>;
/** `args` has names of its own in the interface, which the schema checks at run time. */
export type BasePinned = Expect<
  SameProps<Omit<BaseImageProps, "args">, z.ZodType<unknown, Omit<z.input<typeof baseImageProps>, "args">>>
>;
export type FilePinned = Expect<SameProps<ContainerfileProps, typeof containerfileProps>>;
export type StagePinned = Expect<SameProps<ContainerfileStage, typeof containerfileStage>>;
