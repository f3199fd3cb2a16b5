/**
 * Quantiles from counts in bins of equal ratio (DDSketch: Masson, Rim, Lee 2019). A value's bin depends on the value alone,
 * so sketches merge by adding counts, in any order, without a loss. Every quantile is within RELATIVE of the exact one,
 * negative values too; what is nearer to zero than LEAST counts as zero.
 */
export interface Bin {
  /** Integer, ascending with the value; 0 is zero, below it negative values. */
  readonly bin: number
  readonly count: number
}

export const RELATIVE = 0.01
export const LEAST = 1e-9
const LOG_RATIO = Math.log((1 + RELATIVE) / (1 - RELATIVE))
const FIRST = Math.ceil(Math.log(LEAST) / LOG_RATIO)

export const bin_of = (value: number): number => {
  const size = Math.abs(value)
  if (!(size > LEAST)) return 0
  const bin = Math.ceil(Math.log(size) / LOG_RATIO) - FIRST + 1
  return value < 0 ? -bin : bin
}

/** The value that is nearest, as a ratio, to all values of a bin. */
export const value_of = (bin: number): number => {
  if (bin === 0) return 0
  const size = Math.exp((Math.abs(bin) - 1 + FIRST) * LOG_RATIO) * (1 - RELATIVE)
  return bin < 0 ? -size : size
}

/** Counts of both, ascending, each bin once. */
export const merge_bins = (a: readonly Bin[], b: readonly Bin[]): readonly Bin[] => {
  if (b.length === 0) return a
  const counts = new Map<number, number>()
  for (const { bin, count } of a) counts.set(bin, (counts.get(bin) ?? 0) + count)
  for (const { bin, count } of b) counts.set(bin, (counts.get(bin) ?? 0) + count)
  return ascending([...counts].map(([bin, count]) => ({ bin, count })))
}

const ascending = (bins: readonly Bin[]): readonly Bin[] => {
  for (let i = 1; i < bins.length; i++)
    if ((bins[i] as Bin).bin < (bins[i - 1] as Bin).bin) return bins.toSorted((x, y) => x.bin - y.bin)
  return bins
}

/** Between the two values around rank q × (n − 1), as statistics packages do by default; NaN of nothing. */
export const quantile = (bins: readonly Bin[], q: number): number => {
  const sorted = ascending(bins)
  let n = 0
  for (const { count } of sorted) n += count
  if (n === 0) return Number.NaN
  const rank = Math.min(1, Math.max(0, q)) * (n - 1)
  const below = Math.floor(rank)
  const lower = value_at(sorted, below)
  if (rank === below) return lower
  return lower + (rank - below) * (value_at(sorted, below + 1) - lower)
}

const value_at = (sorted: readonly Bin[], rank: number): number => {
  let passed = 0
  for (const { bin, count } of sorted) {
    passed += count
    if (passed > rank) return value_of(bin)
  }
  return Number.NaN
}
