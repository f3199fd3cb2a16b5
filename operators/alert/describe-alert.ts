/** An alert's row, and its numbers in words. Money by the currency's exponent, ratios in percent, rounded half up. */
import { exponents } from '../../schemas/currencies.ts'
import type { Alert, AlertIncident } from '../../schemas/types.ts'
import { hours, minutes } from '../../schemas/units.ts'
import { ALERT_POLICY, type AlertRule, severities } from './alert-rules.ts'
import type { Judgement } from './judge-rule.ts'

const grouped = (digits: string): string => digits.replaceAll(/\B(?=(\d{3})+$)/g, ',')

/** 123456 EUR → 1,234.56 EUR. */
export const money_text = (amount_minor: number, currency: string): string => {
  const exponent = exponents.get(currency) ?? 0
  const rounded = Math.floor(Math.abs(amount_minor) + 0.5)
  const digits = String(rounded).padStart(exponent + 1, '0')
  const whole = grouped(digits.slice(0, digits.length - exponent))
  const part = exponent ? `.${digits.slice(digits.length - exponent)}` : ''
  return `${amount_minor < 0 && rounded ? '-' : ''}${whole}${part} ${currency}`
}

export const percent_text = (ratio: number, decimals = 1): string => {
  const scale = 10 ** decimals
  return `${(Math.floor(ratio * 100 * scale + 0.5) / scale).toFixed(decimals)} %`
}

/** Whole from a hundred on, one decimal from ten on, else up to three. */
const number_text = (value: number): string => {
  const size = Math.abs(value)
  const scale = size >= 10 ? 10 : 1000
  const rounded = Math.floor(size * scale + 0.5)
  const part = String(rounded % scale)
    .padStart(String(scale).length - 1, '0')
    .replace(/0+$/, '')
  const whole = grouped(String(Math.floor(rounded / scale)))
  return `${value < 0 && rounded ? '-' : ''}${whole}${part && `.${part}`}`
}

const SHARES = /_(rate|ratio|probability|risk)$/
export const value_text = (metric: string, currency: string | null, value: number): string => {
  if (currency !== null) return money_text(value, currency)
  return SHARES.test(metric) ? percent_text(value) : number_text(value)
}

/** `revenue of channel=google over 15 minutes` */
const stretch_text = (metric: string, dimension: string, window_ms: number): string =>
  `${metric.replaceAll('_', ' ')}${dimension && ` of ${dimension}`} over ${length_text(window_ms)}`

const length_text = (length_ms: number): string => `${number_text(length_ms / minutes(1))} minutes`

export interface About {
  readonly metric: string
  readonly currency: string | null
  readonly dimension: string
}

/** What was judged, with its numbers. */
export const judgement_text = (rule: AlertRule, judged: Judgement, about: About): string => {
  const { value, expected, score, taken, window_ms } = judged
  const { metric, currency, dimension } = about
  if (rule.beyond_chance) return share_text(rule, judged, about)
  const said = stretch_text(metric, dimension, window_ms)
  if (value === null) return `${said}: nothing`
  const text = (of: number) => value_text(metric, currency, of)
  const change =
    expected !== null && expected > 0
      ? `${value < expected ? '−' : '+'}${percent_text(Math.abs(value / expected - 1), 0)}`
      : ''
  const seen = expected === null ? text(value) : `${text(value)}, expected ${text(expected)}`
  if (score !== null) {
    const distance = `${Math.abs(score).toFixed(1)} robust standard deviations ${score < 0 ? 'below' : 'above'}`
    return `${said}: ${seen} (${change && `${change}, `}${distance})`
  }
  if (taken && (rule.when === 'above' || rule.when === 'below') && judged.verdict === 'trouble')
    return `${said}: ${text(value)}, ${rule.when} ${text(rule.threshold)}`
  return `${said}: ${seen}${change && ` (${change})`}`
}

const SUBJECTS: Readonly<Record<string, readonly [things: string, thing: string, failed: string]>> = {
  payment_failure_rate: ['payments', 'payment', 'failed'],
  dead_letter_rate: ['records', 'record', 'were refused'],
}

const share_text = (
  rule: AlertRule,
  { taken, window_ms }: Judgement,
  { metric, dimension }: About,
): string => {
  const [things, thing, failed] = SUBJECTS[metric] ?? [
    'events',
    'event',
    `were of ${metric.replaceAll('_', ' ')}`,
  ]
  const of = dimension && ` of ${dimension}`
  const within = window_ms === hours(1) ? 'an hour' : length_text(window_ms)
  if (!taken || taken.denominator <= 0) return `no ${thing}${of} within ${within}`
  const { numerator, denominator } = taken
  return (
    `${number_text(numerator)} of ${number_text(denominator)} ${things}${of} ${failed} within ${within} ` +
    `(${percent_text(numerator / denominator)}), beyond chance above ${percent_text(rule.threshold)}`
  )
}

/** Of an incident as it stands. */
export const alert_row = (
  tenant_id: string,
  fingerprint: string,
  title: string,
  incident: AlertIncident,
  status: Alert['status'],
  reason: string,
): Alert => {
  const { started_ms, alerts, rank, suppressed, cause_event_ids, said, told_ms, rule } = incident
  const { escalation, recurrences, acknowledged_by, inhibited_by, silenced_by } = incident
  const of = said.dimension && ` (${said.dimension})`
  return {
    ...said,
    event_id: `${fingerprint}|${started_ms}|${alerts}`,
    tenant_id,
    occurred_at: told_ms,
    fingerprint,
    rule,
    severity: severities[rank] as Alert['severity'],
    status,
    title: `${title}${of}${status === 'resolved' ? ': over' : ''}`,
    started_at: started_ms,
    ...{ suppressed, cause_event_ids, inhibited_by, silenced_by, escalation, recurrences, acknowledged_by },
    reason,
    policy_version: ALERT_POLICY,
  }
}
