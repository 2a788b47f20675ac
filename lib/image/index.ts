export { BaseImage, type BaseImageArgs, type BaseImageProps } from "./base-image";
export { BuildModes } from "./build-modes";
export type { BuildBudgetProps, BuildModesProps, BuildSourceProps } from "./build-modes.props";
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
export { DevStack } from "./dev-stack";
export type {
  DevBuildProps,
  DevExternalProps,
  DevHealthProps,
  DevModel,
  DevNativeProps,
  DevPort,
  DevServiceProps,
  DevStackProps,
} from "./dev-stack.props";
export { expanded, type Expanded } from "./expanded";
export { GhcrRepository, type GhcrRepositoryProps } from "./ghcr";
export { ImageWorkflows, type ImageWorkflowsProps, type WorkflowCheck } from "./image-workflows";
export type { ModeTarget } from "./mode-targets";
export { pinned, type PinnedImage } from "./pinned-image";
export { GhcrPublication } from "./publication";
export type { GhcrPublicationProps } from "./publication.props";
export { aptInstall, type AptInstallProps } from "./recipes/apt";
export { cargoChef, type CargoChefProps } from "./recipes/cargo-chef";
export { developerUser, type DeveloperUserProps } from "./recipes/developer-user";
export { dnfInstall, type DnfInstallProps } from "./recipes/dnf";
export type { Download } from "./recipes/download";
export { npmInstall, type NpmInstallProps } from "./recipes/npm";
export { productionContainerfile, type ProductionProps } from "./recipes/production";
export { pipInstall, uvSync, type PipInstallProps, type UvSyncProps } from "./recipes/python";
export {
  githubCli,
  rustBase,
  rustToolchain,
  type ArchSums,
  type GithubCliProps,
  type RustBaseProps,
  type RustToolchainProps,
} from "./recipes/rust-base";
export { Mount, Step } from "./step";
export type { BuildSecret, ImageSource } from "../core/image-source";
