/** The price terms of the requirements, one by one; and that they multiply to the price, whatever they are. */
import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { local_time } from '../../../operators/core/zone-clock.ts'
import {
  business_hours_of,
  level_of,
  market_fraction,
  type PriceFactors,
  type PriceLimits,
  price_of,
  product,
  quality_of,
  terms_of,
  weekday_of,
} from '../../../operators/pricing/price-terms.ts'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'

const plain: PriceFactors = {
  base_minor: 25_000,
  quality: 100,
  surge: 100,
  business_hours: 100,
  weekday: 100,
  market: market_fraction(1),
}
const free: PriceLimits = { step: 0, last_level_minor: 0, floor_minor: null, ceiling_minor: null }

it('multiplies by 1.3 from 90 points and by 1.2 from 80', () => {
  const at = (score: number) => quality_of(score, default_pricing)
  expect([100, 90, 89.99, 80, 79.99, 0].map(at)).toEqual([130, 130, 120, 120, 100, 100])
})

it('is 10 to 20 % dearer in business hours of the buyer’s zone, and cheaper at weekends', () => {
  // Monday, 5 January 2026, hour by hour.
  const hour = (zone: string, h: number) => local_time(zone, Date.UTC(2026, 0, 5, h))
  const terms = (zone: string) =>
    [8, 9, 10, 13, 14, 16, 17].map(h => business_hours_of(hour(zone, h), default_pricing))
  expect(terms('UTC')).toEqual([100, 110, 120, 120, 110, 110, 100])
  // Five hours behind.
  expect(terms('America/New_York')).toEqual([100, 100, 100, 100, 110, 120, 120])
  const day = (d: number) => local_time('UTC', Date.UTC(2026, 0, d, 12))
  const days = [5, 6, 7, 8, 9, 10, 11]
  expect(days.map(d => weekday_of(day(d), default_pricing))).toEqual([100, 100, 100, 100, 100, 95, 95])
  expect(days.map(d => business_hours_of(day(d), default_pricing))).toEqual([
    120, 120, 120, 120, 120, 100, 100,
  ])
})

it('business hours run over midnight as buyers’ hours do, each hour by its own day', () => {
  const night = {
    ...default_pricing,
    business_hours: [{ from: 22, to: 6, days: [1], hundredths: 130 }],
  }
  const at = (day: number, h: number) =>
    business_hours_of(local_time('UTC', Date.UTC(2026, 0, day, h)), night)
  // Monday the 5th: its first six hours and its last two; Tuesday's night is Tuesday's.
  expect([at(5, 0), at(5, 5), at(5, 6), at(5, 21), at(5, 22), at(5, 23), at(6, 0)]).toEqual([
    130, 130, 100, 100, 130, 130, 100,
  ])
})

it('has the terms in order, and the limits that changed it', () => {
  const factors = {
    ...plain,
    quality: 120,
    surge: 150,
    business_hours: 110,
    weekday: 95,
    market: market_fraction(1.15),
  }
  // 25,000 × 1.2 × 1.5 × 1.1 × .95 × 1.15 = 54,078.75
  expect(price_of(factors, free)).toBe(54_079)
  const ratios = (limits: PriceLimits) => terms_of(factors, limits).map(({ term, ratio }) => [term, ratio])
  const before = [
    ['base', 25_000],
    ['quality', 1.2],
    ['surge', 1.5],
    ['business_hours', 1.1],
    ['weekday', 0.95],
    ['market', 1.15],
  ]
  expect(ratios(free)).toEqual(before)
  const held = { step: 200, last_level_minor: 10_000, floor_minor: 45_000, ceiling_minor: 42_000 }
  expect(price_of(factors, held)).toBe(42_000)
  expect(ratios(held)).toEqual([
    ...before,
    // Twice the last level, 20,000, for such a lead in such a market.
    ['step', expect.closeTo(27_600 / 54_078.75, 12)],
    ['floor', 45_000 / 27_600],
    ['ceiling', 42_000 / 45_000],
  ])
})

it('moves by a step at most, up and down, and not where none is known', () => {
  const step = (last_level_minor: number, by = 150) =>
    price_of(plain, { ...free, step: by, last_level_minor })
  expect([step(0), step(10_000), step(25_000), step(60_001), step(60_001, 0)]).toEqual([
    25_000, 15_000, 25_000, 40_001, 25_000,
  ])
})

