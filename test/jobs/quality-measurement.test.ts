/** The job on a warehouse: batches, rows and dead letters in, shares of records that could not be used out. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { jobs } from '../../jobs/index.ts'
import type { JobRow } from '../../jobs/job.ts'
import job from '../../jobs/quality-measurement.ts'
import { read_measurement } from '../../operators/metric/read-measurement.ts'
import { tributary } from '../../runtime/app.ts'
import { row_checks } from '../../runtime/emit.ts'
import { type KeyFields, key_of } from '../../runtime/keys.ts'
import type { Measurement } from '../../schemas/types.ts'
import { hours, minutes } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'

const app = tributary(1)
const T = Date.UTC(2026, 4, 1, 6)
const at = (ms: number): string => new Date(ms).toISOString()

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())
beforeEach(() => served.empty('batches', 'payments', 'touchpoints', 'dead_letters', 'measurements'))

const run = async (as_of: number): Promise<readonly Measurement[]> => {
  const params = { as_of: at(as_of).replace('T', ' ').replace('Z', '') }
  const rows: Record<string, readonly JobRow[]> = {}
  for (const [name, sql] of Object.entries(job.reads)) rows[name] = await served.warehouse.query(sql, params)
  const outputs = job.run(rows, as_of)
  for (const { topic } of outputs) expect(topic).toBe('measurements')
  const { check } = row_checks(app, 'measurements')
  const written = outputs.map(({ row }) => check(row) as unknown as Measurement)
  // The windows take them.
  for (const row of written)
    expect(read_measurement(row)).toMatchObject({ numerator: row.value, denominator: row.weight })
  return written
}
const short = (rows: readonly Measurement[]) =>
  rows.map(row => [row.tenant_id, (row.occurred_at - T) / minutes(1), row.dimension, row.value, row.weight])

let seq = 0
const batch = (
  wall_at: number,
  ranges: readonly (readonly [string, number, number])[],
  more: object = {},
) => ({
  ...{ log_id: 'life', key_group: 'customer', partition: 0, seq: ++seq, kind: 'batch', wall_at: at(wall_at) },
  ranges: ranges.map(([topic, from, to]) => ({ topic, from, to, count: to - from, crc: 0 })),
  ...more,
})
/** Rows of both tables have all these columns. */
const kept = (tenant_id: string, from: number, to: number, more: object = {}) =>
  Array.from({ length: to - from }, (_, i) => ({
    ...{ _log_id: 'life', _partition: 0, _offset: from + i, _key: `${tenant_id}|c` },
    // Years ago: what is measured is when it came in.
    ...{ event_id: `e${from + i}`, tenant_id, occurred_at: '2020-01-01T00:00:00Z' },
    ...more,
  }))
const dead = (tenant_id: string, topic: string, offset: number, ms: number, more: object = {}) => ({
  ...{ event_id: `${topic}:0:${offset}`, tenant_id, occurred_at: at(ms), reason: 'DECODE', detail: '' },
  ...{ topic, partition: 0, offset, ...more },
})

it('is one of the jobs, runs every five minutes, and within the same five where records come all the time', () => {
  expect(jobs).toContain(job)
  expect(job.every_ms).toBe(minutes(5))
  expect(job.settled_after_ms).toBeLessThan(minutes(5))
})

it('divides dead letters by what was read, tenant by tenant, in the windows that are over', async () => {
  await served.fill('batches', [
    batch(T - minutes(8), [['payments', 0, 10]]),
    batch(T - minutes(4), [
      ['payments', 10, 20],
      ['touchpoints', 0, 4],
    ]),
    // It began in the window that still runs.
    batch(T + minutes(1), [['payments', 20, 30]]),
  ])
  await served.fill('payments', [
    ...kept('a', 0, 9),
    ...kept('a', 10, 14),
    ...kept('b', 15, 20),
    ...kept('a', 20, 30),
  ])
  await served.fill('touchpoints', kept('a', 0, 4))
  await served.fill('dead_letters', [
    dead('a', 'payments', 9, T - minutes(8)),
    dead('b', 'payments', 14, T - minutes(4)),
    dead('b', 'payments', 30, T + minutes(1)),
  ])
  const rows = await run(T + minutes(2))
  expect(short(rows)).toEqual([
    ['a', -10, '', 1, 10],
    ['a', -5, '', 0, 8],
    ['b', -5, '', 1, 6],
    ['a', -10, 'topic=payments', 1, 10],
    ['b', -5, 'topic=payments', 1, 6],
  ])
  expect(rows[0]).toMatchObject({
    event_id: `quality-measurement|${T - minutes(10)}`,
    metric: 'dead_letter_rate',
    kind: 'ratio',
    currency: null,
  })
})

