import { expect, it } from 'vitest'
import { wilson_lower } from '../../../operators/stats/proportion.ts'

it('gives Wilson’s published bounds', () => {
  // Newcombe 1998, table I, method 3: 81/263, 15/148, 0/20, 1/29 at 95 %.
  const published = [
    [81, 263, 0.2553],
    [15, 148, 0.0624],
    [0, 20, 0],
    [1, 29, 0.0061],
  ] as const
  for (const [k, n, bound] of published) expect(wilson_lower(k, n, 1.959964)).toBeCloseTo(bound, 4)
})

it('is below the share, and nearer to it the more there are', () => {
  expect(wilson_lower(0, 0, 2)).toBe(0)
  const bounds = [10, 100, 1000].map(n => wilson_lower(n / 10, n, 2.326))
  expect(bounds[0]).toBeLessThan(bounds[1] as number)
  expect(bounds[1]).toBeLessThan(bounds[2] as number)
  expect(bounds[2]).toBeLessThan(0.1)
})
