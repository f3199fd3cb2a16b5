/** An alert's row, and its numbers in words. Money by the currency's exponent, ratios in percent, rounded half up. */
import { exponents } from '../../schemas/currencies.ts'
import type { Alert, AlertIncident, Anomaly } from '../../schemas/types.ts'
import { minutes } from '../../schemas/units.ts'
import { ALERT_POLICY, type AlertRule, severities } from './alert-rules.ts'

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

const number_text = (value: number): string => {
  const tenths = Math.floor(value * 10 + 0.5)
  return `${grouped(String(Math.floor(tenths / 10)))}${tenths % 10 ? `.${tenths % 10}` : ''}`
}

export const value_text = (metric: string, currency: string | null, value: number): string => {
  if (currency !== null) return money_text(value, currency)
  return metric.endsWith('_rate') ? percent_text(value) : number_text(value)
}

type Told = Pick<Anomaly, 'metric' | 'currency' | 'window_ms' | 'value' | 'expected' | 'score'>

export const anomaly_text = ({ metric, currency, window_ms, value, expected, score }: Told): string => {
  const text = (of: number) => value_text(metric, currency, of)
  const change =
    expected > 0 ? `${value < expected ? '−' : '+'}${percent_text(Math.abs(value / expected - 1), 0)}, ` : ''
  return (
    `${metric.replaceAll('_', ' ')} over ${window_ms / minutes(1)} minutes: ${text(value)}, expected ${text(expected)} ` +
    `(${change}${Math.abs(score).toFixed(1)} robust standard deviations ${score < 0 ? 'below' : 'above'})`
  )
}

export const failures_text = (failed: number, ended: number, threshold: number): string =>
  `${failed} of ${ended} payments failed within an hour (${percent_text(failed / ended)}), ` +
  `beyond chance above ${percent_text(threshold)}`

export type Said = Pick<Alert, 'metric' | 'currency' | 'value' | 'expected' | 'description'>

export const alert_row = (
  tenant_id: string,
  fingerprint: string,
  { name, title }: AlertRule,
  { started_ms, alerts, rank, suppressed, cause_event_ids }: AlertIncident,
  status: Alert['status'],
  occurred_at: number,
  said: Said,
): Alert => ({
  ...said,
  event_id: `${fingerprint}|${started_ms}|${alerts}`,
  tenant_id,
  occurred_at,
  fingerprint,
  rule: name,
  severity: severities[rank] as Alert['severity'],
  status,
  title: status === 'resolved' ? `${title}: over` : title,
  started_at: started_ms,
  suppressed,
  cause_event_ids,
  policy_version: ALERT_POLICY,
})
