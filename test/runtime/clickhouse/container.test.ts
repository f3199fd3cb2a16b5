/** Containers of undecoded bodies, read back by avsc's own container decoder. */
import { Readable } from 'node:stream'
import avsc from 'avsc'
import { describe, expect, it } from 'vitest'
import {
  type ContainerRow,
  container_columns,
  container_writer,
  prefixed_schema,
} from '../../../runtime/clickhouse/container.ts'

const writer = {
  type: 'record',
  name: 'Payment',
  namespace: 'tributary',
  fields: [
    { name: 'event_id', type: 'string' },
    { name: 'type', type: { type: 'enum', name: 'Kind', symbols: ['paid', 'refunded'] } },
    { name: 'amount_minor', type: 'long' },
    { name: 'properties', type: { type: 'map', values: 'string' } },
    { name: 'note', type: ['null', 'string'], default: null },
  ],
} as const
const type = avsc.Type.forSchema(writer as unknown as avsc.Schema)
const body = (row: object) => Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), type.toBuffer(row)])

const read = async (container: Buffer): Promise<object[]> => {
  const decoder = new avsc.streams.BlockDecoder()
  const rows: object[] = []
  const source = Readable.from([container])
  await new Promise<void>((resolve, reject) => {
    source
      .pipe(decoder)
      .on('data', row => rows.push({ ...row }))
      .on('error', reject)
      .on('end', () => resolve())
  })
  return rows
}
const payment = (n: number) => ({
  event_id: `é${n}`,
  type: n % 2 ? 'paid' : 'refunded',
  amount_minor: n * 1_000_003,
  properties: { n: String(n) },
  note: n % 3 ? null : 'x'.repeat(n),
})
const row = (n: number, more: Partial<ContainerRow> = {}): ContainerRow => ({
  log_id: 'life',
  key: Buffer.from(`t|ü${n}`),
  partition: 3,
  offset: n,
  value: body(payment(n)),
  ...more,
})

describe('a container', () => {
  it('says nothing of defaults, which ClickHouse reads and refuses where they are records', () => {
    const context = { type: 'record', name: 'Context', fields: [{ name: 'a', type: 'long', default: 1 }] }
    const fields = [...writer.fields, { name: 'context', type: context, default: {} }]
    const header = container_writer({ ...writer, fields })([]).toString('latin1')
    expect([header.includes('"context"'), header.includes('default')]).toEqual([true, false])
  })

  it('holds every row with its prefix', async () => {
    const offsets = [0, 1, 63, 64, 8191, 8192, 2 ** 31, 2 ** 40, 2 ** 52]
    const rows = offsets.map((offset, n) => row(n, { offset }))
    expect(await read(container_writer(writer)(rows))).toEqual(
      offsets.map((offset, n) => ({
        _log_id: 'life',
        _key: `t|ü${n}`,
        _partition: 3,
        _offset: offset,
        ...payment(n),
      })),
    )
  })

  it('of many rows is one right block', async () => {
    const rows = Array.from({ length: 3000 }, (_, n) => row(n % 200))
    expect(await read(container_writer(writer)(rows))).toHaveLength(3000)
  })

  it('of no rows is readable', async () => {
    expect(await read(container_writer(writer)([]))).toEqual([])
  })

  it('has an empty key where the record has none', async () => {
    expect(await read(container_writer(writer)([row(1, { key: null })]))).toMatchObject([{ _key: '' }])
  })

  it('is the same bytes for the same rows', () => {
    expect(container_writer(writer)([row(1)])).toEqual(container_writer(writer)([row(1)]))
  })

  it('names its columns, prefix first', () => {
    expect(container_columns(writer).slice(0, 5)).toEqual([
      '_log_id',
      '_key',
      '_partition',
      '_offset',
      'event_id',
    ])
  })

  it('is refused for a schema that is no record or takes a name of the prefix', () => {
    expect(() => prefixed_schema({ type: 'string' })).toThrow('from records only')
    const taken = { type: 'record', name: 'X', fields: [{ name: '_offset', type: 'long' }] }
    expect(() => prefixed_schema(taken)).toThrow("field _offset, which is the warehouse's own")
  })

  it('is refused for an offset that is none', () => {
    expect(() => container_writer(writer)([row(1, { offset: -1 })])).toThrow('not an offset or length: -1')
  })
})
