export { ContainerImage, type ContainerImageProps } from "./container-image";
export type { BuildSecret, ImageSource } from "../core/image-source";
