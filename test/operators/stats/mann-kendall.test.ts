import { expect, test } from 'vitest'
import { mann_kendall } from '../../../operators/stats/mann-kendall.ts'

test('counts pairs: all rising is the largest there is, by the formula of independent values', () => {
  // S = 45 and the variance 125 for ten values without ties (Kendall 1975).
  expect(mann_kendall([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toBeCloseTo(44 / Math.sqrt(125), 12)
  expect(mann_kendall([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])).toBeCloseTo(-44 / Math.sqrt(125), 12)
})

test('ties take from the variance', () => {
  // S = 5; 4·3·13 less 2·1·9 is 138.
  expect(mann_kendall([1, 2, 2, 3])).toBeCloseTo(4 / Math.sqrt(138 / 18), 12)
})

test('nothing rises where nothing changes, or where there is nothing', () => {
  expect(mann_kendall([4, 4, 4, 4])).toBe(0)
  expect(mann_kendall([])).toBe(0)
  expect(mann_kendall([1, 3, 2, 2, 3, 1])).toBe(0)
})
