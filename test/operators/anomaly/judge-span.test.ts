import { expect, it } from 'vitest'
import { default_anomalies } from '../../../operators/anomaly/anomaly-policy.ts'
import { new_series } from '../../../operators/anomaly/anomaly-series.ts'
import { judge_span, teach_spread } from '../../../operators/anomaly/judge-span.ts'
import type { Judged } from '../../../operators/anomaly/judged-scale.ts'
import { days, minutes } from '../../../schemas/units.ts'
import { START } from './simulated-metric.ts'

const point = (kind: string, more: Partial<Judged> = {}): Judged => ({
  occurred_at: START,
  window_ms: minutes(15),
  kind,
  currency: null,
  value: 0,
  numerator: 0,
  denominator: 1,
  samples: 1,
  ...more,
})
const span = { span_ms: minutes(15), span: 0 }
const judge = (of: Judged, seen: number, expected: number, exposure: number, doubt = 0) =>
  judge_span(new_series(START), of, { ...span, seen, expected, exposure }, doubt, default_anomalies)

it('a Poisson count is judged by its own deviation, and less sharply where the season is in doubt', () => {
  const { verdict, doubted } = judge(point('count'), 50, 100, 0.25)
  expect(verdict.deviation).toBe(1)
  expect(doubted).toBe(0)
  expect(verdict.score).toBeCloseTo(2 * (Math.sqrt(50.375) - Math.sqrt(100.375)), 9)
  expect(verdict.unusual).toBe(true)
  const doubtful = judge(point('count'), 50, 100, 0.25, 0.1)
  expect(doubtful.verdict.deviation).toBeCloseTo(Math.sqrt(11), 12)
  expect(doubtful.verdict.unusual).toBe(false)
})

it('a share of nearly all varies less than a count', () => {
  const little = { ...new_series(START), spreads: new_series(START).spreads.map(() => 0.01) }
  const of = { ...span, seen: 80, expected: 80, exposure: 100 }
  const { verdict } = judge_span(little, point('ratio'), of, 0, default_anomalies)
  expect(verdict.deviation).toBeCloseTo(Math.sqrt(0.2), 12)
})

it('a level that never varied is off by a ten-thousandth at once', () => {
  const still = { ...new_series(START), spreads: new_series(START).spreads.map(() => 0) }
  const at = (seen: number) =>
    judge_span(still, point('level'), { ...span, seen, expected: 100, exposure: 1 }, 0, default_anomalies)
  expect(at(100.01).verdict.score).toBeCloseTo(1, 6)
  expect(at(101).verdict.unusual).toBe(true)
})

it('the first residuals of a level are its spread, the rest of its first day none', () => {
  const series = new_series(START)
  const spreads = series.spreads.slice()
  const residual = { score: 3, deviation: 10, doubted: 0 }
  teach_spread(spreads, 0, series, point('level'), residual)
  expect(spreads.slice(0, 25).every(variance => variance === 900)).toBe(true)
  expect(spreads.slice(25).every(variance => variance === 1)).toBe(true)
  const later = { ...series, points: 50 }
  teach_spread(spreads, 0, later, point('level', { occurred_at: START + minutes(750) }), residual)
  expect(spreads[0]).toBe(900)
  teach_spread(spreads, 0, later, point('level', { occurred_at: START + days(1) }), residual)
  expect(spreads[0]).not.toBe(900)
})
