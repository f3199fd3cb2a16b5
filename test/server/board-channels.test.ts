/** The channels panel on ClickHouse itself: given conversions, touches and spend, the expected panel. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Asking, asking } from '../../server/board/asking.ts'
import { ask_channels, remember_channels } from '../../server/board/channels-panel.ts'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
/** A Wednesday, ten past ten. */
const NOW = Date.UTC(2026, 2, 11, 10, 10)
const iso = (ms: number): string => new Date(ms).toISOString()

let served: Served
let about: Asking
beforeAll(async () => {
  served = await serve_warehouse()
  about = asking(served.warehouse.query, { tenant: 't1', currency: 'USD', now_ms: NOW })
})
afterAll(() => served.stop())

it('channels: credits of 30 days by model, with what the channel cost', async () => {
  const touched = (channel: string, hours_before: number) => ({
    event_id: `${channel}${hours_before}`,
    touched_at: iso(NOW - DAY - hours_before * HOUR),
    channel,
    campaign: null,
    cost_minor: 1,
    cost_currency: 'USD',
    anonymous: false,
  })
  const conversion = (event_id: string, at: number, amount_minor: number, touches: object[]) => ({
    _key: 't1|c1',
    event_id,
    tenant_id: 't1',
    customer_id: 'c1',
    occurred_at: iso(at),
    type: 'payment_succeeded',
    amount_minor,
    currency: 'USD',
    path_ends_at: iso(at),
    touches,
  })
  await served.fill('conversions', [
    conversion('paid', NOW - HOUR, 901, [touched('mail', 2), touched('ads', 1)]),
    conversion('bare', Date.UTC(2026, 1, 10), 99, []),
    conversion('before', Date.UTC(2026, 1, 9, 23), 5000, []),
  ])
  const touch = (event_id: string, channel: string, cost_minor: number, at: number, currency = 'USD') => ({
    _key: 't1|c1',
    event_id,
    tenant_id: 't1',
    customer_id: 'c1',
    occurred_at: iso(at),
    channel,
    cost_minor,
    currency,
  })
  await served.fill('touchpoints', [
    touch('1', 'ads', 30, NOW - 1),
    touch('2', 'ads', 12, NOW - 29 * DAY),
    touch('3', 'ads', 1000, NOW - 30 * DAY),
    touch('4', 'ads', 2000, NOW, 'USD'),
    touch('5', 'ads', 4000, NOW - 1, 'JPY'),
  ])
  const spend = (event_id: string, amount_minor: number, at: number) => ({
    _key: 't1',
    event_id,
    tenant_id: 't1',
    occurred_at: iso(at),
    channel: 'tv',
    amount_minor,
    currency: 'USD',
  })
  await served.fill('spend', [spend('1', 900, NOW - DAY), spend('2', -200, NOW - 1), spend('3', 5, NOW)])
  const panel = await ask_channels(about)
  expect([panel.lookback_days, panel.half_life_days, panel.total_minor]).toEqual([30, 7, 1000])
  expect(panel.models).toEqual([
    'first_touch',
    'last_non_direct',
    'last_touch',
    'linear',
    'markov',
    'position_based',
    'shapley',
    'time_decay',
  ])
  const row = (model: string, channel: string, credit_minor: number, conversions: number) => ({
    model,
    channel,
    credit_minor,
    conversions,
    cost_minor: { ads: 42, tv: 700 }[channel] ?? 0,
  })
  for (const model of panel.models) {
    const credits = panel.credits.filter(credit => credit.model === model)
    expect(credits.reduce((sum, { credit_minor }) => sum + credit_minor, 0)).toBe(1000)
  }
  expect(panel.credits.filter(({ model }) => model === 'first_touch')).toEqual([
    row('first_touch', 'mail', 901, 1),
    row('first_touch', 'none', 99, 1),
    // Credited with nothing, they have cost all the same.
    row('first_touch', 'ads', 0, 0),
    row('first_touch', 'tv', 0, 0),
  ])
  expect(panel.credits.filter(({ model }) => model === 'linear')).toEqual([
    row('linear', 'mail', 451, 0.5),
    row('linear', 'ads', 450, 0.5),
    row('linear', 'none', 99, 1),
    row('linear', 'tv', 0, 0),
  ])
})

it('a day that is over is asked again when a row of it comes late, and only then', async () => {
  const asked: string[] = []
  const listening: Asking = {
    ...about,
    query: sql => {
      const day = /from_day = '([^']*)'/.exec(sql)?.[1]
      if (day) asked.push(day)
      return about.query(sql)
    },
  }
  const ask = remember_channels()
  const days_asked = async () => {
    asked.length = 0
    const panel = await ask(listening)
    expect(panel).toEqual(await ask_channels(about))
    return [...asked]
  }
  expect(await days_asked()).toEqual(['2026-02-10', '2026-03-10', '2026-03-11'])
  expect(await days_asked()).toEqual(['2026-03-11'])
  const bare = {
    _key: 't1|c1',
    event_id: 'bare',
    tenant_id: 't1',
    customer_id: 'c1',
    type: 'payment_succeeded',
  }
  const at = iso(Date.UTC(2026, 1, 10))
  const touch = { event_id: 'late', touched_at: at, channel: 'late', cost_minor: 0, cost_currency: 'USD' }
  const path = {
    path_ends_at: at,
    touches: [{ ...touch, campaign: null, content_id: null, anonymous: false }],
  }
  await served.fill('conversions', [
    { ...bare, ...path, occurred_at: at, amount_minor: 99, currency: 'USD', revision: 1, _offset: 8 },
  ])
  expect(await days_asked()).toEqual(['2026-02-10', '2026-03-11'])
  expect(await days_asked()).toEqual(['2026-03-11'])
  await served.fill('spend', [
    {
      _key: 't1',
      event_id: '9',
      tenant_id: 't1',
      occurred_at: iso(NOW - 2 * DAY),
      channel: 'tv',
      amount_minor: 7,
    },
  ])
  expect(await days_asked()).toEqual(['2026-03-09', '2026-03-11'])
  // The removal effects share out all days anew.
  await served.fill('attribution_effects', [
    { _key: 't1', event_id: 'e', tenant_id: 't1', occurred_at: iso(NOW - DAY), model: 'markov', effect: 0.5 },
  ])
  expect(await days_asked()).toHaveLength(4)
})
