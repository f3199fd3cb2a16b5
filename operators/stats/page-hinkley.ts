/**
 * A mean that moved for good: Page-Hinkley (Page 1954, Hinkley 1971), both ways. The distances from the running mean are
 * added up, less a `slack`; once the sum is `threshold` away from its extreme, the mean has moved, and all begins anew.
 */
export interface PageHinkley {
  readonly n: number
  readonly mean: number
  readonly rise: number
  readonly rise_least: number
  readonly fall: number
  readonly fall_most: number
}
export interface PageHinkleyLimits {
  readonly threshold: number
  readonly slack: number
  /** What each step leaves of the sums. */
  readonly kept: number
  /** No verdict before so many values. */
  readonly first: number
}
export const usual_limits: PageHinkleyLimits = { threshold: 50, slack: 0.005, kept: 0.9999, first: 30 }
export const no_drift: PageHinkley = { n: 0, mean: 0, rise: 0, rise_least: 0, fall: 0, fall_most: 0 }

export const add_to_drift = (
  of: PageHinkley,
  value: number,
  { threshold, slack, kept, first }: PageHinkleyLimits = usual_limits,
): { readonly state: PageHinkley; readonly moved: '' | 'up' | 'down' } => {
  const n = of.n + 1
  const mean = of.mean + (value - of.mean) / n
  const rise = kept * of.rise + value - mean - slack
  const fall = kept * of.fall + value - mean + slack
  const rise_least = n === 1 ? rise : Math.min(of.rise_least, rise)
  const fall_most = n === 1 ? fall : Math.max(of.fall_most, fall)
  const up = n >= first && rise - rise_least > threshold
  const down = n >= first && fall_most - fall > threshold
  if (up || down) return { state: no_drift, moved: up ? 'up' : 'down' }
  return { state: { n, mean, rise, rise_least, fall, fall_most }, moved: '' }
}
