import { describe, expect, it } from 'vitest'
import { build_chain, conversion_probabilities, from_start } from '../../../jobs/attribution/chain.ts'
import { collect_paths } from '../../../jobs/attribution/paths.ts'
import { simulated_paths } from './simulated-paths.ts'

const none = (chain: { states: { length: number } }) => new Uint8Array(chain.states.length)

describe('build_chain', () => {
  it('counts beginnings, steps and ends between the last k places', () => {
    const set = collect_paths([
      { places: ['a', 'b', 'b', 'b', 'a'], conversions: 1, value: 0, nulls: 2 },
      { places: ['b'], conversions: 0, value: 0, nulls: 4 },
      { places: ['c'], conversions: 0, value: 0, nulls: 0 },
    ])
    const steps = (order: number) => {
      const { states, first, to, times, began, converted, left } = build_chain(set, order)
      return states.map((state, s) => [
        state.join(''),
        began[s],
        converted[s],
        left[s],
        ...Array.from(to.subarray(first[s], first[s + 1]), (next, e) => [
          states[next]!.join(''),
          times[first[s]! + e],
        ]),
      ])
    }
    // Nobody walked c; b to b is no leaving. Journeys: 3 by a b b b a, 4 by b.
    expect(steps(1)).toEqual([
      ['0', 3, 1, 6, ['1', 3]],
      ['1', 4, 0, 7, ['0', 3]],
    ])
    expect(steps(2)).toEqual([
      ['0', 3, 0, 3, ['01', 3]],
      ['01', 0, 0, 3, ['11', 3]],
      ['11', 0, 0, 3, ['10', 3]],
      ['10', 0, 1, 3],
      ['1', 4, 0, 4],
    ])
  })

  it('flows as the journeys went: from the start as many convert as did, at every order', () => {
    const set = collect_paths(simulated_paths(1, 400, 6, 0.7))
    for (const order of [1, 2, 3]) {
      const chain = build_chain(set, order)
      const converting = from_start(chain, conversion_probabilities(chain, none(chain)))
      expect(Math.abs((converting * (set.conversions + set.nulls)) / set.conversions - 1)).toBeLessThan(1e-12)
    }
  })
})

describe('conversion_probabilities', () => {
  it('are the same by sweeps and by the dense system', () => {
    const chain = build_chain(collect_paths(simulated_paths(2, 300, 5, 0.8)), 2)
    const removed = Uint8Array.from(chain.states, state => Number(state.includes(3)))
    const swept = conversion_probabilities(chain, removed)
    const solved = conversion_probabilities(chain, removed, 0)
    expect(swept.some(hit => hit > 0)).toBe(true)
    for (const [s, hit] of swept.entries()) expect(Math.abs(hit - solved[s]!)).toBeLessThan(1e-13)
  })

  it('are right where journeys go round for long before they end', () => {
    const round = Array.from({ length: 100_001 }, (_, i) => (i % 2 ? 'b' : 'a'))
    const chain = build_chain(
      collect_paths([
        { places: round, conversions: 1, value: 0, nulls: 0 },
        { places: ['b'], conversions: 0, value: 0, nulls: 1 },
      ]),
      1,
    )
    // From a one of 50001 steps converts, from b one of 50001 is lost: exactly half.
    expect(from_start(chain, conversion_probabilities(chain, none(chain)))).toBeCloseTo(0.5, 9)
  })

  it('refuses to guess where that is too large', () => {
    const places = Array.from({ length: 1501 }, (_, i) => `p${i}`)
    const chain = build_chain(collect_paths([{ places, conversions: 1, value: 0, nulls: 0 }]), 1)
    expect(() => conversion_probabilities(chain, none(chain), 0)).toThrow(
      'journeys hardly ever end, and 1501 states',
    )
  })
})
