/** attribution_credit beside removal effects of nothing, or next to nothing: they break no answer, of no tenant. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())

const AT = '2026-01-31T12:00:00.000Z'
const touch = (event_id: string) => ({
  event_id,
  touched_at: '2026-01-30T12:00:00.000Z',
  channel: 'search',
  cost_minor: 0,
  cost_currency: 'EUR',
  anonymous: false,
})
const effect = (tenant_id: string, place: string, size: number) => ({
  _key: tenant_id,
  event_id: place,
  tenant_id,
  occurred_at: '2026-01-31T00:00:00.000Z',
  model: 'markov',
  markov_order: 1,
  dimension: 'channel',
  place,
  effect: size,
})

it('goes by what is left', async () => {
  const conversion = { _key: 't1|c1', event_id: 'e1', tenant_id: 't1', customer_id: 'c1', currency: 'EUR' }
  const when = { occurred_at: AT, path_ends_at: AT, touches: [touch('a'), touch('b')] }
  await served.fill('conversions', [{ ...conversion, ...when, type: 'payment_succeeded', amount_minor: 100 }])
  await served.fill('attribution_effects', [
    effect('t2', 'email', 0),
    effect('t1', 'email', 1),
    effect('t1', 'search', 1e-12),
  ])
  const rows = await served.warehouse.query(
    `SELECT model, channel, sum(credit_minor) AS credit_minor
     FROM attribution_credit(
       as_of = '2026-02-01 00:00:00.000', lookback_days = 30, half_life_days = 7, lookback_steps = 0,
       path_transform = 'none', models = ['linear', 'markov'])
     GROUP BY model, channel ORDER BY model`,
  )
  expect(rows).toEqual([
    { model: 'linear', channel: 'search', credit_minor: 100 },
    { model: 'markov', channel: 'search', credit_minor: 100 },
  ])
})
