import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collect_paths, deal, shares_of } from '../../../jobs/attribution/paths.ts'
import { any_paths } from './simulated-paths.ts'

const path = (places: string, conversions: number, value: number, nulls: number) => ({
  places: places.split(' > '),
  conversions,
  value,
  nulls,
})

describe('collect_paths', () => {
  it('adds up equal paths, sorts places, and sums', () => {
    const set = collect_paths([path('b > a', 1, 10, 3), path('b', 0, 0, 2), path('b > a', 2, 5, 0)])
    expect(set.places).toEqual(['a', 'b'])
    expect(
      set.paths.map(({ steps, conversions, value, nulls }) => [steps, conversions, value, nulls]),
    ).toEqual([
      [[1], 0, 0, 2],
      [[1, 0], 3, 15, 3],
    ])
    expect([set.conversions, set.value, set.nulls]).toEqual([3, 15, 5])
  })

  it('is equal to the bit in whatever order they come', () => {
    fc.assert(
      fc.property(
        any_paths.chain(paths =>
          fc.tuple(fc.constant(paths), fc.shuffledSubarray(paths, { minLength: paths.length })),
        ),
        ([paths, shuffled]) => {
          expect(collect_paths(shuffled)).toEqual(collect_paths(paths))
        },
      ),
    )
  })

  it('adds values of equal paths in one order: 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1', () => {
    const rows = [path('a', 1, 0.1, 0), path('a', 1, 0.2, 0), path('a', 1, 0.3, 0)]
    expect(collect_paths([...rows].reverse()).value).toBe(collect_paths(rows).value)
  })

  it('refuses what is no path and no count', () => {
    expect(() => collect_paths([{ ...path('a', 1, 1, 0), places: [] }])).toThrow('a path without a place')
    expect(() => collect_paths([path('a', -1, 0, 0)])).toThrow('-1 is not a count of journeys')
    expect(() => collect_paths([path('a', 0, 0, Infinity)])).toThrow('Infinity is not a count of journeys')
    expect(() => collect_paths([path('a', 0, Number.NaN, 0)])).toThrow('NaN is not a value')
  })
})

it('shares by what is above zero, and nothing where nothing is', () => {
  expect(shares_of([1, -5, 3])).toEqual([0.25, 0, 0.75])
  expect(shares_of([0, 0])).toEqual([0, 0])
  expect(deal(collect_paths([path('a > b', 8, 40, 0)]), [0.25, 0.75])).toEqual({
    conversions: [2, 6],
    value: [10, 30],
  })
})
