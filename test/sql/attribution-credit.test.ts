/** attribution_credit: given conversions, expected credit. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { days, hours } from '../../schemas/units.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())
beforeEach(() => served.empty('conversions', 'attribution_effects'))

const T = Date.UTC(2026, 0, 31, 12)
const iso = (ms: number) => new Date(ms).toISOString()
const iso_sql = (ms: number) => iso(ms).replace('T', ' ').slice(0, -1)
/** [channel, so long before the end, campaign, content] */
type Step = readonly [channel: string, before_ms: number, campaign?: string, content_id?: string]
const conversion = (steps: readonly Step[], more: Record<string, unknown> = {}) => ({
  _key: 't1|c1',
  event_id: 'e1',
  tenant_id: 't1',
  customer_id: 'c1',
  occurred_at: iso(T),
  revision: 0,
  type: 'payment_succeeded',
  amount_minor: 100,
  currency: 'EUR',
  path_ends_at: iso(T),
  touches: steps.map(([channel, before_ms, campaign, content_id], i) => ({
    event_id: `t${i}`,
    touched_at: iso(T - before_ms),
    channel,
    campaign: campaign ?? null,
    content_id: content_id ?? null,
    cost_minor: 0,
    cost_currency: 'EUR',
    anonymous: false,
  })),
  ...more,
})

interface Credit {
  readonly day: string
  readonly model: string
  readonly channel: string
  readonly campaign: string
  readonly currency: string
  readonly credit_minor: number
  readonly conversions: number
}
interface Asked {
  readonly as_of?: string
  readonly lookback_days?: number
  readonly lookback_steps?: number
  readonly half_life_days?: number
  readonly path_transform?: string
  readonly models?: readonly string[]
}
const CREDIT = `attribution_credit(
  as_of = {as_of:DateTime64(3, 'UTC')}, lookback_days = {lookback_days:Float64},
  half_life_days = {half_life_days:Float64}, lookback_steps = {lookback_steps:UInt32},
  path_transform = {path_transform:String}, models = {models:Array(String)})`
const asked: Asked = {
  as_of: '2030-01-01 00:00:00.000',
  lookback_days: 30,
  lookback_steps: 0,
  half_life_days: 7,
  path_transform: 'none',
  models: [],
}
const ask = <R>(sql: string, values: Asked = {}) =>
  served.warehouse.query<R>(sql, { ...asked, ...values } as never)
const view = (values: Asked = {}) =>
  ask<Credit>(
    `SELECT day, model, channel, campaign, currency, sum(credit_minor) AS credit_minor,
       sum(conversions) AS conversions
     FROM ${CREDIT} GROUP BY ALL ORDER BY model, day, currency, channel, campaign`,
    values,
  )
/** Model -> channel -> [credit, conversions]; what is added over days, campaigns and currencies. */
const by_model = (rows: readonly Credit[]) => {
  const models: Record<string, Record<string, [number, number]>> = {}
  for (const { model, channel, credit_minor, conversions } of rows) {
    models[model] ??= {}
    const [minor, share] = models[model][channel] ?? [0, 0]
    models[model][channel] = [minor + Number(credit_minor), Math.round((share + conversions) * 1e9) / 1e9]
  }
  return models
}
const MODELS = [
  'first_touch',
  'last_non_direct',
  'last_touch',
  'linear',
  'markov',
  'position_based',
  'shapley',
  'time_decay',
]
const every = <V>(value: V) => Object.fromEntries(MODELS.map(model => [model, value]))

