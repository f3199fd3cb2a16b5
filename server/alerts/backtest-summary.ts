/** What a back-test says: how often and how long the rule would have fired, and how often it was right where that is known. */
import type { AlertSeverityName } from '../../schemas/catalog-kinds.ts'
import { days } from '../../schemas/units.ts'

/** A stretch in which the rule would have fired. */
export interface Firing {
  readonly from_ms: number
  /** null: still at the end. */
  readonly to_ms: number | null
  readonly severity: AlertSeverityName
  readonly value: number | null
  readonly expected: number | null
  readonly dimension?: string
}

/** A stretch in which somebody should have been told. */
export interface Label {
  readonly from_ms: number
  readonly to_ms: number
}

export interface Stretch {
  readonly from_ms: number
  readonly to_ms: number
}

/** labels: given by who asks; acknowledgements: incidents of the metric that a person acknowledged. */
export interface Truth {
  readonly source: 'labels' | 'acknowledgements'
  readonly labels: readonly Label[]
}

export interface Verdict {
  readonly source: Truth['source']
  readonly labels: number
  /** Firings that meet a label, and labels that a firing meets. */
  readonly right: number
  readonly found: number
  /** null where there is nothing to divide by. */
  readonly precision_ratio: number | null
  readonly recall_ratio: number | null
}

export interface Backtest {
  readonly from: string
  readonly to: string
  readonly points: number
  readonly anomalies: number
  readonly fired: number
  readonly per_week: number
  /** All together, those that overlap counted once each. */
  readonly firing_ms: number
  readonly longest_ms: number
  readonly verdict: Verdict | null
  /** The newest last, so many at most; `fired` counts all. */
  readonly firings: readonly {
    readonly from: string
    readonly to: string | null
    readonly lasted_ms: number
    readonly severity: AlertSeverityName
    readonly value: number | null
    readonly expected: number | null
    readonly dimension: string
    /** null where nothing is known of it. */
    readonly right: boolean | null
  }[]
}

export const FIRINGS_TOLD = 500

export interface Judged {
  readonly points: number
  readonly anomalies: number
  readonly firings: readonly Firing[]
}

export const summarise = (
  stretch: Stretch,
  { points, anomalies, firings }: Judged,
  truth: Truth | null,
): Backtest => {
  const sorted = firings.toSorted((a, b) => a.from_ms - b.from_ms)
  const end_of = (firing: Firing): number => Math.max(firing.from_ms, firing.to_ms ?? stretch.to_ms)
  const meets = (firing: Firing, label: Label): boolean =>
    firing.from_ms <= label.to_ms && end_of(firing) >= label.from_ms
  const lasted = sorted.map(firing => end_of(firing) - firing.from_ms)
  const right = sorted.map(firing => truth?.labels.some(label => meets(firing, label)) ?? null)
  const iso = (ms: number): string => new Date(ms).toISOString()
  return {
    from: iso(stretch.from_ms),
    to: iso(stretch.to_ms),
    points,
    anomalies,
    fired: sorted.length,
    per_week: rounded(sorted.length / ((stretch.to_ms - stretch.from_ms) / days(7))),
    firing_ms: lasted.reduce((sum, ms) => sum + ms, 0),
    longest_ms: lasted.reduce((most, ms) => Math.max(most, ms), 0),
    verdict: truth && verdict_of(truth, right.filter(Boolean).length, sorted, meets),
    firings: sorted
      .map((firing, i) => ({
        from: iso(firing.from_ms),
        to: firing.to_ms === null ? null : iso(firing.to_ms),
        lasted_ms: lasted[i]!,
        severity: firing.severity,
        value: firing.value,
        expected: firing.expected,
        dimension: firing.dimension ?? '',
        right: right[i]!,
      }))
      .slice(-FIRINGS_TOLD),
  }
}

const verdict_of = (
  { source, labels }: Truth,
  right: number,
  firings: readonly Firing[],
  meets: (firing: Firing, label: Label) => boolean,
): Verdict => {
  const found = labels.filter(label => firings.some(firing => meets(firing, label))).length
  return {
    source,
    labels: labels.length,
    right,
    found,
    precision_ratio: firings.length > 0 ? rounded(right / firings.length) : null,
    recall_ratio: labels.length > 0 ? rounded(found / labels.length) : null,
  }
}

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000
