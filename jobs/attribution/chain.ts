/**
 * The Markov chain of order k that counted paths describe: a state is the last k places (fewer at the beginning of a path), each
 * path starts in its first place and ends in conversion or in none, both absorbing.
 */
import { factor_matrix } from '../../operators/stats/linear-system.ts'
import type { PathSet } from './paths.ts'

export interface Chain {
  /** By state: the places it is made of, indices into `PathSet.places`. */
  readonly states: readonly (readonly number[])[]
  /** By state: journeys that began there. */
  readonly began: Float64Array
  /** By state: times a journey converted next. */
  readonly converted: Float64Array
  /** By state: times a journey left it, to whichever other state or end; staying is no leaving. */
  readonly left: Float64Array
  /** Steps to other states, those of state s from `first[s]` to `first[s + 1]`. */
  readonly first: Int32Array
  readonly to: Int32Array
  readonly times: Float64Array
}

/** Paths on which nobody went are not part of it. */
export const build_chain = (set: PathSet, order: number): Chain => {
  const states: number[][] = []
  const found = new Map<string, number>()
  const steps: Map<number, number>[] = []
  const began: number[] = []
  const converted: number[] = []
  const left: number[] = []
  const state_of = (places: number[]): number => {
    const key = places.join(' ')
    const known = found.get(key)
    if (known !== undefined) return known
    found.set(key, states.length)
    for (const column of [began, converted, left]) column.push(0)
    steps.push(new Map())
    return states.push(places) - 1
  }
  for (const path of set.paths) {
    const journeys = path.conversions + path.nulls
    if (journeys === 0) continue
    let state = state_of(path.steps.slice(0, 1))
    began[state]! += journeys
    for (let i = 1; i < path.steps.length; i++) {
      const next = state_of(path.steps.slice(Math.max(0, i + 1 - order), i + 1))
      if (next !== state) {
        left[state]! += journeys
        steps[state]!.set(next, (steps[state]!.get(next) ?? 0) + journeys)
      }
      state = next
    }
    left[state]! += journeys
    converted[state]! += path.conversions
  }
  return { states, began: Float64Array.from(began), ...packed(converted, left, steps) }
}

const packed = (converted: number[], left: number[], steps: readonly Map<number, number>[]) => {
  const first = new Int32Array(steps.length + 1)
  for (const [s, row] of steps.entries()) first[s + 1] = first[s]! + row.size
  return {
    converted: Float64Array.from(converted),
    left: Float64Array.from(left),
    first,
    to: Int32Array.from(steps.flatMap(row => [...row.keys()])),
    times: Float64Array.from(steps.flatMap(row => [...row.values()])),
  }
}

/** Part of all journeys that convert when each state converts with the given probability. */
export const from_start = ({ began }: Chain, hits: Float64Array): number => {
  let journeys = 0
  let converting = 0
  for (const [s, count] of began.entries()) {
    journeys += count
    converting += count * hits[s]!
  }
  return journeys > 0 ? converting / journeys : 0
}

/** I − Q as a dense matrix over the states that `kept` lists. */
export const dense_rows = (chain: Chain, kept: ArrayLike<number>): Float64Array[] => {
  const place = new Map(Array.from(kept, (s, i) => [s, i]))
  return Array.from(kept, (s, i) => {
    const row = new Float64Array(kept.length)
    row[i] = 1
    for (let e = chain.first[s]!; e < chain.first[s + 1]!; e++) {
      const column = place.get(chain.to[e]!)
      if (column !== undefined) row[column] = -chain.times[e]! / chain.left[s]!
    }
    return row
  })
}

/** A sweep that changes nothing by more than this part of itself is the last: rounding. */
const SETTLED = 1e-15
/** Sweeps before the sparse way gives up. Whatever settles within them is right to 1e-12 of itself. */
const SWEEPS = 10_000
/** What the dense way can factor in seconds. */
const DENSE_STATES = 1500

/**
 * By state: probability to convert from it, when whoever comes to a state in `removed` (0 or 1 by state) is lost. Gauss and
 * Seidel from below: every sweep only raises, so nothing is ever negative; where that is slow, the dense system.
 * Throws RangeError when journeys hardly ever end and there are too many states for that.
 */
export const conversion_probabilities = (
  chain: Chain,
  removed: Uint8Array,
  sweeps: number = SWEEPS,
): Float64Array => {
  const hits = new Float64Array(chain.states.length)
  for (let round = 0; round < sweeps; round++) if (sweep(chain, removed, hits) < SETTLED) return hits
  return dense_probabilities(chain, removed)
}

/**
 * From the last state back: states are numbered as paths come to them, so what follows is mostly known. Returns the largest
 * change as a part of what changed.
 */
const sweep = ({ converted, left, first, to, times }: Chain, removed: Uint8Array, hits: Float64Array) => {
  let change = 0
  for (let s = hits.length - 1; s >= 0; s--) {
    if (removed[s]) continue
    let sum = converted[s]!
    for (let e = first[s]!; e < first[s + 1]!; e++) sum += times[e]! * hits[to[e]!]!
    const hit = sum / left[s]!
    if (hit > 0) change = Math.max(change, Math.abs(hit - hits[s]!) / hit)
    hits[s] = hit
  }
  return change
}

const dense_probabilities = (chain: Chain, removed: Uint8Array): Float64Array => {
  const kept = Array.from(removed.keys()).filter(s => !removed[s])
  if (kept.length > DENSE_STATES)
    throw new RangeError(
      `journeys hardly ever end, and ${kept.length} states are more than the ${DENSE_STATES} solved exactly`,
    )
  const rates = kept.map(s => chain.converted[s]! / chain.left[s]!)
  const solved = factor_matrix(dense_rows(chain, kept)).solve(rates)
  const hits = new Float64Array(chain.states.length)
  for (const [i, s] of kept.entries()) hits[s] = solved[i]!
  return hits
}
