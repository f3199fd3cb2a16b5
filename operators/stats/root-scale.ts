/**
 * Counts on a scale on which their spread does not depend on their size: 2 √(x + 3/8) of a Poisson count has variance 1,
 * nearly, from a mean of 4 on (Anscombe 1948). `unit` is the size of one event: 1 for counts, of money a usual payment. Sums
 * below zero (refunds) mirror.
 */
export const to_root = (x: number, unit: number): number => {
  const shifted = x / unit + 0.375
  return shifted < 0 ? -2 * Math.sqrt(-shifted) : 2 * Math.sqrt(shifted)
}

export const from_root = (root: number, unit: number): number =>
  ((root < 0 ? -(root * root) : root * root) / 4 - 0.375) * unit
