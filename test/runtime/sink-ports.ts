/** Ports in memory for the sink: two partitions, a clock that leaps to whatever is waited for, a warehouse that parses. */
import { WarehouseFailed } from '../../runtime/clickhouse/errors.ts'
import {
  type Clock,
  type Log,
  type LogRecord,
  type Output,
  type Reader,
  type Registry,
  RowsRejected,
  type TaskLog,
  type Warehouse,
} from '../../runtime/ports.ts'
import { NEWEST_BATCHES } from '../../runtime/sink-offsets.ts'
import { read_container, type TableRow } from '../simulation/warehouse.ts'

interface Partition {
  readonly records: LogRecord[]
  broken: Error | null
  joins: number
}

/** Sleepers in order of their time; time leaps whenever the process has nothing else to do. */
const leaping_clock = (): Clock & { end(): void } => {
  let now = 1_000_000
  let ended = false
  let names = 0
  const sleepers: { at: number; wake: () => void }[] = []
  const leap = () => {
    if (ended) return
    sleepers.sort((a, b) => a.at - b.at)
    const next = sleepers.shift()
    if (next) {
      now = Math.max(now, next.at)
      next.wake()
    }
    setImmediate(leap)
  }
  setImmediate(leap)
  return {
    now: () => now,
    nonce: () => `nonce ${names++}`,
    sleep: (ms, signal) =>
      new Promise<void>(resolve => {
        if (signal?.aborted) return resolve()
        const sleeper = { at: now + ms, wake: resolve }
        sleepers.push(sleeper)
        signal?.addEventListener(
          'abort',
          () => {
            const i = sleepers.indexOf(sleeper)
            if (i >= 0) sleepers.splice(i, 1)
            resolve()
          },
          { once: true },
        )
      }),
    end: () => {
      ended = true
      for (const sleeper of sleepers) sleeper.wake()
    },
  }
}

const memory_reader = (topic: string, index: number, at: Partition): Reader => {
  let next = -1
  const here = () => at.records.filter(record => next >= 0 && record.offset >= next)
  const end = () => (at.records.at(-1)?.offset ?? -1) + 1
  return {
    topic,
    partition: index,
    get length() {
      return here().length
    },
    at: i => here()[i],
    skip(count) {
      for (let i = 0; i < count; i++) this.shift()
    },
    shift: () => {
      const [first] = here()
      if (first) next = first.offset + 1
      return first
    },
    get position() {
      return here().length > 0 ? end() : next
    },
    get end() {
      return end()
    },
    seek: offset => {
      next = offset
      at.joins += 1
    },
    pause: () => {
      next = -1
    },
  }
}

export interface MemoryPorts {
  readonly log: Log
  readonly registry: Registry & { fail: Error | null; id_of(schema: string): number }
  readonly warehouse: Warehouse & {
    fail: Error | null
    /** Refuses every container for this table, empty ones too. */
    refuse_table: string | null
    /** So many containers with rows are refused, whatever they hold. */
    refuse_rows: number
    /** Inserts of more rows are too much for the memory. */
    rows_max: number
    /** Inserts wait for it. */
    silence: Promise<void> | null
    /** Rows of every insert, those that failed too. */
    readonly attempts: readonly number[]
    rows(table: string): readonly TableRow[]
    empty(): void
    readonly inserts: readonly { readonly table: string; readonly rows: number }[]
  }
  readonly clock: Clock
  readonly appended: readonly Output[]
  /** Every save: the offsets, and how many rows each table held then. */
  readonly saves: readonly {
    readonly offsets: ReadonlyMap<string, number>
    readonly rows: ReadonlyMap<string, number>
  }[]
  put(topic: string, partition: number, offset: number, value: Buffer | null): void
  saved(partition: number): Map<string, number>
  fail_saves(times: number): void
  break_reader(topic: string, partition: number, error: Error): void
  /** How often the reader was positioned. */
  joins(topic: string, partition: number): number
  end(): void
}

