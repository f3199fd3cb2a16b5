/** When a person should know: the rules, their severities and their patience. The catalog kind `alert_rules` overrides them. */
import type { Catalog } from '../../schemas/catalog-kinds.ts'
import type { Alert, Anomaly } from '../../schemas/types.ts'
import { hours, minutes } from '../../schemas/units.ts'

export const ALERT_POLICY = 'alert-1'
export type Severity = Alert['severity']
/** From least to most: the rank of a severity is its place. */
export const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical']

export interface AlertRule {
  readonly name: string
  readonly title: string
  /** Unless the score decides (`by_score`). */
  readonly severity: Severity
  readonly by_score: boolean
  /** What it is depends on the rule: see `watches`. */
  readonly threshold: number
  readonly cooldown_ms: number
  /** Where it listens: anomalies of a metric in a direction; a rolling hour of payments; prices of leads. */
  readonly watches:
    | { readonly of: 'anomaly'; readonly metric: string; readonly direction: Anomaly['direction'] }
    | { readonly of: 'payments' }
    | { readonly of: 'prices' }
}

const on = (metric: string, direction: 'drop' | 'spike') => ({ of: 'anomaly', metric, direction }) as const
const drop = { severity: 'medium', by_score: true, threshold: 5, cooldown_ms: hours(1) } as const
const spike = { severity: 'info', by_score: false, threshold: 5, cooldown_ms: hours(1) } as const

/** threshold of a drop or spike: robust standard deviations (the detector's own is the least that helps). */
export const alert_rules: readonly AlertRule[] = [
  { ...drop, name: 'revenue_drop', title: 'Revenue dropped', watches: on('revenue', 'drop') },
  { ...drop, name: 'visits_drop', title: 'Visits dropped', watches: on('visits', 'drop') },
  {
    ...drop,
    name: 'conversion_drop',
    title: 'Conversion dropped',
    // Below the expectation by so much of it; that it is no chance is the anomaly's part.
    threshold: 0.1,
    watches: on('conversion_rate', 'drop'),
  },
  { ...spike, name: 'revenue_spike', title: 'High revenue', watches: on('revenue', 'spike') },
  { ...spike, name: 'visits_spike', title: 'Many visits', watches: on('visits', 'spike') },
  {
    ...spike,
    name: 'conversion_spike',
    title: 'High conversion',
    watches: on('conversion_rate', 'spike'),
  },
  {
    name: 'payment_failures',
    title: 'Payments fail',
    severity: 'high',
    by_score: false,
    // The share of failures in the rolling hour that must be exceeded beyond chance.
    threshold: 0.05,
    cooldown_ms: hours(1),
    watches: { of: 'payments' },
  },
  {
    name: 'premium_lead',
    title: 'Premium lead',
    severity: 'info',
    by_score: false,
    // Least revenue potential in minor units.
    threshold: 0,
    cooldown_ms: 0,
    watches: { of: 'prices' },
  },
]

export const CRITICAL_COOLDOWN_MS = minutes(30)
/** An incident is over after so long of normal points. */
export const RESOLVED_AFTER_MS = minutes(30)
/** Payments in the rolling hour below which their failures say nothing. */
export const LEAST_PAYMENTS = 20
/** One-sided 99 %: the lower bound of the share of failures has to pass the threshold. */
export const FAILURE_Z = 2.326

/** The rule with what the catalog says of it; null when it is switched off. What makes no sense there says nothing. */
export const with_override = (
  rule: AlertRule,
  override: Catalog['alert_rules'] | undefined,
): AlertRule | null => {
  if (!override) return rule
  const { enabled, severity, threshold, cooldown_ms } = override
  if (enabled === false) return null
  const known = severities.find(name => name === severity)
  return {
    ...rule,
    severity: known ?? rule.severity,
    by_score: rule.by_score && known === undefined,
    threshold: is_measure(threshold) ? threshold : rule.threshold,
    cooldown_ms: is_measure(cooldown_ms) ? cooldown_ms : rule.cooldown_ms,
  }
}

/** Catalog bodies are anybody's JSON. */
const is_measure = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

/** A drop beyond 8 deviations is high, beyond 12 critical: an outage of a busy tenant is there within ten minutes. */
export const severity_of = (rule: AlertRule, score: number): Severity => {
  if (!rule.by_score) return rule.severity
  const size = Math.abs(score)
  return size >= 12 ? 'critical' : size >= 8 ? 'high' : 'medium'
}

export const cooldown_of = (rule: AlertRule, severity: Severity): number =>
  severity === 'critical' ? Math.min(rule.cooldown_ms, CRITICAL_COOLDOWN_MS) : rule.cooldown_ms
