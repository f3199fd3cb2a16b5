import fc from 'fast-check'
import { expect, it } from 'vitest'
import { from_root, to_root } from '../../../operators/stats/root-scale.ts'
import { random_of } from '../anomaly/simulated-metric.ts'

it('gives Anscombe’s values, and back', () => {
  expect(to_root(0, 1)).toBeCloseTo(1.224744871, 9)
  expect(to_root(9.625, 1)).toBeCloseTo(2 * Math.sqrt(10), 12)
  expect(to_root(9625, 1000)).toBeCloseTo(2 * Math.sqrt(10), 12)
  const any = fc.double({ min: -1e9, max: 1e9, noNaN: true })
  fc.assert(
    fc.property(any, fc.integer({ min: 1, max: 5000 }), (x, unit) => {
      expect(Math.abs(from_root(to_root(x, unit), unit) - x)).toBeLessThan(1e-9 * (Math.abs(x) + unit))
    }),
  )
})

it('rises with x, below zero too', () => {
  expect([-100, -1, -0.3, 0, 1, 50].map(x => to_root(x, 1))).toEqual(
    [-100, -1, -0.3, 0, 1, 50].map(x => to_root(x, 1)).sort((a, b) => a - b),
  )
})

it('makes the spread of Poisson counts one, of 5 as of 50', () => {
  const random = random_of(3)
  for (const mean of [5, 50]) {
    const roots = Array.from({ length: 4000 }, () => {
      let n = -1
      let passed = 0
      while (passed < mean) {
        passed -= Math.log(1 - random())
        n++
      }
      return to_root(n, 1)
    })
    const centre = roots.reduce((a, b) => a + b) / roots.length
    const variance = roots.reduce((sum, root) => sum + (root - centre) ** 2, 0) / roots.length
    expect(Math.abs(variance - 1)).toBeLessThan(0.1)
  }
})
