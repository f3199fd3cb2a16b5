/**
 * The scoring rules of the Numenta Anomaly Benchmark (Lavin and Ahmad 2015, v1.1): the earliest detection of a window earns
 * the more the earlier it comes, a window without one costs, and so does every row detected outside of them.
 */
export interface Profile {
  readonly tp: number
  readonly fp: number
  readonly fn: number
}
export const PROFILES = {
  standard: { tp: 1, fp: 0.11, fn: 1 },
  reward_low_FP_rate: { tp: 1, fp: 0.22, fn: 1 },
  reward_low_FN_rate: { tp: 1, fp: 0.11, fn: 2 },
} as const satisfies Record<string, Profile>
export type ProfileName = keyof typeof PROFILES
export const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[]

/** First and last row of an anomaly. */
export type Window = readonly [first: number, last: number]
export interface Labelled {
  readonly rows: number
  readonly windows: readonly Window[]
}
export interface Outcome {
  readonly raw: number
  readonly windows: number
  readonly hit: number
  readonly false_rows: number
}

/** Rows at the start in which nothing counts. */
export const probation_of = (rows: number): number => Math.min(Math.floor(0.15 * rows), 750)

export const curve = (y: number): number => 2 / (1 + Math.exp(5 * y)) - 1
const BEST = curve(-1)

/** What one detected row is worth before weights: positive inside a window, negative outside of all. */
export const worth_of = (row: number, windows: readonly Window[]): number => {
  let before: Window | null = null
  for (const window of windows) {
    const [first, last] = window
    if (row >= first && row <= last) return curve(-(last - row + 1) / (last - first + 1)) / BEST
    if (last < row) before = window
  }
  if (!before) return -1
  const y = (row - before[1]) / (before[1] - before[0])
  return y > 3 ? -1 : curve(y)
}

/** `detected`: rows, ascending. */
export const score_detections = (
  { rows, windows }: Labelled,
  detected: readonly number[],
  { tp, fp, fn }: Profile,
): Outcome => {
  const from = probation_of(rows)
  const counted = windows.filter(([, last]) => last >= from)
  const hits = new Set<Window>()
  let earned = 0
  let lost = 0
  let false_rows = 0
  for (const row of detected) {
    if (row < from) continue
    const worth = worth_of(row, windows)
    if (worth < 0) {
      lost += worth
      false_rows++
      continue
    }
    const window = counted.find(([first, last]) => row >= first && row <= last)
    if (!window || hits.has(window)) continue
    hits.add(window)
    earned += worth
  }
  const missed = counted.length - hits.size
  return {
    raw: tp * earned - fn * missed + fp * lost,
    windows: counted.length,
    hit: hits.size,
    false_rows,
  }
}

/** 0 is no detection at all, 100 every window at its first row and nothing else; null where there is no window. */
export const normalised = (outcomes: readonly Outcome[], { tp, fn }: Profile): number | null => {
  const raw = outcomes.reduce((sum, one) => sum + one.raw, 0)
  const windows = outcomes.reduce((sum, one) => sum + one.windows, 0)
  return windows === 0 ? null : (100 * (raw + fn * windows)) / ((tp + fn) * windows)
}

export const rows_at = (scores: ArrayLike<number>, threshold: number): number[] => {
  const rows: number[] = []
  for (let i = 0; i < scores.length; i++) if ((scores[i] as number) >= threshold) rows.push(i)
  return rows
}