describe('the models', () => {
  it('give everything to a single touch', async () => {
    await served.fill('conversions', [conversion([['search', days(3)]])])
    expect(by_model(await view())).toEqual(every({ search: [100, 1] }))
  })

  it('share two touches', async () => {
    await served.fill('conversions', [
      conversion([
        ['search', days(7)],
        ['email', 0],
      ]),
    ])
    expect(by_model(await view())).toEqual({
      first_touch: { search: [100, 1] },
      last_touch: { email: [100, 1] },
      last_non_direct: { email: [100, 1] },
      linear: { search: [50, 0.5], email: [50, 0.5] },
      markov: { search: [50, 0.5], email: [50, 0.5] },
      position_based: { search: [50, 0.5], email: [50, 0.5] },
      shapley: { search: [50, 0.5], email: [50, 0.5] },
      time_decay: { search: [33, 0.333333333], email: [67, 0.666666667] },
    })
  })

  it('share three touches; what is left over goes to the largest remainder, of equal ones to the earliest', async () => {
    await served.fill('conversions', [
      conversion([
        ['search', days(14)],
        ['social', days(7)],
        ['email', 0],
      ]),
    ])
    expect(by_model(await view())).toEqual({
      first_touch: { search: [100, 1] },
      last_touch: { email: [100, 1] },
      last_non_direct: { email: [100, 1] },
      linear: { search: [34, 0.333333333], social: [33, 0.333333333], email: [33, 0.333333333] },
      markov: { search: [34, 0.333333333], social: [33, 0.333333333], email: [33, 0.333333333] },
      shapley: { search: [34, 0.333333333], social: [33, 0.333333333], email: [33, 0.333333333] },
      position_based: { search: [40, 0.4], social: [20, 0.2], email: [40, 0.4] },
      // 14.29, 28.57, 57.14
      time_decay: { search: [14, 0.142857143], social: [29, 0.285714286], email: [57, 0.571428571] },
    })
  })

  it('share four touches, one channel adding up; touches of one instant weigh alike', async () => {
    const steps: Step[] = [
      ['search', 0],
      ['social', 0],
      ['social', 0],
      ['email', 0],
    ]
    await served.fill('conversions', [conversion(steps, { amount_minor: 1003 })])
    expect(by_model(await view())).toEqual({
      first_touch: { search: [1003, 1] },
      last_touch: { email: [1003, 1] },
      last_non_direct: { email: [1003, 1] },
      // 334 1/3, twice 167 1/6, 334 1/3: the first of the two thirds is rounded up.
      markov: { search: [335, 0.333333333], social: [334, 0.333333333], email: [334, 0.333333333] },
      shapley: { search: [335, 0.333333333], social: [334, 0.333333333], email: [334, 0.333333333] },
      // 250.75 each: three of them are rounded up.
      linear: { search: [251, 0.25], social: [502, 0.5], email: [250, 0.25] },
      // 401.2, 100.3, 100.3, 401.2
      position_based: { search: [401, 0.4], social: [201, 0.2], email: [401, 0.4] },
      time_decay: { search: [251, 0.25], social: [502, 0.5], email: [250, 0.25] },
    })
  })

  it('decay a half with each half-life, however long ago all of it was', async () => {
    await served.fill('conversions', [
      conversion([
        ['search', days(29)],
        ['email', days(28)],
      ]),
    ])
    const decayed = by_model(await view({ half_life_days: 0.25 })).time_decay
    expect(decayed).toEqual({ search: [6, 0.058823529], email: [94, 0.941176471] })
    expect(by_model(await view({ half_life_days: 0.01 })).time_decay?.email).toEqual([100, 1])
  })
})

describe('money', () => {
  const pair: Step[] = [
    ['search', days(2), 'spring'],
    ['search', days(1)],
    ['email', 0],
  ]
  it('comes back with a refund, to the minor unit, and is not counted as a conversion', async () => {
    const refund = { type: 'refunded', occurred_at: iso(T + days(2)) }
    await served.fill('conversions', [
      conversion(pair),
      conversion(pair, { ...refund, event_id: 'r', amount_minor: -100 }),
      conversion(pair, { ...refund, type: 'chargeback', event_id: 's', amount_minor: -1 }),
    ])
    const rows = await view()
    const linear = rows
      .filter(row => row.model === 'linear')
      .map(row => [row.day, row.channel, row.campaign, Number(row.credit_minor)])
    expect(linear).toEqual([
      ['2026-01-31', 'email', 'none', 33],
      ['2026-01-31', 'search', 'none', 33],
      ['2026-01-31', 'search', 'spring', 34],
      ['2026-02-02', 'email', 'none', -33],
      ['2026-02-02', 'search', 'none', -33],
      ['2026-02-02', 'search', 'spring', -35],
    ])
    const sums = Object.values(by_model(rows)).map(channels =>
      Object.values(channels).reduce(([a, b], [minor, share]) => [a + minor, b + share], [0, 0]),
    )
    expect(sums.map(([minor, share]) => [minor, Math.round((share as number) * 1e6)])).toEqual(
      MODELS.map(() => [-1, 1e6]),
    )
  })

  it('is of its own currency, and whole where that has no cents', async () => {
    await served.fill('conversions', [
      conversion(pair, { currency: 'JPY', amount_minor: 7 }),
      conversion(pair, { event_id: 'e2', currency: 'USD', amount_minor: 0 }),
    ])
    const linear = (await view()).filter(row => row.model === 'linear')
    expect(linear.map(row => [row.currency, row.channel, row.campaign, Number(row.credit_minor)])).toEqual([
      ['JPY', 'email', 'none', 2],
      ['JPY', 'search', 'none', 2],
      ['JPY', 'search', 'spring', 3],
      ['USD', 'email', 'none', 0],
      ['USD', 'search', 'none', 0],
      ['USD', 'search', 'spring', 0],
    ])
  })

  it('sums exactly at the largest amounts and longest paths', async () => {
    const steps = Array.from({ length: 200 }, (_, i): Step => [`c${i % 7}`, hours(200 - i)])
    const amount_minor = Number.MAX_SAFE_INTEGER
    await served.fill('conversions', [conversion(steps, { amount_minor })])
    for (const [model, channels] of Object.entries(by_model(await view())))
      expect(
        Object.values(channels).reduce((sum, [minor]) => sum + BigInt(minor), 0n),
        model,
      ).toBe(BigInt(amount_minor))
  })

  it('without a touch in the lookback is nobody’s', async () => {
    await served.fill('conversions', [
      conversion([['search', days(30)]]),
      conversion([], { event_id: 'e2', amount_minor: 7 }),
    ])
    expect(by_model(await view())).toEqual(every({ none: [107, 2] }))
    expect(by_model(await view({ lookback_days: 30.5 }))).toEqual(every({ search: [100, 1], none: [7, 1] }))
  })
})

