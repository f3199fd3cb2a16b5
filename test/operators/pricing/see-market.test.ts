import { expect, it } from 'vitest'
import type { Any } from '../../../operators/pricing/lead-agenda.ts'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'
import { default_routing } from '../../../operators/pricing/routing-policy.ts'
import { market_of, market_or_none } from '../../../operators/pricing/see-market.ts'

const turn = (entries: Readonly<Record<string, unknown>>) =>
  ({
    key: 'acme',
    at_ms: 7,
    catalog: (kind: string, id: string) => entries[`${kind}|${id}`],
    slot: (id: string) => (id === 'buyer|a' ? { buyer: 'book of a', due: [], leads: [] } : undefined),
  }) as unknown as Any
const buyers = {
  buyers: [
    { buyer_id: 'a', tier: 'premium' },
    { buyer_id: 'b', tier: 'volume' },
  ],
}

it('is none where the tenant has never named buyers, and empty where that is asked for', () => {
  expect(market_of(turn({}))).toBeNull()
  expect(market_of(turn({ 'buyers|acme': null }))).toBeNull()
  expect(market_of(turn({ 'buyers|other': buyers }))).toBeNull()
  expect(market_or_none(turn({}))).toMatchObject({ buyers: [], currency: 'USD', at_ms: 7 })
  expect(market_or_none(turn({ 'buyers|acme': buyers })).buyers).toHaveLength(2)
})

it('has the tenant’s zone and currency, else UTC and USD', () => {
  const of = (tenants: unknown) => {
    const { zone, currency, unit } = market_or_none(turn({ 'buyers|acme': buyers, 'tenants|acme': tenants }))
    return [zone, currency, unit]
  }
  expect(of(undefined)).toEqual(['UTC', 'USD', 100])
  expect(of({ zone: 'Asia/Tokyo', currency: 'JPY' })).toEqual(['Asia/Tokyo', 'JPY', 1])
  expect(of({ zone: 'Nowhere/Else', currency: 'XXY' })).toEqual(['UTC', 'USD', 100])
})

it('has list prices of the catalog, else of the policy; policies; and books of those that have one', () => {
  const market = market_of(
    turn({
      'buyers|acme': buyers,
      'buyer_tiers|premium': { base_minor: 31_000 },
      'buyer_tiers|volume': { base_minor: -1 },
    }),
  )
  expect(market?.base_of('premium')).toBe(31_000)
  expect([market?.base_of('volume'), market?.base_of('volume'), market?.base_of('direct')]).toEqual([
    7500, 7500, 18_000,
  ])
  expect(market?.policies).toEqual({ pricing: default_pricing, routing: default_routing })
  expect(market?.buyers.map(buyer => market.book_of(buyer))).toEqual(['book of a', undefined])
})
