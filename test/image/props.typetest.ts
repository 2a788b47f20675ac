// The image's props and its schema say the same.
import type { BuildModesProps } from "../../lib/image/build-modes.props";
import type { buildModesProps } from "../../lib/image/build-modes.schema";
import type { ContainerImageProps, containerImageProps } from "../../lib/image/container-image";
import type { GhcrRepositoryProps, ghcrRepositoryProps } from "../../lib/image/ghcr";
import type { ImageWorkflowsProps } from "../../lib/image/image-workflows";
import type { imageWorkflowsProps } from "../../lib/image/image-workflows.schema";
import type { GhcrPublicationProps } from "../../lib/image/publication.props";
import type { ghcrPublicationProps } from "../../lib/image/publication.schema";
import type { Expect, SameProps } from "../support/typetest";

export type Pinned = Expect<SameProps<ContainerImageProps, typeof containerImageProps>>;
export type ModesPinned = Expect<SameProps<BuildModesProps, typeof buildModesProps>>;
export type WorkflowsPinned = Expect<SameProps<ImageWorkflowsProps, typeof imageWorkflowsProps>>;
export type PublicationPinned = Expect<SameProps<GhcrPublicationProps, typeof ghcrPublicationProps>>;
/** The name is an argument of its own. */
export type RepositoryPinned = Expect<
  SameProps<GhcrRepositoryProps & { readonly name: string }, typeof ghcrRepositoryProps>
>;
