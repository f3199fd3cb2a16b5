import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  add_value,
  deviation_of,
  excess_kurtosis_of,
  mean_of,
  merge_moments,
  no_moments,
  skewness_of,
  variance_of,
} from '../../../operators/stats/moments.ts'

const moments = (values: readonly number[]) => values.reduce(add_value, no_moments)
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 3, maxLength: 40 })

it('agrees with the sums of powers, at once and in two parts', () => {
  fc.assert(
    fc.property(values, fc.nat(40), (all, at) => {
      const mean = sum(all) / all.length
      const power = (k: number) => sum(all.map(x => (x - mean) ** k))
      for (const of of [moments(all), merge_moments(moments(all.slice(0, at)), moments(all.slice(at)))]) {
        expect(of.n).toBe(all.length)
        expect(mean_of(of)).toBeCloseTo(mean, 6)
        expect(variance_of(of)).toBeCloseTo(power(2) / (all.length - 1), 5)
        expect(Math.abs(of.m3 - power(3))).toBeLessThan(
          1e-6 * (1 + sum(all.map(x => Math.abs(x - mean) ** 3))),
        )
        expect(Math.abs(of.m4 - power(4))).toBeLessThan(1e-6 * (1 + power(4)))
      }
    }),
  )
})

it('knows the shapes of known values', () => {
  const of = moments([1, 2, 3, 4, 10])
  expect(deviation_of(of)).toBeCloseTo(Math.sqrt(12.5), 12)
  expect(skewness_of(of)).toBeCloseTo(36 / 10 ** 1.5, 12)
  expect(excess_kurtosis_of(of)).toBeCloseTo(6970 / 2500 - 3, 12)
})

it('holds small spreads on large values, and says that nothing has no mean', () => {
  expect(deviation_of(moments([1e12, 1e12 + 1, 1e12 + 2]))).toBe(1)
  expect(mean_of(no_moments)).toBeNaN()
  expect(variance_of(moments([5]))).toBeNaN()
  expect(merge_moments(no_moments, moments([1, 2]))).toEqual(moments([1, 2]))
})
