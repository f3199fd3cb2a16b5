/**
 * An operator's slots of one key, in the order of their ids. Few are sorted when they are asked for; where they are many
 * (a tenant's windows) their ids are kept sorted, so that asking for some of them costs those.
 */
import type { Cell } from './entities.ts'
import { SortedIds } from './sorted-ids.ts'

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
    else sorted.delete(id)
    return
  }
  if (sorted && !slots.has(id)) sorted.add(id)
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
  cell.sorted ??= new SortedIds(slots.keys())
  return cell.sorted.from(prefix, most).map(id => [id, slots.get(id)])
}

const by_id = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0
