/** How many records a batch takes: what it is given time for. */
import { expect, test } from 'vitest'
import { most_next } from '../../runtime/live-task.ts'

const MAX = 7000

test('a batch that was cut short makes the next one as small, within bounds', () => {
  expect(most_next(MAX, MAX, 2400, MAX)).toBe(2400)
  expect(most_next(2400, 2400, 10, MAX)).toBe(100)
  // Timers alone used the time up.
  expect(most_next(2400, 2400, 0, MAX)).toBe(100)
  expect(most_next(20, 20, 3, 20)).toBe(20)
})

test('full batches in time make them larger again, half empty ones say nothing', () => {
  expect(most_next(100, 100, 100, MAX)).toBe(200)
  expect(most_next(4000, 4000, 4000, MAX)).toBe(MAX)
  expect(most_next(200, 50, 50, MAX)).toBe(200)
})
