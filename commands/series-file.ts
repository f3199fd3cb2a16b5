/**
 * A CSV of time series: columns timestamp, value and, for several, series, in any order and among others;
 * rows in any order. Every line is checked; a series is evenly spaced (months count as even), nothing
 * missing, nothing twice.
 */
import { parse } from 'csv-parse'
import { CommandError } from './command.ts'
import { feed, MOST_VALUE, read_error } from './csv-file.ts'

export interface Series {
  /** Empty where the file has no column series. */
  readonly name: string
  /** In order of time, one a period. */
  readonly values: readonly number[]
}

interface Point {
  readonly line: number
  readonly text: string
  readonly at: Instant
  readonly value: number
}
/** Position on a line of numbers; `months` where the timestamp is a date. */
interface Instant {
  readonly kind: 'number' | 'date'
  readonly x: number
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const DATE =
  /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?(Z|[+-]\d{2}:?\d{2})?)?)?$/

/** A number, or epoch milliseconds of an ISO date (a time without a zone is UTC); null when it is neither. */
export const instant_of = (text: string): Instant | null => {
  if (NUMBER.test(text)) return { kind: 'number', x: Number(text) }
  const match = DATE.exec(text)
  if (!match) return null
  const [, year, month, day = '01', hour = '00', minute = '00', second = '00', zone = 'Z'] = match
  const midnight = Date.parse(`${year}-${month}-${day}T00:00:00Z`)
  // Date.parse takes 30 February for 2 March.
  if (new Date(midnight).getUTCDate() !== Number(day)) return null
  const colon = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  const x = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second.padEnd(2, '0')}${colon}`)
  return Number.isNaN(x) ? null : { kind: 'date', x }
}

/**
 * In the order in which they first appear. Rejects with a CommandError that says file:line, the column and
 * why.
 */
export const read_series = async (file: string): Promise<Series[]> => {
  const parser = feed(
    file,
    parse({
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (record: string[], { lines }) => [String(lines), ...record],
    }),
  )
  const points = new Map<string, Point[]>()
  let places: Places | null = null
  try {
    for await (const [line, ...record] of parser as AsyncIterable<string[]>) {
      const where = `${file}:${line}`
      if (!places) {
        places = header_of(record, where)
        continue
      }
      const { series, timestamp: text, at, value } = row_of(record, places, where)
      const point = { line: Number(line), text, at, value }
      const own = points.get(series)
      if (own) own.push(point)
      else points.set(series, [point])
    }
  } catch (error) {
    throw read_error(file, error)
  }
  if (!places)
    throw new CommandError(`${file}:1: the file is empty; its first line must name timestamp, value`)
  if (points.size === 0) throw new CommandError(`${file}: there is no row below the header`)
  return [...points].map(([name, own]) => ({ name, values: in_order(own, file, name) }))
}

/** Of the columns in a row. */
export interface Places {
  readonly timestamp: number
  readonly value: number
  /** -1 without. */
  readonly series: number
}

/** Throws a CommandError naming the columns that are missing. */
export const header_of = (record: readonly string[], where: string): Places => {
  const names = record.map(name => name.trim().toLowerCase())
  const missing = ['timestamp', 'value'].filter(column => !names.includes(column))
  if (missing.length > 0) throw new CommandError(`${where}: the header lacks ${missing.join(', ')}`)
  return {
    timestamp: names.indexOf('timestamp'),
    value: names.indexOf('value'),
    series: names.indexOf('series'),
  }
}

export interface SeriesRow {
  /** Empty without that column. */
  readonly series: string
  /** As it stands there, and what it means. */
  readonly timestamp: string
  readonly at: Instant
  readonly said: string
  readonly value: number
}

/** Throws a CommandError that says where, the column and why. */
export const row_of = (record: readonly string[], places: Places, where: string): SeriesRow => {
  const cell = (place: number, column: string): string => {
    const text = record[place]?.trim() ?? ''
    if (text === '') throw new CommandError(`${where}: ${column} is empty`)
    return text
  }
  const timestamp = cell(places.timestamp, 'timestamp')
  const at = instant_of(timestamp)
  if (!at)
    throw new CommandError(
      `${where}: timestamp ${JSON.stringify(timestamp)} is neither an ISO date nor a number`,
    )
  const said = cell(places.value, 'value')
  const value = NUMBER.test(said) ? Number(said) : Number.NaN
  if (!Number.isFinite(value))
    throw new CommandError(`${where}: value ${JSON.stringify(said)} is no decimal number`)
  check_size(at.x, 'timestamp', where)
  check_size(value, 'value', where)
  const series = places.series < 0 ? '' : cell(places.series, 'series')
  return { series, timestamp, at, said, value }
}

/** Throws a CommandError where it is too large to be exact. */
export const check_size = (number: number, column: string, where: string): void => {
  if (Math.abs(number) > MOST_VALUE)
    throw new CommandError(`${where}: ${column} is beyond ${MOST_VALUE}, it is ${number}`)
}

/** Sorted values; refuses mixed kinds, duplicates, gaps and uneven steps. */
const in_order = (points: readonly Point[], file: string, name: string): number[] => {
  const of_series = name === '' ? '' : ` of series ${name}`
  const stray = points.find(({ at }) => at.kind !== points[0]!.at.kind)
  if (stray)
    throw new CommandError(
      `${file}:${stray.line}: timestamp ${JSON.stringify(stray.text)} is a ${stray.at.kind}, ` +
        `the first${of_series} a ${points[0]!.at.kind}`,
    )
  const sorted = [...points].sort((a, b) => a.at.x - b.at.x)
  const places = positions(sorted)
  const steps = places.slice(1).map((x, i) => x - places[i]!)
  for (const [i, step] of steps.entries())
    if (step <= 0) {
      const [one, other] = [sorted[i]!, sorted[i + 1]!].sort((a, b) => a.line - b.line) as [Point, Point]
      throw new CommandError(
        `${file}:${other.line}: timestamp ${other.text}${of_series} is already on line ${one.line}`,
      )
    }
  const period = Math.min(...steps.slice(0, 1), ...steps)
  for (const [i, step] of steps.entries()) {
    const turns = step / period
    if (Math.abs(turns - 1) < 0.02) continue
    const { line, text } = sorted[i + 1]!
    const before = `after ${sorted[i]!.text} on line ${sorted[i]!.line}`
    const whole = Math.abs(turns - Math.round(turns)) < 0.02
    const what = whole ? `${Math.round(turns) - 1} missing` : `${turns.toFixed(2)} periods later`
    throw new CommandError(`${file}:${line}: timestamp ${text}${of_series} comes ${before}: ${what}`)
  }
  return sorted.map(({ value }) => value)
}

/** Months since year 0 where all dates are the same day of the month (or its last one), else as they are. */
const positions = (sorted: readonly Point[]): number[] => {
  const plain = sorted.map(({ at }) => at.x)
  if (sorted[0]!.at.kind !== 'date') return plain
  const dates = plain.map(x => new Date(x))
  const days = new Set(dates.map(date => `${date.getUTCDate()} ${date.getTime() % 86_400_000}`))
  const times = new Set(plain.map(x => x % 86_400_000))
  const month_ends = dates.every(date => new Date(date.getTime() + 86_400_000).getUTCDate() === 1)
  if (days.size > 1 && !(month_ends && times.size === 1)) return plain
  return dates.map(date => date.getUTCFullYear() * 12 + date.getUTCMonth())
}
