import { z } from "zod";
import { parseValue } from "../core/props";
import { cpuMillis, cpuQuantity, memoryMib, memoryQuantity } from "./quantity";

/** Processor architecture, in the words of Kubernetes and of k3s' releases. */
export type NodeArch = "amd64" | "arm64";

/** CPU and memory that are kept from workloads. */
export interface ReservedAmount {
  readonly cpu: number | string;
  readonly memory: string;
}

/** What the operating system (`system`) and Kubernetes itself (`kube`) keep of each node. */
export interface Reserved {
  /** @default - nothing */
  readonly system?: ReservedAmount;
  /** @default - nothing */
  readonly kube?: ReservedAmount;
}

/** What a kind of machine has. */
export interface MachineProfileProps {
  readonly arch: NodeArch;
  readonly cpu: number | string;
  readonly memory: string;
  /** @default - nothing */
  readonly reserved?: Reserved;
  /** Images built at the same time beside the running cluster. @default - 4 from 16 CPUs on, 2 from 8 on, else 1 */
  readonly parallelUpdates?: number;
}

const amount = z.strictObject({ cpu: cpuQuantity, memory: memoryQuantity });

/** @internal Runtime twin of {@link Reserved}. */
export const reservedProps = z.strictObject({ system: amount.optional(), kube: amount.optional() });

/** @internal Runtime twin of {@link MachineProfileProps}. */
export const machineProfileProps = z.strictObject({
  arch: z.enum(["amd64", "arm64"]),
  cpu: cpuQuantity,
  memory: memoryQuantity,
  reserved: reservedProps.optional(),
  parallelUpdates: z.int().min(1).max(32).optional(),
});

/**
 * A kind of machine that nodes are: what it has, what stays reserved, and how much is built on it at once.
 *
 * @example
 * const machine = MachineProfile.dgxSpark();
 * machine.allocatable; // { cpuMillis: 14000, memoryMib: 106496 }
 */
export class MachineProfile {
  /**
   * NVIDIA DGX Spark: 20 cores, 128 GiB, arm64. 4 CPUs and 16 GiB stay with the system, 2 and 8 with Kubernetes: 14 CPUs and
   * 104 GiB are left for workloads. 4 parallel updates.
   */
  static dgxSpark(): MachineProfile {
    const reserved = { system: { cpu: 4, memory: "16Gi" }, kube: { cpu: 2, memory: "8Gi" } };
    return new MachineProfile("dgxSpark", { arch: "arm64", cpu: 20, memory: "128Gi", reserved, parallelUpdates: 4 });
  }

  /** A desktop with 8 cores; 1 CPU and 2 GiB stay with the system, as much with Kubernetes. 2 parallel updates. */
  static desktop({ arch = "amd64", memory = "32Gi" }: Partial<Pick<MachineProfileProps, "arch" | "memory">> = {}) {
    return MachineProfile.of({ arch, cpu: 8, memory, reserved: SMALL, parallelUpdates: 2 }, "desktop");
  }

  /** A laptop with 4 cores; half a CPU and 1 GiB stay with the system, as much with Kubernetes. 1 update at a time. */
  static laptop({ arch = "amd64", memory = "16Gi" }: Partial<Pick<MachineProfileProps, "arch" | "memory">> = {}) {
    return MachineProfile.of({ arch, cpu: 4, memory, reserved: SMALLER, parallelUpdates: 1 }, "laptop");
  }

  /**
   * Any other machine.
   * @throws GantryError listing every fault.
   */
  static custom(props: MachineProfileProps): MachineProfile {
    return MachineProfile.of(props, "custom");
  }

  private static of(props: MachineProfileProps, name: string): MachineProfile {
    return new MachineProfile(
      name,
      parseValue(`MachineProfile.${name}`, machineProfileProps, props) as MachineProfileProps,
    );
  }

  readonly arch: NodeArch;
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly reserved: Reserved;
  readonly parallelUpdates: number;

  private constructor(
    private readonly label: string,
    props: MachineProfileProps,
  ) {
    this.arch = props.arch;
    this.cpuMillis = cpuMillis(props.cpu);
    this.memoryMib = memoryMib(props.memory);
    this.reserved = props.reserved ?? {};
    this.parallelUpdates = props.parallelUpdates ?? parallelUpdatesFor(this.cpuMillis);
  }

  /** What is left for workloads. */
  get allocatable(): Allocatable {
    const { cpuMillis: cpu, memoryMib: memory } = reservedSum(this.reserved);
    return { cpuMillis: this.cpuMillis - cpu, memoryMib: this.memoryMib - memory };
  }

  /** As error messages show it. */
  toJSON(): string {
    return `MachineProfile.${this.label}`;
  }
}

/** CPU in millicores and memory in MiB that workloads may have. */
export interface Allocatable {
  readonly cpuMillis: number;
  readonly memoryMib: number;
}

/** Updates that a machine of so many CPUs takes at once. */
export function parallelUpdatesFor(millis: number): number {
  return millis >= 16_000 ? 4 : millis >= 8000 ? 2 : 1;
}

/** What is reserved in all. */
export function reservedSum({ system, kube }: Reserved): Allocatable {
  const both = [system, kube].filter((each) => each !== undefined);
  return {
    cpuMillis: both.reduce((sum, { cpu }) => sum + cpuMillis(cpu), 0),
    memoryMib: both.reduce((sum, { memory }) => sum + memoryMib(memory), 0),
  };
}

const SMALL: Reserved = { system: { cpu: 1, memory: "2Gi" }, kube: { cpu: 1, memory: "2Gi" } };
const SMALLER: Reserved = { system: { cpu: "500m", memory: "1Gi" }, kube: { cpu: "500m", memory: "1Gi" } };
