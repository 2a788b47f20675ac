/**
 * An amount in the smallest unit, of which its own has `size`; NaN for what is no number. 1.1 hours are 3960.0000000000005 seconds
 * to a computer: takes away what multiplying has added, and nothing else.
 */
export function wholeUnits(amount: number, size: number): number {
  if (typeof (amount as unknown) !== "number") return NaN; // from JavaScript it may be anything
  const units = amount * size;
  const nearest = Math.round(units);
  return Math.abs(units - nearest) < 1e-6 ? nearest : units;
}
