import { z } from "zod";

/** Millicores of a CPU quantity as Kubernetes writes it: `2` and `"2"` are 2000, `"500m"` is 500. @throws Error for anything else. */
export function cpuMillis(quantity: number | string): number {
  const millis = readCpu(quantity);
  if (millis === undefined) throw new Error(`got ${JSON.stringify(quantity)}; allowed: ${CPU}`);
  return millis;
}

/** MiB of a memory quantity: `"4Gi"` is 4096, `"512Mi"` is 512. @throws Error for anything else. */
export function memoryMib(quantity: string): number {
  const mib = readMemory(quantity);
  if (mib === undefined) throw new Error(`got ${JSON.stringify(quantity)}; allowed: ${MEMORY}`);
  return mib;
}

/** CPU as text that Kubernetes takes: `"2"`, `"1500m"`. */
export function showCpu(millis: number): string {
  return millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`;
}

/** Memory as text that Kubernetes takes: `"4Gi"`, `"1536Mi"`. */
export function showMemory(mib: number): string {
  return mib % 1024 === 0 ? `${mib / 1024}Gi` : `${mib}Mi`;
}

const CPU = 'CPUs, such as 2, "2" or "500m"';
const MEMORY = 'an amount of memory in whole MiB, such as "4Gi" or "512Mi"';

function readCpu(quantity: unknown): number | undefined {
  const [, amount, milli] = /^(\d{1,9}(?:\.\d{1,3})?)(m?)$/.exec(String(quantity)) ?? [];
  if (amount === undefined) return undefined;
  const millis = milli === "m" ? Number(amount) : Math.round(Number(amount) * 1000);
  return Number.isInteger(millis) && millis > 0 ? millis : undefined;
}

function readMemory(quantity: unknown): number | undefined {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,6})?)(Mi|Gi|Ti)$/.exec(String(quantity)) ?? [];
  const mib = Number(amount) * ({ Mi: 1, Gi: 1024, Ti: 1024 * 1024 }[unit ?? ""] ?? NaN);
  return Number.isInteger(mib) && mib > 0 ? mib : undefined;
}

/** @internal A prop that holds a CPU quantity. */
export const cpuQuantity = z
  .union([z.number(), z.string()])
  .refine((value) => readCpu(value) !== undefined)
  .describe(CPU);

/** @internal A prop that holds a memory quantity. */
export const memoryQuantity = z
  .string()
  .refine((value) => readMemory(value) !== undefined)
  .describe(MEMORY);
