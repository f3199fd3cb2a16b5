/**
 * Rows of all partitions on their way into the warehouse: gathered per table and writer schema, inserted together, so
 * that many small partitions make few large inserts. Rows the warehouse refuses are found by bisection and set aside.
 */
import type { Logger } from 'pino'
import {
  type ContainerRow,
  ContainerRows,
  container_columns,
  container_writer,
} from './clickhouse/container.ts'
import { passes, SCHEMA, WarehouseFailed, wants_less } from './clickhouse/errors.ts'
import { type Clock, type Registry, RowsRejected, type Warehouse } from './ports.ts'
import type { Observer, Settings, Standstill } from './worker-types.ts'

export interface SinkRow extends ContainerRow {
  readonly topic: string
}

export interface InsertsDeps {
  readonly warehouse: Warehouse
  readonly registry: Registry
  readonly clock: Clock
  readonly settings: Settings
  readonly observe: Observer
  readonly logger: Logger
  /** Columns of each table. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>
  /** Sets rows aside for good; durable when it resolves. */
  refuse(rows: readonly Refused[]): Promise<void>
}
export interface Refused {
  readonly row: SinkRow
  readonly detail: string
}

export interface Inserts {
  /** What the row is made of may be reused. */
  add(table: string, row: SinkRow): void
  /** Bytes that wait to be taken by the next insert. */
  readonly waiting_bytes: number
  /** Resolves when the next insert has taken what waits, or the signal aborts. */
  room(signal: AbortSignal): Promise<void>
  /**
   * Resolves true when everything added so far is in the warehouse; false when the signal aborts or the inserts end
   * before that. `now` does not wait for more rows.
   */
  flushed(now: boolean, signal: AbortSignal): Promise<boolean>
  /** Why nothing gets in at present, or null. */
  readonly standstill: Standstill | null
  /** When the oldest row came that is not in the warehouse; null when none waits. */
  readonly waiting_since: number | null
  /** Works until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** Rows of one table by one writer schema. */
interface Group {
  readonly table: string
  readonly schema_id: number
  readonly rows: ContainerRows
  /** Of each row. */
  readonly topics: string[]
  /** The first row that is not in. */
  from: number
  /** What has no writer schema, as it came. */
  readonly odd: SinkRow[]
}

/** What one round of inserts takes. */
interface Epoch {
  readonly groups: Map<string, Group>
  readonly done: Promise<boolean>
  settle(inserted: boolean): void
  bytes: number
  since_ms: number | null
}

const new_epoch = (): Epoch => {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  return { groups: new Map(), done: promise, settle: resolve, bytes: 0, since_ms: null }
}

/** What comes first: the work's answer, or false when the signal aborts. */
const until = (work: Promise<boolean>, signal: AbortSignal): Promise<boolean> =>
  new Promise(resolve => {
    const leave = () => resolve(false)
    if (signal.aborted) return leave()
    signal.addEventListener('abort', leave, { once: true })
    void work.then(answer => {
      signal.removeEventListener('abort', leave)
      resolve(answer)
    })
  })

/** Where the writer schema's id begins, and where the body does. */
const ID_AT = 1
const BODY_AT = 5
const NO_SCHEMA = -1
/** Table of the batch log. */
export const BATCHES = 'batches'
/** The pause between two tries grows to at most so many times the first one. */
const PAUSE_MAX = 30
/** An insert without an answer for so long is shown as a standstill. */
const SILENT_MS = 30_000
/** Inserts shrink no further, however often the warehouse finds them too large. */
const INSERT_BYTES_MIN = 8 << 10

interface Writer {
  readonly columns: readonly string[]
  readonly container: ReturnType<typeof container_writer>
}

export const create_inserts = (deps: InsertsDeps): Inserts => {
  const { clock, settings } = deps
  const writers = new Map<number, Writer>()
  let open = new_epoch()
  let inserting: Epoch | null = null
  let ended = false
  const tries = create_tries(deps)
  /** Rung when the round should look again: rows came, the bytes suffice, or somebody is in a hurry. */
  let bell = new AbortController()
  let hurry = false
  let taken = Promise.withResolvers<void>()
  const ring = () => bell.abort()

  const writer_of = async (id: number): Promise<Writer> => {
    const known = writers.get(id)
    if (known) return known
    const schema = await deps.registry.schema(id)
    const writer = { columns: container_columns(schema), container: container_writer(schema) }
    writers.set(id, writer)
    return writer
  }

  const insert_rows = async (group: Group, from: number, to: number): Promise<void> => {
    const { table, rows, schema_id } = group
    const writer = await writer_of(schema_id)
    const known = deps.columns.get(table)
    const columns = writer.columns.filter(column => known?.has(column))
    try {
      await deps.warehouse.insert_avro(table, columns, writer.container(rows, from, to))
      return
    } catch (failure) {
      // Looked at row by row below: whether it was the rows is known only then.
      if (!(failure instanceof RowsRejected)) throw failure
      deps.logger.error({ table, rows: to - from, error: failure.message }, 'rows refused')
    }
    const check = (first: number, end: number) =>
      rejection(deps.warehouse, table, columns, writer.container(rows, first, end))
    const empty = await check(from, from)
    if (empty !== null)
      throw new WarehouseFailed(
        SCHEMA,
        `table ${table} takes no row of schema ${schema_id}: migrate it (${empty})`,
      )
    const refused = await bisect(from, to, check)
    if (refused.length === 0) throw new Error(`table ${table} refused rows that it then found right`)
    const out = new Set(refused.map(({ index }) => index))
    const rest = new ContainerRows()
    for (let index = from; index < to; index++) if (!out.has(index)) rest.add(rows.row(index, schema_id))
    if (rest.length > 0) await deps.warehouse.insert_avro(table, columns, writer.container(rest))
    // Set aside last: a crash before it repeats the bisection, a crash after it the same dead letter.
    await deps.refuse(
      refused.map(({ index, detail }) => {
        return { row: { topic: group.topics[index] as string, ...rows.row(index, schema_id) }, detail }
      }),
    )
  }

  /** Inserts every group of the round, for ever if need be; what is in is not inserted again. */
  const insert_all = async (epoch: Epoch, signal: AbortSignal): Promise<void> => {
    while (epoch.groups.size > 0 && !signal.aborted) {
      const [name, group] = next_group(epoch.groups)
      const begun = clock.now()
      try {
        if (group.odd.length > 0)
          await deps.refuse(
            group.odd.map(row => ({ row, detail: 'the value is no schema id and Avro body' })),
          )
        while (group.from < group.rows.length) {
          const { from } = group
          const to = group.rows.run(from, tries.bytes_max)
          tries.began(group.table, group.rows.size(from, to))
          await insert_rows(group, from, to)
          group.from = to
          tries.succeeded()
          const spent_ms = clock.now() - begun
          deps.observe.stage('insert', spent_ms * 1e6, to - from)
          deps.observe.inserted(group.table, to - from, clock.now() - (epoch.since_ms ?? begun))
        }
        epoch.groups.delete(name)
        group.rows.release()
      } catch (failure) {
        await clock.sleep(tries.failed(failure, group.table), signal)
      }
    }
  }

  // Rows of one table and writer come one behind the other.
  let last: { readonly epoch: Epoch; readonly group: Group } | null = null
  const group_of = (table: string, schema_id: number): Group => {
    if (last?.epoch === open && last.group.table === table && last.group.schema_id === schema_id)
      return last.group
    const name = `${table} ${schema_id}`
    let group = open.groups.get(name)
    if (!group) {
      group = { table, schema_id, rows: new ContainerRows(), topics: [], from: 0, odd: [] }
      open.groups.set(name, group)
    }
    last = { epoch: open, group }
    return group
  }

  /** Waits until rows are there and have waited long enough, or are many, or are asked for. */
  const gathered = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const age = open.since_ms === null ? null : clock.now() - open.since_ms
      const enough =
        open.bytes >= settings.insert_bytes_max || (age !== null && age >= settings.insert_wait_ms)
      if (age !== null && (enough || hurry)) return
      if (bell.signal.aborted) bell = new AbortController()
      const rest = age === null ? settings.insert_wait_ms : settings.insert_wait_ms - age
      await clock.sleep(rest, AbortSignal.any([signal, bell.signal]))
    }
  }

  return {
    add(table, row) {
      const { value } = row
      const id = value.length >= BODY_AT && value[0] === 0 ? value.readInt32BE(ID_AT) : NO_SCHEMA
      const group = group_of(table, id)
      if (id === NO_SCHEMA) {
        group.odd.push({ ...row, key: row.key && Buffer.from(row.key), value: Buffer.from(value) })
        open.bytes += value.length
      } else {
        open.bytes += group.rows.add(row)
        group.topics.push(row.topic)
      }
      open.since_ms ??= clock.now()
      if (open.bytes >= settings.insert_bytes_max) ring()
    },
    get waiting_bytes() {
      return open.bytes
    },
    room: async signal => {
      while (open.bytes >= settings.insert_bytes_max && !signal.aborted && !ended)
        await Promise.race([taken.promise, clock.sleep(settings.insert_wait_ms, signal)])
    },
    flushed: (now, signal) => {
      if (ended) return Promise.resolve(false)
      if (open.groups.size === 0) return until(inserting?.done ?? Promise.resolve(true), signal)
      if (now) {
        hurry = true
        ring()
      }
      return until(open.done, signal)
    },
    get standstill() {
      return tries.standstill()
    },
    get waiting_since() {
      return inserting?.since_ms ?? open.since_ms
    },
    run: async signal => {
      while (!signal.aborted) {
        await gathered(signal)
        if (signal.aborted) break
        inserting = open
        open = new_epoch()
        hurry = false
        taken.resolve()
        taken = Promise.withResolvers<void>()
        await insert_all(inserting, signal)
        inserting.settle(inserting.groups.size === 0)
        inserting = null
      }
      ended = true
      taken.resolve()
      open.settle(false)
    },
  }
}

