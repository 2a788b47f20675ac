export { BaseImage, type BaseImageArgs, type BaseImageProps } from "./base-image";
export { ContainerImage, type ContainerImageProps, type ImageProps } from "./container-image";
export { Containerfile } from "./containerfile";
export type {
  ContainerfileMount,
  ContainerfileProps,
  ContainerfileStage,
  ContainerfileStep,
  ContainerfileText,
} from "./containerfile.model";
export { renderContainerfile } from "./containerfile.render";
export { DevImage, type DevImageProps } from "./dev-image";
export { expanded, type Expanded } from "./expanded";
export { GhcrRepository, type GhcrRepositoryProps } from "./ghcr";
export { ImageWorkflows, type ImageWorkflowsProps, type WorkflowCheck } from "./image-workflows";
export { pinned, type PinnedImage } from "./pinned-image";
export { GhcrPublication } from "./publication";
export type { GhcrPublicationProps } from "./publication.props";
export { Mount, Step } from "./step";
export type { BuildSecret, ImageSource } from "../core/image-source";
