import { showValue } from "./show-value";
import { wholeUnits } from "./whole-units";

/** An amount of memory or disk, in binary units (1 GiB = 1024 MiB). */
export class Size {
  static mebibytes(amount: number): Size {
    return new Size(amount, 1, "mebibytes");
  }
  static gibibytes(amount: number): Size {
    return new Size(amount, 1024, "gibibytes");
  }
  static tebibytes(amount: number): Size {
    return new Size(amount, 1024 * 1024, "tebibytes");
  }

  /** Reads `"512Mi"`, `"20Gi"`, `"2Ti"` as Kubernetes writes them (`MiB`, `GiB`, `TiB` too). @throws Error for any other text. */
  static parse(text: string): Size {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([MGT])iB?$/.exec(text) ?? [];
    if (amount === undefined)
      throw new Error(`got ${showValue(text)}; allowed: a size such as "512Mi", "20Gi" or "2Ti"`);
    return new Size(Number(amount), { M: 1, G: 1024, T: 1024 * 1024 }[unit as "M" | "G" | "T"], "parse");
  }

  private readonly mib: number;

  private constructor(amount: number, unitMib: number, unit: string) {
    this.mib = wholeUnits(amount, unitMib);
    if (!Number.isSafeInteger(this.mib) || this.mib < 0) {
      throw new Error(`Size.${unit}: got ${showValue(amount)}; allowed: a size of zero or more, in whole MiB`);
    }
  }

  toMebibytes(): number {
    return this.mib;
  }

  /** Whole GiB, rounded up: what a disk of this size must at least have. */
  toGibibytes(): number {
    return Math.ceil(this.mib / 1024);
  }

  /** In the largest unit that needs no fraction, for example `"20Gi"`. */
  toString(): string {
    if (this.mib > 0 && this.mib % (1024 * 1024) === 0) return `${this.mib / 1024 / 1024}Ti`;
    if (this.mib > 0 && this.mib % 1024 === 0) return `${this.mib / 1024}Gi`;
    return `${this.mib}Mi`;
  }
}
