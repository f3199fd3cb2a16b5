/** The rules on events (attribution_credit) and on counted paths (npm run attribute) give the same on the same paths. */
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { credit_by } from '../../jobs/attribution/models.ts'
import { collect_paths } from '../../jobs/attribution/paths.ts'
import { any_paths } from '../jobs/attribution/simulated-paths.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())
beforeEach(() => served.empty('conversions'))

const MODELS = [
  'first_touch',
  'last_touch',
  'linear',
  'position_based',
  'last_non_direct',
  'shapley',
] as const
const T = Date.UTC(2026, 0, 31, 12)
const iso = (ms: number) => new Date(ms).toISOString()
const touches = (places: readonly string[]) =>
  places.map((channel, i) => ({
    ...{ event_id: `t${i}`, touched_at: iso(T - 60_000 * (places.length - i)), channel, campaign: null },
    ...{ cost_minor: 0, cost_currency: 'EUR', anonymous: false },
  }))

it.each(MODELS)('%s', async model => {
  const paths = fc.sample(any_paths, { numRuns: 20, seed: 11 }).flat()
  // One payment of a minor unit for each conversion of a path.
  await served.fill(
    'conversions',
    paths.flatMap(({ places, conversions }, n) =>
      Array.from({ length: conversions }, (_, i) => ({
        ...{ _key: `t1|c${n}`, event_id: `e${i}`, tenant_id: 't1', customer_id: `c${n}` },
        ...{ occurred_at: iso(T), path_ends_at: iso(T), revision: 0 },
        ...{ type: 'payment_succeeded', amount_minor: 1, currency: 'EUR', touches: touches(places) },
      })),
    ),
  )
  const rows = await served.warehouse.query<{ channel: string; converted: number }>(
    `SELECT channel, sum(conversions) AS converted
     FROM attribution_credit(as_of = '2030-01-01 00:00:00.000', lookback_days = 30, half_life_days = 7,
       lookback_steps = 0, path_transform = 'none', models = {models:Array(String)})
     GROUP BY channel`,
    { models: [model] },
  )
  const on_events = new Map(rows.map(({ channel, converted }) => [channel, Number(converted)]))
  const set = collect_paths(paths)
  const { conversions } = credit_by(set, model, 1)
  expect(set.conversions).toBeGreaterThan(100)
  for (const [i, place] of set.places.entries())
    expect(on_events.get(place) ?? 0, place).toBeCloseTo(conversions[i]!, 9)
  expect([...on_events.keys()].filter(channel => !set.places.includes(channel))).toEqual([])
})
