/**
 * What an error of the warehouse means for the rows that were on their way. Only an error that blames the rows themselves
 * makes them be looked at one by one; after every other one the same rows are sent again, for ever.
 */
import { ClickHouseError, parseError } from '@clickhouse/client'
import { RowsRejected } from '../ports.ts'

/** The warehouse did not do it, or did not say that it did. Doing the same again later is right and harmless. */
export class WarehouseFailed extends Error {
  override readonly name = 'WarehouseFailed'
  /** ClickHouse's number, HTTP_503, ECONNREFUSED, TIMEOUT: few values, so that metrics can be labelled with it. */
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Codes that blame the rows: types, ranges and bodies that do not parse. A code that also stands for a state of the
 * server (its files, its memory, its connections) has no place here; what is in doubt is tried again.
 */
const ROWS_REJECTED: ReadonlySet<string> = new Set(
  [6, 25, 26, 27, 32, 33, 38, 41, 53, 69, 70, 72, 117, 128, 131, 321, 349, 407, 467, 469, 691, 748].map(
    String,
  ),
)
/** Code of an exception that is not ClickHouse's own; avro-cpp's are about the rows. */
const FOREIGN_EXCEPTION = '1001'

/** Passes by itself: load, restarts, replicas, the network. Everything else wants a person, and is tried again too. */
const PASSING: ReadonlySet<string> = new Set(
  [
    ...[
      3, 159, 160, 198, 201, 202, 203, 209, 210, 216, 225, 236, 241, 242, 252, 254, 265, 279, 285, 286, 289,
      297,
    ],
    ...[
      319, 364, 373, 394, 410, 416, 425, 439, 473, 519, 574, 677, 692, 700, 722, 733, 735, 745, 749, 762, 999,
    ],
  ].map(String),
)

/** What a person can do about codes that do not pass by themselves. */
const REMEDIES: Readonly<Record<string, string>> = {
  16: 'a column is missing: restart, a start brings tables to what this version needs',
  60: 'a table is missing: restart, a start creates tables and inserts everything again',
  81: 'the database is missing: create it and restart',
  164: 'the user or the server is read-only',
  192: 'see deploy/clickhouse_users.sql',
  193: 'see CLICKHOUSE_URL and CLICKHOUSE_PASSWORD',
  243: 'the disk of the warehouse is full',
  497: 'a right is missing: see deploy/clickhouse_users.sql',
  516: 'see CLICKHOUSE_URL and CLICKHOUSE_PASSWORD',
}

/** The table takes no row of that schema at all. */
export const SCHEMA = 'SCHEMA'

/** True where nobody has to do anything but wait. */
export const passes = (code: string): boolean => PASSING.has(code) || !(code === SCHEMA || /^\d+$/.test(code))

/** Refused for its size or not done in time: a smaller insert may get through. */
export const wants_less = (code: string): boolean =>
  ['TIMEOUT', 'HTTP_413', '159', '160', '173', '209', '241', '307'].includes(code)

const TEXT_MAX = 500
const one_line = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > TEXT_MAX ? `${line.slice(0, TEXT_MAX)}…` : line
}

/**
 * The error as the port's word for it: RowsRejected or WarehouseFailed.
 * @param scrub takes secrets out of a text
 */
export const classified = (error: unknown, scrub: (text: string) => string): Error => {
  const failure = error instanceof Error ? error : new Error(String(error))
  if (failure instanceof WarehouseFailed || failure instanceof RowsRejected) return failure
  const text = one_line(scrub(failure.message || failure.name))
  if (failure instanceof ClickHouseError) {
    const { code, type } = failure
    const remedy = REMEDIES[code]
    const message = `ClickHouse ${code}${type ? ` ${type}` : ''}: ${text}${remedy ? ` (${remedy})` : ''}`
    const avro = code === FOREIGN_EXCEPTION && text.includes('avro::Exception')
    return ROWS_REJECTED.has(code) || avro ? new RowsRejected(message) : new WarehouseFailed(code, message)
  }
  const { code } = failure as NodeJS.ErrnoException
  if (/^timeout error/i.test(text)) return new WarehouseFailed('TIMEOUT', 'ClickHouse gives no answer')
  return new WarehouseFailed(typeof code === 'string' ? code : 'NETWORK', text)
}

interface Reply {
  readonly http_status_code?: number | undefined
  readonly response_headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** Throws what a reply says went wrong: by its status, its header, or (after a 200, too late for both) its text. */
export const check_reply = ({ http_status_code = 200, response_headers }: Reply, text: string): void => {
  const code = response_headers['x-clickhouse-exception-code']
  if (http_status_code < 300 && code === undefined && !text.includes('DB::Exception')) return
  const parsed = parseError(text)
  if (parsed instanceof ClickHouseError) throw parsed
  if (code !== undefined) throw new ClickHouseError({ message: text, code: String(code) })
  // A proxy's answer: its page says nothing about rows.
  throw new WarehouseFailed(`HTTP_${http_status_code}`, `HTTP status ${http_status_code}: ${one_line(text)}`)
}
