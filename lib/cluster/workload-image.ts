import { z } from "zod";
import type { ImageSource } from "../core/image-source";

/** An image of the stack that a workload runs: built by Tilt on your machine, or by the stack's builder. */
export interface WorkloadSource extends ImageSource {
  /** What its builds are called. */
  readonly tags: { readonly repository: string; readonly movingTag: string };
}

/** What a workload runs: an image of the stack, or one of others by its digest. */
export type WorkloadImage = WorkloadSource | string;

const PINNED = /^[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}$/;

/** @internal */
export const workloadImage = z
  .custom<WorkloadImage>((value) => (typeof value === "string" ? PINNED.test(value) : isSource(value)))
  .describe('an image of the stack (ContainerImage), or one of others by its digest, as in "ghcr.io/org/app@sha256:…"');

function isSource(value: unknown): value is WorkloadSource {
  return typeof value === "object" && value !== null && "imageName" in value && "tags" in value && "context" in value;
}

/** The image as a container names it, for example `"raibid-server:latest"`. */
export function imageReference(image: WorkloadImage): string {
  return typeof image === "string" ? image : `${image.tags.repository}:${image.tags.movingTag}`;
}
