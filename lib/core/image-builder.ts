import type { IConstruct } from "constructs";
import type { ImageSource } from "./image-source";

/** What builds images and keeps them, as the parts that publish and run images see it. */
export interface ImageBuilder extends IConstruct {
  /** Its program is `bin/<programName>`. */
  readonly programName: string;
  /** Container engine on its host. */
  readonly engine: "podman" | "docker";
  /** Whether its host is the machine that the programs run on. */
  readonly isLocal: boolean;
  /** Label of all that it builds. */
  readonly project: string;
  /** Has it build an image. */
  build(image: ImageSource, props?: { readonly tag?: string }): void;
}
