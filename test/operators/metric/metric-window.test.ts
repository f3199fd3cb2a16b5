import { describe, expect, it } from 'vitest'
import {
  add_to,
  EMPTY_WINDOW,
  has_zeros,
  is_exact,
  points_of,
  series_of_key,
} from '../../../operators/metric/metric-window.ts'

const of = { start_ms: 600, window_ms: 300, revision: 2 }
const added = { kind: 'ratio', numerator: 1, denominator: 4, samples: 4, bins: [], parts: 1 } as const
const whole = { tenant_id: 'acme', metric: 'conversion_rate', currency: null, dimension: '' }

it('reads a series off its key, whose dimension may hold anything', () => {
  expect(series_of_key('acme|conversion_rate||')).toEqual(whole)
  expect(series_of_key('acme|revenue|EUR|channel=a|b')).toEqual({
    ...{ tenant_id: 'acme', metric: 'revenue', currency: 'EUR', dimension: 'channel=a|b' },
  })
})

describe('points', () => {
  it('are named by metric, currency and start, those of a part by the part too', () => {
    const window = add_to(EMPTY_WINDOW, added)
    expect(points_of(whole, 'ratio', window, of)).toEqual([
      {
        ...{
          event_id: 'conversion_rate||600',
          tenant_id: 'acme',
          occurred_at: 600,
          window_ms: 300,
          revision: 2,
        },
        ...{ metric: 'conversion_rate', currency: null, dimension: '', kind: 'ratio', expected: null },
        ...{ value: 0.25, numerator: 1, denominator: 4, samples: 4 },
      },
    ])
    const part = { ...whole, metric: 'revenue', currency: 'EUR', dimension: 'channel=ads' }
    expect(points_of(part, 'sum', window, of)[0]?.event_id).toBe('revenue|EUR|channel=ads|600')
  })
  it('are zero where counts and sums have nothing, and none where a ratio, a level or values have nothing', () => {
    const values = (kind: string) => points_of(whole, kind, EMPTY_WINDOW, of).map(({ value }) => value)
    expect(['count', 'sum', 'ratio', 'level', 'values'].map(values)).toEqual([[0], [0], [], [], []])
    expect(['count', 'sum', 'ratio', 'level', 'values'].filter(has_zeros)).toEqual(['count', 'sum'])
  })
  it('of values are three quantiles of the bins', () => {
    const bins = [
      { bin: -4, count: 1 },
      { bin: 0, count: 98 },
      { bin: 5, count: 1 },
    ]
    const points = points_of(whole, 'values', { ...EMPTY_WINDOW, bins, samples: 100 }, of)
    expect(points.map(({ metric, kind, samples }) => [metric, kind, samples])).toEqual([
      ['conversion_rate_p50', 'quantile', 100],
      ['conversion_rate_p90', 'quantile', 100],
      ['conversion_rate_p99', 'quantile', 100],
    ])
    expect(points.map(({ value }) => value).slice(0, 2)).toEqual([0, 0])
  })
})

it('adds numbers and bins, and knows when a sum is no longer exact', () => {
  const bins = [{ bin: 3, count: 2 }]
  const window = add_to(add_to(EMPTY_WINDOW, { ...added, bins }), { ...added, bins: [{ bin: 3, count: 1 }] })
  expect(window).toEqual({
    numerator: 2,
    denominator: 8,
    samples: 8,
    bins: [{ bin: 3, count: 3 }],
    revision: -1,
  })
  expect(EMPTY_WINDOW.numerator).toBe(0)
  const large = { ...EMPTY_WINDOW, numerator: 2 ** 40 + 2 ** -10 }
  expect([
    is_exact(large, 1),
    is_exact(large, 2 ** 16),
    is_exact({ ...large, numerator: 2 ** 36 + 2 ** -10 }, 2 ** 16),
  ]).toEqual([false, false, true])
})
