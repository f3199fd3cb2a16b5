import { expect, test } from 'vitest'
import { closes_at, earliest, forgotten_at, window_start } from '../../../operators/core/windows.ts'

test('tumbling windows are aligned to the epoch, before it too', () => {
  expect([0, 999, 1000, 1999].map(at => window_start(at, 1000))).toEqual([0, 0, 1000, 1000])
  expect(window_start(-1, 1000)).toBe(-1000)
})

test('a window closes a grace after its end and is forgotten a correction later', () => {
  const lateness = { grace_ms: 10, correction_ms: 100 }
  expect([closes_at(50, lateness), forgotten_at(50, lateness)]).toEqual([60, 160])
})

test('the earliest of no times is none', () => {
  expect([earliest([]), earliest([3, 1, 2])]).toEqual([null, 1])
})
