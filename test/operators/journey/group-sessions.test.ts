import fc from 'fast-check'
import { expect, test } from 'vitest'
import { days, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'

const T = Date.UTC(2026, 0, 5)
const GAP = minutes(30)

/** Sessions by definition: sort, cut at every gap. */
const by_definition = (times: readonly number[]) => {
  const sessions: { started: number; ended: number; touches: number }[] = []
  for (const at of [...times].sort((a, b) => a - b)) {
    const last = sessions.at(-1)
    if (last && at - last.ended <= GAP) {
      last.ended = at
      last.touches++
    } else sessions.push({ started: at, ended: at, touches: 1 })
  }
  return sessions
}

test('whatever the order of arrival, the standing sessions are those of the definition', async () => {
  const offsets = fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 25 })
  await fc.assert(
    fc.asyncProperty(offsets, fc.integer({ min: 1, max: 9 }), async (minutes_after, batch) => {
      const driver = await Driver.open('customer', { batch, crash: true })
      const times = minutes_after.map(after => T + minutes(after))
      times.forEach((occurred_at, i) => {
        const row = {
          event_id: `t${i}`,
          tenant_id: 'acme',
          customer_id: 'ada',
          occurred_at,
          channel: 'ads',
          interaction: 'click',
          currency: 'EUR',
        }
        driver.send('touchpoints', [row as never])
      })
      driver.tick(T + days(1))
      const standing = new Map<string, { started: number; ended: number; touches: number } | null>()
      for (const row of driver.outputs('sessions')) {
        const { occurred_at: started, ended_at: ended, touches } = row
        standing.set(row.event_id, row.retracted ? null : { started, ended, touches })
      }
      const rows = [...standing.values()].filter(row => row !== null).sort((a, b) => a.started - b.started)
      expect(rows).toEqual(by_definition(times))
    }),
    { numRuns: 80 },
  )
})
