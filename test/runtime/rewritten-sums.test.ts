/** What a rebuild sends of a partial topic: the difference of sums, wherever batches ended. */
import { expect, it } from 'vitest'
import { tributary } from '../../runtime/app.ts'
import { exact_type } from '../../runtime/avro/exact-type.ts'
import { type RewrittenSums, rewritten_sums } from '../../runtime/rewritten-sums.ts'
import { definitions } from '../../schemas/definitions.ts'
import type { Measure } from '../../schemas/types.ts'

const app = tributary(2)
const open = () => rewritten_sums(app, 'measures') as RewrittenSums
const type = exact_type(definitions.measures)
const measure = (numerator: number, more: Partial<Measure> = {}): Measure => ({
  ...{ event_id: `e${numerator}`, tenant_id: 'acme', occurred_at: 0, metric: 'visits', currency: null },
  ...{ dimension: '', kind: 'count', numerator, denominator: 0, samples: numerator, bins: [] },
  ...more,
})
const place = (task = 0) => ({
  ...{ topic: 'measures', partition: 1, key: Buffer.from('acme|visits||') },
  upstream: { task, stream_time_ms: 5 },
})
const row = (numerator: number, more: Partial<Measure> = {}) => measure(numerator, more) as never
const difference = (sums: RewrittenSums) =>
  sums.difference(7).map(output => {
    expect(output.value?.readInt32BE(1)).toBe(7)
    const { metric, numerator, samples } = type.fromBuffer((output.value as Buffer).subarray(5)) as Measure
    return [metric, numerator, samples, output.upstream?.task]
  })

it('is nothing where the sums are equal, however they were cut', () => {
  const sums = open()
  for (const n of [1, 2, 3]) sums.stand(place(), row(n))
  for (const n of [4, 2]) sums.add(place(), row(n))
  expect(difference(sums)).toEqual([])
})

it('is what is missing or too much, what nobody writes any more too, once', () => {
  const sums = open()
  sums.stand(place(), row(5))
  sums.stand(place(), row(2, { metric: 'payments' }))
  sums.stand(place(), row(4, { metric: 'conversations' }))
  sums.add(place(), row(1))
  sums.add(place(), row(9, { metric: 'conversations' }))
  sums.add(place(), row(3, { metric: 'qualified_leads' }))
  expect(difference(sums)).toEqual([
    ['visits', -4, -4, 0],
    ['conversations', 5, 5, 0],
    ['qualified_leads', 3, 3, 0],
    ['payments', -2, -2, 0],
  ])
  expect(difference(sums)).toEqual([])
})

it('is each task’s own: what another one wrote stands', () => {
  const sums = open()
  sums.stand(place(0), row(5))
  sums.stand(place(1), row(6))
  sums.add(place(1), row(7))
  expect(difference(sums)).toEqual([['visits', 1, 1, 1]])
})

it('loses nothing where a sum would not be exact', () => {
  const large = Number.MAX_SAFE_INTEGER
  const samples = { samples: 1 }
  const sums = open()
  sums.stand(place(), row(large, samples))
  sums.stand(place(), row(large, samples))
  sums.add(place(), row(-large, samples))
  const total = difference(sums).reduce((sum, [, numerator]) => sum + BigInt(numerator as number), 0n)
  expect(total).toBe(-3n * BigInt(large))
})

it('rows of other topics are compared one by one', () => {
  expect(rewritten_sums(app, 'movements')).toBeNull()
})
