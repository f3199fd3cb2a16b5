import { expect, it } from 'vitest'
import { ACCEPTANCE_COLUMNS, acceptance_row } from '../../../operators/pricing/acceptance-row.ts'

const lead = {
  base_share: 0.5,
  behavior_share: 1,
  timing_share: 0.25,
  market_share: 0.1,
  quality_tier: 'standard',
  buyer_tier: 'premium',
  price_minor: 20_000,
  usual_price_minor: 10_000,
}
const NONE = [0, 0, 0, 0, 0]

it('is the factors from -2 to 2, quality, price, and the factors again of the buyer’s tier', () => {
  const own = [0, 2, -1, -1.6]
  const row = acceptance_row(lead)
  const shared = [...own, 0, Math.log(2)]
  const close = (wanted: readonly number[]) => wanted.map(x => expect.closeTo(x, 12))
  expect(row).toEqual(close([...shared, 1, ...own, ...NONE, ...NONE, ...NONE]))
  const volume = acceptance_row({ ...lead, buyer_tier: 'volume' })
  expect(volume).toEqual(close([...shared, ...NONE, ...NONE, 1, ...own, ...NONE]))
  expect(volume).toHaveLength(ACCEPTANCE_COLUMNS)
  const other = acceptance_row({ ...lead, buyer_tier: 'other' })
  expect(other).toEqual(close([...shared, ...NONE, ...NONE, ...NONE, ...NONE]))
})

it('takes a price that nobody knows for the usual one, and qualities in equal steps', () => {
  for (const of of [{ price_minor: 0 }, { usual_price_minor: 0 }])
    expect(acceptance_row({ ...lead, ...of })[5]).toBe(0)
  const qualities = ['premium', 'standard', 'basic', 'unqualified']
  expect(qualities.map(quality_tier => acceptance_row({ ...lead, quality_tier })[4])).toEqual(
    [1 / 3, 0, -1 / 3, -2 / 3].map(x => expect.closeTo(x, 12)),
  )
})
