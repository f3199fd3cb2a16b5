import { expect, it } from 'vitest'
import { ACCEPTANCE_COLUMNS, acceptance_row } from '../../../operators/pricing/acceptance-row.ts'

const lead = {
  base_points: 20,
  behavior_points: 30,
  timing_points: 5,
  market_points: 1,
  quality_tier: 'standard',
  buyer_tier: 'premium',
  price_minor: 20_000,
  usual_price_minor: 10_000,
}
const NONE = [0, 0, 0, 0, 0]

it('is shares of the factors, quality, price, and the shares again of the buyer’s tier', () => {
  const own = [0.5, 1, 0.25, 0.1]
  const shared = [...own, 2, Math.log(2)]
  expect(acceptance_row(lead)).toEqual([...shared, ...NONE, ...NONE, ...NONE])
  const volume = acceptance_row({ ...lead, buyer_tier: 'volume' })
  expect(volume).toEqual([...shared, ...NONE, 1, ...own, ...NONE])
  expect(volume).toHaveLength(ACCEPTANCE_COLUMNS)
})

it('takes a price that nobody knows for the usual one, and no quality for none', () => {
  for (const of of [{ price_minor: 0 }, { usual_price_minor: 0 }])
    expect(acceptance_row({ ...lead, ...of })[5]).toBe(0)
  expect(acceptance_row({ ...lead, quality_tier: 'unqualified' })[4]).toBe(0)
})
