// The image's props and its schema say the same.
import type { ContainerImageProps, containerImageProps } from "../../lib/image/container-image";
import type { Expect, SameProps } from "../support/typetest";

export type Pinned = Expect<SameProps<ContainerImageProps, typeof containerImageProps>>;
