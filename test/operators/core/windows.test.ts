import { expect, test } from 'vitest'
import {
  closes_at,
  earliest,
  forgotten_at,
  latest,
  sortable_ms,
  sorted_ms,
  window_start,
} from '../../../operators/core/windows.ts'

test('tumbling windows are aligned to the epoch, before it too', () => {
  expect([0, 999, 1000, 1999].map(at => window_start(at, 1000))).toEqual([0, 0, 1000, 1000])
  expect(window_start(-1, 1000)).toBe(-1000)
})

test('a window closes a grace after its end and is forgotten a correction later', () => {
  const lateness = { grace_ms: 10, correction_ms: 100 }
  expect([closes_at(50, lateness), forgotten_at(50, lateness)]).toEqual([60, 160])
})

test('the earliest and the latest of no times is none', () => {
  expect([earliest([]), earliest([3, 1, 2])]).toEqual([null, 1])
  expect([latest([]), latest([1, 3, 2])]).toEqual([null, 3])
  expect(latest(Array.from({ length: 300_000 }, (_, n) => n))).toBe(299_999)
})

test('instants as texts sort by time and come back', () => {
  const instants = [-2_208_988_800_000, -1, 0, 1, 999_999_999_999, 1_000_000_000_000, 4_102_444_800_000]
  const texts = instants.map(sortable_ms)
  expect([...texts].sort()).toEqual(texts)
  expect(texts.map(text => sorted_ms(`d|${text}|chat 1`, 'd|'))).toEqual(instants)
})
