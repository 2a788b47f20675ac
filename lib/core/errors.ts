/** One thing that is wrong, in the words of the person who wrote the stack. */
export interface Fault {
  /** Property the fault is about, for example `"disk.sizeGib"` or `"sshFrom[0]"`. */
  readonly property: string;
  /** What was given, what is allowed, and the remedy where it is not obvious. */
  readonly message: string;
}

/** Bad input: names the construct (or factory) and lists every fault at once. */
export class GantryError extends Error {
  override readonly name = "GantryError";
  /** The faults, in the order they were found. */
  declare readonly faults: readonly Fault[];

  constructor(
    /** Who complains, for example `"[dev/builder] GpuBuilder: invalid props"`. */
    headline: string,
    faults: readonly Fault[],
  ) {
    super([headline, ...faults.map(({ property, message }) => `  ${property}: ${message}`)].join("\n"));
    // Not enumerable: the message has them, and Node prints what is enumerable below it once more.
    Object.defineProperty(this, "faults", { value: [...faults] });
  }
}

/** What a caught value says, whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null && "message" in thrown ? String(thrown.message) : String(thrown);
}

/** The candidate closest to a misspelt word, or nothing when none is close enough to be meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = word.length <= 3 ? 1 : Math.max(2, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
