import fc from 'fast-check'
import { expect, test } from 'vitest'
import lead_scoring from '../../../pipelines/lead-scoring.ts'
import pricing_leads from '../../../pipelines/pricing-leads.ts'
import quality_feedback from '../../../pipelines/quality-feedback.ts'
import { tributary } from '../../../runtime/app.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { enter, said } from '../conversation/talk.ts'
import { handed_off, lead, send, T } from './leads.ts'

const app = { ...tributary(1), partitions: 1, pipelines: [lead_scoring, quality_feedback, pricing_leads] }
const brief = (d: Driver) => d.outputs('prices').map(row => [row.buyer_tier, row.price_minor])

scenario(
  'the requirements’ lead of 87 points: 250 × 1.2 = 300, with the factors and the alternatives it beat',
  'tenant',
  d => {
    send(d, [lead('4', { duration_ms: minutes(3.5), market_ratio: 1.15 })])
    d.run()
    expect(d.outputs('prices')).toEqual([
      {
        event_id: 'ada|4',
        tenant_id: 'acme',
        customer_id: 'ada',
        conversation_id: 'chat-1',
        cause_event_id: '4',
        occurred_at: T,
        quality_tier: 'premium',
        buyer_tier: 'premium',
        currency: 'USD',
        base_minor: 25_000,
        quality_ratio: 1.2,
        surge_ratio: 1,
        market_ratio: 1.15,
        utilization_ratio: null,
        price_minor: 30_000,
        revenue_potential_minor: 34_500,
        // 345.00 in 3.5 minutes: 98.571… a minute.
        revenue_per_minute_minor: 9857,
        alternatives: [
          { buyer_tier: 'direct', price_minor: 21_600, reason: 'lower_price' },
          { buyer_tier: 'standard', price_minor: 15_000, reason: 'lower_price' },
          { buyer_tier: 'volume', price_minor: 9000, reason: 'lower_price' },
        ],
        policy_version: 'pricing-1',
      },
    ])
  },
  app,
)

scenario(
  'the quality decides the tier and the factor; the unqualified have no price',
  'tenant',
  d => {
    send(d, [
      lead('1', { total_score: 90, duration_ms: 999 }),
      lead('2', { total_score: 79.99, quality_tier: 'standard', duration_ms: 1000 }),
      lead('3', { total_score: 80, quality_tier: 'standard' }),
      lead('4', { total_score: 55, quality_tier: 'basic' }),
      lead('5', { total_score: 49, quality_tier: 'unqualified', duration_ms: 1000 }),
    ])
    d.run()
    expect(brief(d)).toEqual([
      ['premium', 32_500],
      ['standard', 12_500],
      ['standard', 15_000],
      ['volume', 7500],
      [null, 0],
    ])
    expect(d.outputs('prices').map(row => row.revenue_per_minute_minor)).toEqual([
      null,
      750_000,
      null,
      null,
      0,
    ])
    expect(d.outputs('prices')[4]).toMatchObject({ base_minor: 0, alternatives: [], utilization_ratio: null })
  },
  app,
)

scenario(
  'prices are in the tenant’s currency and by the catalog’s list, as of the lead',
  'tenant',
  d => {
    enter(d, 'tenants', 'acme', { currency: 'JPY' }, T + hours(1))
    enter(d, 'buyer_tiers', 'premium', { base_minor: 33 }, T + hours(2))
    enter(d, 'buyer_tiers', 'premium', { base_minor: -1 }, T + hours(3))
    const at = (n: number) => lead(String(n), { occurred_at: T + hours(n), total_score: 90 })
    send(d, [at(0), at(1), at(2), at(3)])
    d.run()
    const rows = d.outputs('prices')
    expect(rows.map(row => [row.currency, row.buyer_tier, row.base_minor, row.price_minor])).toEqual([
      ['USD', 'premium', 25_000, 32_500],
      ['JPY', 'premium', 250, 325],
      // 33 × 1.3 = 42.9: the direct buyers now pay more.
      ['JPY', 'direct', 180, 234],
      ['JPY', 'premium', 250, 325],
    ])
    expect(rows[2]?.alternatives.at(-1)).toEqual({
      buyer_tier: 'premium',
      price_minor: 43,
      reason: 'lower_price',
    })
  },
  app,
)

const utilized = (d: Driver) =>
  d.outputs('prices').map(row => [row.buyer_tier, row.utilization_ratio, row.surge_ratio])

scenario(
  'from 80 % of the day’s capacity demand raises the price; full, the lead goes to the next tier',
  'tenant',
  d => {
    enter(d, 'buyer_tiers', 'volume', { daily_capacity: 5 })
    const basic = { quality_tier: 'basic', total_score: 60 } as const
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    send(
      d,
      names.map(name => handed_off(name, basic)),
    )
    send(d, [lead('next', { total_score: 75, quality_tier: 'standard' })])
    d.run()
    expect(utilized(d)).toEqual([
      ['volume', 0, 1],
      ['volume', 0.2, 1],
      ['volume', 0.4, 1],
      ['volume', 0.6, 1],
      ['volume', 0.8, 1.5],
      [null, null, 1],
      ['standard', null, 1],
    ])
    expect(d.outputs('prices')[4]?.price_minor).toBe(11_250)
    const full = [{ buyer_tier: 'volume', price_minor: 11_250, reason: 'full' }]
    expect(d.outputs('prices')[5]).toMatchObject({ price_minor: 0, alternatives: full })
    expect(d.outputs('prices')[6]).toMatchObject({ price_minor: 12_500, alternatives: full })
  },
  app,
)

