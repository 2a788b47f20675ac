/** CPU in thousandths of a core and memory in MiB, one or both. */
export interface ComputeNeed {
  readonly cpu?: number | undefined;
  readonly memory?: number | undefined;
}

/** What a container asks for and what it may use. */
export interface ContainerNeed {
  readonly name: string;
  /** Whether it has ended before the others start. @default false */
  readonly init?: boolean;
  readonly requests: ComputeNeed;
  readonly limits: ComputeNeed;
}

/** Pods that are all alike. */
export interface PodNeed {
  readonly name: string;
  /** How many there are at most. */
  readonly count: number;
  /** Prop that says how many, for example `"max"`. @default - none */
  readonly lever?: string;
  readonly containers: readonly ContainerNeed[];
}

/** Volumes that are all alike. */
export interface ClaimNeed {
  readonly name: string;
  readonly count: number;
  readonly storageMib: number;
}

/** Sums that somebody has stated for what nobody here can look into. */
export interface StatedNeed {
  readonly name: string;
  readonly pods: number;
  readonly requests: ComputeNeed;
  readonly limits: ComputeNeed;
  readonly claims: number;
  readonly storageMib: number;
}

/** What a part of an environment takes of its namespace when it is as large as it gets. */
export interface Needs {
  readonly pods: readonly PodNeed[];
  readonly claims: readonly ClaimNeed[];
  readonly stated?: StatedNeed;
}
