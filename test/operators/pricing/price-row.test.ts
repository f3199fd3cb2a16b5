import { expect, it } from 'vitest'
import type { Choice } from '../../../operators/pricing/choose-buyer.ts'
import { chosen_row, price_row } from '../../../operators/pricing/price-row.ts'
import type { Lead } from '../../../schemas/types.ts'
import { minutes } from '../../../schemas/units.ts'
import { lead as lead_with } from './leads.ts'

const lead = lead_with('1', { market_ratio: 1.15, duration_ms: minutes(3.5) }) as Lead

it('is worth base × quality × surge × market, and that by the minute', () => {
  const price = {
    tier: 'premium',
    base_minor: 25_000,
    quality: 120,
    surge: 150,
    price_minor: 45_000,
  } as const
  expect(price_row(lead, { ...price, utilization_ratio: 0.8 }, [], 'USD', 'p')).toMatchObject({
    buyer_tier: 'premium',
    quality_ratio: 1.2,
    surge_ratio: 1.5,
    market_ratio: 1.15,
    revenue_potential_minor: 51_750,
    // In 3.5 minutes: 14,785.71 each.
    revenue_per_minute_minor: 14_786,
  })
  expect(price_row({ ...lead, duration_ms: 999 }, null, [], 'USD', 'p')).toMatchObject({
    buyer_tier: null,
    price_minor: 0,
    revenue_potential_minor: 0,
    revenue_per_minute_minor: null,
  })
})

it('is at most what an amount can be, whatever the tables multiply to', () => {
  const dear = {
    tier: 'premium',
    base_minor: 1e11,
    quality: 10_000,
    surge: 10_000,
    price_minor: 1e15,
  } as const
  const row = price_row(
    { ...lead, market_ratio: 100, duration_ms: 1000 },
    { ...dear, utilization_ratio: 1 },
    [],
    'USD',
    'p',
  )
  expect([row.revenue_potential_minor, row.revenue_per_minute_minor]).toEqual([1e15, 1e15])
})

it('tells the chosen buyer’s tier and price, and why others were not: by price where that is why', () => {
  const offer = (tier: string, price_minor: number) => ({
    buyer: { tier },
    price_minor,
    utilization_ratio: null,
    factors: { base_minor: 10_000, quality: 100, surge: 100 },
  })
  const choice = {
    chosen: offer('direct', 12_000),
    alternatives: [
      { offer: offer('standard', 11_000), reason: 'lower_score' },
      { offer: offer('premium', 13_000), reason: 'lower_score' },
      { offer: offer('volume', 9000), reason: 'full' },
    ],
    opening_ms: null,
  } as unknown as Choice
  expect(chosen_row(lead, choice, 'USD', 'p')).toMatchObject({
    buyer_tier: 'direct',
    price_minor: 12_000,
    base_minor: 10_000,
    alternatives: [
      { buyer_tier: 'standard', price_minor: 11_000, reason: 'lower_price' },
      { buyer_tier: 'premium', price_minor: 13_000, reason: 'lower_score' },
      { buyer_tier: 'volume', price_minor: 9000, reason: 'full' },
    ],
  })
})
