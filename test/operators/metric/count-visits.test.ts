import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Touchpoint } from '../../../schemas/types.ts'
import { days, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { counted, metric_app, sums } from './metric-app.ts'

const T = Date.UTC(2026, 0, 5)
const touch = (event_id: string, at: number, more: Partial<Touchpoint> = {}): Partial<Touchpoint> => ({
  event_id,
  tenant_id: 'acme',
  customer_id: 'ada',
  occurred_at: T + minutes(at),
  channel: 'ads',
  interaction: 'view',
  currency: 'EUR',
  ...more,
})
const visits = (d: Driver) => counted(d, 'visits').map(row => row.event_id)

scenario(
  'a visit is the first touch after half an hour without one',
  'customer',
  d => {
    d.send('touchpoints', [touch('a', 0), touch('b', 29), touch('c', 59), touch('d', 90), touch('e', 91)])
    d.run()
    expect(
      counted(d, 'visits').map(row => [row.tenant_id, row.event_id, row.occurred_at, row.samples]),
    ).toEqual([
      ['acme', 'a', T, 1],
      ['acme', 'd', T + minutes(90), 1],
    ])
    expect(counted(d, 'visits', 'channel=ads')).toHaveLength(2)
  },
  metric_app,
)

scenario(
  'a late touch joins its session, in any of the last four; elsewhere it is a visit of its own',
  'customer',
  d => {
    d.send('touchpoints', [touch('a', 0), touch('b', 100), touch('c', 200), touch('d', 300)])
    d.send('touchpoints', [
      touch('late-a', 20),
      touch('late-c', 180),
      touch('between', 140),
      touch('later', 60),
    ])
    d.run()
    expect(visits(d)).toEqual(['a', 'b', 'c', 'd', 'between', 'later'])
    expect(d.outcomes.late).toBe(0)
  },
  metric_app,
)

scenario(
  'an anonymous visitor counts, and identifying does not count again',
  'customer',
  d => {
    const anonymous = { customer_id: null, anonymous_id: 'x' }
    d.send('touchpoints', [touch('a', 0, anonymous), touch('b', 5, anonymous)])
    d.send('touchpoints', [touch('i', 6, { interaction: 'identify', anonymous_id: 'x' }), touch('c', 10)])
    d.run()
    expect(visits(d)).toEqual(['a'])
  },
  metric_app,
)

scenario(
  'a visitor who stays away is forgotten',
  'customer',
  d => {
    const kept = () => [...d.fields('acme|ada').keys()].filter(field => field.includes('count-visits'))
    d.send('touchpoints', [touch('a', 0)])
    d.run()
    expect(kept()).toHaveLength(1)
    d.tick(T + days(4))
    expect(kept()).toEqual([])
  },
  metric_app,
)

test('touches in order: as many visits as sessions; out of order: no fewer', async () => {
  const minutes_in = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 25 })
  await fc.assert(
    fc.asyncProperty(minutes_in, async arrivals => {
      const sorted = [...arrivals].sort((a, b) => a - b)
      const sessions = sorted.filter((at, i) => i === 0 || at - (sorted[i - 1] as number) > 30).length
      const count = async (order: readonly number[]) => {
        const d = await Driver.open('customer', { batch: 5 }, metric_app)
        d.send(
          'touchpoints',
          order.map((at, i) => touch(`e${i}`, at)),
        )
        d.run()
        return sums(d, 'visits').reduce((total, [, n]) => total + n, 0)
      }
      expect(await count(sorted)).toBe(sessions)
      expect(await count(arrivals)).toBeGreaterThanOrEqual(sessions)
    }),
    { numRuns: 25 },
  )
})
