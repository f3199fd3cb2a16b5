/**
 * An operator's slots of one key, in the order of their ids. Few are sorted when they are asked for; where they are many
 * (a tenant's windows) their ids are kept sorted, so that asking for some of them costs those.
 */
import type { Cell } from './entities.ts'

type Slots = Pick<Cell, 'slots' | 'sorted'>

/** From so many on their order is kept; it is given up below half of them. */
export const KEPT_FROM = 32

/** undefined removes the slot. */
export const set_slot = (cell: Slots, id: string, value: unknown): void => {
  cell.slots ??= new Map()
  const { slots, sorted } = cell
  if (value === undefined) {
    if (!slots.delete(id) || !sorted) return
    if (slots.size < KEPT_FROM / 2) cell.sorted = null
    else sorted.splice(place_of(sorted, id), 1)
    return
  }
  if (sorted && !slots.has(id)) insert(sorted, id)
  slots.set(id, value)
}

/** Those whose id begins with the prefix, sorted by id; the first `most` of them. */
export const slots_of = (
  cell: Slots,
  prefix: string,
  most: number = Number.POSITIVE_INFINITY,
): (readonly [string, unknown])[] => {
  const { slots } = cell
  if (!slots || slots.size === 0) return []
  if (slots.size < KEPT_FROM) {
    const all = [...slots]
    const some = prefix === '' ? all : all.filter(([id]) => id.startsWith(prefix))
    if (some.length > 1) some.sort(by_id)
    return some.length > most ? some.slice(0, most) : some
  }
  cell.sorted ??= [...slots.keys()].sort()
  const { sorted } = cell
  const found: [string, unknown][] = []
  for (let at = place_of(sorted, prefix); at < sorted.length && found.length < most; at++) {
    const id = sorted[at] as string
    if (!id.startsWith(prefix)) break
    found.push([id, slots.get(id)])
  }
  return found
}

const by_id = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0

/** Index of the first id that is `id` or behind it. */
const place_of = (sorted: readonly string[], id: string): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as string) < id) low = middle + 1
    else high = middle
  }
  return low
}

const insert = (sorted: string[], id: string): void => {
  // Windows come by time: mostly at the end.
  if ((sorted.at(-1) as string) < id) sorted.push(id)
  else sorted.splice(place_of(sorted, id), 0, id)
}
