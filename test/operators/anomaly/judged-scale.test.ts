import { describe, expect, it } from 'vitest'
import { new_series } from '../../../operators/anomaly/anomaly-series.ts'
import {
  exposure_of,
  type Judged,
  measure_unit,
  off_scale,
  on_scale,
  part_of,
  score_of,
  seen_of,
  unit_of,
} from '../../../operators/anomaly/judged-scale.ts'
import { minutes } from '../../../schemas/units.ts'

const point = (kind: string, numerator: number, denominator = 1): Judged => ({
  occurred_at: 0,
  window_ms: minutes(15),
  kind,
  currency: null,
  value: numerator / denominator,
  numerator,
  denominator,
  samples: 4,
})

describe('what is added up over a span gives back the value', () => {
  it.each([
    point('count', 12),
    point('sum', -700),
    point('ratio', 3, 60),
    point('level', -70, 20),
    point('quantile', 0.4),
  ])('of a $kind', of => {
    const [seen, exposure] = [seen_of(of), exposure_of(of)]
    expect(seen / part_of(of, exposure)).toBeCloseTo(of.value, 12)
    const place = on_scale(of, seen, exposure, 3)
    expect(off_scale(of, place, exposure, 3)).toBeCloseTo(seen, 9)
  })
})

it('two quarters of a level are its mean, of a count its sum', () => {
  const both = (of: Judged) => (2 * seen_of(of)) / part_of(of, 2 * exposure_of(of))
  expect(both(point('level', 40, 2))).toBe(20)
  expect(both(point('count', 40))).toBe(80)
})

it('counts are judged on the root scale, levels as they are; no score is endless', () => {
  const sums = { seen: 400, expected: 100, exposure: 1 }
  expect(score_of(point('count', 400), sums, 1, 1)).toBeCloseTo(20, 0)
  expect(score_of(point('level', 400), sums, 100, 1)).toBe(3)
  expect(score_of(point('level', 400), sums, 1e-9, 1)).toBe(1000)
  expect(score_of(point('level', 400), { ...sums, seen: -400 }, 1e-9, 1)).toBe(-1000)
})

it('the unit is twice the usual size of what is added up, with or without a currency, and 1 of counts', () => {
  const measured = (of: Judged) => unit_of(measure_unit(new_series(0), of))
  expect(measured(point('sum', 400))).toBe(200)
  expect(measured(point('sum', 0.04))).toBeCloseTo(0.02, 12)
  expect(measured(point('count', 400))).toBe(1)
  expect(measured({ ...point('sum', 400), samples: 0 })).toBe(1)
})