it('holds how a buyer’s prices move, not what lead they are for: 250 × 1.3 × 1.5 × 1.2 is 585 behind a Sunday’s 237.50', () => {
  const sunday = { ...plain, weekday: 95 }
  expect([price_of(sunday, free), level_of(sunday, free)]).toEqual([23_750, 23_750])
  const monday = { ...plain, quality: 130, surge: 150, business_hours: 120 }
  const limits = { ...free, step: default_pricing.step, last_level_minor: 23_750 }
  expect(price_of(monday, limits)).toBe(58_500)
  expect(terms_of(monday, limits).map(({ term }) => term)).not.toContain('step')
  // Behind it a plain lead costs what it costs, in a market of a tenth of the revenue too.
  const last_level_minor = level_of(monday, limits)
  expect(last_level_minor).toBe(45_000)
  const poor = { ...sunday, market: market_fraction(0.1) }
  expect(price_of(poor, { ...limits, last_level_minor })).toBe(2375)
})

it('moves by one minor unit at least, so that small prices are not held for ever', () => {
  const up = (last_level_minor: number) =>
    level_of({ ...plain, base_minor: 60 }, { ...free, step: 101, last_level_minor })
  expect([up(50), up(51), up(59), up(70), up(1)]).toEqual([51, 52, 60, 69, 2])
})

it('gives from nothing what the floor says, and tells it as the amount', () => {
  const nothing = { ...plain, base_minor: 0 }
  const limits = { ...free, floor_minor: 500 }
  expect(price_of(nothing, limits)).toBe(500)
  expect(terms_of(nothing, limits).at(-1)).toEqual({ term: 'floor', ratio: 500 })
})

it('reduces a market’s ratio, and believes none above a hundred', () => {
  expect([1, 1.15, 0, 0.333333].map(market_fraction)).toEqual([
    { num: 1, den: 1 },
    { num: 23, den: 20 },
    { num: 0, den: 1 },
    { num: 333_333, den: 1_000_000 },
  ])
  expect([market_fraction(1e9), market_fraction(-1)]).toEqual([
    { num: 100, den: 1 },
    { num: 0, den: 1 },
  ])
})

const hundredths = fc.integer({ min: 1, max: 10_000 })
const any_factors = fc.record({
  base_minor: fc.integer({ min: 0, max: 1e11 }),
  quality: hundredths,
  surge: hundredths,
  business_hours: hundredths,
  weekday: hundredths,
  market: fc.integer({ min: 0, max: 2_000_000 }).map(millionths => market_fraction(millionths / 1e6)),
})
const amount = fc.option(fc.integer({ min: 1, max: 1e11 }), { nil: null })
const any_limits = fc.record({
  step: fc.constantFrom(0, 100, 150, 200),
  last_level_minor: fc.integer({ min: 0, max: 1e11 }),
  floor_minor: amount,
  ceiling_minor: amount,
})

test('the price is the exact product, rounded half up once', () => {
  fc.assert(
    fc.property(any_factors, factors => {
      const { base_minor, quality, surge, business_hours, weekday, market } = factors
      const all = [base_minor, quality, surge, business_hours, weekday, market.num].map(BigInt)
      const dividend = all.reduce((a, b) => a * b, 2n)
      const divisor = 100_000_000n * BigInt(market.den)
      const exact = (dividend + divisor) / (2n * divisor)
      expect(price_of(factors, free)).toBe(exact > 10n ** 15n ? 1e15 : Number(exact))
    }),
    { numRuns: 500 },
  )
})

test('the terms multiply to the price, and the limits hold', () => {
  fc.assert(
    fc.property(any_factors, any_limits, (factors, limits) => {
      const price = price_of(factors, limits)
      const terms = terms_of(factors, limits)
      const limit = (term: string) => ['step', 'floor', 'ceiling'].includes(term)
      const whole = terms.reduce(
        (all, { term, ratio }) => (all === 0 && limit(term) ? ratio : all * ratio),
        1,
      )
      if (price < 1e15) expect(Math.abs(whole - price)).toBeLessThanOrEqual(0.5 + price * 1e-12)
      if (limits.ceiling_minor !== null) expect(price).toBeLessThanOrEqual(limits.ceiling_minor)
      if (limits.floor_minor !== null)
        expect(price).toBeGreaterThanOrEqual(Math.min(limits.floor_minor, limits.ceiling_minor ?? Infinity))
    }),
    { numRuns: 500 },
  )
})

it('rounds a half up, once', () => {
  expect([product(1, [150], 100), product(3, [50], 100), product(99, [50], 100)]).toEqual([2, 2, 50])
  expect(product(99_997_566_659, [120, 1_150_001], 100_000_000)).toBe(137_996_761_986)
})
