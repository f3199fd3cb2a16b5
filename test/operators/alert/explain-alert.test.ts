import { expect, it } from 'vitest'
import { contributor_of, money_of, type SeriesOf } from '../../../operators/alert/explain-alert.ts'
import { type Judgement, take } from '../../../operators/alert/judge-rule.ts'
import type { AlertSeriesPoint } from '../../../schemas/types.ts'
import { minutes } from '../../../schemas/units.ts'
import { rule_named, seen_point, seen_ratio } from './judged.ts'

const series = (
  metric: string,
  dimension: string,
  points: readonly AlertSeriesPoint[],
  currency: string | null = null,
): SeriesOf => ({
  ...{ metric, currency, dimension, points },
})
const drop = rule_named('visits_drop')
const end_ms = minutes(60)

it('names the part that misses most of what the whole misses, within the hour', () => {
  const whole = series('visits', '', [
    seen_point(55, 50, { expected: 100 }),
    seen_point(60, 40, { expected: 100 }),
  ])
  const google = series('visits', 'channel=google', [seen_point(60, 10, { expected: 98 })])
  const direct = series('visits', 'channel=direct', [seen_point(60, 30, { expected: 20 })])
  // Long ago, and of a part of which nothing was expected yet.
  const mail = series('visits', 'channel=mail', [seen_point(0, 0, { expected: 999 }), seen_point(60, 0)])
  expect(contributor_of(drop, whole, [direct, google, mail], end_ms)).toEqual({
    ...{ contributor: 'channel=google', contributor_share: 0.8 },
  })
  const nobody = { contributor: null, contributor_share: null }
  expect(contributor_of(drop, whole, [direct, mail], end_ms)).toEqual(nobody)
  expect(contributor_of(drop, whole, [], end_ms)).toEqual(nobody)
  expect(contributor_of(drop, google, [google], end_ms)).toEqual(nobody)
  expect(contributor_of(drop, series('visits', '', [seen_point(60, 5)]), [google], end_ms)).toEqual(nobody)
})

it('counts failures of the parts where none were expected', () => {
  const rule = rule_named('payment_failures')
  const whole = series('payment_failure_rate', '', [seen_ratio(60, 10, 50)])
  const parts = [
    series('payment_failure_rate', 'provider=a', [seen_ratio(60, 9, 20)]),
    series('payment_failure_rate', 'provider=b', [seen_ratio(60, 1, 30)]),
  ]
  expect(contributor_of(rule, whole, parts, end_ms)).toEqual({
    contributor: 'provider=a',
    contributor_share: 0.9,
  })
})

const usual = { visits: 1000, payments: 100, currency: 'EUR', amount_minor: 500_000 }
const judged = (value: number | null, expected: number | null, more: Partial<Judgement> = {}): Judgement => ({
  ...{ verdict: 'trouble', from_ms: minutes(45), window_ms: minutes(15), value, expected, severity: 'high' },
  ...{ score: -6, taken: null, cause_event_ids: [] },
  ...more,
})
const eur = (money_at_risk_minor: number) => ({ money_at_risk_minor, money_currency: 'EUR' })
const none = { money_at_risk_minor: null, money_currency: null }

it('says what is missing in money: by itself, or by what a payment usually brings', () => {
  expect(money_of(judged(7000, 10000.4), series('revenue', '', [], 'USD'), usual)).toEqual({
    ...{ money_at_risk_minor: 3000, money_currency: 'USD' },
  })
  expect(money_of(judged(10, 30), series('visits', '', []), usual)).toEqual(eur(10_000))
  expect(money_of(judged(1, 3), series('payments', '', []), usual)).toEqual(eur(10_000))
  const rates = [seen_ratio(40, 1, 500), seen_ratio(50, 1, 100), seen_ratio(55, 1, 100)]
  expect(money_of(judged(0.05, 0.1), series('conversion_rate', '', rates), usual)).toEqual(eur(50_000))
  const failing = judged(0.2, null, { taken: take([seen_ratio(60, 10, 50)]) })
  expect(money_of(failing, series('payment_failure_rate', '', []), usual)).toEqual(eur(50_000))
})

it('says nothing where nothing is known, or nothing is missing', () => {
  const quiet = { visits: 0, payments: 0, currency: null, amount_minor: 0 }
  expect(money_of(judged(10, 30), series('visits', '', []), quiet)).toEqual(none)
  expect(money_of(judged(40, 30), series('visits', '', []), usual)).toEqual(none)
  expect(money_of(judged(40, null), series('visits', '', []), usual)).toEqual(none)
  expect(money_of(judged(null, 30), series('visits', '', []), usual)).toEqual(none)
  expect(money_of(judged(10, 30), series('latency', '', []), usual)).toEqual(none)
  expect(money_of(judged(1, null), series('revenue', '', [], 'EUR'), usual)).toEqual(none)
})
