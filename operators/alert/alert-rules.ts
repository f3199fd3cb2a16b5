/** When a person should know: the rules, their severities and their patience. The catalog kind `alert_rules` overrides them. */
import type { AlertRuleEntry } from '../../schemas/catalog-kinds.ts'
import type { Alert } from '../../schemas/types.ts'
import { hours, minutes } from '../../schemas/units.ts'

export const ALERT_POLICY = 'alert-2'
export type Severity = Alert['severity']
/** From least to most: the rank of a severity is its place. */
export const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical']

export interface Rung {
  /** So long after it fired, and nobody has acknowledged it. */
  readonly after_ms: number
  /** One more than before, without. */
  readonly severity: Severity | null
}
export interface AlertRule {
  readonly name: string
  readonly title: string
  /** Where it listens: points of a metric, what the detectors say of them, prices of leads. */
  readonly of: 'point' | 'anomaly' | 'price'
  readonly metric: string
  /** null: each. */
  readonly currency: string | null
  /** `channel=google`; empty: the whole; `*`: each part by itself. */
  readonly dimension: string
  readonly when: AlertRuleEntry['when']
  readonly threshold: number
  /** Of an anomaly: the threshold is a share of what was expected; else robust standard deviations. */
  readonly as_share: boolean
  /** Of a ratio: the least that its probability can be is above the threshold, not just its value. */
  readonly beyond_chance: boolean
  /** Points are taken together over so long; 0: the last alone. */
  readonly window_ms: number
  /** Over fewer events nothing is raised. */
  readonly least_samples: number
  /** Unless the score decides (`by_score`). */
  readonly severity: Severity
  readonly by_score: boolean
  readonly for_ms: number
  readonly keep_firing_ms: number
  readonly cooldown_ms: number
  /** Names of rules that it explains. */
  readonly inhibits: readonly string[]
  readonly escalation: readonly Rung[]
}

export const CRITICAL_COOLDOWN_MS = minutes(30)
/** An incident is over after so long of normal points. */
export const RESOLVED_AFTER_MS = minutes(30)
/** Detectors tell a level shift, a trend or a recurring pattern now and then, not with every point. */
export const PATTERN_OVER_AFTER_MS = hours(3)
/** One-sided 99 %: the lower bound of a ratio has to pass the threshold. */
export const CHANCE_Z = 2.326
/** So many incidents within the memory make the next one worse. */
export const RECURS = 3

const plain = {
  currency: null,
  dimension: '',
  as_share: false,
  beyond_chance: false,
  window_ms: 0,
  least_samples: 0,
  by_score: false,
  for_ms: 0,
  keep_firing_ms: RESOLVED_AFTER_MS,
  cooldown_ms: hours(1),
  inhibits: [],
  escalation: [],
} as const
export const PLAIN_RULE: typeof plain = plain

const ladder: readonly Rung[] = [
  { after_ms: hours(2), severity: null },
  { after_ms: hours(8), severity: null },
]
/** threshold of a drop or spike: robust standard deviations (the detector's own is the least that helps). */
const drop = (name: string, title: string, metric: string): AlertRule => ({
  ...plain,
  ...{ name, title, metric, of: 'anomaly', when: 'drop', threshold: 5 },
  ...{ severity: 'medium', by_score: true, escalation: ladder },
})
const spike = (name: string, title: string, metric: string): AlertRule => ({
  ...plain,
  ...{ name, title, metric, of: 'anomaly', when: 'spike', threshold: 5, severity: 'info' },
})
/** More or less than usual by little, for many hours: what no window by itself would tell. */
const shift = (name: string, title: string, metric: string): AlertRule => ({
  ...plain,
  ...{ name, title, metric, of: 'anomaly', when: 'level_shift', threshold: 4.5, severity: 'medium' },
  keep_firing_ms: PATTERN_OVER_AFTER_MS,
})
const point = (
  name: string,
  title: string,
  metric: string,
  when: AlertRule['when'],
  threshold: number,
  severity: Severity,
): AlertRule => ({ ...plain, name, title, metric, of: 'point', when, threshold, severity })
/** Nothing comes in where something always did: what is counted from it says nothing of the business. */
const stale = (feed: string, inhibits: readonly string[]): AlertRule => ({
  ...drop(`feed_stale_${feed}`, `No ${feed} come in`, `feed_${feed}`),
  ...{ threshold: 0.99, as_share: true, severity: 'high', by_score: false, inhibits },
})

/** What payments that do not come in explain. */
const PAID = ['revenue_drop', 'revenue_shift', 'payments_shift', 'conversion_drop', 'conversion_shift']

export const alert_rules: readonly AlertRule[] = [
  drop('revenue_drop', 'Revenue dropped', 'revenue'),
  drop('visits_drop', 'Visits dropped', 'visits'),
  // Below the expectation by so much of it; that it is no chance is the anomaly's part.
  { ...drop('conversion_drop', 'Conversion dropped', 'conversion_rate'), threshold: 0.1, as_share: true },
  spike('revenue_spike', 'High revenue', 'revenue'),
  spike('visits_spike', 'Many visits', 'visits'),
  spike('conversion_spike', 'High conversion', 'conversion_rate'),
  shift('revenue_shift', 'Revenue is on another level', 'revenue'),
  shift('visits_shift', 'Visits are on another level', 'visits'),
  shift('payments_shift', 'Payments are on another level', 'payments'),
  shift('conversion_shift', 'Conversion is on another level', 'conversion_rate'),
  {
    // The share of failures in the rolling hour that must be exceeded beyond chance.
    ...point('payment_failures', 'Payments fail', 'payment_failure_rate', 'above', 0.05, 'high'),
    ...{ window_ms: hours(1), least_samples: 20, beyond_chance: true, escalation: ladder },
  },
  {
    // Least revenue potential in minor units.
    ...point('premium_lead', 'Premium lead', 'revenue_potential', 'above', 0, 'info'),
    ...{ of: 'price', cooldown_ms: 0 },
  },
  {
    ...point('churn_risk', 'Likely to leave', 'churn_risk', 'above', 0.7, 'medium'),
    dimension: '*',
    cooldown_ms: hours(24),
  },
  {
    ...point('health_score_drop', 'Health dropped', 'health_score', 'drops_by', 0.2, 'medium'),
    dimension: '*',
    cooldown_ms: hours(24),
  },
  {
    ...point('mrr_decline', 'Recurring revenue declines', 'mrr_decline_ratio', 'above', 0.05, 'high'),
    cooldown_ms: hours(24),
  },
  {
    ...point('goal_warning', 'Goal at risk', 'goal_miss_probability', 'above', 0.5, 'medium'),
    dimension: '*',
    cooldown_ms: hours(24),
  },
  stale('touchpoints', ['visits_drop', 'visits_shift', 'conversion_drop', 'conversion_shift']),
  stale('conversations', []),
  stale('payments', PAID),
  {
    ...point('schema_broke', 'Records are refused', 'dead_letter_rate', 'above', 0.05, 'high'),
    ...{ window_ms: minutes(15), least_samples: 20, beyond_chance: true },
    inhibits: [...PAID, 'visits_drop', 'visits_shift'],
  },
  {
    ...drop('ratio_off', 'Payments without a touch are unusually many or few', 'unattributed_rate'),
    ...{ when: 'unusual', by_score: false, severity: 'low', escalation: [] },
    keep_firing_ms: PATTERN_OVER_AFTER_MS,
  },
]
