/**
 * How rare a size is among those seen before, as -log10 of its tail probability. Counts in sixths of an octave; the largest
 * fiftieth is a Pareto tail with Hill's index (Hill 1975), drawn towards a usual one while it has few values: so a record says by how
 * much it is one, and a series that often jumps has to jump further. As in SPOT (Siffer et al. 2017), with counts instead of excesses.
 */

export interface Tail {
  /** The caller's: what sizes are in units of. */
  readonly scale: number
  readonly total: number
  readonly counts: readonly number[]
}

const PLACES = 96
const PER_OCTAVE = 6
/** The smallest size told from 0 is 2 ** -LOWEST. */
const LOWEST = 6
/** Counts are halved from here on. */
const MEMORY = 20_000
/** Before so many values nothing is rare. */
const LEAST = 30
const LARGEST = { share: 0.02, least: 20 }
/** Index of a tail of which nothing is known, and after how many values its own weighs as much. */
const USUAL = { index: 0.25, values: 10 }
const MOST = 8

export const new_tail = (): Tail => ({ scale: 0, total: 0, counts: new Array(PLACES).fill(0) })

const place_of = (size: number): number =>
  Math.max(0, Math.min(PLACES - 0.001, (Math.log2(size + 1e-9) + LOWEST) * PER_OCTAVE))

export const tail_strength = ({ total, counts }: Tail, size: number): number => {
  if (total < LEAST) return 0
  const place = place_of(size)
  const wanted = Math.max(LARGEST.least, LARGEST.share * total)
  let largest = 0
  let moment = 0
  let from = PLACES - 1
  for (; from >= 0; from--) {
    const count = counts[from] as number
    largest += count
    moment += count * (from + 0.5)
    if (largest >= wanted || from === 0) break
  }
  const nats = Math.LN2 / PER_OCTAVE
  if (place < from) return Math.max(0, -Math.log10((above(counts, place, from, largest) + 0.5) / (total + 1)))
  const index = ((moment - largest * from) * nats + USUAL.index * USUAL.values) / (largest + USUAL.values)
  const beyond = ((place - from) * nats) / index / Math.LN10
  return Math.min(MOST, Math.max(0, Math.log10((total + 1) / largest) + beyond))
}

const above = (counts: readonly number[], place: number, from: number, largest: number): number => {
  const own = Math.floor(place)
  let sum = largest
  for (let i = from - 1; i > own; i--) sum += counts[i] as number
  return sum + (counts[own] as number) * (1 - (place - own))
}

/** The tail with one more size, in units of its scale. */
export const add_to_tail = ({ scale, total, counts }: Tail, size: number): Tail => {
  const own = Math.floor(place_of(size))
  if (total < MEMORY) {
    const more = counts.slice()
    more[own] = (more[own] as number) + 1
    return { scale, total: total + 1, counts: more }
  }
  const halved = counts.map((count, i) => (count + (i === own ? 1 : 0)) >> 1)
  return { scale, total: halved.reduce((sum, count) => sum + count, 0), counts: halved }
}
