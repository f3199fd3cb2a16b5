/** attribution_credit: given conversions, expected credit. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { days, hours } from '../../schemas/units.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())
beforeEach(() => served.empty('conversions'))

const T = Date.UTC(2026, 0, 31, 12)
const iso = (ms: number) => new Date(ms).toISOString()
/** [channel, so long before the end, campaign] */
type Step = readonly [channel: string, before_ms: number, campaign?: string]
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
  touches: steps.map(([channel, before_ms, campaign], i) => ({
    event_id: `t${i}`,
    touched_at: iso(T - before_ms),
    channel,
    campaign: campaign ?? null,
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
const view = (values: { as_of?: string; lookback_days?: number; half_life_days?: number } = {}) =>
  served.warehouse.query<Credit>(
    `SELECT * FROM attribution_credit(as_of = {as_of:DateTime64(3, 'UTC')},
       lookback_days = {lookback_days:Float64}, half_life_days = {half_life_days:Float64})
     ORDER BY model, day, currency, channel, campaign`,
    { as_of: '2030-01-01 00:00:00.000', lookback_days: 30, half_life_days: 7, ...values },
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
const MODELS = ['first_touch', 'last_touch', 'linear', 'position_based', 'time_decay']
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
      linear: { search: [50, 0.5], email: [50, 0.5] },
      position_based: { search: [50, 0.5], email: [50, 0.5] },
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
      linear: { search: [34, 0.333333333], social: [33, 0.333333333], email: [33, 0.333333333] },
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
