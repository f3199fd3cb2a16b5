/** Points, anomalies and rules of alerts, with what a test does not care about filled in. */
import { type AlertRule, alert_rules, PLAIN_RULE } from '../../../operators/alert/alert-rules.ts'
import type { AlertSeriesAnomaly, AlertSeriesPoint } from '../../../schemas/types.ts'
import { minutes } from '../../../schemas/units.ts'

export const rule_named = (name: string): AlertRule =>
  alert_rules.find(rule => rule.name === name) as AlertRule

export const above: AlertRule = {
  ...PLAIN_RULE,
  ...{
    name: 'mine',
    title: 'Mine',
    of: 'point',
    metric: 'latency',
    when: 'above',
    threshold: 2,
    severity: 'medium',
  },
}

/** Five minutes that end at a minute. */
export const seen_point = (
  at: number,
  value: number,
  more: Partial<AlertSeriesPoint> = {},
): AlertSeriesPoint => ({
  ...{ event_id: `p${at}`, start_ms: minutes(at - 5), window_ms: minutes(5), kind: 'count' },
  ...{ value, numerator: value, denominator: 1, samples: value, expected: null },
  ...more,
})
export const seen_ratio = (
  at: number,
  numerator: number,
  denominator: number,
  expected: number | null = null,
): AlertSeriesPoint =>
  seen_point(at, numerator / denominator, {
    kind: 'ratio',
    numerator,
    denominator,
    samples: denominator,
    expected,
  })

/** A quarter-hour that ends at a minute: a hundred was expected. */
export const seen_anomaly = (
  at: number,
  score: number,
  more: Partial<AlertSeriesAnomaly> = {},
): AlertSeriesAnomaly => ({
  ...{
    event_id: `a${at}`,
    start_ms: minutes(at - 15),
    window_ms: minutes(15),
    pattern: score < 0 ? 'drop' : 'spike',
  },
  ...{ direction: score < 0 ? 'drop' : 'spike', value: 100 + score, expected: 100, score },
  ...more,
})
