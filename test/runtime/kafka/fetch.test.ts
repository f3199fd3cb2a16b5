/** How long fetches are held: short while anything moves, longer in quiet, never longer than heartbeats allow. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Pace } from '../../../runtime/kafka/fetch.ts'
import { timeouts } from '../../../runtime/kafka/group.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('after some quiet seconds the wait grows, and the first news shortens it', () => {
  const pace = new Pace()
  expect(pace.wait_ms).toBe(150)
  vi.advanceTimersByTime(2_900)
  expect(pace.wait_ms).toBe(150)
  vi.advanceTimersByTime(200)
  expect(pace.wait_ms).toBe(1_000)
  expect(pace.moves).toBe(0)
  pace.moved()
  expect([pace.wait_ms, pace.moves]).toEqual([150, 1])
})

test.each([
  [10_000, 1_000, 20_000, 1_000],
  [30_000, 3_000, 60_000, 1_000],
  [3_000, 300, 6_000, 300],
  [1_000, 200, 5_000, 200],
])('a session of %d ms: heartbeats every %d, rebalances of %d, quiet fetches of %d', (...expected) => {
  const [session_ms, heartbeat_ms, rebalance_ms, wait_ms] = expected
  const { sessionTimeout, heartbeatInterval, rebalanceTimeout } = timeouts(session_ms)
  const pace = new Pace(heartbeatInterval)
  vi.advanceTimersByTime(10_000)
  expect([sessionTimeout, heartbeatInterval, rebalanceTimeout, pace.wait_ms]).toEqual([
    session_ms,
    heartbeat_ms,
    rebalance_ms,
    wait_ms,
  ])
})
