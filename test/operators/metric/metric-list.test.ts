import { expect, it } from 'vitest'
import {
  is_counted_here,
  measure_of_feed,
  measures_of_entry,
  measures_of_signal,
  type SignalKind,
} from '../../../operators/metric/metric-list.ts'
import type { Measure } from '../../../schemas/types.ts'

const T = Date.UTC(2026, 0, 5)
const event = { event_id: 'e', tenant_id: 'acme', occurred_at: T + 299_999 }
const brief = (measures: readonly Measure[]) =>
  measures.map(row => [row.metric, row.dimension, row.kind, row.numerator, row.denominator, row.samples])
const signal = (kind: SignalKind, part: string | null = null) =>
  brief(measures_of_signal({ ...event, kind, part }))

it('counts a visit, and in what conversions are a share of, in all and in its channel', () => {
  expect(signal('visit', 'channel=ads')).toEqual([
    ['visits', '', 'count', 1, 0, 1],
    ['visits', 'channel=ads', 'count', 1, 0, 1],
    ['conversion_rate', '', 'ratio', 0, 1, 1],
    ['conversion_rate', 'channel=ads', 'ratio', 0, 1, 1],
  ])
  expect(measures_of_signal({ ...event, kind: 'visit', part: null })[0]).toEqual({
    ...{ event_id: 'e', tenant_id: 'acme', occurred_at: T, metric: 'visits', currency: null, dimension: '' },
    ...{ kind: 'count', numerator: 1, denominator: 0, samples: 1, bins: [] },
  })
})

it('shares failures over what ended, and a failure is no payment', () => {
  expect(signal('payment_success', 'method=card')).toEqual([
    ['payments', '', 'count', 1, 0, 1],
    ['conversion_rate', '', 'ratio', 1, 0, 0],
    ['payment_failure_rate', '', 'ratio', 0, 1, 1],
    ['payment_failure_rate', 'method=card', 'ratio', 0, 1, 1],
  ])
  expect(signal('payment_failure')).toEqual([
    ['payments', '', 'count', 0, 0, 0],
    ['payment_failure_rate', '', 'ratio', 1, 1, 1],
  ])
  expect(signal('payment_attempt', 'method=card')).toEqual([['payment_attempts', '', 'count', 1, 0, 1]])
})

it('adds up money by channel, refunds too; of a payment whether a touch had led to it', () => {
  const entry = {
    ...event,
    type: 'payment_succeeded',
    amount_minor: 1999,
    currency: 'EUR',
    channel: 'ads',
  } as const
  expect(brief(measures_of_entry(entry))).toEqual([
    ['revenue', '', 'sum', 1999, 0, 1],
    ['revenue', 'channel=ads', 'sum', 1999, 0, 1],
    ['conversion_rate', 'channel=ads', 'ratio', 1, 0, 0],
    ['unattributed_rate', '', 'ratio', 0, 1, 1],
  ])
  const untouched = measures_of_entry({ ...entry, channel: null })
  expect(brief(untouched).slice(1)).toEqual([
    ['revenue', 'channel=none', 'sum', 1999, 0, 1],
    ['conversion_rate', 'channel=none', 'ratio', 1, 0, 0],
    ['unattributed_rate', '', 'ratio', 1, 1, 1],
  ])
  expect(untouched.map(({ currency }) => currency)).toEqual(['EUR', 'EUR', null, null])
  expect(brief(measures_of_entry({ ...entry, type: 'refunded', amount_minor: -500 }))).toEqual([
    ['revenue', '', 'sum', -500, 0, 1],
    ['revenue', 'channel=ads', 'sum', -500, 0, 1],
  ])
})

it('counts the events of a feed', () => {
  expect(brief([measure_of_feed('feed_payments', event)])).toEqual([['feed_payments', '', 'count', 1, 0, 1]])
})

it('knows its own metrics', () => {
  const names = ['visits', 'payments', 'revenue', 'unattributed_rate', 'feed_touchpoints', 'churn_risk']
  expect(names.filter(is_counted_here)).toEqual(names.slice(0, -1))
})
