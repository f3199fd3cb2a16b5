import { describe, expect, it } from 'vitest'
import { COMPONENTS, history_of, method_forecast, values_needed } from '../../../jobs/forecast/methods.ts'
import type { Component } from '../../../jobs/forecast/types.ts'
import { random_of } from '../../operators/anomaly/simulated-metric.ts'

const told = (method: Component, values: number[], seasons: number[], horizon = 3) => {
  const path = method_forecast(method, history_of(values, seasons), horizon)
  return path && [...path].map(x => Number(x.toFixed(6)))
}

describe('a method', () => {
  it('naive repeats the last value, seasonal_naive the last season', () => {
    expect(told('naive', [1, 2, 7], [])).toEqual([7, 7, 7])
    expect(told('seasonal_naive', [9, 1, 2, 3], [3], 4)).toEqual([1, 2, 3, 1])
    expect(told('seasonal_naive', [9, 1], [])).toEqual([1, 1, 1])
  })

  it('moving_average takes one season, or four periods without one', () => {
    expect(told('moving_average', [50, 1, 2, 6], [3], 1)).toEqual([3])
    expect(told('moving_average', [50, 1, 2, 6, 7], [], 1)).toEqual([4])
  })

  it('linear_regression goes on with line and season', () => {
    const values = Array.from({ length: 9 }, (_, i) => 10 + i + [0, 5, -2][i % 3]!)
    expect(told('linear_regression', values, [3])).toEqual([19, 25, 19])
    expect(told('linear_regression', [1, 2, 3], [12])).toEqual([4, 5, 6])
  })

  it('holt_winters takes the season, and the kind that fits', () => {
    const values = Array.from({ length: 24 }, (_, i) => (100 + 5 * i) * [1.3, 0.7, 1, 1][i % 4]!)
    const path = told('holt_winters', values, [4], 2)!
    expect(Math.abs(path[0]! / (220 * 1.3) - 1)).toBeLessThan(0.01)
    expect(Math.abs(path[1]! / (225 * 0.7) - 1)).toBeLessThan(0.01)
    const below = values.map((_, i) => [9, -4, -5][i % 3]! - i)
    expect(told('holt_winters', below, [3], 1)![0]).toBeCloseTo(9 - 24, 2)
  })

  it('two_season knows days and weeks', () => {
    const value = (i: number): number =>
      100 + 20 * Math.sin((Math.PI * i) / 3) + (Math.floor(i / 6) % 7 < 5 ? 10 : -25)
    const values = Array.from({ length: 42 * 4 }, (_, i) => value(i))
    const path = told('two_season', values, [6, 42], 42)!
    for (const [h, x] of path.entries()) expect(Math.abs(x - value(42 * 4 + h))).toBeLessThan(3)
  })

  const random = random_of(31)
  const seasonal = Array.from({ length: 48 }, (_, i) => (100 + i) * [1.4, 0.6, 1, 1][i % 4]! + random())

  it.each(['exponential_smoothing', 'holt', 'damped_holt', 'theta', 'dynamic_theta'] as const)(
    '%s works on the adjusted series and gives the season back',
    method => {
      const path = told(method, seasonal, [4], 4)!
      for (const [h, index] of [1.4, 0.6, 1, 1].entries())
        expect(Math.abs(path[h]! / ((148 + h) * index) - 1)).toBeLessThan(0.05)
    },
  )
})

describe('every method', () => {
  it.each(COMPONENTS)('%s: from values_needed on numbers, below them none', method => {
    for (const seasons of [[], [4], [3, 9]]) {
      const needed = values_needed(method, seasons)
      if (needed === Number.POSITIVE_INFINITY) {
        expect(told(method, Array.from({ length: 50 }, Math.sqrt), seasons)).toBeNull()
        continue
      }
      const values = Array.from({ length: needed }, (_, i) => 5 + ((i * 7) % 11))
      expect(told(method, values, seasons)!.every(Number.isFinite)).toBe(true)
      if (needed > 1) expect(told(method, values.slice(1), seasons)).toBeNull()
    }
  })

  it.each(COMPONENTS)('%s survives constant, zero and huge series', method => {
    for (const value of [0, 3, 1e15]) {
      const path = told(method, new Array<number>(20).fill(value), [4])!
      for (const x of path) expect(Math.abs(x - value)).toBeLessThanOrEqual(1e-6 * value)
    }
  })

  it('foretells nothing below 0 where nothing was', () => {
    expect(told('linear_regression', [4, 3, 2, 1], [], 3)).toEqual([0, 0, 0])
    expect(told('linear_regression', [4, 2, 0, -2], [], 1)).toEqual([-4])
  })
})