const memory_warehouse = (): MemoryPorts['warehouse'] => {
  const tables = new Map<string, TableRow[]>()
  const inserts: { table: string; rows: number }[] = []
  const attempts: number[] = []
  const parse = async (table: string, container: Buffer) => {
    if (warehouse.fail) throw warehouse.fail
    if (warehouse.refuse_table === table) throw new RowsRejected('a column has another type')
    const rows = read_container(container)
    if (rows.length > 0 && warehouse.refuse_rows > 0) {
      warehouse.refuse_rows--
      throw new RowsRejected('cannot read all data')
    }
    return rows
  }
  const warehouse: MemoryPorts['warehouse'] = {
    fail: null,
    refuse_table: null,
    refuse_rows: 0,
    rows_max: 1e9,
    silence: null,
    attempts,
    inserts,
    rows: table => tables.get(table) ?? [],
    query: async <T>(sql: string, params: Readonly<Record<string, unknown>> = {}) => {
      if (sql !== NEWEST_BATCHES) throw new Error(`no queries here but one: ${sql}`)
      const newest = new Map<string, number>()
      for (const row of tables.get('batches') ?? []) {
        const group = String(row.key_group)
        if (Number(row._partition) === params.partition)
          newest.set(group, Math.max(newest.get(group) ?? -1, Number(row._offset)))
      }
      return [...newest].map(([key_group, offset]) => ({ key_group, newest: offset })) as T[]
    },
    empty: () => tables.clear(),
    command: () => Promise.resolve(),
    insert_avro: async (table, columns, container) => {
      await warehouse.silence
      const rows = await parse(table, container)
      attempts.push(rows.length)
      if (rows.length > warehouse.rows_max) throw new WarehouseFailed('241', 'memory limit exceeded')
      inserts.push({ table, rows: rows.length })
      const named = rows.map(row => Object.fromEntries(columns.map(column => [column, row[column]])))
      tables.set(table, [...(tables.get(table) ?? []), ...named])
    },
    check_avro: async (table, _, container) => {
      await parse(table, container)
    },
    health: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  }
  return warehouse
}

export const create_memory_ports = (schemas: Readonly<Record<string, object>>): MemoryPorts => {
  const clock = leaping_clock()
  const warehouse = memory_warehouse()
  const partitions = new Map<string, Partition>()
  const partition_of = (topic: string, index: number): Partition => {
    const found = partitions.get(`${topic}:${index}`) ?? { records: [], broken: null, joins: 0 }
    partitions.set(`${topic}:${index}`, found)
    return found
  }
  const offsets = new Map([0, 1].map(p => [p, new Map<string, number>()]))
  const saved_of = (partition: number) => offsets.get(partition) ?? new Map<string, number>()
  const saves: { offsets: ReadonlyMap<string, number>; rows: ReadonlyMap<string, number> }[] = []
  const appended: Output[] = []
  let failing_saves = 0

  const task = (partition: number, signal: AbortSignal): TaskLog => {
    const read = new Set<string>()
    return {
      group: 'sink',
      partition,
      signal,
      reader: topic => {
        read.add(topic)
        return memory_reader(topic, partition, partition_of(topic, partition))
      },
      wait: async max_ms => {
        for (const topic of read) {
          const at = partition_of(topic, partition)
          const { broken } = at
          at.broken = null
          if (broken) throw broken
        }
        await clock.sleep(Math.min(max_ms, 50), signal)
      },
      acquire: () => Promise.reject(new Error('the sink has no producer')),
      commit: () => Promise.reject(new Error('the sink has no transactions')),
      committed: async () => new Map(saved_of(partition)),
      save: async next => {
        if (failing_saves-- > 0) throw new Error('save failed')
        saves.push({
          offsets: next,
          rows: new Map(['ledger', 'payments'].map(t => [t, warehouse.rows(t).length])),
        })
        for (const [topic, offset] of next) saved_of(partition).set(topic, offset)
      },
    }
  }
  const names = Object.keys(schemas)
  const registry: MemoryPorts['registry'] = {
    fail: null,
    id_of: schema => names.indexOf(schema) + 1,
    register: async () => 99,
    schema: async id => {
      if (registry.fail) throw registry.fail
      const schema = schemas[names[id - 1] ?? '']
      if (!schema) throw new Error(`no schema ${id}`)
      return schema
    },
    health: () => Promise.resolve(null),
  }
  const log: Log = {
    ensure: () => Promise.resolve(),
    partitions: () => Promise.resolve(2),
    run: async (_, work, signal) => {
      await Promise.all([0, 1].map(partition => work(task(partition, signal))))
    },
    append: async outputs => {
      appended.push(...outputs)
      return outputs.map((_, i) => i)
    },
    tail: () => {
      throw new Error('the sink does not tail')
    },
    bounds: async (topic, partition) => {
      const { records } = partition_of(topic, partition)
      return { start: records[0]?.offset ?? 0, end: (records.at(-1)?.offset ?? -1) + 1 }
    },
    health: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  }
  return {
    log,
    registry,
    warehouse,
    clock,
    appended,
    saves,
    put: (topic, partition, offset, value) => {
      const { records } = partition_of(topic, partition)
      records.push({ offset, key: Buffer.from('key'), value })
      records.sort((a, b) => a.offset - b.offset)
    },
    saved: saved_of,
    fail_saves: times => {
      failing_saves = times
    },
    break_reader: (topic, partition, error) => {
      partition_of(topic, partition).broken = error
    },
    joins: (topic, partition) => partition_of(topic, partition).joins,
    end: clock.end,
  }
}
