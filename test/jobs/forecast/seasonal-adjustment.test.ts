import { expect, it } from 'vitest'
import { adjust_season } from '../../../jobs/forecast/seasonal-adjustment.ts'

const ratios = [1.5, 0.5, 1]

it('takes ratios off positive values and puts the right position back', () => {
  const values = Array.from({ length: 13 }, (_, i) => 20 * ratios[i % 3]!)
  const { seasonal, values: flat, restore } = adjust_season(values, 3)
  expect(seasonal).toBe(true)
  for (const x of flat) expect(x).toBeCloseTo(20, 9)
  const next = restore(Float64Array.of(20, 20, 20))
  for (const [h, x] of [10, 20, 30].entries()) expect(next[h]).toBeCloseTo(x, 9)
})

it('takes differences where a value is not positive', () => {
  const values = Array.from({ length: 12 }, (_, i) => [2, -1, -1][i % 3]!)
  const { values: flat, restore } = adjust_season(values, 3)
  for (const x of flat) expect(x).toBeCloseTo(0, 9)
  expect(restore(Float64Array.of(1))[0]).toBeCloseTo(3, 9)
})

it('leaves a series alone that has no season, or too little of one', () => {
  const values = [5, 1, 4, 2, 3, 5, 1]
  const { seasonal, values: same, restore } = adjust_season(values, 3)
  expect(seasonal).toBe(false)
  expect([...same]).toEqual(values)
  expect([...restore(Float64Array.of(7))]).toEqual([7])
})
