import { describe, expect, it } from 'vitest'
import { cover, first_open, is_covered } from '../../../operators/metric/metric-spans.ts'

const POLICY = { window_ms: 5, silence_ms: 20 }

describe('spans', () => {
  const one = cover([], 100, POLICY)
  it('are a window with events and the silence behind it', () => {
    expect(one).toEqual([{ from_ms: 100, until_ms: 120 }])
    expect([95, 100, 120, 125].map(start_ms => is_covered(one, start_ms))).toEqual([false, true, true, false])
  })
  it('grow together where no window is between them, and stay the same where nothing is new', () => {
    expect(cover(one, 125, POLICY)).toEqual([{ from_ms: 100, until_ms: 145 }])
    expect(cover(one, 75, POLICY)).toEqual([{ from_ms: 75, until_ms: 120 }])
    const two = cover(cover(one, 130, POLICY), 50, POLICY)
    expect(two).toEqual([
      { from_ms: 50, until_ms: 70 },
      { from_ms: 100, until_ms: 120 },
      { from_ms: 130, until_ms: 150 },
    ])
    expect(cover(two, 75, POLICY)).toEqual([{ from_ms: 50, until_ms: 120 }, two[2]])
    expect(cover(two, 100, POLICY)).toBe(two)
  })
})

it('a window is open until the grace behind its end is over', () => {
  expect(first_open(114, { window_ms: 10, grace_ms: 5 })).toBe(100)
  expect(first_open(115, { window_ms: 10, grace_ms: 5 })).toBe(110)
})
