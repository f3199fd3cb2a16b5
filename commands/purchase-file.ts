/**
 * A CSV of purchases: columns customer_id, date (ISO, a time after it is ignored), amount, in any order and among others. Every line is
 * checked; purchases of one customer on one day count once, with their amounts added up.
 */
import { type Info, parse } from 'csv-parse'
import type { Customer } from '../jobs/lifetime/choose.ts'
import { CommandError } from './command.ts'
import { feed, read_error } from './csv-file.ts'

const COLUMNS = ['customer_id', 'date', 'amount'] as const
type Column = (typeof COLUMNS)[number]
type Places = Readonly<Record<Column, number>>
const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/
const DAY_MS = 86_400_000
/** Amounts are added up as whole numbers of this part of a unit. */
const DECIMALS = 4

export interface Purchases {
  /** In the order in which they first appear in the file. */
  readonly customers: readonly Customer[]
  readonly purchases: number
  /** Rows after the end: not looked at. */
  readonly later: number
}

type Parsed = Readonly<Record<'record', readonly string[]> & Record<'info', Info>>

/** Days since the epoch of an ISO date; null when there is no such day. */
export const day_of = (text: string): number | null => {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ][\d:.]*(?:Z|[+-]\d{2}:?\d{2})?)?$/.exec(text)
  if (!match) return null
  const at = Date.parse(`${match[1]}-${match[2]}-${match[3]}T00:00:00Z`)
  // Date.parse takes 30 February for 2 March.
  return new Date(at).getUTCDate() === Number(match[3]) ? at / DAY_MS : null
}

/** Rejects with a CommandError that says file:line, the column and why. `end`: the last day that counts, since the epoch. */
export const read_purchases = async (file: string, end: number): Promise<Purchases> => {
  const parser = feed(
    file,
    parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true }),
  )
  const spent = new Map<string, Map<number, number>>()
  let places: Places | null = null
  let [purchases, later] = [0, 0]
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      const where = `${file}:${info.lines}`
      if (!places) {
        places = header_of(record, where)
        continue
      }
      const { customer_id, day, amount } = row_of(record, places, where)
      if (day > end) {
        later++
        continue
      }
      purchases++
      const days = spent.get(customer_id) ?? new Map<number, number>()
      days.set(day, (days.get(day) ?? 0) + amount)
      spent.set(customer_id, days)
    }
  } catch (error) {
    throw read_error(file, error)
  }
  if (!places)
    throw new CommandError(`${file}:1: the file is empty; its first line must name ${COLUMNS.join(', ')}`)
  if (purchases === 0) throw new CommandError(`${file}: no purchase up to the end`)
  const customers = [...spent].map(([customer_id, days]) => customer_of(customer_id, days, end))
  return { customers, purchases, later }
}

const header_of = (record: readonly string[], where: string): Places => {
  const names = record.map(name => name.trim().toLowerCase())
  const missing = COLUMNS.filter(column => !names.includes(column))
  if (missing.length > 0) throw new CommandError(`${where}: the header lacks ${missing.join(', ')}`)
  return Object.fromEntries(COLUMNS.map(column => [column, names.indexOf(column)])) as Record<Column, number>
}

const row_of = (record: readonly string[], places: Places, where: string) => {
  const cell = (column: Column): string => {
    const text = record[places[column]]?.trim() ?? ''
    if (text === '') throw new CommandError(`${where}: ${column} is empty`)
    return text
  }
  const day = day_of(cell('date'))
  if (day === null)
    throw new CommandError(`${where}: date ${JSON.stringify(cell('date'))} is no ISO date (YYYY-MM-DD)`)
  const amount = Math.round(Number(cell('amount')) * 10 ** DECIMALS)
  if (!DECIMAL.test(cell('amount')) || !Number.isSafeInteger(amount))
    throw new CommandError(`${where}: amount ${JSON.stringify(cell('amount'))} is no decimal number`)
  return { customer_id: cell('customer_id'), day, amount }
}

const customer_of = (customer_id: string, spent: ReadonlyMap<number, number>, end: number): Customer => {
  const [first, ...repeats] = [...spent.keys()].sort((a, b) => a - b)
  const sum = repeats.reduce((total, day) => total + spent.get(day)!, 0)
  return {
    customer_id,
    repeat_days: repeats.map(day => day - first!),
    age_days: end - first!,
    mean_spend: repeats.length === 0 ? 0 : sum / repeats.length / 10 ** DECIMALS,
  }
}
