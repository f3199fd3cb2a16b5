/** attribution_path: given conversions and touches, expected paths. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { days } from '../../schemas/units.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())
beforeEach(() => served.empty('conversions', 'touchpoints', 'identified_touches'))

const NOW = Date.UTC(2026, 0, 31)
const iso = (ms: number) => new Date(ms).toISOString()
type Step = readonly [channel: string, days_ago: number, campaign?: string, content_id?: string]

const paid = (customer_id: string, days_ago: number, steps: readonly Step[], more: object = {}) => ({
  _key: `t1|${customer_id}`,
  event_id: `p${days_ago}`,
  tenant_id: 't1',
  customer_id,
  occurred_at: iso(NOW - days(days_ago)),
  type: 'payment_succeeded',
  amount_minor: 100,
  currency: 'EUR',
  path_ends_at: iso(NOW - days(days_ago)),
  touches: steps.map(([channel, ago, campaign, content_id], i) => ({
    event_id: `t${i}`,
    touched_at: iso(NOW - days(ago)),
    channel,
    campaign: campaign ?? null,
    content_id: content_id ?? null,
    cost_minor: 0,
    cost_currency: 'EUR',
    anonymous: false,
  })),
  ...more,
})
const touch = (person: string, event_id: string, [channel, ago, campaign, content_id]: Step) => ({
  _key: `t1|${person}`,
  event_id,
  tenant_id: 't1',
  ...(person.startsWith('~') ? { anonymous_id: person.slice(1) } : { customer_id: person }),
  occurred_at: iso(NOW - days(ago)),
  channel,
  campaign: campaign ?? null,
  content_id: content_id ?? null,
  interaction: 'click',
  currency: 'EUR',
})
const claimed = (visitor: string, customer_id: string, event_id: string, ago: number, retracted = false) => ({
  _key: `t1|${customer_id}`,
  event_id,
  tenant_id: 't1',
  customer_id,
  anonymous_id: visitor,
  occurred_at: iso(NOW - days(ago)),
  revision: retracted ? 2 : 1,
  retracted,
})
const paths = async (dimension: string, lookback_days = 30) => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT arrayStringConcat(places, ' > ') AS path, conversions, nulls
     FROM attribution_path(as_of = {as_of:DateTime64(3, 'UTC')}, lookback_days = {lookback_days:Float64})
     WHERE tenant_id = 't1' AND dimension = {dimension:String} ORDER BY path`,
    { as_of: iso(NOW).replace('T', ' ').slice(0, -1), lookback_days, dimension },
  )
  return rows.map(row => Object.values(row).join(' '))
}

it('counts equal paths of payments and of those who did not pay, in each dimension', async () => {
  await served.fill('conversions', [
    paid('ada', 2, [
      ['search', 3, 'spring', 'teaser'],
      ['email', 2],
    ]),
    paid('bo', 2, [
      ['search', 9],
      ['email', 5, 'news'],
    ]),
    paid('cy', 1, []),
    paid('cy', 3, [['video', 4]], { type: 'refunded' }),
    paid('old', 31, [['video', 32]]),
    paid('late', 0, [['video', 1]]),
  ])
  await served.fill('touchpoints', [
    touch('dan', '1', ['search', 8, 'spring']),
    touch('dan', '2', ['email', 7]),
    touch('~v', '1', ['email', 6]),
    touch('eve', '1', ['video', 31]),
    touch('eve', '2', ['video', 0]),
  ])
  expect(await paths('channel')).toEqual(['email 0 1', 'search > email 2 1'])
  expect(await paths('campaign')).toEqual(['none 0 1', 'none > news 1 0', 'spring > none 1 1'])
  expect(await paths('content')).toEqual(['none 0 1', 'none > none 1 1', 'teaser > none 1 0'])
})

it('a payment takes the touches up to it; what comes after it is a path of its own', async () => {
  await served.fill('conversions', [paid('ada', 9, [['search', 10]]), paid('ada', 5, [['search', 10]])])
  await served.fill('touchpoints', [
    touch('ada', '1', ['search', 10]),
    touch('ada', '2', ['email', 5]),
    touch('ada', '3', ['email', 3]),
    touch('ada', '0', ['video', 3]),
  ])
  expect(await paths('channel')).toEqual(['search 2 0', 'video > email 0 1'])
})

it('the touches of a visitor are those of the customer that claimed them', async () => {
  await served.fill('touchpoints', [
    touch('~v', '1', ['search', 9]),
    touch('~v', '2', ['video', 8]),
    touch('~w', '1', ['social', 7]),
    touch('ada', '1', ['email', 6]),
  ])
  await served.fill('identified_touches', [
    claimed('v', 'aaron', '1', 9, true),
    claimed('v', 'ada', '1', 9),
    claimed('v', 'ada', '2', 8),
  ])
  expect(await paths('channel')).toEqual(['search > video > email 0 1', 'social 0 1'])
  await served.fill('conversions', [
    paid('ada', 8, [
      ['search', 9],
      ['video', 8],
    ]),
  ])
  expect(await paths('channel')).toEqual(['email 0 1', 'search > video 1 0', 'social 0 1'])
})

it('reaches back lookback_days from as_of, and on a path from its end', async () => {
  await served.fill('conversions', [
    paid('ada', 4, [
      ['search', 10],
      ['email', 8],
    ]),
  ])
  await served.fill('touchpoints', [touch('bo', '1', ['search', 5]), touch('bo', '2', ['email', 4])])
  expect(await paths('channel', 5)).toEqual(['email 1 1'])
  expect(await paths('channel', 4)).toEqual([])
  await expect(paths('channel', 91)).rejects.toThrow('lookback_days must be 0 to 90')
})

it('shows the newest 200 touches', async () => {
  const many = Array.from({ length: 203 }, (_, i) => touch('ada', `${i}`, [`c${i}`, 10 - i / 100]))
  await served.fill('touchpoints', many)
  const [path = ''] = await paths('channel')
  expect(path).toMatch(/^c3 > c4 > .* > c202 0 1$/)
})
