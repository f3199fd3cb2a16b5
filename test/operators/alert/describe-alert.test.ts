import { expect, it } from 'vitest'
import { alert_rules } from '../../../operators/alert/alert-rules.ts'
import {
  alert_row,
  anomaly_text,
  failures_text,
  money_text,
  percent_text,
  value_text,
} from '../../../operators/alert/describe-alert.ts'
import { minutes } from '../../../schemas/units.ts'

it('writes money by its exponent', () => {
  expect(money_text(123456, 'EUR')).toBe('1,234.56 EUR')
  expect(money_text(123456, 'JPY')).toBe('123,456 JPY')
  expect(money_text(1234567, 'KWD')).toBe('1,234.567 KWD')
  expect(money_text(-5, 'USD')).toBe('-0.05 USD')
  expect(money_text(0, 'USD')).toBe('0.00 USD')
  expect(money_text(99.5, 'USD')).toBe('1.00 USD')
  expect(money_text(100000000, 'USD')).toBe('1,000,000.00 USD')
})

it('writes ratios in percent and counts with one decimal', () => {
  expect(percent_text(0.05)).toBe('5.0 %')
  expect(percent_text(0.12345)).toBe('12.3 %')
  expect(value_text('conversion_rate', null, 0.0825)).toBe('8.3 %')
  expect(value_text('visits', null, 1234)).toBe('1,234')
  expect(value_text('visits', null, 1234.56)).toBe('1,234.6')
})

it('says by how much, and over how long', () => {
  const drop = {
    metric: 'revenue',
    currency: 'EUR',
    window_ms: minutes(60),
    value: 12000,
    expected: 48000,
    score: -6.2,
  }
  expect(anomaly_text(drop)).toBe(
    'revenue over 60 minutes: 120.00 EUR, expected 480.00 EUR (−75 %, 6.2 robust standard deviations below)',
  )
  expect(anomaly_text({ ...drop, metric: 'visits', currency: null, value: 9, expected: 0, score: 5 })).toBe(
    'visits over 60 minutes: 9, expected 0 (5.0 robust standard deviations above)',
  )
  expect(failures_text(6, 50, 0.05)).toBe(
    '6 of 50 payments failed within an hour (12.0 %), beyond chance above 5.0 %',
  )
})

it('names an alert by fingerprint, start and number', () => {
  const [rule] = alert_rules
  const incident = {
    open: true,
    started_ms: 7,
    alerted_ms: 9,
    rank: 3,
    alerts: 2,
    suppressed: 4,
    bad_ms: 9,
    cause_event_ids: ['a'],
  }
  const said = { metric: 'revenue', currency: 'EUR', value: 1, expected: 2, description: 'd' }
  const row = (status: 'firing' | 'resolved') =>
    alert_row('acme', 'f', rule as never, incident, status, 9, said)
  expect(row('firing')).toEqual({
    ...said,
    event_id: 'f|7|2',
    tenant_id: 'acme',
    occurred_at: 9,
    fingerprint: 'f',
    rule: 'revenue_drop',
    severity: 'high',
    status: 'firing',
    title: 'Revenue dropped',
    started_at: 7,
    suppressed: 4,
    cause_event_ids: ['a'],
    policy_version: 'alert-1',
  })
  expect(row('resolved').title).toBe('Revenue dropped: over')
})
