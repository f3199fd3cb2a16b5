/**
 * A window that grows while its mean holds and drops its old part when that differs from the new: ADWIN (Bifet, Gavaldà 2007).
 * Kept as buckets of 1, 2, 4 … values, at most six of a size, so that n values take some 6 log₂(n / 6) buckets; every `clock`
 * values each border between buckets is tried with the bound of the paper's section 4 (normal, for all borders together; by the spread of the
 * whole window, so that a spread that leaps up may look like a mean that moved).
 */
export interface Bucket {
  readonly n: number
  readonly sum: number
  /** Sum of squared distances from its mean. */
  readonly squares: number
}
export interface AdaptiveWindow {
  /** Values ever, for the clock. */
  readonly seen: number
  /** Oldest first. */
  readonly buckets: readonly Bucket[]
}
export interface AdaptiveLimits {
  /** How probable a cut may be while nothing changes. */
  readonly delta: number
  readonly clock: number
  /** Either side of a cut holds at least so many values. */
  readonly side: number
}
export const usual_window: AdaptiveLimits = { delta: 0.002, clock: 32, side: 5 }
export const empty_window: AdaptiveWindow = { seen: 0, buckets: [] }
const OF_A_SIZE = 6

const join = (a: Bucket, b: Bucket): Bucket => {
  const apart = a.sum / a.n - b.sum / b.n
  const squares = a.squares + b.squares + (apart * apart * a.n * b.n) / (a.n + b.n)
  return { n: a.n + b.n, sum: a.sum + b.sum, squares }
}
const total = (buckets: readonly Bucket[]): Bucket =>
  buckets.reduce((sum, bucket) => (sum.n === 0 ? bucket : join(sum, bucket)), { n: 0, sum: 0, squares: 0 })

/** Where a size has one bucket too many, its two oldest become one of twice the size. */
const compress = (buckets: readonly Bucket[]): readonly Bucket[] => {
  let next = buckets
  for (let n = 1; ; n *= 2) {
    const first = next.findIndex(bucket => bucket.n === n)
    const last = next.findLastIndex(bucket => bucket.n === n)
    if (first < 0 || last - first < OF_A_SIZE) return next
    next = next.toSpliced(first, 2, join(next[first] as Bucket, next[first + 1] as Bucket))
  }
}

const differs = (old: Bucket, young: Bucket, { delta, side }: AdaptiveLimits): boolean => {
  if (old.n < side || young.n < side) return false
  const both = join(old, young)
  const apart = Math.abs(old.sum / old.n - young.sum / young.n)
  const shares = 1 / (old.n - side + 1) + 1 / (young.n - side + 1)
  const log = Math.log((2 * Math.log(both.n)) / delta)
  return apart > Math.sqrt(2 * shares * (both.squares / both.n) * log) + (2 / 3) * shares * log
}

/** Without its oldest buckets as long as some border parts two means. */
const cut = (buckets: readonly Bucket[], limits: AdaptiveLimits): readonly Bucket[] => {
  for (let border = 1; border < buckets.length; border++)
    if (differs(total(buckets.slice(0, border)), total(buckets.slice(border)), limits))
      return cut(buckets.slice(1), limits)
  return buckets
}

export const add_to_window = (
  of: AdaptiveWindow,
  value: number,
  limits: AdaptiveLimits = usual_window,
): { readonly state: AdaptiveWindow; readonly changed: boolean } => {
  const seen = of.seen + 1
  const buckets = compress([...of.buckets, { n: 1, sum: value, squares: 0 }])
  if (seen % limits.clock !== 0) return { state: { seen, buckets }, changed: false }
  const left = cut(buckets, limits)
  return { state: { seen, buckets: left }, changed: left.length < buckets.length }
}

export const window_total = ({ buckets }: AdaptiveWindow): { readonly n: number; readonly mean: number } => {
  const { n, sum } = total(buckets)
  return { n, mean: sum / n }
}
