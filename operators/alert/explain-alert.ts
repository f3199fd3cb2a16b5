/** What stands behind a trouble: the part of the whole that contributed most within the last hour, and the money that is missing. */
import type { AlertSaid, AlertSeriesPoint } from '../../schemas/types.ts'
import { hours } from '../../schemas/units.ts'
import type { AlertRule } from './alert-rules.ts'
import { type Judgement, weight_of } from './judge-rule.ts'
import type { UsualBusiness } from './usual-business.ts'

export interface SeriesOf {
  readonly metric: string
  readonly currency: string | null
  readonly dimension: string
  readonly points: readonly AlertSeriesPoint[]
}
type Contributor = Pick<AlertSaid, 'contributor' | 'contributor_share'>
type Money = Pick<AlertSaid, 'money_at_risk_minor' | 'money_currency'>

const NOBODY: Contributor = { contributor: null, contributor_share: null }
const NO_MONEY: Money = { money_at_risk_minor: null, money_currency: null }

/** parts: the series of the same metric and currency with a dimension. */
export const contributor_of = (
  rule: AlertRule,
  whole: SeriesOf,
  parts: readonly SeriesOf[],
  end_ms: number,
): Contributor => {
  if (whole.dimension !== '' || parts.length === 0) return NOBODY
  const all = difference(rule, whole.points, end_ms)
  if (all === null || all === 0) return NOBODY
  let [most, dimension] = [0, '']
  for (const part of parts) {
    // In the direction of the whole.
    const share = (difference(rule, part.points, end_ms) ?? 0) / all
    if (share > most) [most, dimension] = [share, part.dimension]
  }
  return most > 0 ? { contributor: dimension, contributor_share: Math.min(1, most) } : NOBODY
}

/** Of the last hour from what was expected; null where nothing was. A share that should be nought was expected to be. */
const difference = (rule: AlertRule, points: readonly AlertSeriesPoint[], end_ms: number): number | null => {
  const none_expected = rule.when === 'above' ? 0 : null
  let sum: number | null = null
  for (const point of points) {
    if (point.start_ms < end_ms - hours(1) || point.start_ms >= end_ms) continue
    const expected = point.expected ?? none_expected
    if (expected === null || point.kind === 'quantile') continue
    sum = (sum ?? 0) + (point.value - expected) * weight_of(point)
  }
  return sum
}

/** Over the alert's own window. */
export const money_of = (
  { value, expected, from_ms, taken }: Judgement,
  { metric, currency, points }: SeriesOf,
  usual: UsualBusiness,
): Money => {
  if (value === null) return NO_MONEY
  if (currency !== null) return expected === null ? NO_MONEY : money(expected - value, currency)
  const per_payment = usual.payments > 0 ? usual.amount_minor / usual.payments : 0
  const weight = () =>
    points.reduce((sum, point) => sum + (point.start_ms >= from_ms ? weight_of(point) : 0), 0)
  if (metric === 'payment_failure_rate')
    return money((value - (expected ?? 0)) * (taken?.denominator ?? weight()) * per_payment, usual.currency)
  if (expected === null) return NO_MONEY
  const missing = expected - value
  if (metric === 'payments') return money(missing * per_payment, usual.currency)
  if (metric === 'conversion_rate') return money(missing * weight() * per_payment, usual.currency)
  if (metric !== 'visits' || usual.visits <= 0) return NO_MONEY
  return money((missing * usual.amount_minor) / usual.visits, usual.currency)
}

const money = (amount: number, currency: string | null): Money => {
  const minor = Math.floor(amount + 0.5)
  return currency !== null && minor > 0 && Number.isSafeInteger(minor)
    ? { money_at_risk_minor: minor, money_currency: currency }
    : NO_MONEY
}