scenario(
  'demand stays high until it is below 70 %',
  'tenant',
  d => {
    enter(d, 'buyer_tiers', 'premium', { daily_capacity: 10 })
    enter(d, 'buyer_tiers', 'premium', { daily_capacity: 11 }, T + 1)
    enter(d, 'buyer_tiers', 'premium', { daily_capacity: 12 }, T + 2)
    enter(d, 'buyer_tiers', 'premium', { daily_capacity: 11 }, T + 3)
    send(
      d,
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(name => handed_off(name)),
    )
    send(
      d,
      [0, 1, 2, 3].map(n => lead(String(n), { occurred_at: T + n })),
    )
    d.run()
    expect(utilized(d).slice(8)).toEqual([
      ['premium', 0.8, 1.5],
      ['premium', 8 / 11, 1.5],
      ['premium', 8 / 12, 1],
      ['premium', 8 / 11, 1],
    ])
  },
  app,
)

scenario(
  'a conversation counts once, when it is first handed off or ended, on the day of its event time',
  'tenant',
  d => {
    enter(d, 'buyer_tiers', 'premium', { daily_capacity: 100 })
    send(d, [
      lead('1'),
      lead('2', { type: 'handed_off' }),
      lead('3', { type: 'ended' }),
      handed_off('bo', { type: 'ended' }),
      handed_off('cy', { occurred_at: T - 1 }),
      handed_off('di', { quality_tier: 'unqualified', total_score: 20 }),
      lead('4'),
      lead('5', { occurred_at: T - 1 }),
      lead('6', { tenant_id: 'other' }),
    ])
    d.run()
    const ratios = d.outputs('prices').map(row => row.utilization_ratio)
    expect(ratios).toEqual([0, 0, 0.01, 0.01, 0, null, 0.02, 0.01, 0])
  },
  app,
)

scenario(
  'a day is forgotten after the correction time: what comes then is priced without it, and not counted',
  'tenant',
  d => {
    enter(d, 'buyer_tiers', 'premium', { daily_capacity: 2 })
    const kept = () => [...d.fields('acme').keys()].filter(field => field.includes('price-lead#'))
    send(d, [handed_off('a'), lead('1')], T + days(3))
    d.run()
    expect([kept().length, d.timers]).toEqual([2, 2])
    send(d, [lead('2', { occurred_at: T + days(3) })], T + days(3) + minutes(11))
    send(d, [handed_off('b'), lead('3')], T + days(3) + minutes(11))
    d.run()
    expect(d.outputs('prices').map(row => row.utilization_ratio)).toEqual([0, 0.5, 0, null, null])
    expect([kept(), d.outcomes.late]).toEqual([[], 0])
  },
  app,
)

test('prices are the exact product, rounded half up once', async () => {
  const driver = await Driver.open('tenant', { batch: 1 }, app)
  const amounts = fc.record({
    base_minor: fc.integer({ min: 0, max: 1e11 }),
    market: fc.integer({ min: 0, max: 100_000_000 }),
    total_score: fc.constantFrom(70, 85, 95),
    duration_ms: fc.integer({ min: 1000, max: 10_000_000 }),
  })
  let n = 0
  const half_up = (dividend: bigint, divisor: bigint) => Number((2n * dividend + divisor) / (2n * divisor))
  fc.assert(
    fc.property(amounts, ({ base_minor, market, total_score, duration_ms }) => {
      n++
      enter(driver, 'buyer_tiers', 'volume', { base_minor }, T + n)
      const more = { quality_tier: 'basic', market_ratio: market / 1e6, total_score, duration_ms } as const
      send(driver, [lead(`${n}`, { ...more, occurred_at: T + n })], T + n)
      driver.run()
      const quality = total_score >= 90 ? 130n : total_score >= 80 ? 120n : 100n
      const price = half_up(BigInt(base_minor) * quality, 100n)
      const potential = half_up(BigInt(base_minor) * quality * BigInt(market), 100_000_000n)
      expect(driver.outputs('prices').at(-1)).toMatchObject({
        price_minor: price,
        revenue_potential_minor: potential,
        revenue_per_minute_minor: half_up(BigInt(potential) * 60_000n, BigInt(duration_ms)),
      })
    }),
    {
      numRuns: 60,
      // Beyond what doubles multiply exactly: they would make one minor unit more of it.
      examples: [[{ base_minor: 99_997_566_659, market: 1_150_001, total_score: 85, duration_ms: 1000 }]],
    },
  )
})

scenario(
  'bars in ids do not make two conversations one',
  'tenant',
  d => {
    enter(d, 'buyer_tiers', 'premium', { daily_capacity: 10 })
    send(d, [
      handed_off('a', { conversation_id: 'b|c' }),
      handed_off('a|b', { conversation_id: 'c' }),
      handed_off('d'),
    ])
    d.run()
    expect(d.outputs('prices').map(row => row.utilization_ratio)).toEqual([0, 0.1, 0.2])
  },
  app,
)

test('bars in ids do not give two prices one event_id', async () => {
  const stage = await Driver.open('customer', { batch: 1 }, app)
  const message = (customer_id: string, event_id: string) =>
    said(event_id, 0, { customer_id, conversation_id: 'c' })
  const ids = [
    ['a|b', 'c'],
    ['a', 'b|c'],
    ['a%7Cb', 'c'],
    ['a', 'b%7Cc'],
  ] as const
  stage.send(
    'conversations',
    ids.map(([customer_id, event_id]) => message(customer_id, event_id)),
  )
  stage.run()
  const leads = stage.outputs('leads')
  expect(leads.map(row => [row.customer_id, row.cause_event_id])).toEqual(ids)
  const d = await Driver.open('tenant', { batch: 1 }, app)
  send(d, leads)
  d.run()
  expect(d.outputs('prices').map(row => row.event_id)).toEqual(['a%7Cb|c', 'a|b|c', 'a%257Cb|c', 'a|b%7Cc'])
})
