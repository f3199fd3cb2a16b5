/**
 * Mean, spread, skewness and kurtosis in one pass, without the loss of sums of squares (Welford 1962), and of two parts
 * together (Chan, Golub, LeVeque 1983; third and fourth moment after Pébay 2008). Kept relative to the first value.
 */
export interface Moments {
  readonly n: number
  /** The first value: all else is of the distances from it. */
  readonly origin: number
  readonly mean: number
  /** Sums of the second, third and fourth power of the distances from the mean. */
  readonly m2: number
  readonly m3: number
  readonly m4: number
}
export const no_moments: Moments = { n: 0, origin: 0, mean: 0, m2: 0, m3: 0, m4: 0 }

export const add_value = (of: Moments, value: number): Moments =>
  merge_moments(of, { ...no_moments, n: 1, origin: value })

export const merge_moments = (a: Moments, b: Moments): Moments => {
  if (a.n === 0) return b
  if (b.n === 0) return a
  const n = a.n + b.n
  const apart = b.origin - a.origin + b.mean - a.mean
  const [share_a, share_b] = [a.n / n, b.n / n]
  const both = a.n * share_b
  return {
    n,
    origin: a.origin,
    mean: a.mean + apart * share_b,
    m2: a.m2 + b.m2 + apart ** 2 * both,
    m3: a.m3 + b.m3 + apart ** 3 * both * (share_a - share_b) + 3 * apart * (share_a * b.m2 - share_b * a.m2),
    m4:
      a.m4 +
      b.m4 +
      apart ** 4 * both * (share_a ** 2 - share_a * share_b + share_b ** 2) +
      6 * apart ** 2 * (share_a ** 2 * b.m2 + share_b ** 2 * a.m2) +
      4 * apart * (share_a * b.m3 - share_b * a.m3),
  }
}

export const mean_of = ({ n, origin, mean }: Moments): number => (n > 0 ? origin + mean : Number.NaN)
/** Of a sample: divided by n − 1. */
export const variance_of = ({ n, m2 }: Moments): number => (n > 1 ? m2 / (n - 1) : Number.NaN)
export const deviation_of = (of: Moments): number => Math.sqrt(variance_of(of))
/** Of the values as they are, not corrected for the size of the sample. */
export const skewness_of = ({ n, m2, m3 }: Moments): number => (Math.sqrt(n) * m3) / m2 ** 1.5
export const excess_kurtosis_of = ({ n, m2, m4 }: Moments): number => (n * m4) / (m2 * m2) - 3
