/** 1.1 hours are 3960.0000000000005 seconds to a computer: takes away what multiplying has added, and nothing else. */
export function wholeUnits(amount: number): number {
  const nearest = Math.round(amount);
  return Math.abs(amount - nearest) < 1e-6 ? nearest : amount;
}
