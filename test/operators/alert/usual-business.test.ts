import fc from 'fast-check'
import { expect, it } from 'vitest'
import { add_business, is_business, usual_of } from '../../../operators/alert/usual-business.ts'
import type { AlertHour } from '../../../schemas/types.ts'
import { hours } from '../../../schemas/units.ts'

const point = (metric: string, hour: number, value: number, currency: string | null = null, samples = 1) => ({
  ...{ metric, currency, start_ms: hours(hour), value, samples },
})
const run = (points: readonly ReturnType<typeof point>[]) =>
  points.reduce<readonly AlertHour[]>((day, one) => add_business(day, one), [])

it('sums up the last day, and says its main currency', () => {
  const day = run([
    ...[point('visits', 0, 7), point('visits', 1, 10), point('visits', 24, 20), point('payments', 24, 3)],
    ...[
      point('revenue', 2, 500, 'EUR', 2),
      point('revenue', 24, 900, 'USD', 1),
      point('revenue', 24, 100, 'EUR', 1),
    ],
    // Older than the day, and of no business.
    ...[point('visits', 0, 99), point('latency', 24, 99)],
  ])
  expect(usual_of(day)).toEqual({ visits: 30, payments: 3, currency: 'EUR', amount_minor: 600 })
  expect(usual_of([])).toEqual({ visits: 0, payments: 0, currency: null, amount_minor: 0 })
  expect(['visits', 'payments', 'revenue', 'latency'].map(is_business)).toEqual([true, true, true, false])
})

it('is the same in any order, within the day', () => {
  const one = fc.tuple(fc.constantFrom('visits', 'revenue'), fc.nat({ max: 23 }), fc.nat({ max: 1000 }))
  fc.assert(
    fc.property(fc.array(one, { maxLength: 30 }), list => {
      const points = list.map(([metric, hour, value]) => point(metric, hour, value, 'EUR'))
      expect(run(points.toReversed())).toEqual(run(points))
    }),
  )
})