it('takes the newest revision, and knows nothing of what happens from as_of on', async () => {
  await served.fill('conversions', [
    conversion([['search', 0]], { revision: 1 }),
    conversion([], { revision: 0 }),
    conversion([['email', 0]], { event_id: 'later', occurred_at: iso(T + 1), path_ends_at: iso(T + 1) }),
  ])
  expect(by_model(await view({ as_of: '2026-01-31 12:00:00.001' }))).toEqual(every({ search: [100, 1] }))
  expect(await view({ as_of: '2026-01-31 12:00:00.000' })).toEqual([])
})

it('refuses a lookback that paths do not reach, and a half-life of nothing', async () => {
  await served.fill('conversions', [conversion([])])
  await expect(view({ lookback_days: 91 })).rejects.toThrow('lookback_days must be 0 to 90')
  await expect(view({ half_life_days: 0 })).rejects.toThrow('half_life_days must be more than 0')
})

const walk: Step[] = [
  ['search', days(20), 'spring', 'teaser'],
  ['search', days(10), 'spring', 'film'],
  ['email', days(6)],
  ['search', days(3)],
  ['direct', days(1)],
  ['direct', 0],
]

it('goes by content too, and says which movement and touch it is of', async () => {
  await served.fill('conversions', [conversion(walk), conversion([], { event_id: 'e2' })])
  const rows = await ask<Record<string, string | number | null>>(
    `SELECT event_id, customer_id, touch_at, campaign, content, credit_minor FROM ${CREDIT}
     ORDER BY event_id, touch_at`,
    { models: ['linear'] },
  )
  expect(rows.map(row => Object.values(row))).toEqual([
    ['e1', 'c1', '2026-01-11 12:00:00.000', 'spring', 'teaser', 17],
    ['e1', 'c1', '2026-01-21 12:00:00.000', 'spring', 'film', 17],
    ['e1', 'c1', '2026-01-25 12:00:00.000', 'none', 'none', 17],
    ['e1', 'c1', '2026-01-28 12:00:00.000', 'none', 'none', 17],
    ['e1', 'c1', '2026-01-30 12:00:00.000', 'none', 'none', 16],
    ['e1', 'c1', '2026-01-31 12:00:00.000', 'none', 'none', 16],
    ['e2', 'c1', null, 'none', 'none', 100],
  ])
})

it('last_non_direct passes over what came directly, unless all did', async () => {
  await served.fill('conversions', [
    conversion(walk),
    conversion(walk.slice(4), { event_id: 'e2', amount_minor: 7 }),
  ])
  expect(by_model(await view({ models: ['last_non_direct'] }))).toEqual({
    last_non_direct: { search: [100, 1], direct: [7, 1] },
  })
})

