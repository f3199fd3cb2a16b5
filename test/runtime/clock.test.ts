/** The wall clock's sleep can be cut short. */
import { expect, it } from 'vitest'
import { system_clock } from '../../runtime/clock.ts'

it('sleeps, and wakes when aborted', async () => {
  const before = system_clock.now()
  await system_clock.sleep(15)
  expect(system_clock.now() - before).toBeGreaterThanOrEqual(13)
  const stop = new AbortController()
  const long = system_clock.sleep(60_000, stop.signal)
  stop.abort()
  await long
  await system_clock.sleep(60_000, stop.signal)
  expect(system_clock.now() - before).toBeLessThan(5000)
  expect(system_clock.nonce()).not.toBe(system_clock.nonce())
})