/** Counts failures in a row: how long to wait, how much to send, what to say. */
const create_tries = ({ clock, settings, logger, observe }: InsertsDeps) => {
  let failure: Standstill | null = null
  let asked: { readonly table: string; readonly at: number } | null = null
  let [bytes, bytes_max] = [0, settings.insert_bytes_max]
  const bytes_min = Math.min(INSERT_BYTES_MIN, bytes_max)
  return {
    get bytes_max() {
      return bytes_max
    },
    standstill: (): Standstill | null => {
      if (failure || !asked || clock.now() - asked.at < SILENT_MS) return failure
      const error = `an insert into ${asked.table} has no answer yet`
      return { code: 'WAITING', error, since: asked.at, tries: 1 }
    },
    began: (table: string, size: number): void => {
      asked = { table, at: clock.now() }
      bytes = size
    },
    succeeded: (): void => {
      asked = null
      if (failure) {
        const standing_ms = clock.now() - failure.since
        logger.warn({ standing_ms, tries: failure.tries, code: failure.code }, 'inserts go on')
      }
      failure = null
      // Grows again step by step: what was too much a moment ago may be too much still.
      bytes_max = Math.min(settings.insert_bytes_max, 2 * bytes_max)
    },
    /** @returns how long to wait before the next try */
    failed: (thrown: unknown, table: string): number => {
      asked = null
      const code = thrown instanceof WarehouseFailed ? thrown.code : 'OTHER'
      const error = thrown instanceof Error ? thrown.message : String(thrown)
      const before = failure
      failure = { code, error, since: before?.since ?? clock.now(), tries: (before?.tries ?? 0) + 1 }
      observe.sink_error(code)
      if (before?.code === code && wants_less(code))
        bytes_max = Math.max(bytes_min, Math.floor(Math.min(bytes, bytes_max) / 4))
      // What goes on for hours is said once; what does not pass by itself, as an error.
      const level = before?.code === code ? 'debug' : passes(code) ? 'warn' : 'error'
      logger[level]({ table, code, error, bytes, bytes_max }, 'insert failed; trying again')
      return settings.retry_ms * Math.min(PAUSE_MAX, 2 ** (failure.tries - 1))
    },
  }
}

