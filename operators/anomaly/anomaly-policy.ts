/** What the detectors of metric points are set to, and what they say. */
import type { Anomaly, MetricPoint } from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'

export interface AnomalyPolicy {
  /** Robust standard deviations from which on a point is unusual. */
  readonly threshold: number
  /** No verdict before so much history. */
  readonly history_ms: number
  /** A ratio over fewer is not judged. */
  readonly samples: number
  /** After so long of nothing but unusual points they are the new usual, and teach again. */
  readonly adopt_ms: number
  /** For so long of normal points after an anomaly each is told, as `none`. */
  readonly settle_ms: number
  /** No pattern of hours or days before so much history. */
  readonly pattern_ms: number
  /** Robust standard deviations from which on a sum over hours is a shifted level. */
  readonly long_threshold: number
  /** Which patterns of the ensemble are told … */
  readonly patterns: ReadonlySet<string>
  /** … from which of its scores on. */
  readonly ensemble_score: number
}
export const default_anomalies: AnomalyPolicy = {
  threshold: 5,
  history_ms: days(3),
  samples: 20,
  adopt_ms: days(1),
  settle_ms: minutes(30),
  pattern_ms: days(14),
  patterns: new Set(['level_shift', 'trend', 'recurring', 'unusual']),
  long_threshold: 4.5,
  ensemble_score: 0.99,
}

/** A point goes out with what was expected of it, then its anomaly. */
export type Found =
  | { readonly of: 'point'; readonly row: MetricPoint }
  | { readonly of: 'anomaly'; readonly row: Anomaly }
/** A point with what was expected of it, and what it is by itself. */
export interface JudgedPoint {
  readonly point: MetricPoint
  readonly anomaly: Anomaly | null
}
