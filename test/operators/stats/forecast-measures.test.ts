import { expect, it } from 'vitest'
import {
  coverage,
  interval_score,
  mean_absolute_error,
  seasonal_scale,
  smape,
} from '../../../operators/stats/forecast-measures.ts'

it('measures as M4 does', () => {
  expect(smape([100, 0], [50, 0])).toBeCloseTo(100 / 3, 10)
  expect(smape([1], [-1])).toBe(200 / 2 + 100)
  expect(mean_absolute_error([1, 5], [2, 3])).toBe(1.5)
  expect(seasonal_scale([1, 2, 4, 2], 2)).toBe(1.5)
})

it('has no scale where the season repeats or is longer than the series', () => {
  expect(seasonal_scale([1, 2, 1, 2], 2)).toBeNull()
  expect(seasonal_scale([1, 2], 2)).toBeNull()
})

it('counts the ends of an interval in, and charges misses by how far', () => {
  expect(coverage([1, 2, 3, 4], [1, 1, 1, 1], [3, 3, 3, 3])).toBe(0.75)
  expect(interval_score([4], [1], [3], 0.95, 2)).toBeCloseTo((2 + 40) / 2, 10)
  expect(interval_score([0.5], [1], [3], 0.8, 1)).toBeCloseTo(2 + 5, 10)
})
