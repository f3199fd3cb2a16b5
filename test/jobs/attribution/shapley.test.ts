import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CountedPath, collect_paths } from '../../../jobs/attribution/paths.ts'
import { rate_credit, shapley_rate, shapley_sum, shapley_values } from '../../../jobs/attribution/shapley.ts'
import { random_of } from '../../operators/anomaly/simulated-metric.ts'
import { any_paths, simulated_paths } from './simulated-paths.ts'

const path = (places: string, conversions: number, nulls: number, value = conversions): CountedPath => ({
  places: places.split(' '),
  conversions,
  value,
  nulls,
})
const touched = (path: CountedPath) => [...new Set(path.places)].sort()
const rounded = (numbers: readonly number[]) => numbers.map(number => Number(number.toFixed(12)))

/** The worths as their definitions say, for the general game. */
const worth_sum = (paths: readonly CountedPath[]) => (coalition: readonly string[]) =>
  paths
    .filter(path => path.places.every(place => coalition.includes(place)))
    .reduce((sum, path) => sum + path.conversions, 0)
const worth_rate = (paths: readonly CountedPath[]) => (coalition: readonly string[]) => {
  const exactly = paths.filter(path => String(touched(path)) === String([...coalition].sort()))
  const conversions = exactly.reduce((sum, path) => sum + path.conversions, 0)
  const journeys = exactly.reduce((sum, path) => sum + path.conversions + path.nulls, 0)
  return journeys > 0 ? conversions / journeys : 0
}

describe('shapley_sum', () => {
  it('splits a path evenly over its distinct places', () => {
    const set = collect_paths([path('a b a', 6, 1, 30), path('b', 1, 0, 5)])
    expect(shapley_sum(set)).toEqual({ conversions: [3, 4], value: [15, 20] })
  })

  it('is the Shapley value of the conversions inside a coalition', () => {
    fc.assert(
      fc.property(any_paths, paths => {
        const set = collect_paths(paths)
        const { values } = shapley_values(set.places, worth_sum(paths))
        for (const [i, value] of shapley_sum(set).conversions.entries())
          expect(value).toBeCloseTo(values[i]!, 9)
      }),
    )
  })
})

describe('shapley_rate', () => {
  it('by hand: two places, alone and together', () => {
    const set = collect_paths([path('a', 1, 9), path('b a', 2, 3), path('b', 1, 3)])
    // a: (0.1 + (0.4 − 0.25)) / 2, b: (0.25 + (0.4 − 0.1)) / 2
    expect(rounded(shapley_rate(set))).toEqual([0.125, 0.275])
  })

  it('is the Shapley value of the rates, to twelve places and beyond', () => {
    fc.assert(
      fc.property(any_paths, paths => {
        const set = collect_paths(paths)
        const { values } = shapley_values(set.places, worth_rate(paths))
        for (const [i, value] of shapley_rate(set).entries()) expect(value).toBeCloseTo(values[i]!, 12)
      }),
    )
    const paths = simulated_paths(3, 60, 14, 0.4)
    const set = collect_paths(paths)
    const sampled = shapley_values(set.places, worth_rate(paths), { permutations: 500 })
    expect(set.places).toHaveLength(14)
    for (const [i, value] of shapley_rate(set).entries())
      expect(Math.abs(value - sampled.values[i]!)).toBeLessThan(4.5 * sampled.standard_errors[i]! + 1e-12)
  })

  it('stays finite with thousands of places', () => {
    const places = Array.from({ length: 3000 }, (_, i) => `p${i}`)
    const set = collect_paths([{ places, conversions: 1, value: 1, nulls: 1 }, path('p7', 1, 0)])
    const values = shapley_rate(set)
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0.5, 9)
    expect(values[set.places.indexOf('p7')]! - values[0]!).toBeCloseTo(1 / 3000 + 1 / 3000 / 2999, 12)
  })
})

