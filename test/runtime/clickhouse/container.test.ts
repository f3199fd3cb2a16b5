/** Containers of undecoded bodies, read back by avsc's own container decoder. */
import { Readable } from 'node:stream'
import avsc from 'avsc'
import { describe, expect, it } from 'vitest'
import {
  type ContainerRow,
  ContainerRows,
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

const rows_of = (rows: readonly ContainerRow[]): ContainerRows => {
  const bytes = new ContainerRows()
  for (const each of rows) bytes.add(each)
  return bytes
}
const container = (rows: readonly ContainerRow[]) => container_writer(writer)(rows_of(rows))

describe('a container', () => {
  it('says nothing of defaults, which ClickHouse reads and refuses where they are records', () => {
    const context = { type: 'record', name: 'Context', fields: [{ name: 'a', type: 'long', default: 1 }] }
    const fields = [...writer.fields, { name: 'context', type: context, default: {} }]
    const header = container_writer({ ...writer, fields })(rows_of([])).toString('latin1')
    expect([header.includes('"context"'), header.includes('default')]).toEqual([true, false])
  })

  it('holds every row with its prefix', async () => {
    const offsets = [0, 1, 63, 64, 8191, 8192, 2 ** 31, 2 ** 40, 2 ** 52]
    const rows = offsets.map((offset, n) => row(n, { offset }))
    expect(await read(container(rows))).toEqual(
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
    expect(await read(container(rows))).toHaveLength(3000)
  })

  it('of no rows is readable', async () => {
    expect(await read(container([]))).toEqual([])
  })

  it('has an empty key where the record has none', async () => {
    expect(await read(container([row(1, { key: null })]))).toMatchObject([{ _key: '' }])
  })

  it('is the same bytes for the same rows', () => {
    expect(container([row(1)])).toEqual(container([row(1)]))
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
    expect(() => container([row(1, { offset: -1 })])).toThrow('not an offset or length: -1')
  })

  it('holds a part of the rows as if there were no others, and each row as it was added', async () => {
    const all = [row(1), row(2, { log_id: 'other', key: null }), row(300), row(4, { offset: 2 ** 40 })]
    const rows = rows_of(all)
    for (const [from, to] of [
      [0, 1],
      [1, 3],
      [3, 4],
      [2, 2],
    ] as const)
      expect(container_writer(writer)(rows, from, to)).toEqual(container(all.slice(from, to)))
    expect(all.map((_, i) => rows.row(i, 7))).toEqual(all)
  })

  it('is cut into runs of so many bytes, of one row at least', () => {
    const rows = rows_of(Array.from({ length: 10 }, (_, n) => row(n)))
    const size = (from: number, to: number) => rows.size(from, to)
    for (const most of [1, 50, 100, 200, 10_000])
      for (let from = 0; from < 10; from++) {
        const to = rows.run(from, most)
        expect(to).toBeGreaterThan(from)
        if (to > from + 1) expect(size(from, to)).toBeLessThanOrEqual(most)
        if (to < 10) expect(size(from, to + 1)).toBeGreaterThan(most)
      }
  })

  it('does not change with the memory that its rows came from', () => {
    const one = row(1)
    const rows = rows_of([one])
    const before = container_writer(writer)(rows)
    one.value.fill(0)
    expect(container_writer(writer)(rows)).toEqual(before)
  })

  it('of rows in several pieces of memory is one, also where that was used before', () => {
    const long = (n: number) => row(n, { value: Buffer.alloc(3000 + n, n) })
    const all = [
      ...Array.from({ length: 400 }, (_, n) => long(n)),
      row(7, { value: Buffer.alloc(1 << 20, 9) }),
    ]
    for (let round = 0; round < 2; round++) {
      const rows = rows_of(all)
      const whole = Buffer.allocUnsafe(rows.size(0, all.length))
      expect(rows.write(whole, 0, 0, all.length)).toBe(whole.length)
      for (const [from, to] of [
        [0, 400],
        [80, 90],
        [399, 401],
      ] as const) {
        const part = Buffer.allocUnsafe(rows.size(from, to))
        rows.write(part, 0, from, to)
        expect(part.equals(whole.subarray(rows.size(0, from), rows.size(0, to)))).toBe(true)
      }
      expect([79, 85, 400].map(i => rows.row(i, 0).value.length)).toEqual([3079, 3085, 1 << 20])
      expect(rows.row(85, 0).value.subarray(5)).toEqual(Buffer.alloc(3080, 85))
      rows.release()
      expect(rows).toHaveLength(0)
    }
  })
})
