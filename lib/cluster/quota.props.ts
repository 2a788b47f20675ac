import type { CpuQuantity, MemoryQuantity } from "./quantity";

/** CPU and memory, one or both. */
export interface ComputeProps {
  /** CPU, for example `"500m"` or `2`. @default - not said */
  readonly cpu?: CpuQuantity;
  /** Memory, for example `"2Gi"`. @default - not said */
  readonly memory?: MemoryQuantity;
}

/** The most that all pods and claims of a namespace may have together. */
export interface QuotaProps {
  /** Pods. @default - any number */
  readonly pods?: number;
  /** What containers may request. @default - any amount */
  readonly requests?: ComputeProps;
  /** What containers may be limited to. @default - any amount */
  readonly limits?: ComputeProps;
  /** PersistentVolumeClaims. @default - any number */
  readonly persistentVolumeClaims?: number;
  /** Storage that claims may request, for example `"100Gi"`. @default - any amount */
  readonly storage?: MemoryQuantity;
}

/** What a container gets when it says nothing, and what it may say. */
export interface LimitsProps {
  /** Limits of a container that has none. @default - none */
  readonly default?: ComputeProps;
  /** Requests of a container that has none. @default - its limits */
  readonly defaultRequest?: ComputeProps;
  /** The most a container may have. @default - anything */
  readonly max?: ComputeProps;
  /** The least a container must have. @default - nothing */
  readonly min?: ComputeProps;
}
