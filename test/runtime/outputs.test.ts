/** Rows of a partial topic within one batch: what becomes one, what is taken back, and what the digest is over. */
import { expect, it } from 'vitest'
import { key_groups, tributary } from '../../runtime/app.ts'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { exact_type } from '../../runtime/avro/exact-type.ts'
import { partition_of } from '../../runtime/keys.ts'
import { Outputs } from '../../runtime/outputs.ts'
import { definitions } from '../../schemas/definitions.ts'
import type { Measure } from '../../schemas/types.ts'

const PARTITIONS = 4
const app = tributary(PARTITIONS)
const group = key_groups(app).find(({ name }) => name === 'customer') as never
const encoders = new Map(
  (['measures', 'ledger'] as const).map(topic => [topic, compile_encoder(definitions[topic], 1)]),
)
const open = () => new Outputs(app, group, 0, encoders)
const type = exact_type(definitions.measures)

const measure = (event_id: string, numerator: number, more: Partial<Measure> = {}): Measure => ({
  ...{ event_id, tenant_id: 'acme', occurred_at: 0, metric: 'visits', currency: null, dimension: '' },
  ...{ kind: 'count', numerator, denominator: 0, samples: 1, bins: [] },
  ...more,
})
const entry = (event_id: string) => ({
  ...{ event_id, tenant_id: 'acme', customer_id: 'ada', occurred_at: 0, type: 'refunded', amount_minor: -1 },
  ...{ currency: 'EUR', cause_event_id: event_id, quantity: 1 },
})
const emit = (outputs: Outputs, row: Measure, at = 7) => outputs.emit('measures', row, 'acme|ada', at)
const rows = (outputs: Outputs) =>
  outputs
    .take()
    .map(({ topic, value }) =>
      topic === 'measures' ? (type.fromBuffer((value as Buffer).subarray(5)) as Measure) : topic,
    )
const brief = (outputs: Outputs) =>
  rows(outputs).map(row => (typeof row === 'string' ? row : `${row.event_id} ${row.metric} ${row.numerator}`))

it('rows that differ in numbers alone are one, where the first stood', () => {
  const outputs = open()
  emit(outputs, measure('a', 1))
  outputs.emit('ledger', entry('p'), 'acme|ada', 7)
  emit(outputs, measure('b', 1, { metric: 'payments' }))
  emit(outputs, measure('c', 5))
  emit(outputs, measure('d', 1, { occurred_at: 300_000 }))
  emit(outputs, measure('e', 1, { metric: 'payments' }))
  expect(brief(outputs)).toEqual(['a visits 6', 'ledger', 'b payments 2', 'd visits 1'])
  // The next batch begins anew.
  emit(outputs, measure('f', 2))
  expect(brief(outputs)).toEqual(['f visits 2'])
})

it('they go to the partition of their series, with the stream time of the first', () => {
  const outputs = open()
  emit(outputs, measure('a', 1, { dimension: 'channel=ads' }), 7)
  emit(outputs, measure('b', 1, { dimension: 'channel=ads' }), 9)
  const key = Buffer.from('acme|visits||channel=ads')
  const upstream = { task: 0, stream_time_ms: 7 }
  const partition = partition_of(key, PARTITIONS)
  expect(outputs.take()).toEqual([{ topic: 'measures', partition, key, value: expect.any(Buffer), upstream }])
})

it('what a failing pipeline added is taken back', () => {
  const outputs = open()
  emit(outputs, measure('a', 1))
  const before = outputs.mark()
  emit(outputs, measure('b', 10))
  emit(outputs, measure('c', 1, { metric: 'payments' }))
  outputs.take_back(before)
  emit(outputs, measure('d', 100))
  expect(brief(outputs)).toEqual(['a visits 101'])
})

it('a row that does not fit fails where it is written, as the first or behind others', () => {
  const outputs = open()
  expect(() => emit(outputs, measure('a', 1, { samples: 0.5 }))).toThrow('samples')
  expect(() => emit(outputs, measure('a', 1, { tenant_id: '' }))).toThrow('tenant_id')
  emit(outputs, measure('b', 1))
  expect(() => emit(outputs, measure('c', 'x' as never))).toThrow('numerator')
  expect(() => emit(outputs, measure('d', 1, { bins: [{ bin: 0.5, count: 1 }] }))).toThrow('bin')
  expect(brief(outputs)).toEqual(['b visits 1'])
})

it('a sum that would not be exact stays two rows, and later ones are added to the first', () => {
  const outputs = open()
  for (const [id, amount] of [
    ['a', 9e15],
    ['b', 9e15],
    ['c', 5],
  ] as const)
    emit(outputs, measure(id, amount))
  expect(brief(outputs)).toEqual([`a visits ${9e15 + 5}`, `b visits ${9e15}`])
})

it('the digest is over what goes out: the same rows in the same order give the same', () => {
  const digest = (added: readonly Measure[]) => {
    const outputs = open()
    for (const row of added) emit(outputs, row)
    const of = outputs.digest(1)
    return [of, outputs.take().length]
  }
  const [a, b, c] = [measure('a', 1), measure('b', 2), measure('c', 4)]
  expect(digest([a, b, c])).toEqual(digest([a, b, c]))
  expect(digest([a, b, c])).toEqual(digest([a, c, b]))
  expect(digest([a, b])).not.toEqual(digest([a, c]))
  expect(digest([a, b, c])[1]).toBe(1)
})
