// The image's props and its schema say the same.
import type { ContainerImageProps, containerImageProps } from "../../lib/image/container-image";
import type { ImageWorkflowsProps } from "../../lib/image/image-workflows";
import type { imageWorkflowsProps } from "../../lib/image/image-workflows.schema";
import type { Expect, SameProps } from "../support/typetest";

export type Pinned = Expect<SameProps<ContainerImageProps, typeof containerImageProps>>;
export type WorkflowsPinned = Expect<SameProps<ImageWorkflowsProps, typeof imageWorkflowsProps>>;
