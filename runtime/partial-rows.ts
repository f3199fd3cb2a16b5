/**
 * Rows that only add to one another (TopicSpec.partial): those of a batch that differ in numbers alone become one, at the
 * place of the first. They are held until the batch is over, so that what a failing pipeline wrote can be taken back.
 */
import type { TopicSpec } from '../schemas/topics.ts'

type Row = Readonly<Record<string, unknown>>
type Bins = readonly { readonly bin: number; readonly count: number }[]
export interface Partial {
  readonly adds: readonly string[]
  readonly bins?: string | undefined
  /** Fields in which rows that become one are equal. */
  readonly same: readonly string[]
}

/** What may be added up of a topic's rows; null: nothing. */
export const partial_of = ({ partial }: TopicSpec, schema: object): Partial | null => {
  if (!partial) return null
  const fields = (schema as { fields: readonly { name: string }[] }).fields.map(({ name }) => name)
  const numbers = [...partial.adds, partial.bins, 'event_id']
  return { ...partial, same: fields.filter(name => !numbers.includes(name)) }
}

/** Equal for rows that become one, and for them alone. */
export const identity_of = ({ same }: Partial, row: Row): string => {
  let id = ''
  for (const field of same) {
    const value = row[field]
    if (typeof value === 'string') id += `${value.length}:${value}`
    else id += typeof value === 'object' && value !== null ? JSON.stringify(value) : `|${value}|`
  }
  return id
}

type Branch<T> = Map<unknown, Branch<T> | T>

/** Values by the identity of rows: a tree of their fields' values, which is faster asked than a text of them is made. */
export class Identities<T> {
  readonly #same: readonly string[]
  readonly #root: Branch<T> = new Map()

  constructor({ same }: Partial) {
    this.#same = same
  }

  get(row: Row): T | undefined {
    let at: Branch<T> | T | undefined = this.#root
    for (const field of this.#same) {
      if (at === undefined) return undefined
      at = (at as Branch<T>).get(value_of(row, field))
    }
    return at as T | undefined
  }

  set(row: Row, value: T): void {
    let at = this.#root
    for (const [i, field] of this.#same.entries()) {
      const of = value_of(row, field)
      if (i === this.#same.length - 1) at.set(of, value)
      else {
        let next = at.get(of) as Branch<T> | undefined
        if (!next) {
          next = new Map()
          at.set(of, next)
        }
        at = next
      }
    }
  }

  clear(): void {
    this.#root.clear()
  }
}

/** What is not plain is compared as text, which a plain text must not be taken for. */
const value_of = (row: Row, field: string): unknown => {
  const value = row[field]
  return typeof value === 'object' && value !== null ? `\u0000${JSON.stringify(value)}` : value
}

/** Whether the numbers are whole: such a row fits the schema if one of its identity did. */
export const is_whole = ({ adds, bins }: Partial, row: Row): boolean => {
  for (const field of adds) if (!Number.isSafeInteger(row[field])) return false
  return !bins || !Array.isArray(row[bins]) || row[bins].length === 0
}

/** Adds `more` to the sum, which is changed. False: the sum would not be exact, and is as it was. */
export const add_to_sum = (
  { adds, bins }: Partial,
  sum: Record<string, unknown>,
  more: Row,
  sign: 1 | -1 = 1,
): boolean => {
  for (const field of adds) if (!is_exact(sum[field] as number, sign * (more[field] as number))) return false
  // No minus zero.
  for (const field of adds) sum[field] = (sum[field] as number) + sign * (more[field] as number) + 0
  if (bins) sum[bins] = add_bins((sum[bins] ?? []) as Bins, (more[bins] ?? []) as Bins, sign)
  return true
}

/** Both as one row, with everything else of the first; null: a sum would not be exact. */
export const add_rows = (partial: Partial, first: Row, second: Row, sign: 1 | -1 = 1): Row | null => {
  const sum = { ...first }
  return add_to_sum(partial, sum, second, sign) ? sum : null
}

/** Knuth's two-sum: what rounding takes away is nothing. */
const is_exact = (a: number, b: number): boolean => {
  const sum = a + b
  const of_b = sum - a
  return Math.abs(sum) <= Number.MAX_SAFE_INTEGER && a - (sum - of_b) + (b - of_b) === 0
}

const add_bins = (first: Bins, second: Bins, sign: 1 | -1): Bins => {
  if (second.length === 0) return first
  const counts = new Map(first.map(({ bin, count }) => [bin, count]))
  for (const { bin, count } of second) counts.set(bin, (counts.get(bin) ?? 0) + sign * count)
  return [...counts]
    .filter(([, count]) => count !== 0)
    .map(([bin, count]) => ({ bin, count }))
    .sort((a, b) => a.bin - b.bin)
}

/** Whether it adds nothing. */
export const is_nothing = ({ adds, bins }: Partial, row: Row): boolean =>
  adds.every(field => row[field] === 0) && (!bins || ((row[bins] ?? []) as Bins).length === 0)
