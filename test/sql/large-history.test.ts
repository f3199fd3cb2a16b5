/** The large history at a small size: as many rows as asked for, the books agree, equal seeds are equal tables. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { read_checks } from '../../runtime/clickhouse/migrate.ts'
import { history_sql, LARGEST_TENANT, write_history } from './large-history.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

/** Where a record lay in a log: nothing here came through one. */
const OF_THE_LOG = new Set(['batches_follow_each_other', 'rows_lie_in_ranges', 'rows_match_batches'])
const TABLES = ['payments', 'ledger', 'conversions', 'touchpoints', 'spend', 'prices', 'attribution_effects']
const SIZE = { payments: 600, touchpoints: 6000, seed: 1 }

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await write_history(served.warehouse, SIZE)
}, 60_000)
afterAll(() => served.stop())

const first = async <T>(sql: string): Promise<T> => (await served.warehouse.query<T>(sql))[0]!
/** Table -> a number that all of its rows make. */
const contents = async () => {
  const found: [string, string][] = []
  for (const table of TABLES) {
    const { sum } = await first<{ sum: string }>(
      `SELECT toString(groupBitXor(cityHash64(toString(tuple(*))))) AS sum FROM ${table} FINAL`,
    )
    found.push([table, sum])
  }
  return Object.fromEntries(found)
}

it('has the rows asked for, half of them of one tenant, touches beside the paths', async () => {
  expect(
    await first(`SELECT
      (SELECT toInt32(count()) FROM payments FINAL) AS payments,
      (SELECT toInt32(count()) FROM touchpoints FINAL) AS touchpoints,
      (SELECT toInt32(count()) FROM conversions FINAL) = (SELECT toInt32(count()) FROM ledger FINAL) AS booked,
      (SELECT toInt32(uniq(type)) FROM payments) AS types,
      (SELECT round(countIf(tenant_id = '${LARGEST_TENANT}') / count(), 1) FROM touchpoints) AS largest,
      (SELECT (min(length(touches.channel)), max(length(touches.channel))) FROM conversions) AS lengths`),
  ).toEqual({
    payments: SIZE.payments,
    touchpoints: SIZE.touchpoints,
    booked: 1,
    types: 8,
    largest: 0.5,
    lengths: [5, 10],
  })
})

it('shows on a path touches that are touchpoints of the same customer, in order', async () => {
  expect(
    await first(`SELECT toInt32(countIf(found.channel = path.channel AND found.occurred_at = path.at)) AS found,
        toInt32(count()) AS shown, toInt32(max(disordered)) AS disordered
      FROM (
        SELECT _key, touch.1 AS event_id, touch.2 AS at, touch.3 AS channel,
          touches.touched_at != arraySort(touches.touched_at) AS disordered
        FROM conversions FINAL ARRAY JOIN touches AS touch
      ) AS path
      LEFT JOIN touchpoints AS found ON found._key = path._key AND found.event_id = path.event_id`),
  ).toMatchObject({ found: expect.toSatisfy(found => found > 3000), disordered: 0 })
  const { missing } = await first<{ missing: number }>(
    `SELECT toInt32(count()) AS missing FROM conversions ARRAY JOIN touches.event_id AS touch
     WHERE (_key, touch) NOT IN (SELECT _key, event_id FROM touchpoints)`,
  )
  expect(missing).toBe(0)
})

it.each(read_checks().filter(({ name }) => !OF_THE_LOG.has(name)))('holds $name', async ({ text }) => {
  expect(await served.warehouse.query(text)).toEqual([])
})

it('is the same of the same seed, and another of another', async () => {
  const before = await contents()
  const tables = [...TABLES, 'catalog', 'metric_points', 'forecasts', 'forecast_scores', 'alerts']
  const again = async (seed: number) => {
    await served.empty(...tables, 'lead_scores', 'conversation_metrics', 'batches')
    await write_history(served.warehouse, { ...SIZE, seed })
    return contents()
  }
  expect(await again(SIZE.seed)).toEqual(before)
  const other = await again(2)
  expect(TABLES.filter(table => other[table] === before[table])).toEqual([])
}, 60_000)

it('refuses sizes that do not fit', () => {
  expect(() => history_sql({ payments: 3, touchpoints: 100, seed: 1 })).toThrow('4 payments and more')
  expect(() => history_sql({ payments: 600, touchpoints: 4499, seed: 1 })).toThrow(
    '4500 touchpoints and more',
  )
})
