/** A CSV of marketing paths with counts: columns path, total_conversions, total_conversion_value, total_null, in any order. */
import { closeSync, openSync, readSync } from 'node:fs'
import { type Info, parse } from 'csv-parse'
import type { CountedPath } from '../jobs/attribution/paths.ts'
import { CommandError } from './command.ts'
import { feed, MOST_COUNT, MOST_VALUE, read_error } from './csv-file.ts'

const COLUMNS = ['path', 'total_conversions', 'total_conversion_value', 'total_null'] as const
type Column = (typeof COLUMNS)[number]
const BETWEEN = ' > '
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** A record as the parser gives it, with its text. */
type Parsed = Readonly<Record<'record', readonly string[]> & Record<'raw', string> & Record<'info', Info>>

/** Rejects with a CommandError that says file:line:column and why. */
export const read_paths = async (file: string): Promise<CountedPath[]> => {
  const paths: CountedPath[] = []
  let place: Readonly<Record<Column, number>> | null = null
  try {
    const delimiter = delimiter_of(file)
    const parser = feed(
      file,
      parse({
        delimiter,
        bom: true,
        info: true,
        raw: true,
        relax_column_count: true,
        skip_empty_lines: true,
      }),
    )
    for await (const parsed of parser as AsyncIterable<Parsed>) {
      const row = new Row(file, delimiter, parsed)
      if (place) paths.push(path_of(row, place))
      else place = row.header()
    }
  } catch (error) {
    throw read_error(file, error, ':1')
  }
  if (!place)
    throw new CommandError(`${file}:1:1: the file is empty; its first line must name ${COLUMNS.join(', ')}`)
  if (paths.length === 0) throw new CommandError(`${file}:2:1: no path follows the header`)
  return paths
}

/** Whichever of the two stands in the first line; names of columns have neither. */
const delimiter_of = (file: string): ',' | ';' => {
  const bytes = Buffer.alloc(4096)
  const fd = openSync(file, 'r')
  try {
    const read = readSync(fd, bytes, 0, bytes.length, 0)
    const [line = ''] = bytes.toString('utf8', 0, read).split(/[\r\n]/, 1)
    return line.includes(';') ? ';' : ','
  } finally {
    closeSync(fd)
  }
}

const path_of = (row: Row, place: Readonly<Record<Column, number>>): CountedPath => ({
  places: row.places(place.path),
  conversions: row.count(place.total_conversions),
  value: row.number(place.total_conversion_value),
  nulls: row.count(place.total_null),
})

class Row {
  readonly #file: string
  readonly #delimiter: string
  readonly #parsed: Parsed

  constructor(file: string, delimiter: string, parsed: Parsed) {
    this.#file = file
    this.#delimiter = delimiter
    this.#parsed = parsed
  }

  header(): Record<Column, number> {
    const names = this.#parsed.record.map(name => name.trim())
    const missing = COLUMNS.filter(column => !names.includes(column))
    if (missing.length > 0)
      throw this.#refused(0, `the header lacks ${missing.join(', ')} (columns are separated by , or ;)`)
    return Object.fromEntries(COLUMNS.map(column => [column, names.indexOf(column)])) as Record<
      Column,
      number
    >
  }

  places(i: number): string[] {
    const text = this.#cell(i)
    const places = text.split(BETWEEN).map(place => place.trim())
    // "a > > b" leaves a mark in a name: it is a place that was forgotten.
    if (places.some(place => place === '' || place.startsWith('>') || place.endsWith('>')))
      throw this.#refused(i, `path must be channels separated by "${BETWEEN}", not ${JSON.stringify(text)}`)
    return places
  }

  count(i: number): number {
    const count = this.number(i)
    if (count > MOST_COUNT) throw this.#refused(i, `a count must not be beyond ${MOST_COUNT}, it is ${count}`)
    if (count < 0) throw this.#refused(i, `a count must not be negative, it is ${count}`)
    return count
  }

  number(i: number): number {
    const text = this.#cell(i).trim()
    const number = Number(text)
    if (!DECIMAL.test(text) || !Number.isFinite(number))
      throw this.#refused(i, `expected a number, not ${JSON.stringify(text)}`)
    if (Math.abs(number) > MOST_VALUE)
      throw this.#refused(i, `a number must not be beyond ${MOST_VALUE}, it is ${number}`)
    return number
  }

  #cell(i: number): string {
    const cell = this.#parsed.record[i]
    if (cell !== undefined) return cell
    const cells = this.#parsed.record.length
    throw this.#refused(cells - 1, `the row has ${cells} cells and ends before column ${i + 1}`)
  }

  #refused(i: number, reason: string): CommandError {
    const text = this.#parsed.raw.replace(/^[\uFEFF\r\n]+|[\r\n]+$/g, '')
    const before = text.slice(0, start_of(text, this.#delimiter, i)).split(LINE_END)
    // The parser counts the lines it has passed; a quoted cell may hold some of them.
    const line = this.#parsed.info.lines - text.split(LINE_END).length + before.length
    return new CommandError(`${this.#file}:${line}:${before.at(-1)!.length + 1}: ${reason}`)
  }
}

const LINE_END = /\r\n|\r|\n/

/** Where the i-th cell of a record begins. */
const start_of = (text: string, delimiter: string, i: number): number => {
  let quoted = false
  let at = 0
  for (let cell = 0; cell < i && at < text.length; at++)
    if (text[at] === '"') quoted = !quoted
    else if (text[at] === delimiter && !quoted) cell++
  return at
}