describe('rate_credit', () => {
  const credit = (paths: CountedPath[]) => {
    const set = collect_paths(paths)
    return rate_credit(set, shapley_rate(set))
  }
  it('shares all conversions by the values where the journeys by all places make that possible', () => {
    const { conversions, value } = credit([path('a', 1, 9), path('b a', 2, 3), path('b', 1, 3, 90)])
    expect(rounded(conversions)).toEqual([1.25, 2.75])
    expect(rounded(value)).toEqual([93 * 0.3125, 93 * 0.6875])
  })

  it('shares each set of places by its own game where nobody touched all', () => {
    // a b: a is worth 0.1 alone, b nothing, both 0.4, so 0.25 and 0.15; c is alone.
    const paths = [path('a', 1, 9), path('a b', 4, 6, 800), path('c', 5, 5, 50), path('b c', 0, 1, 6)]
    const { conversions, value } = credit(paths)
    expect(rounded(conversions)).toEqual([1 + 2.5, 1.5, 5])
    expect(rounded(value)).toEqual([1 + 500, 300 + 3, 50 + 3])
  })

  it('gives nothing to what takes conversions away, and less than nothing to nobody', () => {
    // Together 0.1, a alone 0.5, b alone never: b's value is −0.2.
    const paths = [path('a', 5, 5), path('b', 0, 5), path('a b', 1, 9)]
    expect(rounded(shapley_rate(collect_paths(paths)))).toEqual([0.3, -0.2])
    expect(credit(paths).conversions).toEqual([6, 0])
  })
})

describe('shapley_values', () => {
  const airport = (costs: Readonly<Record<string, number>>) => (coalition: readonly string[]) =>
    Math.max(0, ...coalition.map(player => costs[player]!))

  it('of the textbook games', () => {
    const glove = (coalition: readonly string[]) =>
      Number(coalition.includes('l') && coalition.some(player => player.startsWith('r')))
    expect(rounded(shapley_values(['r1', 'r2', 'l'], glove).values)).toEqual(rounded([1 / 6, 1 / 6, 2 / 3]))
    const costs = { a: 8, b: 11, c: 13, d: 18 }
    expect(rounded(shapley_values(['a', 'b', 'c', 'd'], airport(costs)).values)).toEqual([2, 3, 4, 9])
    expect(shapley_values([], () => 0)).toEqual({ values: [], standard_errors: [] })
  })

  it('above twelve players samples orders: seeded, summing to the whole, within its standard error', () => {
    const players = Array.from({ length: 20 }, (_, i) => `p${String(i).padStart(2, '0')}`)
    const costs = Object.fromEntries(players.map((player, i) => [player, i + 1]))
    const exact = players.map((_, i) => {
      let value = 0
      for (let rank = 0; rank <= i; rank++) value += 1 / (players.length - rank)
      return value
    })
    const options = { seed: 7, permutations: 2000 }
    const { values, standard_errors } = shapley_values(players, airport(costs), options)
    expect(shapley_values(players, airport(costs), options)).toEqual({ values, standard_errors })
    expect(shapley_values(players, airport(costs), { ...options, seed: 8 }).values).not.toEqual(values)
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(20, 9)
    const off = values.map((value, i) => Math.abs(value - exact[i]!) / standard_errors[i]!)
    expect(Math.max(...off)).toBeLessThan(4)
    // Errors are of the size they say: most below one and a half of it, not all far below.
    expect(off.filter(one => one < 1.5).length).toBeGreaterThan(12)
    expect(Math.max(...off)).toBeGreaterThan(0.5)
    expect(Math.min(...standard_errors)).toBeGreaterThan(0)
  })

  it('draws orders by the numbers of mulberry32', () => {
    const random = random_of(42)
    expect([random(), random()].map(number => number.toFixed(9))).toEqual(['0.601103752', '0.448290559'])
    const again = random_of(42)
    const order = Array.from({ length: 13 }, (_, i) => i)
    for (let i = 12; i > 0; i--) {
      const j = Math.floor(again() * (i + 1))
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    // Whoever comes k-th adds k.
    const worth = (coalition: readonly string[]) => (coalition.length * (coalition.length + 1)) / 2
    const players = order.map((_, i) => `p${i}`)
    const { values } = shapley_values(players, worth, { seed: 42, permutations: 1 })
    expect(order.map(player => values[player])).toEqual(order.map((_, k) => k + 1))
  })
})
