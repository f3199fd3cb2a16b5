import { expect, it } from 'vitest'
import { credit_by, MODELS } from '../../../jobs/attribution/models.ts'
import { collect_paths } from '../../../jobs/attribution/paths.ts'

const set = collect_paths([
  { places: ['a', 'b', 'direct'], conversions: 6, value: 60, nulls: 2 },
  { places: ['b'], conversions: 0, value: 0, nulls: 4 },
  { places: ['a', 'a'], conversions: 2, value: 30, nulls: 2 },
])

it('every model by name, on one set of paths', () => {
  const rounded = (numbers: readonly number[]) => numbers.map(number => Number(number.toFixed(6)))
  const credit = Object.fromEntries(
    MODELS.map(model => {
      const { conversions, value } = credit_by(set, model, 1)
      return [model, [rounded(conversions), rounded(value)]]
    }),
  )
  expect(credit).toEqual({
    first_touch: [
      [8, 0, 0],
      [90, 0, 0],
    ],
    last_touch: [
      [2, 0, 6],
      [30, 0, 60],
    ],
    linear: [
      [4, 2, 2],
      [50, 20, 20],
    ],
    position_based: [
      [4.4, 1.2, 2.4],
      [54, 12, 24],
    ],
    last_non_direct: [
      [2, 6, 0],
      [30, 60, 0],
    ],
    // Of 16 journeys 8 convert. Without a those who begin in b: 4/16 · 1/2; without b, or direct, those who convert in a:
    // 12/16 · 2/12. So each takes three quarters of them along.
    markov: [
      [2.666667, 2.666667, 2.666667],
      [30, 30, 30],
    ],
    shapley: [
      [4, 2, 2],
      [50, 20, 20],
    ],
    // Rates: a 1/2, b 0, all three 3/4. Values: a 1/6 + 1/4, the others 1/4 − 1/12.
    shapley_rate: [
      [4.444444, 1.777778, 1.777778],
      [50, 20, 20],
    ],
  })
  expect(credit_by(set, 'markov', 1).effects?.map(effect => Number(effect.toFixed(9)))).toEqual([
    0.75, 0.75, 0.75,
  ])
  expect(rounded(credit_by(set, 'shapley_rate', 1).effects ?? [])).toEqual([0.416667, 0.166667, 0.166667])
  expect(credit_by(set, 'linear', 1).effects).toBeNull()
})
