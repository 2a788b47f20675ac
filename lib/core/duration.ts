import { showValue } from "./show-value";
import { wholeUnits } from "./whole-units";

/** A length of time. */
export class Duration {
  static seconds(amount: number): Duration {
    return new Duration(amount, 1, "seconds");
  }
  static minutes(amount: number): Duration {
    return new Duration(amount, 60, "minutes");
  }
  static hours(amount: number): Duration {
    return new Duration(amount, 3600, "hours");
  }
  static days(amount: number): Duration {
    return new Duration(amount, 86400, "days");
  }

  /**
   * Reads what a person writes in a declarative file: `"90s"`, `"30m"`, `"12h"`, `"2d"`, or a sum such as `"1h30m"`.
   * @throws Error for any other text.
   */
  static parse(text: string): Duration {
    if (!/^(?=.)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/.test(text))
      throw new Error(`got ${showValue(text)}; allowed: a duration such as "90s", "30m", "12h", "2d" or "1h30m"`);
    const seconds = [...text.matchAll(/(\d+)([smhd])/g)].map(
      ([, amount, unit]) => Number(amount) * { s: 1, m: 60, h: 3600, d: 86400 }[unit as "s" | "m" | "h" | "d"],
    );
    return Duration.seconds(seconds.reduce((sum, part) => sum + part, 0));
  }

  private readonly total: number;

  private constructor(amount: number, unitSeconds: number, unit: string) {
    this.total = wholeUnits(amount, unitSeconds);
    if (!Number.isSafeInteger(this.total) || this.total < 0) {
      throw new Error(
        `Duration.${unit}: got ${showValue(amount)}; allowed: a length of time of zero or more, in whole seconds`,
      );
    }
  }

  /** Whole seconds. */
  toSeconds(): number {
    return this.total;
  }

  /** The shortest text that {@link Duration.parse} reads back, for example `"1h30m"`. */
  toString(): string {
    const units: [string, number][] = [
      ["d", 86400],
      ["h", 3600],
      ["m", 60],
      ["s", 1],
    ];
    let rest = this.total;
    let text = "";
    for (const [unit, seconds] of units) {
      const count = Math.floor(rest / seconds);
      if (count > 0) text += `${count}${unit}`;
      rest -= count * seconds;
    }
    return text || "0s";
  }

  /** As data files and error messages show it. */
  toJSON(): string {
    return this.toString();
  }
}
