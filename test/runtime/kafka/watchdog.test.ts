/** Silence is noticed, signs of life and stopped processes are not taken for it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Watchdog } from '../../../runtime/kafka/watchdog.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('two minutes of silence are told once', () => {
  const stalled = vi.fn()
  const watchdog = new Watchdog(stalled)
  watchdog.start()
  vi.advanceTimersByTime(119_000)
  expect(stalled).not.toHaveBeenCalled()
  vi.advanceTimersByTime(500_000)
  expect(stalled.mock.calls).toEqual([[120_000]])
})

test('signs of life begin the count anew, and what is stopped is silent', () => {
  const stalled = vi.fn()
  const watchdog = new Watchdog(stalled)
  watchdog.start()
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(100_000)
    watchdog.alive()
  }
  watchdog.stop()
  vi.advanceTimersByTime(500_000)
  expect(stalled).not.toHaveBeenCalled()
})
