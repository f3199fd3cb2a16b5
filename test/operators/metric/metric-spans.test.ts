import { describe, expect, it } from 'vitest'
import {
  clock_from_v1,
  cover,
  first_open,
  is_covered,
  meet,
  NEW_CLOCK,
  revenue_in,
  series_of_kind,
} from '../../../operators/metric/metric-spans.ts'
import type { MetricClockV1 } from '../../../schemas/types.ts'

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

it('a metric is known since its earliest event, in the order of the list, money last by currency', () => {
  const some = meet([], [revenue_in('USD'), ...series_of_kind('payment_success')], 50)
  const all = meet(meet(some, [revenue_in('EUR')], 60), series_of_kind('visit'), 40)
  expect(all.map(({ metric, currency, since_ms }) => [metric, currency, since_ms])).toEqual([
    ['visits', null, 40],
    ['payments', null, 50],
    ['conversion_rate', null, 40],
    ['payment_failure_rate', null, 50],
    ['revenue', 'EUR', 60],
    ['revenue', 'USD', 50],
  ])
  expect(meet(all, series_of_kind('visit'), 45)).toBe(all)
})

describe('a clock of version 1', () => {
  const old: MetricClockV1 = {
    ...{ first_ms: 100, next_ms: 215, active_ms: 200, forgets: true },
    ...{ metrics: ['visits'], currencies: ['EUR'] },
  }
  const known = [
    { metric: 'visits', currency: null, since_ms: 100 },
    { metric: 'revenue', currency: 'EUR', since_ms: 100 },
  ]
  it('goes on with the window that is next, its metrics known from the first one on', () => {
    expect(clock_from_v1(old, POLICY)).toEqual({
      ...{ next_ms: 215, forgets: true, known },
      spans: [{ from_ms: 100, until_ms: 220 }],
    })
  })
  it('does not take a silence for written, behind which its next window lies', () => {
    expect(clock_from_v1({ ...old, next_ms: 200 }, POLICY).spans).toEqual([])
    const none = { ...old, first_ms: null, next_ms: null, forgets: false, metrics: [], currencies: [] }
    expect(clock_from_v1(none, POLICY)).toEqual(NEW_CLOCK)
  })
})
