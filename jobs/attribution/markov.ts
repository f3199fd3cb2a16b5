/**
 * Removal effects of a Markov chain of journeys (Anderl, Becker, von Wangenheim and Schumann, IJRM 33(3), 2016): the part of the
 * conversions that is lost when whoever comes to a place is lost there. By solving the absorbing chain, not by simulating it: the
 * same paths give the same numbers.
 */
import { factor_matrix } from '../../operators/stats/linear-system.ts'
import { build_chain, type Chain, conversion_probabilities, dense_rows, from_start } from './chain.ts'
import type { PathSet } from './paths.ts'

export interface MarkovModel {
  /** Of a journey; 0 without any conversion, and then so is every effect. */
  readonly conversion_probability: number
  /** By place: 1 − P(conversion without it) / P(conversion), 0 to 1. */
  readonly removal_effects: readonly number[]
}

/** Most states whose inverse is made. */
const DENSE_STATES = 2000
/** An effect below is rounding. */
const ROUNDING = 1e-11

/**
 * `order`: how many places back a step depends on, at least 1. Removing a place removes every state that holds it.
 */
export const markov_model = (set: PathSet, order: number): MarkovModel => {
  if (set.conversions === 0) return { conversion_probability: 0, removal_effects: set.places.map(() => 0) }
  const chain = build_chain(set, order)
  // A chain of counts flows as the journeys went, so that nothing has to be solved for this one.
  const conversion_probability = set.conversions / (set.conversions + set.nulls)
  const effects =
    order === 1 && chain.states.length <= DENSE_STATES
      ? effects_by_inverse(chain, set.places.length)
      : effects_by_removal(chain, set.places.length, conversion_probability)
  const removal_effects = effects.map(effect => (effect < ROUNDING ? 0 : Math.min(1, effect)))
  return { conversion_probability, removal_effects }
}

/**
 * Where a place is one state: what is lost without it is what converts through it, P(come to it) × P(convert from it). With
 * the fundamental matrix N = (I − Q)⁻¹, P(come to s) = (start · N)_s / N_ss; one inverse serves all places.
 */
const effects_by_inverse = (chain: Chain, places: number): number[] => {
  const size = chain.states.length
  const system = factor_matrix(
    dense_rows(
      chain,
      Int32Array.from({ length: size }, (_, s) => s),
    ),
  )
  const hits = system.solve(chain.converted.map((times, s) => times / chain.left[s]!))
  const whole = from_start(chain, hits)
  const effects = new Array<number>(places).fill(0)
  for (const [s, [place]] of chain.states.entries()) {
    const visits = system.solve(Float64Array.from({ length: size }, (_, i) => Number(i === s)))
    effects[place!] = (from_start(chain, visits) / visits[s]!) * (hits[s]! / whole)
  }
  return effects
}

const effects_by_removal = (chain: Chain, places: number, whole: number): number[] =>
  Array.from({ length: places }, (_, place) => {
    const removed = Uint8Array.from(chain.states, state => Number(state.includes(place)))
    if (!removed.includes(1)) return 0
    return 1 - from_start(chain, conversion_probabilities(chain, removed)) / whole
  })