it('counts a place in the log once: repeats, partitions, logs and what was kept though one pipeline failed', async () => {
  const wall_at = T - minutes(3)
  await served.fill('batches', [
    batch(wall_at, [['payments', 0, 4]]),
    batch(wall_at, [['payments', 0, 2]], { partition: 1 }),
    batch(wall_at, [['payments.rekeyed', 0, 1]]),
    // Of an earlier life of the log, and no batch at all.
    batch(T - hours(2), [['payments', 0, 100]], { log_id: 'former' }),
    batch(wall_at, [], { kind: 'acquired' }),
    batch(wall_at, [['payments', 4, 50]], { kind: 'rebuilt' }),
  ])
  await served.fill('payments', [
    // At 1 was a repeat: no row. At 3 failed in one pipeline, and was kept. 4 and on were not read.
    ...kept('a', 0, 1),
    ...kept('a', 2, 10),
    ...kept('a', 0, 2, { _partition: 1, _key: 'a|d' }),
    ...kept('a', 0, 1, { _log_id: 'life.rekeyed', _key: 'a|e' }),
    ...kept('a', 0, 50, { _log_id: 'former', _key: 'a|f' }),
  ])
  await served.fill('dead_letters', [
    dead('a', 'payments', 3, wall_at, {
      event_id: 'payments:0:3:revenue-ledger',
      pipeline: 'revenue-ledger',
    }),
    dead('a', 'payments', 3, wall_at, {
      event_id: 'payments:0:3:metric-signals',
      pipeline: 'metric-signals',
    }),
    dead('a', 'leads', 7, wall_at),
  ])
  // 0, 2 and 3; 0 and 1 of the other partition; the one that came in again.
  expect(short(await run(T))).toEqual([
    ['a', -5, '', 1, 6],
    ['a', -5, 'topic=payments', 1, 6],
  ])
})

it('counts what the sink refused for the tenant in its key, and what has none for nobody', async () => {
  await served.fill('batches', [batch(T - minutes(3), [['payments', 0, 4]])])
  await served.fill('payments', kept('a', 0, 3))
  await served.fill('dead_letters', [
    dead('', 'payments', 3, T - minutes(2), { key: 'a|c' }),
    dead('', 'payments', 4, T - minutes(2)),
  ])
  expect(short(await run(T))).toEqual([
    ['a', -5, '', 1, 4],
    ['a', -5, 'topic=payments', 1, 4],
  ])
})

it('makes up for the windows of the last hour of which nothing was said', async () => {
  await served.fill(
    'batches',
    [70, 58, 33, 3].map((ago, i) => batch(T - minutes(ago), [['payments', i, i + 1]])),
  )
  await served.fill('payments', kept('a', 0, 4))
  const first = await run(T)
  expect(short(first).map(([, ago]) => ago)).toEqual([-60, -35, -5])
  await served.fill(
    'measurements',
    [first[0]!, first[2]!].map(row => ({
      ...row,
      _key: key_of(app.topics.measurements as never, row as KeyFields),
      occurred_at: at(row.occurred_at),
    })),
  )
  // Another's measurement of the name is not its own.
  expect(await run(T)).toEqual([first[1]])
  expect(await run(T - hours(6))).toEqual([])
})

scenario(
  'what is measured of a window that has closed by then is its point all the same, not a correction',
  'series',
  d => {
    d.mark('measures', 0, T + minutes(1))
    const window = {
      tenant_id: 'a',
      window_ms: T - minutes(5),
      topic: 'payments',
      dead_letters: 1,
      records: 4,
    }
    d.send(
      'measurements',
      job.run({ feeds: [window], said: [] }, T).map(({ row }) => row),
    )
    d.run()
    const points = d.outputs('metric_points')
    expect(points.map(row => [row.dimension, row.occurred_at, row.revision, row.value, row.samples])).toEqual(
      [
        ['', T - minutes(5), 0, 0.25, 4],
        ['topic=payments', T - minutes(5), 0, 0.25, 4],
      ],
    )
  },
)
