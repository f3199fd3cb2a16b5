import { expect, it } from 'vitest'
import {
  alert_row,
  judgement_text,
  money_text,
  percent_text,
  value_text,
} from '../../../operators/alert/describe-alert.ts'
import { NO_INCIDENT, NOTHING_SAID } from '../../../operators/alert/incident.ts'
import { type Judgement, take } from '../../../operators/alert/judge-rule.ts'
import { hours, minutes } from '../../../schemas/units.ts'
import { above, rule_named, seen_ratio } from './judged.ts'

it('writes money by its exponent', () => {
  expect(money_text(123456, 'EUR')).toBe('1,234.56 EUR')
  expect(money_text(123456, 'JPY')).toBe('123,456 JPY')
  expect(money_text(1234567, 'KWD')).toBe('1,234.567 KWD')
  expect(money_text(-5, 'USD')).toBe('-0.05 USD')
  expect(money_text(0, 'USD')).toBe('0.00 USD')
  expect(money_text(99.5, 'USD')).toBe('1.00 USD')
  expect(money_text(100000000, 'USD')).toBe('1,000,000.00 USD')
})

it('writes ratios in percent, and other numbers as exactly as they are worth it', () => {
  expect(percent_text(0.05)).toBe('5.0 %')
  expect(percent_text(0.12345)).toBe('12.3 %')
  expect(value_text('conversion_rate', null, 0.0825)).toBe('8.3 %')
  expect(value_text('churn_risk', null, 0.9)).toBe('90.0 %')
  const texts = [1234, 1234.56, 12.05, 9.5, 0.0125, -0.25, 0, -1234].map(value =>
    value_text('x', null, value),
  )
  expect(texts).toEqual(['1,234', '1,234.6', '12.1', '9.5', '0.013', '-0.25', '0', '-1,234'])
})

const judged: Judgement = {
  ...{
    verdict: 'trouble',
    from_ms: 0,
    window_ms: minutes(60),
    value: 12000,
    expected: 48000,
    severity: 'high',
  },
  ...{ score: -6.2, taken: null, cause_event_ids: [] },
}
it('says by how much, and over how long', () => {
  const revenue = { metric: 'revenue', currency: 'EUR', dimension: '' }
  const rule = rule_named('revenue_drop')
  expect(judgement_text(rule, judged, revenue)).toBe(
    'revenue over 60 minutes: 120.00 EUR, expected 480.00 EUR (−75 %, 6.2 robust standard deviations below)',
  )
  const visits = { metric: 'visits', currency: null, dimension: 'channel=a' }
  expect(judgement_text(rule, { ...judged, value: 9, expected: 0, score: 5 }, visits)).toBe(
    'visits of channel=a over 60 minutes: 9, expected 0 (5.0 robust standard deviations above)',
  )
  const point = { ...judged, score: null, value: 3, expected: null, taken: take([seen_ratio(5, 3, 1)]) }
  expect(judgement_text(above, point, visits)).toBe('visits of channel=a over 60 minutes: 3, above 2')
  const drop = { ...point, value: 3, expected: 4 }
  expect(judgement_text({ ...above, when: 'drops_by' }, drop, visits)).toContain(': 3, expected 4 (−25 %)')
  expect(judgement_text(above, { ...point, value: null }, visits)).toContain(': nothing')
})

it('counts what failed', () => {
  const rule = rule_named('payment_failures')
  const about = { metric: 'payment_failure_rate', currency: null, dimension: '' }
  const share = { ...judged, window_ms: hours(1), taken: take([seen_ratio(5, 6, 50)]) }
  expect(judgement_text(rule, share, about)).toBe(
    '6 of 50 payments failed within an hour (12.0 %), beyond chance above 5.0 %',
  )
  expect(judgement_text(rule, { ...share, taken: null }, about)).toBe('no payment within an hour')
  const letters = { metric: 'dead_letter_rate', currency: null, dimension: 'topic=payments' }
  expect(judgement_text(rule, { ...share, window_ms: minutes(5) }, letters)).toBe(
    '6 of 50 records of topic=payments were refused within 5 minutes (12.0 %), beyond chance above 5.0 %',
  )
})

it('names an alert by fingerprint, start and number', () => {
  const said = { ...NOTHING_SAID, metric: 'revenue', dimension: 'channel=a', value: 1, description: 'd' }
  const incident = {
    ...NO_INCIDENT,
    rule: 'r',
    started_ms: 7,
    told_ms: 9,
    rank: 3,
    alerts: 2,
    suppressed: 4,
    said,
  }
  const row = alert_row('acme', 'r|revenue|drop', 'Revenue dropped', incident, 'resolved', 'resolved')
  expect(row).toMatchObject({
    ...{ event_id: 'r|revenue|drop|7|2', tenant_id: 'acme', occurred_at: 9, started_at: 7, rule: 'r' },
    ...{ severity: 'high', status: 'resolved', reason: 'resolved', suppressed: 4, description: 'd' },
    title: 'Revenue dropped (channel=a): over',
  })
})
