/** Seeded paths for the attribution tests, and the numbers that fast-check draws. */
import fc from 'fast-check'
import type { CountedPath } from '../../../jobs/attribution/paths.ts'
import { random_of } from '../../operators/anomaly/simulated-metric.ts'

/** `count` paths over `channels` channels, the first ones more often; a journey goes on with probability `on`. */
export const simulated_paths = (seed: number, count: number, channels: number, on: number): CountedPath[] => {
  const random = random_of(seed)
  const place = () => `c${Math.floor(random() ** 2 * channels)}`
  return Array.from({ length: count }, () => {
    const places = [place()]
    while (random() < on) places.push(place())
    const conversions = Math.floor(random() * 3)
    return {
      places,
      conversions,
      value: conversions * Math.round(random() * 1e4),
      nulls: Math.floor(random() * 9),
    }
  })
}

/** Lists of paths over few channels, `direct` among them, with many repeats. */
export const any_paths: fc.Arbitrary<CountedPath[]> = fc.array(
  fc.record({
    places: fc.array(fc.constantFrom('direct', 'email', 'search', 'social'), { minLength: 1, maxLength: 6 }),
    conversions: fc.integer({ min: 0, max: 9 }),
    value: fc.double({ min: 0, max: 1e4, noNaN: true }),
    nulls: fc.integer({ min: 0, max: 9 }),
  }),
  { minLength: 1, maxLength: 12 },
)