describe('channels share by', () => {
  const effect = (place: string, size: number, day: number, more: object = {}) => ({
    _key: 't1',
    event_id: `markov|1|channel|${place}|${day}`,
    tenant_id: 't1',
    occurred_at: iso(T + days(day)),
    model: 'markov',
    markov_order: 1,
    dimension: 'channel',
    place,
    effect: size,
    ...more,
  })
  const shared = async (values: Asked = {}) =>
    by_model(await view({ models: ['shapley', 'markov'], as_of: iso_sql(T + days(9) - 1), ...values }))
  const thirds = { search: [99, 0.333333333], email: [99, 0.333333333], direct: [99, 0.333333333] }
  beforeEach(() => served.fill('conversions', [conversion(walk, { amount_minor: 297 })]))

  it('equal parts where nothing is known of them, each touch its part of the channel’s', async () => {
    expect(await shared()).toEqual({ shapley: thirds, markov: thirds })
    await served.fill('attribution_effects', [effect('search', 0, 1), effect('social', 0.5, 1)])
    expect((await shared()).markov).toEqual(thirds)
  })

  it('the newest removal effects of as_of or before, of the channels and of order 1', async () => {
    await served.fill('attribution_effects', [
      effect('search', 0.6, 2),
      effect('email', 0.3, 2),
      // Not among the newest, so unknown: it gets nothing beside those that are known.
      effect('direct', 0.9, 1),
      effect('search', 0.1, 9),
      effect('email', 0.9, 9),
      effect('email', 0.9, 3, { markov_order: 2 }),
      effect('email', 0.9, 3, { model: 'shapley_rate', markov_order: 0 }),
      effect('email', 0.9, 3, { dimension: 'campaign' }),
      effect('email', 0.9, 3, { tenant_id: 't2' }),
    ])
    const known = { search: [198, 0.666666666], email: [99, 0.333333333] }
    expect(await shared()).toEqual({ shapley: thirds, markov: known })
    expect((await shared({ as_of: iso_sql(T + days(1) - 1) })).markov).toEqual(thirds)
    expect((await shared({ lookback_days: 1 })).markov).toEqual({ direct: [297, 1] })
  })
})

describe('the path', () => {
  const ways = async (values: Asked) => {
    const rows = await ask<{ touched: string }>(
      `SELECT arrayStringConcat(arraySort(groupArray(concat(toString(dateDiff('day', touch_at,
         toDateTime64('2026-01-31 12:00:00', 3, 'UTC'))), ' ', channel))), ', ') AS touched FROM ${CREDIT}`,
      { models: ['linear'], ...values },
    )
    return rows[0]?.touched
  }
  beforeEach(() => served.fill('conversions', [conversion(walk)]))

  it.each([
    ['none', '0 direct, 1 direct, 10 search, 20 search, 3 search, 6 email'],
    ['exposure', '1 direct, 20 search, 3 search, 6 email'],
    ['first', '1 direct, 20 search, 6 email'],
    ['unique', '0 direct, 3 search, 6 email'],
  ])('%s: %s', async (path_transform, touched) => {
    expect(await ways({ path_transform })).toBe(touched)
  })

  it.each([
    [1, 'none', '0 direct'],
    [3, 'none', '0 direct, 1 direct, 3 search'],
    [3, 'exposure', '1 direct, 3 search'],
    [4, 'first', '1 direct, 3 search, 6 email'],
    [99, 'unique', '0 direct, 3 search, 6 email'],
  ])('of the last %i touches, %s: %s', async (lookback_steps, path_transform, touched) => {
    expect(await ways({ lookback_steps, path_transform })).toBe(touched)
  })

  it('steps count back from what lies before as_of, within the days', async () => {
    const moved = { occurred_at: iso(T - days(2)), event_id: 'e2' }
    await served.fill('conversions', [conversion(walk, moved)])
    await served.fill('conversions', [conversion(walk, { revision: 1, amount_minor: 0, touches: [] })])
    const rows = await ask<{ at: string }>(
      `SELECT toString(touch_at) AS at FROM ${CREDIT} WHERE event_id = 'e2' ORDER BY at`,
      { models: ['linear'], lookback_steps: 2, lookback_days: 8, as_of: iso_sql(T - days(1)) },
    )
    expect(rows.map(({ at }) => at)).toEqual(['2026-01-25 12:00:00.000', '2026-01-28 12:00:00.000'])
  })
})

it('refuses transforms and models that there are not', async () => {
  await served.fill('conversions', [conversion([])])
  await expect(view({ path_transform: 'last' })).rejects.toThrow('path_transform must be none, exposure, fi')
  await expect(view({ models: ['linear', 'best'] })).rejects.toThrow('models must be of first_touch, last_')
})
