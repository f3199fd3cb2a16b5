import { expect, it } from 'vitest'
import {
  slide,
  window_deviation,
  window_least,
  window_mean,
  window_median,
} from '../../../operators/stats/sliding-window.ts'

const window_of = (values: readonly number[], most: number) =>
  values.reduce<readonly number[]>((window, value) => slide(window, value, most), [])

it('keeps the newest values, oldest first, and changes no earlier window', () => {
  const window = window_of([1, 2, 3, 4, 5], 3)
  expect(window).toEqual([3, 4, 5])
  expect(slide(window, 6, 3)).toEqual([4, 5, 6])
  expect(slide(window, 6, 2)).toEqual([5, 6])
  expect(window).toEqual([3, 4, 5])
})

it('answers of odd, even and single windows', () => {
  expect(window_median([5, 1, 9])).toBe(5)
  expect(window_median([5, 1, 9, 2])).toBe(3.5)
  expect(window_mean([5, 1, 9])).toBe(5)
  expect(window_deviation([5, 1, 9])).toBe(4)
  expect(window_least([5, 1, 9])).toBe(1)
  expect(window_deviation([5])).toBeNaN()
  expect(window_median([])).toBeNaN()
})
