import fc from 'fast-check'
import { expect, test } from 'vitest'
import { minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'

const T = Date.UTC(2026, 0, 5)
const movement = fc.record({
  after_ms: fc.integer({ min: 0, max: minutes(240) }),
  amount_minor: fc.integer({ min: -5000, max: 5000 }),
  channel: fc.constantFrom('ads', 'mail'),
})

test('whatever the order of arrival, the newest revisions sum to the movements and each window closes once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(movement, { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      async (moves, batch) => {
        const driver = await Driver.open('tenant', { batch, crash: true })
        const expected = new Map<string, number>()
        moves.forEach(({ after_ms, amount_minor, channel }, i) => {
          const occurred_at = T + after_ms
          const type = amount_minor < 0 ? 'refunded' : 'payment_succeeded'
          const row = {
            event_id: `m${i}`,
            tenant_id: 'acme',
            occurred_at,
            type,
            channel,
            product_id: 'p',
            currency: 'EUR',
            amount_minor,
          }
          driver.send('movements', [row as never], { task: 0, stream_time_ms: occurred_at })
          const id = `${Math.floor(occurred_at / minutes(5)) * minutes(5)}|${channel}|p|EUR`
          expected.set(id, (expected.get(id) ?? 0) + amount_minor)
        })
        driver.mark('movements', 0, T + minutes(600))
        driver.run()
        const newest = new Map<string, { net_minor: number; revision: number }>()
        for (const row of driver.outputs('revenue_windows')) {
          const before = newest.get(row.event_id)
          expect(row.revision).toBe(before ? before.revision + 1 : 0)
          expect(row.net_minor).toBe(row.gross_minor - row.refunds_minor)
          newest.set(row.event_id, row)
        }
        expect(new Map([...newest].map(([id, row]) => [id, row.net_minor]))).toEqual(expected)
        expect(driver.outcomes.late).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})
