/** attribution_channel: given conversions, touches and spend, what each channel brought and cost. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'

const noon = (day: number) => `2026-01-${String(day).padStart(2, '0')}T12:00:00.000Z`
const step = (channel: string, day: number, campaign: string | null = null) => ({
  event_id: `${channel}${day}`,
  touched_at: noon(day),
  channel,
  campaign,
  cost_minor: 0,
  cost_currency: 'EUR',
  anonymous: false,
})
const paid = (event_id: string, day: number, amount_minor: number, touches: object[], more: object = {}) => ({
  _key: 't1|c1',
  event_id,
  tenant_id: 't1',
  customer_id: 'c1',
  occurred_at: noon(day),
  type: 'payment_succeeded',
  amount_minor,
  currency: 'EUR',
  path_ends_at: noon(day),
  touches,
  ...more,
})
const touch = (event_id: string, day: number, channel: string, cost_minor: number, more: object = {}) => ({
  _key: 't1|c1',
  event_id,
  tenant_id: 't1',
  customer_id: 'c1',
  occurred_at: noon(day),
  channel,
  cost_minor,
  currency: 'EUR',
  ...more,
})
const spend = (event_id: string, day: number, channel: string, amount_minor: number, more: object = {}) => ({
  _key: 't1',
  event_id,
  tenant_id: 't1',
  occurred_at: noon(day),
  channel,
  amount_minor,
  currency: 'EUR',
  ...more,
})

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  const path = [step('search', 3, 'spring'), step('email', 4)]
  await served.fill('conversions', [
    paid('a', 5, 1000, path),
    paid('b', 6, 500, path.slice(1)),
    paid('r', 7, -400, path, { type: 'refunded' }),
    paid('outside', 9, 9999, path),
    paid('yen', 5, 70, path.slice(1), { currency: 'JPY' }),
  ])
  await served.fill('touchpoints', [
    touch('1', 5, 'search', 30, { campaign: 'spring' }),
    touch('2', 8, 'search', 20, { campaign: 'spring' }),
    touch('3', 5, 'search', 8),
    touch('4', 5, 'email', 0),
    touch('before', 4, 'email', 5000),
    touch('after', 9, 'email', 5000),
  ])
  await served.fill('spend', [
    spend('1', 5, 'search', 500, { campaign: 'spring', content_id: 'film' }),
    // A correction.
    spend('2', 6, 'search', -50, { campaign: 'spring' }),
    spend('3', 8, 'tv', 700),
    spend('4', 8, 'email', 12, { currency: 'JPY' }),
    spend('after', 9, 'tv', 5000),
  ])
  // Inserted again, as after a restart of the sink.
  await served.fill('spend', [spend('3', 8, 'tv', 700)])
})
afterAll(() => served.stop())

const asked = { as_of: '2026-02-01 00:00:00.000', from_day: '2026-01-05', to_day: '2026-01-09' }
const channels = async (values: Record<string, unknown> = {}) => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT model, channel, campaign, currency, credit_minor, round(conversions, 6), spend_minor, margin_minor,
       round(return_on_ad_spend, 3), round(cost_per_acquisition_minor, 3)
     FROM attribution_channel(as_of = {as_of:DateTime64(3, 'UTC')}, from_day = {from_day:Date},
       to_day = {to_day:Date}, lookback_days = 30, half_life_days = 7, models = {models:Array(String)})
     WHERE tenant_id = 't1' ORDER BY model, currency, channel, campaign`,
    { ...asked, models: ['linear'], ...values } as never,
  )
  return rows.map(row => Object.values(row))
}

it('sets credit against what touches and the tenant’s own spend cost, by campaign and currency', async () => {
  expect(await channels()).toEqual([
    ['linear', 'email', 'none', 'EUR', 800, 1.5, 0, 800, null, null],
    ['linear', 'search', 'none', 'EUR', 0, 0, 8, -8, 0, null],
    ['linear', 'search', 'spring', 'EUR', 300, 0.5, 500, -200, 0.6, 1000],
    ['linear', 'tv', 'none', 'EUR', 0, 0, 700, -700, 0, null],
    ['linear', 'email', 'none', 'JPY', 70, 1, 12, 58, 5.833, 12],
  ])
})

it('each model has the same spend, and all the money', async () => {
  const rows = await channels({ models: [] })
  const sums = new Map<unknown, [number, number]>()
  for (const [model, , , currency, credit, , spent] of rows) {
    if (currency !== 'EUR') continue
    const [credit_minor, spend_minor] = sums.get(model) ?? [0, 0]
    sums.set(model, [credit_minor + Number(credit), spend_minor + Number(spent)])
  }
  expect(sums.size).toBe(8)
  for (const sum of sums.values()) expect(sum).toEqual([1100, 1208])
})

it('knows nothing of what happens from as_of on', async () => {
  const rows = await channels({ as_of: '2026-01-06 00:00:00.000', models: ['last_touch'] })
  expect(rows).toEqual([
    ['last_touch', 'email', 'none', 'EUR', 1000, 1, 0, 1000, null, null],
    ['last_touch', 'search', 'none', 'EUR', 0, 0, 8, -8, 0, null],
    ['last_touch', 'search', 'spring', 'EUR', 0, 0, 530, -530, 0, null],
    ['last_touch', 'email', 'none', 'JPY', 70, 1, 0, 70, null, null],
  ])
})

it('refuses a stretch of no day, and a model that there is not', async () => {
  await expect(channels({ to_day: '2026-01-05' })).rejects.toThrow('from_day must be before to_day')
  // Named twice, it costs once.
  expect(await channels({ models: ['linear', 'linear'] })).toEqual(await channels({ models: ['linear'] }))
  await expect(channels({ models: ['best'] })).rejects.toThrow('models must be of first_touch')
})
