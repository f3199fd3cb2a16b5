import fc from 'fast-check'
import { expect, it } from 'vitest'
import { add_neighbour, autocorrelation, no_neighbours } from '../../../operators/stats/autocorrelation.ts'

const of = (values: readonly number[]) => autocorrelation(values.reduce(add_neighbour, no_neighbours))
const defined = (values: readonly number[]): number => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const off = values.map(value => value - mean)
  const squares = off.reduce((sum, x) => sum + x * x, 0)
  return off.slice(1).reduce((sum, x, i) => sum + x * (off[i] as number), 0) / squares
}

it('is what the definition says in two passes', () => {
  const integers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 50 })
  fc.assert(
    fc.property(integers, values => {
      fc.pre(new Set(values).size > 1)
      expect(of(values)).toBeCloseTo(defined(values), 8)
    }),
  )
})

it('is near one of a slow wave, near minus one of turns, and nothing of equal values', () => {
  expect(of(Array.from({ length: 200 }, (_, i) => Math.sin(i / 30)))).toBeGreaterThan(0.97)
  expect(of(Array.from({ length: 200 }, (_, i) => i % 2))).toBeLessThan(-0.99)
  expect(of([3, 3, 3])).toBeNaN()
})
