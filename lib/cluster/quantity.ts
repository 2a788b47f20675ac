import { z } from "zod";
import { showValue } from "../core/show-value";
import { Size } from "../core/size";

/** An amount of CPU as Kubernetes writes it: cores (`4`, `"0.5"`) or thousandths of one (`"500m"`). */
export type CpuQuantity = string | number;

/** An amount of memory or disk as Kubernetes writes it in binary units, for example `"512Mi"` or `"4Gi"`. */
export type MemoryQuantity = string;

/** Thousandths of a core. @throws Error for what is no amount of CPU. */
export function cpuMillis(quantity: CpuQuantity): number {
  const text = String(quantity);
  const [, amount, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(text) ?? [];
  const millis = Number(amount) * (milli === "m" ? 1 : 1000);
  if (amount === undefined || Math.abs(millis - Math.round(millis)) > 1e-6) {
    throw new Error(`got ${showValue(quantity)}; allowed: ${CPU}`);
  }
  return Math.round(millis);
}

/** Whole MiB. @throws Error for what is no amount of memory. */
export function memoryMib(quantity: MemoryQuantity): number {
  return Size.parse(quantity).toMebibytes();
}

/** The amount in the shortest form that Kubernetes itself prints: `"2"`, `"500m"`. */
export function showCpu(millis: number): string {
  return millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`;
}

/** The amount in the largest unit without a fraction: `"80Gi"`. */
export function showMemory(mib: number): string {
  return mib % 1024 === 0 ? `${mib / 1024}Gi` : `${mib}Mi`;
}

const CPU = 'an amount of CPU in whole thousandths of a core, such as 4, "0.5" or "500m"';
const MEMORY = 'an amount in whole MiB, such as "512Mi" or "4Gi"';

/** @internal */
export const cpuQuantity = z
  .union([z.string(), z.number()])
  .refine((quantity) => reads(() => cpuMillis(quantity)))
  .transform((quantity) => showCpu(cpuMillis(quantity)))
  .describe(CPU);

/** @internal */
export const memoryQuantity = z
  .string()
  .refine((quantity) => reads(() => memoryMib(quantity)))
  .transform((quantity) => showMemory(memoryMib(quantity)))
  .describe(MEMORY);

function reads(read: () => number): boolean {
  try {
    return read() > 0;
  } catch {
    return false;
  }
}
