import { describe, expect, it } from 'vitest'
import { markov_model } from '../../../jobs/attribution/markov.ts'
import { type CountedPath, collect_paths } from '../../../jobs/attribution/paths.ts'
import { simulated_paths } from './simulated-paths.ts'

const paths_of = (...rows: readonly (readonly [path: string, conversions: number, nulls: number])[]) =>
  rows.map(
    ([path, conversions, nulls]): CountedPath => ({ places: path.split(' '), conversions, value: 0, nulls }),
  )

const effects = (paths: CountedPath[], order = 1): Record<string, number> => {
  const set = collect_paths(paths)
  const { removal_effects } = markov_model(set, order)
  return Object.fromEntries(set.places.map((place, i) => [place, Number(removal_effects[i]!.toFixed(9))]))
}

/**
 * A second implementation, slow and naive: lets the fitted chain walk, step by step, by the mass in every state; whoever comes to a
 * state with the removed place is lost.
 */
const walked_effects = (paths: readonly CountedPath[], order: number, place: string): number => {
  const counts = new Map<string, Map<string, number>>()
  const count = (from: string, to: string, times: number) => {
    const row = counts.get(from) ?? new Map<string, number>()
    counts.set(from, row.set(to, (row.get(to) ?? 0) + times))
  }
  for (const { places, conversions, nulls } of paths) {
    const states = places.map((_, i) => places.slice(Math.max(0, i + 1 - order), i + 1).join('>'))
    for (const [i, state] of states.entries()) count(i ? states[i - 1]! : 'start', state, conversions + nulls)
    count(states.at(-1)!, 'CONVERSION', conversions)
    count(states.at(-1)!, 'NULL', nulls)
  }
  const converting = (without: string | null): number => {
    let mass = new Map([['start', 1]])
    let converted = 0
    for (let step = 0; step < 3000; step++) {
      const next = new Map<string, number>()
      for (const [from, part] of mass) {
        const row = counts.get(from)!
        const whole = [...row.values()].reduce((a, b) => a + b, 0)
        for (const [to, times] of row) {
          const moved = whole > 0 ? (part * times) / whole : 0
          if (to === 'CONVERSION') converted += moved
          else if (to !== 'NULL' && !(without !== null && to.split('>').includes(without)))
            next.set(to, (next.get(to) ?? 0) + moved)
        }
      }
      mass = next
    }
    return converted
  }
  return 1 - converting(place) / converting(null)
}

describe('removal effects', () => {
  it('of the well-known three paths', () => {
    const paths = paths_of(['C1 C2 C3', 1, 0], ['C1', 0, 1], ['C2 C3', 0, 1])
    expect(effects(paths)).toEqual({ C1: 0.5, C2: 1, C3: 1 })
    expect(markov_model(collect_paths(paths), 1).conversion_probability).toBeCloseTo(1 / 3, 15)
    // Only with three places of memory the chain knows at C3 that those who came by C1 convert.
    expect(effects(paths, 2)).toEqual({ C1: 0.5, C2: 1, C3: 1 })
    expect(effects(paths, 3)).toEqual({ C1: 1, C2: 1, C3: 1 })
  })

  it.each([1, 2, 3])('equal a chain that walks step by step, order %i', order => {
    const paths = simulated_paths(order, 60, 4, 0.6).filter(
      ({ conversions, nulls }) => conversions + nulls > 0,
    )
    const got = effects(paths, order)
    expect(Object.keys(got)).toHaveLength(4)
    for (const [place, effect] of Object.entries(got)) {
      expect(effect, place).toBeCloseTo(walked_effects(paths, order, place), 8)
      expect(effect).toBeGreaterThan(0)
    }
  })

  it('are the same by one inverse and by removing place after place', () => {
    // More places than one inverse is made for.
    const few = simulated_paths(5, 40, 4, 0.5)
    const many = Array.from({ length: 2000 }, (_, i) => ({
      places: [`x${i}`],
      conversions: 0,
      value: 0,
      nulls: 1,
    }))
    const alone = effects(few)
    const among = effects([...few, ...many])
    for (const [place, effect] of Object.entries(alone)) expect(among[place]).toBeCloseTo(effect, 8)
    expect(among.x7).toBe(0)
  })

  it('are zero for a place that leads nowhere or that nobody walked, and without conversions', () => {
    const paths = paths_of(['a b', 1, 1], ['c', 0, 5], ['c d', 0, 5], ['e', 0, 0])
    expect(effects(paths)).toEqual({ a: 1, b: 1, c: 0, d: 0, e: 0 })
    expect(effects(paths, 2)).toEqual({ a: 1, b: 1, c: 0, d: 0, e: 0 })
    expect(effects(paths_of(['a b', 0, 3]))).toEqual({ a: 0, b: 0 })
    expect(markov_model(collect_paths(paths_of(['a', 0, 0])), 1).conversion_probability).toBe(0)
  })

  it('are exactly zero where they are, whatever rounding leaves', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const idle = { places: ['idle'], conversions: 0, value: 0, nulls: seed }
      const set = collect_paths([...simulated_paths(seed, 40, 4, 0.6), idle])
      for (const order of [1, 2])
        expect(markov_model(set, order).removal_effects[set.places.indexOf('idle')]).toBe(0)
    }
  })

  it('do not change with steps that stay, by order 1', () => {
    expect(effects(paths_of(['a a a b', 1, 3], ['b b', 1, 1]))).toEqual(
      effects(paths_of(['a b', 1, 3], ['b', 1, 1])),
    )
  })
})

describe('size', () => {
  it('hundreds of places, and thousands of states, in seconds', () => {
    const began = performance.now()
    const wide = markov_model(collect_paths(simulated_paths(7, 10_000, 300, 0.9)), 1)
    const deep = markov_model(collect_paths(simulated_paths(8, 10_000, 14, 0.85)), 3)
    expect(performance.now() - began).toBeLessThan(15_000)
    for (const { removal_effects } of [wide, deep])
      for (const effect of removal_effects) expect(effect >= 0 && effect <= 1).toBe(true)
    expect([wide.removal_effects.length, deep.removal_effects.length]).toEqual([300, 14])
  })
})
