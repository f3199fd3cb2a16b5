import { expect, it } from 'vitest'
import {
  holt_forecast,
  run_holt,
  run_winters,
  winters_forecast,
} from '../../../operators/stats/exponential-smoothing.ts'

it('smooths a level and a damped trend', () => {
  const errors = new Float64Array(2)
  const state = run_holt([12, 13], { alpha: 0.5, beta: 0.4, phi: 0.5, level: 10, trend: 2 }, errors)
  // Expected 11, error 1, level 11.5, trend 1 + 0.5 × 0.4; then 12.1, error 0.9, level 12.55, trend 0.6 + 0.18.
  expect([...errors].map(x => Number(x.toFixed(10)))).toEqual([1, 0.9])
  expect(state.level).toBeCloseTo(12.55, 10)
  expect(state.trend).toBeCloseTo(0.78, 10)
  expect([...holt_forecast(state, 0.5, 2)].map(x => Number(x.toFixed(10)))).toEqual([12.94, 13.135])
})

it('continues a perfect series without error, whatever the weights', () => {
  const indices = { additive: [3, -1, -2], multiplicative: [1.5, 0.5, 1] } as const
  for (const kind of ['additive', 'multiplicative'] as const) {
    const value = (i: number): number => {
      const base = 50 + 2 * i
      const index = indices[kind][i % 3]!
      return kind === 'additive' ? base + index : base * index
    }
    const errors = new Float64Array(8)
    const state = run_winters(
      Array.from({ length: 10 }, (_, i) => value(i)),
      2,
      {
        alpha: 0.4,
        beta: 0.3,
        gamma: 0.2,
        phi: 1,
        level: 52,
        trend: 2,
        kind,
        seasonal: [2, 0, 1].map(i => indices[kind][i]!),
      },
      errors,
    )
    for (const error of errors) expect(error).toBeCloseTo(0, 10)
    for (const [h, x] of winters_forecast(state, { phi: 1, kind }, 5).entries())
      expect(x).toBeCloseTo(value(10 + h), 9)
  }
})
