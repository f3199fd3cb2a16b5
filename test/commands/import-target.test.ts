/** An import waits for what it sent to be processed: visibly, bounded, with its lease kept alive. */
import { afterEach, expect, it, vi } from 'vitest'
import { CommandError } from '../../commands/command.ts'
import { RENEW_EVERY_MS, wait_until_processed } from '../../commands/import-target.ts'
import { open_backlog } from '../../runtime/backlog.ts'
import { small_system } from '../runtime/small-system.ts'
import { payment } from '../server/memory-ports.ts'

afterEach(() => {
  vi.useRealTimers()
})

const looks = (...numbers: number[]) => {
  let i = 0
  return async () => numbers[Math.min(i++, numbers.length - 1)]!
}
const waiting = (stop = new AbortController().signal) => {
  const seen: string[] = []
  return { seen, stop, on_wait: (left: string) => seen.push(left) }
}
const never = () => Promise.reject(new Error('not to be renewed'))

it('shows what is left until nothing is', async () => {
  vi.useFakeTimers()
  const shown = waiting()
  const done = wait_until_processed(looks(20, 7, 30, 0), never, 5000, shown)
  await vi.runAllTimersAsync()
  expect(await done).toBe(0)
  expect(shown.seen).toEqual([20, 7, 30].map(n => `${n} records are to be processed`))
})

it('gives up waiting when nothing moves, not while something does, and renews the lease meanwhile', async () => {
  vi.useFakeTimers()
  let renewed = 0
  let left = 500
  const began = performance.now()
  const done = wait_until_processed(
    async () => (left > 300 ? left-- : left),
    async () => {
      renewed++
    },
    5000,
    waiting(),
  )
  await vi.runAllTimersAsync()
  expect(await done).toBe(300)
  const took_ms = performance.now() - began
  expect(took_ms).toBeGreaterThan(190_000)
  expect(renewed).toBe(Math.floor(took_ms / RENEW_EVERY_MS))
})

it('leaves the lease open when told to stop', async () => {
  const stop = new AbortController()
  stop.abort()
  const done = wait_until_processed(looks(5), never, 5000, waiting(stop.signal))
  await expect(done).rejects.toThrow(CommandError)
  await expect(done).rejects.toThrow(/5 records .* run the same command again/)
})

it('ends also where no worker runs, with what stands in the log', async () => {
  const system = await small_system()
  await system.send('payments', [payment(), payment({ event_id: 'e2' })])
  const { left } = open_backlog(system.deps, ['payments'])
  expect(await wait_until_processed(left, async () => {}, 300, waiting())).toBe(2)
  await system.close()
})
