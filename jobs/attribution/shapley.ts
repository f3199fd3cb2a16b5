/**
 * Shapley values: each player's mean addition to what a coalition is worth, over all orders of joining (Shapley 1953). For paths
 * by two worths: the conversions inside a coalition (arXiv 1804.05327) and the conversion rate of the journeys that touched
 * exactly a set (Shao and Li 2011; ADKDD 2012).
 */
import { type Credit, deal, type PathSet, shares_of } from './paths.ts'

/**
 * Worth: conversions of the paths whose places all are in the coalition. Then a path's conversions are split evenly over its
 * distinct places, so any number of places is exact.
 */
export const shapley_sum = (set: PathSet): Credit => {
  const conversions = set.places.map(() => 0)
  const value = set.places.map(() => 0)
  for (const path of set.paths) {
    const players = new Set(path.steps)
    for (const player of players) {
      conversions[player]! += path.conversions / players.size
      value[player]! += path.value / players.size
    }
  }
  return { conversions, value }
}

/** Journeys that touched exactly these places, whatever their order. */
interface WalkedSet {
  readonly members: readonly number[]
  conversions: number
  value: number
  journeys: number
}

const walked_sets = (set: PathSet): WalkedSet[] => {
  const walked = new Map<string, WalkedSet>()
  for (const { steps, conversions, value, nulls } of set.paths) {
    const members = [...new Set(steps)].sort((a, b) => a - b)
    const key = members.join(' ')
    const before = walked.get(key) ?? { members, conversions: 0, value: 0, journeys: 0 }
    before.conversions += conversions
    before.value += value
    before.journeys += conversions + nulls
    walked.set(key, before)
  }
  return [...walked.values()]
}

const rate_of = ({ conversions, journeys }: WalkedSet): number => (journeys > 0 ? conversions / journeys : 0)

/**
 * Worth: conversions a journey among those that touched exactly that set, 0 where none did. By place; the sum is the rate of the
 * journeys that touched all places. A place may take conversions away: negative values are meant.
 */
export const shapley_rate = (set: PathSet): number[] =>
  rate_game(
    set.places.map((_, i) => i),
    walked_sets(set),
  )

/**
 * Only walked sets S have a worth, and each gives w(|S| − 1) to its members and takes w(|S|) from the other players; so this is
 * exact for any number of them. `walked`: sets of these players only.
 */
const rate_game = (players: readonly number[], walked: readonly WalkedSet[]): number[] => {
  const n = players.length
  const weights = join_weights(n)
  const values = new Map(players.map(player => [player, 0]))
  let taken_from_all = 0
  for (const one of walked) {
    const size = one.members.length
    const taken = size < n ? rate_of(one) * weights[size]! : 0
    taken_from_all += taken
    const given = rate_of(one) * weights[size - 1]! + taken
    for (const member of one.members) values.set(member, values.get(member)! + given)
  }
  return players.map(player => values.get(player)! - taken_from_all)
}

/**
 * Conversions by the same worth. Shapley values share out what all players together are worth; where that can be done (somebody
 * who touched all places converted, and no value is negative), all conversions are shared so. Elsewhere each walked set is a game of
 * its own, and its conversions are shared by the values above zero.
 */
export const rate_credit = (set: PathSet, values: readonly number[]): Credit => {
  if (values.every(value => value >= 0) && values.some(value => value > 0))
    return deal(set, shares_of(values))
  const walked = walked_sets(set)
  const subsets_of = subset_finder(set.places.length, walked)
  const conversions = set.places.map(() => 0)
  const value = set.places.map(() => 0)
  for (const one of walked) {
    const shares = shares_of(rate_game(one.members, subsets_of(one)))
    for (const [i, member] of one.members.entries()) {
      const share = one.conversions > 0 ? shares[i]! : 1 / one.members.length
      conversions[member]! += one.conversions * share
      value[member]! += one.value * share
    }
  }
  return { conversions, value }
}