/** The batch log comes last: where a batch is in the warehouse, its rows are too. */
const next_group = (groups: ReadonlyMap<string, Group>): readonly [string, Group] => {
  const [first, ...others] = groups
  const other = first?.[1].table === BATCHES ? others.find(([, group]) => group.table !== BATCHES) : undefined
  return (other ?? first) as readonly [string, Group]
}

/** Why the warehouse refuses a container, or null. Any other error is thrown. */
const rejection = async (
  warehouse: Warehouse,
  table: string,
  columns: readonly string[],
  container: Buffer,
): Promise<string | null> => {
  try {
    await warehouse.check_avro(table, columns, container)
    return null
  } catch (failure) {
    if (failure instanceof RowsRejected) return failure.message
    throw failure
  }
}

interface Found {
  readonly index: number
  readonly detail: string
}

/** The rows that are refused on their own, in order, found by halving: some 17 checks for one among 100,000. */
const bisect = async (
  from: number,
  to: number,
  check: (from: number, to: number) => Promise<string | null>,
): Promise<Found[]> => {
  const detail = await check(from, to)
  if (detail === null) return []
  if (to - from === 1) {
    // Asked twice: a row is set aside for good, and a passing error could have looked like this one.
    const again = await check(from, to)
    return again === null ? [] : [{ index: from, detail: again }]
  }
  const middle = (from + to) >> 1
  return [...(await bisect(from, middle, check)), ...(await bisect(middle, to, check))]
}
