import { expect, it } from 'vitest'
import { default_anomalies } from '../../../operators/anomaly/anomaly-policy.ts'
import { hours, minutes } from '../../../schemas/units.ts'

it('what settles does so within what is adopted, and neither before a window has passed', () => {
  const { settle_ms, adopt_ms, history_ms } = default_anomalies
  expect(settle_ms).toBeGreaterThanOrEqual(minutes(10))
  expect(adopt_ms).toBeGreaterThan(hours(2))
  expect(history_ms).toBeGreaterThan(adopt_ms)
})
