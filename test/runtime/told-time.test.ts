/**
 * What a task tells the next stage of time, while time jumps: no row of an older instant follows a newer word, whatever number
 * of timers a batch has room for. Else windows there would close before all of theirs is told.
 */
import avsc from 'avsc'
import { expect, it } from 'vitest'
import { key_groups, tributary, writers_of } from '../../runtime/app.ts'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { CatalogView } from '../../runtime/catalog.ts'
import { Decoders } from '../../runtime/decoders.ts'
import { base_fields, type Item, Lane } from '../../runtime/intake.ts'
import { key_of } from '../../runtime/keys.ts'
import type { Output, Registry } from '../../runtime/ports.ts'
import { Processor } from '../../runtime/processor.ts'
import { default_settings } from '../../runtime/settings.ts'
import { unobserved } from '../../runtime/worker-types.ts'
import type { MetricPoint } from '../../schemas/types.ts'
import { hours, minutes } from '../../schemas/units.ts'

const T = Date.UTC(2026, 0, 5)
const app = tributary(1)
const topics = Object.keys(app.topics)
const schema_of = (topic: string) => app.schemas[app.topics[topic]?.schema ?? ''] as object
const group = key_groups(app).find(({ name }) => name === 'series') as ReturnType<typeof key_groups>[number]
const registry: Registry = {
  register: async () => 1,
  schema: async id => schema_of(topics[id - 1] as string),
  health: async () => null,
}
const point_type = avsc.Type.forSchema(schema_of('metric_points') as avsc.Schema)

/** All that goes out, in order, when visits and payments are measured in one window and time jumps by two hours. */
const jumped = async (timers_max: number): Promise<readonly Output[]> => {
  const fields = new Map(
    topics.map(topic => {
      const { fields: all } = schema_of(topic) as { fields: { name: string }[] }
      return [topic, [...new Set([...base_fields(app, topic), ...all.map(({ name }) => name)])]]
    }),
  )
  const decoders = new Decoders(app, registry, fields, () => 0)
  for (const topic of group.inputs) await decoders.fetch(topic, topics.indexOf(topic) + 1)
  const processor = new Processor({
    ...{ app, group, partition: 0, catalog: new CatalogView(), observe: unobserved },
    encoders: new Map(topics.map((topic, i) => [topic, compile_encoder(schema_of(topic), i + 1)])),
    writers: writers_of(app, group),
    import_lapse_ms: default_settings.import_lapse_ms,
  })
  const lane = new Lane(app, 'measures', 0, 0, decoders)
  const encode = compile_encoder(schema_of('measures'), topics.indexOf('measures') + 1)
  let offset = 0
  const item = (value: Buffer | null, key: string | null, stream_time_ms: number): Item =>
    lane.item({
      ...{ offset: offset++, key: key === null ? null : Buffer.from(key), value },
      upstream: { task: 0, stream_time_ms },
    }) as Item
  const measured = ['visits', 'payments', 'conversations'].map(metric => {
    const row = {
      ...{ event_id: metric, tenant_id: 'acme', occurred_at: T, metric, currency: null, dimension: '' },
      ...{ kind: 'count', numerator: 1, denominator: 0, samples: 1, bins: [] },
    }
    return item(encode(row), key_of(app.topics.measures as never, row), T)
  })
  let items = [...measured, item(null, null, T + hours(2))]
  const written: Output[] = []
  for (let more = true; more; ) {
    for (const key of processor.cold_keys(items, T, null, timers_max)) processor.entities.load(key, new Map())
    const run = processor.run({ items, wall_ms: T, tick_ms: null, timers_max, catalog_offset: 0 })
    written.push(...run.outputs, ...processor.marks(run.consumed > 0))
    processor.entities.commit()
    items = items.slice(run.consumed)
    more = run.more_due || items.length > 0
  }
  return written
}

it.each([1, 2, 7, 1000])('with room for %i timers in a batch', async timers_max => {
  let told_ms = Number.NEGATIVE_INFINITY
  let points = 0
  for (const { topic, value, upstream } of await jumped(timers_max)) {
    if (value && topic === 'metric_points') {
      const { occurred_at, window_ms } = point_type.fromBuffer(value.subarray(5)) as MetricPoint
      points++
      // Windows close two seconds after their end.
      expect(told_ms).toBeLessThan(occurred_at + window_ms + 2000)
    }
    if (upstream) told_ms = Math.max(told_ms, upstream.stream_time_ms as number)
  }
  expect(points).toBe((3 * hours(2)) / minutes(5) - 3)
  expect(told_ms).toBe(T + hours(2))
})
