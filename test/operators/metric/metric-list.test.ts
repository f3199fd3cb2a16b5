import { expect, it } from 'vitest'
import {
  add_money,
  count_signal,
  EMPTY_WINDOW,
  measured_of,
  metrics,
  point,
} from '../../../operators/metric/metric-list.ts'

const measure = (name: string, window: typeof EMPTY_WINDOW) =>
  metrics.find(metric => metric.name === name)?.measure(window)

it('shares payments over visits, and failures over what ended', () => {
  let window = EMPTY_WINDOW
  for (const kind of ['visit', 'visit', 'payment_success', 'payment_failure', 'payment_failure'] as const)
    window = count_signal(window, kind)
  expect(measure('visits', window)).toEqual({ numerator: 2, denominator: 1, samples: 2 })
  expect(measure('conversion_rate', window)).toEqual({ numerator: 1, denominator: 2, samples: 2 })
  expect(measure('payment_failure_rate', window)).toEqual({ numerator: 2, denominator: 3, samples: 3 })
  expect(EMPTY_WINDOW.visits).toBe(0)
})

it('adds money per currency, sorted, refunds included', () => {
  const window = add_money(add_money(add_money(EMPTY_WINDOW, 'USD', 500), 'EUR', 100), 'USD', -700)
  expect(window.money).toEqual([
    { currency: 'EUR', net_minor: 100, movements: 1 },
    { currency: 'USD', net_minor: -200, movements: 2 },
  ])
  expect(measured_of('revenue', 'USD', window)).toEqual({ numerator: -200, denominator: 1, samples: 2 })
  expect(measured_of('revenue', 'JPY', window)).toEqual({ numerator: 0, denominator: 1, samples: 0 })
})

it('names a point by metric, currency and start', () => {
  const of = { tenant_id: 'acme', start_ms: 600, window_ms: 300, revision: 2 }
  expect(point('conversion_rate', null, { numerator: 1, denominator: 4, samples: 4 }, of)).toEqual({
    event_id: 'conversion_rate||600',
    tenant_id: 'acme',
    occurred_at: 600,
    window_ms: 300,
    revision: 2,
    metric: 'conversion_rate',
    currency: null,
    value: 0.25,
    numerator: 1,
    denominator: 4,
    samples: 4,
  })
  expect(point('revenue', 'EUR', { numerator: 5, denominator: 1, samples: 1 }, of).event_id).toBe(
    'revenue|EUR|600',
  )
})
