import { describe, expect, it } from 'vitest'
import { type Measured, read_measurement } from '../../../operators/metric/read-measurement.ts'
import { bin_of } from '../../../operators/stats/quantile-sketch.ts'

const row: Measured = {
  ...{
    event_id: 'm',
    tenant_id: 'acme',
    occurred_at: 0,
    metric: 'churn_risk',
    currency: null,
    dimension: '',
  },
  ...{ kind: 'sum', value: 0.1, weight: 1 },
}
const read = (more: Partial<Measured>) => read_measurement({ ...row, ...more })
const TENTH = Math.round(0.1 * 65536) / 65536

it('takes values to multiples of 2^-16, whose sums do not depend on their order', () => {
  expect(read({})).toEqual({
    kind: 'sum',
    numerator: TENTH,
    denominator: 0,
    samples: 1,
    bins: [],
    parts: 65536,
  })
  expect(read({ kind: 'ratio', value: 3, weight: 20 })).toMatchObject({
    numerator: 3,
    denominator: 20,
    samples: 20,
  })
  expect(read({ kind: 'level', value: 0.1, weight: 3 })).toMatchObject({
    numerator: 3 * TENTH,
    denominator: 3,
    samples: 1,
  })
  const values = [0.1, 0.2, 0.3, 1e6 + 0.7].map(value => (read({ value }) as { numerator: number }).numerator)
  const forward = values.reduce((sum, value) => sum + value, 0)
  expect(values.reduceRight((sum, value) => sum + value, 0)).toBe(forward)
})

it('counts values in bins, so many times as they weigh', () => {
  const bins = [{ bin: bin_of(250), count: 3 }]
  expect(read({ kind: 'values', value: 250, weight: 3 })).toMatchObject({ numerator: 0, samples: 3, bins })
  expect(read({ kind: 'values', value: 250, weight: 0 })).toMatchObject({ samples: 0, bins: [] })
})

describe('refuses', () => {
  it.each([
    [{ metric: 'a|b' }, 'metric_name'],
    [{ metric: 'Churn' }, 'metric_name'],
    [{ metric: 'revenue', currency: 'EUR' }, 'metric_is_counted_from_events'],
    [{ currency: 'E|R' }, 'currency'],
    [{ dimension: 'google' }, 'dimension'],
    [{ value: 2 ** 40 }, 'number_too_large'],
    [{ value: Number.NaN }, 'number_too_large'],
    [{ weight: Number.POSITIVE_INFINITY }, 'number_too_large'],
    [{ kind: 'level', value: 2 ** 30, weight: 2 ** 30 }, 'number_too_large'],
    [{ kind: 'ratio', weight: -1 }, 'weight_negative'],
    [{ kind: 'values', weight: 1.5 }, 'weight_not_whole'],
  ] as const)('%o: %s', (more, reason) => {
    expect(read(more)).toBe(reason)
  })
  it('but takes a part of any name', () => {
    expect(read({ dimension: 'customer=a|b=c' })).toMatchObject({ samples: 1 })
  })
})
