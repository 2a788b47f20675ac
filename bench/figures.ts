// What a benchmark reports, and how: one line a figure, as a table or as JSON.

/** One measured figure and what it should be. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The goal in words, for example `"<= 1.25"`. */
  readonly goal: string;
  readonly met: boolean;
  /** What it was compared with, sizes, the medians behind a ratio. */
  readonly detail: string;
}

/** A figure that should be at most `limit`. */
export function atMost(limit: number, figure: Omit<Figure, "goal" | "met">): Figure {
  return { ...figure, value: round(figure.value), goal: `<= ${limit}`, met: figure.value <= limit };
}

/** A figure that should be at least `limit`. */
export function atLeast(limit: number, figure: Omit<Figure, "goal" | "met">): Figure {
  return { ...figure, value: round(figure.value), goal: `>= ${limit}`, met: figure.value >= limit };
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? NaN) + upper) / 2 : upper;
}

/** Runs the contenders in turn, `rounds` times over, so that a busy machine disturbs all alike; returns each one's times in ms. */
export async function inTurn(rounds: number, contenders: readonly (() => unknown)[]): Promise<number[][]> {
  const times = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, run] of contenders.entries()) {
      const start = process.hrtime.bigint();
      await run();
      times[i]?.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
  }
  return times;
}

/** Milliseconds for people. */
export function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
