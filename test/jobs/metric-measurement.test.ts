/** The job on a warehouse: what the views know becomes measurements, each once for its moment. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { jobs } from '../../jobs/index.ts'
import job from '../../jobs/metric-measurement.ts'
import { run_apart } from '../../jobs/run-apart.ts'
import { run_job } from '../../jobs/run-job.ts'
import { read_measurement } from '../../operators/metric/read-measurement.ts'
import { tributary } from '../../runtime/app.ts'
import { type Row, row_checks } from '../../runtime/emit.ts'
import { type KeyFields, key_of } from '../../runtime/keys.ts'
import type { Measurement } from '../../schemas/types.ts'
import { hours } from '../../schemas/units.ts'
import { forecast_row, normal } from '../sql/forecast-rows.ts'
import { ledger_row, type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { subscription_event as event } from '../sql/subscription-events.ts'

const app = tributary(1)
const T = Date.UTC(2025, 4, 1, 6)
const at = (ms: number): string => new Date(ms).toISOString()

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  const of = (customer_id: string, mrr_minor?: number) => ({ customer_id, ...(mrr_minor && { mrr_minor }) })
  const yen = { ...of('c9', 500), subscription_id: 's9', currency: 'JPY' }
  await served.fill('payments', [
    event('a', 'started', '01-10', of('c1', 1000)),
    event('b', 'started', '01-20', of('c2', 600)),
    // 30 days before: 1600. Behind that c2 leaves, and in JPY somebody comes for the first time.
    event('c', 'cancelled', '04-20', of('c2')),
    event('d', 'started', '04-25', yen),
    // Grown, and behind the moment: an hour later.
    event('e', 'started', '01-10', { ...of('c1', 700), tenant_id: 't2' }),
    event('f', 'changed', '04-30', { ...of('c1', 900), tenant_id: 't2' }),
    event('g', 'cancelled', '05-01T07:00', { ...of('c1'), tenant_id: 't2' }),
  ])
})
afterAll(() => served.stop())

const run = async (as_of: number): Promise<readonly Measurement[]> => {
  const written: Row[] = []
  const emitter = {
    check: (topic: string, row: unknown) => row_checks(app, topic).check(row),
    append: async (_: string, rows: readonly Row[]) => void written.push(...rows),
  }
  const ports = { warehouse: served.warehouse, emitter, clock: { now: () => as_of } }
  const { failed } = await run_job(job, as_of, ports, async (of, rows, moment) => run_apart(of, rows, moment))
  expect(failed.size).toBe(0)
  for (const row of written) expect(read_measurement(row as never)).toMatchObject({ kind: 'level' })
  return written as unknown as Measurement[]
}
const short = (rows: readonly Measurement[]) =>
  rows.map(row => [row.tenant_id, row.metric, row.currency, row.dimension, row.value])
/** As the sink does. */
const insert = (rows: readonly Measurement[]): Promise<void> =>
  served.fill(
    'measurements',
    rows.map(row => ({
      ...row,
      _key: key_of(app.topics.measurements as never, row as KeyFields),
      occurred_at: at(row.occurred_at),
    })),
  )

it('is one of the jobs, behind the forecast that it reads, and runs every six hours', () => {
  const names = jobs.map(({ name }) => name)
  expect(names.indexOf(job.name)).toBeGreaterThan(names.indexOf('metric-forecast'))
  expect(job.every_ms).toBe(hours(6))
})

it('measures what recurs, and the part of it that is gone since 30 days before', async () => {
  const rows = await run(T)
  expect(short(rows)).toEqual([
    ['t1', 'mrr', 'JPY', '', 500],
    ['t1', 'mrr', 'USD', '', 1000],
    ['t1', 'mrr_decline_ratio', 'USD', '', 0.375],
    ['t2', 'mrr', 'USD', '', 900],
    ['t2', 'mrr_decline_ratio', 'USD', '', 0],
  ])
  for (const row of rows)
    expect(row).toMatchObject({
      event_id: `metric-measurement|${T}`,
      occurred_at: T,
      kind: 'level',
      weight: 1,
    })
})

it('says of a moment only what has not been said of it', async () => {
  const first = await run(T)
  await insert(first.slice(1))
  expect(await run(T)).toEqual(first.slice(0, 1))
  expect((await run(T + hours(6))).length).toBe(first.length)
})

it('measures how probable it is that a goal is missed, while it is not over and a forecast is known', async () => {
  const goal = (id: string, more: object) => ({
    ...{ _key: `goals|${id}`, event_id: id, tenant_id: '*', kind: 'goals', id, revision: 0 },
    ...{ occurred_at: '2025-01-01T00:00:00Z', effective_at: '2025-01-01T00:00:00Z' },
    body: JSON.stringify({ tenant_id: 't3', metric: 'revenue', currency: 'USD', ...more }),
  })
  await served.fill('ledger', [
    ledger_row({ tenant_id: 't3', event_id: 'e1', occurred_at: '2025-04-29T11:00:00Z', amount_minor: 80 }),
  ])
  await served.fill(
    'forecasts',
    Array.from({ length: 7 }, (_, i) =>
      forecast_row({ tenant_id: 't3', foretold_at: '2025-05-01', step: i + 1, says: normal(100, 10) }),
    ),
  )
  const days = { from_day: '2025-05-01', to_day: '2025-05-05' }
  await served.fill('catalog', [
    goal('even', { target: 375, ...days }),
    goal('high', { target: 500, ...days }),
    goal('over', { target: 500, from_day: '2025-04-01', to_day: '2025-05-01' }),
    goal('a name '.repeat(30), { target: 375, ...days }),
    goal('unknown', { target: 500, ...days, metric: 'visits' }),
  ])
  const rows = (await run(T)).filter(({ tenant_id }) => tenant_id === 't3')
  // 3.75 days of 100 are left of the first.
  expect(short(rows)).toEqual([
    [
      't3',
      'goal_miss_probability',
      'USD',
      expect.stringMatching(/^goal=#[0-9a-f]{32}$/),
      expect.closeTo(0.5, 6),
    ],
    ['t3', 'goal_miss_probability', 'USD', 'goal=even', expect.closeTo(0.5, 6)],
    ['t3', 'goal_miss_probability', 'USD', 'goal=high', expect.closeTo(1, 6)],
  ])
})
