/**
 * Three ways of the same records into the same table: the sink's own, and two as a sink is usually written, which decode each
 * record and write it in another format.
 */
import { Readable } from 'node:stream'
import type { ClickHouseClient } from '@clickhouse/client'
import avsc from 'avsc'
import pino from 'pino'
import { ContainerRows, container_writer } from '../../runtime/clickhouse/container.ts'
import type { Column } from '../../runtime/clickhouse/tables.ts'
import { system_clock } from '../../runtime/clock.ts'
import type { Registry, Warehouse } from '../../runtime/ports.ts'
import { default_settings } from '../../runtime/settings.ts'
import { create_inserts, type SinkRow } from '../../runtime/sink-inserts.ts'
import { unobserved } from '../../runtime/worker-types.ts'

export interface Target {
  readonly table: string
  readonly columns: readonly Column[]
  /** What the records were written by. */
  readonly schema: object
}

export interface Way {
  /** Brings all rows in; they are acknowledged when it resolves. */
  insert(rows: readonly SinkRow[]): Promise<void>
  /** Makes the same bytes and sends them nowhere; returns how many. */
  make(rows: readonly SinkRow[]): number
}

const BODY_AT = 5
type Decoded = Readonly<Record<string, unknown>>

export const rows_in_bytes = (rows: readonly SinkRow[]): ContainerRows => {
  const bytes = new ContainerRows()
  for (const row of rows) bytes.add(row)
  return bytes
}

/** The sink itself, from the record to the acknowledged insert: nothing of it is left away. */
export const by_sink = (target: Target, warehouse: Warehouse): Way => {
  const registry: Registry = {
    register: async () => 1,
    schema: async () => target.schema,
    health: async () => null,
  }
  const columns = new Map([[target.table, new Set(target.columns.map(({ name }) => name))]])
  const container = container_writer(target.schema)
  const make = (rows: readonly SinkRow[]): number => {
    const in_bytes = rows_in_bytes(rows)
    const { length } = container(in_bytes)
    in_bytes.release()
    return length
  }
  const insert = async (rows: readonly SinkRow[]): Promise<void> => {
    const stop = new AbortController()
    const inserts = create_inserts({
      warehouse,
      registry,
      columns,
      clock: system_clock,
      settings: default_settings,
      observe: unobserved,
      logger: pino({ level: 'warn' }, pino.destination(2)),
      refuse: async refused => {
        throw new Error(`refused: ${refused[0]?.detail}`)
      },
    })
    const running = inserts.run(stop.signal)
    for (const row of rows) {
      if (inserts.waiting_bytes >= default_settings.insert_bytes_max) await inserts.room(stop.signal)
      inserts.add(target.table, row)
    }
    await inserts.flushed(true, stop.signal)
    stop.abort()
    await running
  }
  return { insert, make }
}

const decoder = (schema: object): ((row: SinkRow) => Decoded) => {
  const type = avsc.Type.forSchema(schema as avsc.Schema)
  return ({ log_id, key, partition, offset, value }) => ({
    _log_id: log_id,
    _key: key?.toString() ?? '',
    _partition: partition,
    _offset: offset,
    ...(type.fromBuffer(value.subarray(BODY_AT)) as object),
  })
}

/** Decoded, and handed to the client as objects, which it writes as lines of JSON. */
export const by_json = (target: Target, client: ClickHouseClient, batch: number): Way => {
  const decode = decoder(target.schema)
  return {
    insert: async rows => {
      for (let from = 0; from < rows.length; from += batch) {
        const values = rows.slice(from, from + batch).map(decode)
        await client.insert({ table: target.table, values, format: 'JSONEachRow' })
      }
    },
    // As the client joins them.
    make: rows => Buffer.byteLength(rows.map(row => `${JSON.stringify(decode(row))}\n`).join('')),
  }
}

/** Decoded, and written column by column into one buffer of RowBinary. */
export const by_row_binary = (target: Target, client: ClickHouseClient, batch: number): Way => {
  const decode = decoder(target.schema)
  const out = new RowBinary()
  const writers = target.columns.map(({ name, type }) => [name, writer_of(out, type)] as const)
  const names = target.columns.map(({ name }) => `\`${name}\``).join(', ')
  const bytes_of = (rows: readonly SinkRow[]): Buffer => {
    for (const row of rows) {
      const decoded = decode(row)
      for (const [name, write] of writers) write(decoded[name])
    }
    return out.take()
  }
  return {
    insert: async rows => {
      for (let from = 0; from < rows.length; from += batch) {
        const query = `INSERT INTO ${target.table} (${names}) FORMAT RowBinary`
        const values = Readable.from([bytes_of(rows.slice(from, from + batch))], { objectMode: false })
        const reply = await client.exec({ query, values })
        for await (const _ of reply.stream);
      }
    },
    make: rows => bytes_of(rows).length,
  }
}

/** A buffer that grows; text is written in place. */
class RowBinary {
  #bytes = Buffer.allocUnsafe(1 << 20)
  #at = 0

  take(): Buffer {
    const bytes = Buffer.from(this.#bytes.subarray(0, this.#at))
    this.#at = 0
    return bytes
  }
  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = value
  }
  varint(value: number): void {
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.byte((rest % 0x80) | 0x80)
    this.byte(rest)
  }
  text(value: string): void {
    const bytes = Buffer.byteLength(value)
    this.varint(bytes)
    this.#room(bytes)
    this.#at += this.#bytes.write(value, this.#at)
  }
  int32(value: number): void {
    this.#room(4)
    this.#at = this.#bytes.writeInt32LE(value, this.#at)
  }
  int64(value: number): void {
    this.#room(8)
    this.#bytes.writeUInt32LE(value >>> 0, this.#at)
    this.#at = this.#bytes.writeInt32LE(Math.floor(value / 2 ** 32), this.#at + 4)
  }
  double(value: number): void {
    this.#room(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }
  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + bytes))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}

/** Throws on types that the measured tables do not have. */
const writer_of = (out: RowBinary, type: string): ((value: unknown) => void) => {
  const inner = /^(?:Nullable|LowCardinality)\((.*)\)$/.exec(type)?.[1]
  if (inner !== undefined) {
    const write = writer_of(out, inner)
    if (type.startsWith('LowCardinality')) return write
    return value => {
      out.byte(value === null ? 1 : 0)
      if (value !== null) write(value)
    }
  }
  if (type === 'String') return value => out.text(value as string)
  if (type === 'Int32') return value => out.int32(value as number)
  if (type === 'Int64' || type.startsWith('DateTime64')) return value => out.int64(value as number)
  if (type === 'Float64') return value => out.double(value as number)
  if (type === 'Bool') return value => out.byte(value ? 1 : 0)
  if (type === 'Map(String, String)')
    return value => {
      const entries = Object.entries(value as Record<string, string>)
      out.varint(entries.length)
      for (const [key, text] of entries) {
        out.text(key)
        out.text(text)
      }
    }
  throw new Error(`no RowBinary is written for ${type} here`)
}
