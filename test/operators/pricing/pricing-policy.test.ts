import { expect, it } from 'vitest'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'

it('has the list prices, quality steps and surge of the requirements', () => {
  expect(default_pricing).toMatchObject({
    base_major: { premium: 250, standard: 125, volume: 75, direct: 180 },
    quality: [
      { from_score: 90, hundredths: 130 },
      { from_score: 80, hundredths: 120 },
    ],
    surge: 150,
    surge_on: 80,
  })
  expect(default_pricing.surge_off).toBeLessThan(default_pricing.surge_on)
})

it('sells each quality to the tier of its name or below, and the unqualified to nobody', () => {
  const { base_major, sold_to } = default_pricing
  const best = (quality: keyof typeof sold_to) => Math.max(...sold_to[quality].map(tier => base_major[tier]))
  expect([best('premium'), best('standard'), best('basic')]).toEqual([250, 125, 75])
  expect(sold_to.unqualified).toEqual([])
})
