import type { Data } from "../core/render/model";
import { isMap, valueAt } from "./chart-keys";
import type { ClaimNeed, ComputeNeed, ContainerNeed, Needs } from "./needs";
import { cpuMillis, memoryMib, type CpuQuantity } from "./quantity";

/** Reads the values of a release for what its chart takes. Throws where they hold what this cannot read. */
export class ValueReader {
  constructor(private readonly values: Data) {}

  /** Whether a switch is on. */
  on(path: string, fallback: boolean): boolean {
    const value = valueAt(this.values, path);
    if (value === undefined || value === null) return fallback;
    if (typeof value !== "boolean") throw new Error(`${path} is no switch`);
    return value;
  }

  count(path: string, fallback: number): number {
    const value = valueAt(this.values, path);
    if (value === undefined || value === null) return fallback;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw new Error(`${path} is no number`);
    return value;
  }

  text(path: string, fallback: string): string {
    const value = valueAt(this.values, path);
    if (value === undefined || value === null) return fallback;
    if (typeof value !== "string") throw new Error(`${path} is no text`);
    return value;
  }

  /** Whether something is there: a text, a list or a map that is not empty. */
  has(path: string): boolean {
    const value = valueAt(this.values, path);
    if (value === undefined || value === null || value === "" || value === false) return false;
    return typeof value !== "object" || Object.keys(value).length > 0;
  }

  /** A container whose `resources` are at `path`, over those of the chart itself. */
  container(name: string, path: string, { requests = {}, limits = {} }: Partial<ContainerNeed> = {}): ContainerNeed {
    return {
      name,
      requests: { ...requests, ...this.compute(`${path}.requests`) },
      limits: { ...limits, ...this.compute(`${path}.limits`) },
    };
  }

  /** Claims of the size at `path.size`, none if `path.enabled` says so or a claim that is there is used. */
  claims(name: string, path: string, count: number, size: string): ClaimNeed[] {
    if (count === 0 || !this.on(`${path}.enabled`, true) || this.has(`${path}.existingClaim`)) return [];
    return [{ name, count, storageMib: memoryMib(this.text(`${path}.size`, size)) }];
  }

  private compute(path: string): ComputeNeed {
    const value = valueAt(this.values, path);
    if (value === undefined || !isMap(value)) return {};
    const { cpu, memory } = value;
    return {
      ...(cpu === undefined || cpu === null ? {} : { cpu: cpuMillis(cpu as CpuQuantity) }),
      ...(memory === undefined || memory === null ? {} : { memory: memoryMib(memory as string) }),
    };
  }
}

/** What a release takes, by what is known of its chart; `undefined`: its values are beyond that. */
export function needsOfValues(needs: (values: ValueReader) => Needs | undefined, values: Data): Needs | undefined {
  try {
    return needs(new ValueReader(values));
  } catch {
    return undefined; // an amount in units of its own, a template: somebody has to say
  }
}
