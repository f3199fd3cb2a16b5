/** segment_rfm: given ledger rows, expected rows. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())
beforeEach(() => served.empty('ledger'))

const AS_OF = '2025-02-01 00:00:00.000'
let n = 0
/** Payments of a customer on days of January. */
const buys = (customer_id: string, amount_minor: number, ...days: number[]) =>
  days.map(day =>
    ledger_row({
      event_id: `e${n++}`,
      customer_id,
      occurred_at: new Date(Date.UTC(2025, 0, day, 9)).toISOString(),
      amount_minor,
    }),
  )
const rfm = (as_of = AS_OF) =>
  served.warehouse.query<Record<string, unknown>>(
    `SELECT * EXCEPT (tenant_id, currency) FROM segment_rfm(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY customer_id`,
    { as_of },
  )
const row = (customer_id: string, numbers: readonly number[], segment: string) => {
  const names = 'recency_days purchase_days money_minor recency_score frequency_score money_score'.split(' ')
  return { customer_id, ...Object.fromEntries(names.map((name, i) => [name, numbers[i]])), segment }
}

it('scores in fifths of the customers, equal values alike', async () => {
  const rows = [
    ...buys('c1', 100, 2),
    ...buys('c2', 100, 2),
    ...buys('c3', 500, 5, 12),
    ...buys('c4', 700, 9, 9, 20, 21),
    ...buys('c5', 900, 3, 11, 15, 30),
    ledger_row({
      event_id: 'r',
      customer_id: 'c4',
      type: 'refunded',
      occurred_at: '2025-01-31T00:00:00Z',
      amount_minor: -2000,
    }),
    ledger_row({
      event_id: 's',
      customer_id: 'c6',
      type: 'refunded',
      occurred_at: '2025-01-31T00:00:00Z',
      amount_minor: -5,
    }),
  ]
  await served.fill('ledger', rows)
  await served.fill('ledger', rows.slice(2))
  expect(await rfm()).toEqual([
    row('c1', [29, 1, 100, 1, 1, 1], 'hibernating'),
    row('c2', [29, 1, 100, 1, 1, 1], 'hibernating'),
    row('c3', [19, 2, 1000, 3, 3, 4], 'need_attention'),
    row('c4', [10, 3, 800, 4, 4, 3], 'loyal'),
    row('c5', [1, 4, 3600, 5, 5, 5], 'champions'),
  ])
  // On the 12th c4 had one purchase day, c5 two of them.
  expect(
    (await rfm('2025-01-12 00:00:00.000')).map(({ customer_id, segment }) => [customer_id, segment]),
  ).toEqual([
    ['c1', 'hibernating'],
    ['c2', 'hibernating'],
    ['c3', 'about_to_sleep'],
    ['c4', 'promising'],
    ['c5', 'champions'],
  ])
})

it('names all 25 pairs of recency and frequency by the map', async () => {
  // 25 customers: five recencies, each with five frequencies; so every fifth is a score.
  const rows = Array.from({ length: 25 }, (_, i) => {
    const [recency, frequency] = [Math.floor(i / 5), i % 5]
    const last = 20 + recency
    return buys(
      `c${recency + 1}${frequency + 1}`,
      100,
      ...Array.from({ length: frequency + 1 }, (_, k) => last - k),
    )
  }).flat()
  await served.fill('ledger', rows)
  const map = new Map((await rfm()).map(({ customer_id, segment }) => [customer_id, segment]))
  const line = (recency: number) => [1, 2, 3, 4, 5].map(frequency => map.get(`c${recency}${frequency}`))
  const lost = ['hibernating', 'hibernating', 'at_risk', 'at_risk', 'cant_lose']
  expect(line(1)).toEqual(lost)
  expect(line(2)).toEqual(lost)
  expect(line(3)).toEqual(['about_to_sleep', 'about_to_sleep', 'need_attention', 'loyal', 'loyal'])
  expect(line(4)).toEqual(['promising', 'potential_loyalist', 'potential_loyalist', 'loyal', 'loyal'])
  expect(line(5)).toEqual(['new', 'potential_loyalist', 'potential_loyalist', 'champions', 'champions'])
})