/** A subset's first member is one of the set: only those are looked at. */
const subset_finder = (places: number, walked: readonly WalkedSet[]) => {
  const by_first: WalkedSet[][] = Array.from({ length: places }, () => [])
  for (const one of walked) by_first[one.members[0]!]!.push(one)
  const inside = new Uint8Array(places)
  return ({ members }: WalkedSet): WalkedSet[] => {
    inside.fill(0)
    for (const member of members) inside[member] = 1
    return members.flatMap(first => by_first[first]!.filter(one => one.members.every(place => inside[place])))
  }
}

/** w(s) = s! (n − s − 1)! / n!, the part of all orders in which exactly the given s of n players come before a given one. */
const join_weights = (n: number): number[] => {
  const weights = new Array<number>(n)
  // w(s) = w(n − s − 1): from both ends, because in the middle of thousands of players it is 0 to a double.
  for (let s = 0, weight = 1 / n; s < n - s; weight *= (s + 1) / (n - s - 1), s++)
    weights[s] = weights[n - s - 1] = weight
  return weights
}

export interface ShapleyValues {
  readonly values: readonly number[]
  /** Of each value; 0 where all coalitions were asked. */
  readonly standard_errors: readonly number[]
}

const EXACT_PLAYERS = 12

/**
 * Of any game; `worth` is asked with players in their given order. Exact to 12 players (2^n calls), above from `permutations`
 * seeded orders of joining (Castro et al. 2009): unbiased, and the values still sum to what all are worth.
 */
export const shapley_values = (
  players: readonly string[],
  worth: (coalition: readonly string[]) => number,
  { seed = 1, permutations = 10_000 } = {},
): ShapleyValues =>
  players.length <= EXACT_PLAYERS
    ? { values: all_coalitions(players, worth), standard_errors: players.map(() => 0) }
    : sampled_orders(players, worth, seed, permutations)

const all_coalitions = (
  players: readonly string[],
  worth: (coalition: readonly string[]) => number,
): number[] => {
  const n = players.length
  const weights = join_weights(n)
  const worths = Float64Array.from({ length: 2 ** n }, (_, mask) =>
    worth(players.filter((_, i) => mask & (1 << i))),
  )
  return players.map((_, i) => {
    let value = 0
    for (let mask = 0; mask < worths.length; mask++)
      if (!(mask & (1 << i))) value += weights[bits(mask)]! * (worths[mask | (1 << i)]! - worths[mask]!)
    return value
  })
}

const bits = (mask: number): number => {
  let count = 0
  for (let rest = mask; rest; rest &= rest - 1) count++
  return count
}

const sampled_orders = (
  players: readonly string[],
  worth: (coalition: readonly string[]) => number,
  seed: number,
  permutations: number,
): ShapleyValues => {
  const random = mulberry32(seed)
  const sums = players.map(() => 0)
  const squares = players.map(() => 0)
  const order = players.map((_, i) => i)
  for (let round = 0; round < permutations; round++) {
    shuffle(order, random)
    const inside = players.map(() => false)
    let before = worth([])
    for (const player of order) {
      inside[player] = true
      const after = worth(players.filter((_, i) => inside[i]))
      sums[player]! += after - before
      squares[player]! += (after - before) ** 2
      before = after
    }
  }
  const values = sums.map(sum => sum / permutations)
  const standard_errors = squares.map((square, i) =>
    Math.sqrt(Math.max(0, square / permutations - values[i]! ** 2) / (permutations - 1)),
  )
  return { values, standard_errors }
}

/** Fisher and Yates. */
const shuffle = (list: number[], random: () => number): void => {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[list[i], list[j]] = [list[j]!, list[i]!]
  }
}

/** mulberry32: the same numbers for a seed, on every machine. */
const mulberry32 = (seed: number): (() => number) => {
  let a = seed | 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
