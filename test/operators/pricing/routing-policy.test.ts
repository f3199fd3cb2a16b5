import { expect, it } from 'vitest'
import { default_routing } from '../../../operators/pricing/routing-policy.ts'
import { hours } from '../../../schemas/units.ts'

it('has the weights of the requirements, which sum to one, their buffer, and a day to answer', () => {
  expect(default_routing).toMatchObject({
    score: 'v1',
    weights: {
      expected_revenue: 0.4,
      acceptance_rate: 0.25,
      available_capacity: 0.15,
      quality_match: 0.1,
      geographic_match: 0.05,
      historical_performance: 0.05,
    },
    capacity_buffer: 10,
    expire_ms: hours(24),
    pacing: false,
  })
  const sum = Object.values(default_routing.weights).reduce((a, b) => a + b)
  expect(sum).toBeCloseTo(1, 12)
})
