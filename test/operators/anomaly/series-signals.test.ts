import { expect, test } from 'vitest'
import { new_detector } from '../../../operators/anomaly/judge-series.ts'
import {
  measure_signals,
  root_of,
  SIDE,
  SIGNALS,
  type Signal,
  value_of,
  WEIGHT,
} from '../../../operators/anomaly/series-signals.ts'
import type { AnomalyDetector } from '../../../schemas/types.ts'
import { hours } from '../../../schemas/units.ts'

const EXPECTED = { hour: 0, week: 0, by_hour: 2, expected: 2 }
/** Sizes by name after these values of a series whose season says 4, the last one after `passed` intervals. */
const measured = (values: readonly number[], passed = 1) => {
  let known: AnomalyDetector = { ...new_detector(), interval_ms: hours(1) }
  let sizes: readonly number[] = []
  values.forEach((value, i) => {
    const one = measure_signals(known, value, EXPECTED, i === values.length - 1 ? passed : 1)
    sizes = one.sizes
    known = { ...known, means: [...one.means], last: one.last, values: known.values + 1 }
  })
  return Object.fromEntries(SIGNALS.map((signal, i) => [signal, sizes[i]])) as Record<Signal, number>
}
const steady = (n: number) => Array.from({ length: n }, (_, i) => 4 + (i % 2 ? 0.1 : -0.1))

test('roots and values are each other, below zero too', () => {
  for (const value of [-50, -1, 0, 0.25, 9]) expect(value_of(root_of(value, 3), 3)).toBeCloseTo(value, 12)
})

test('as usual, every signal is near nothing', () => {
  for (const [signal, size] of Object.entries(measured(steady(400))))
    expect(Math.abs(size), signal).toBeLessThan(0.06)
})

test('each sees what it is there for', () => {
  const spike = measured([...steady(400), 16])
  expect(spike.drop).toBeCloseTo(2, 6)
  expect(spike.range).toBeCloseTo(2, 1)
  expect(spike.rise).toBeGreaterThan(0.5)
  expect(measured([...steady(400), 0]).drop).toBeCloseTo(-2, 6)
  const level = measured([...steady(400), ...new Array(30).fill(9)])
  expect(level.season_hour).toBeCloseTo(1, 3)
  expect(level.hours_above).toBeCloseTo(1, 1)
  expect(level.season_day).toBeGreaterThan(0.6)
  expect(measured([...steady(400), ...new Array(60).fill(4)]).shake).toBeLessThan(-3)
  expect(measured([...steady(400), 9, 1, 9, 1, 9, 1]).shake).toBeGreaterThan(2)
})

test('after a gap an hour has forgotten what was before it', () => {
  const before = [...steady(100), ...new Array(10).fill(9)]
  expect(measured([...before, 4]).hours_above).toBeGreaterThan(0.5)
  expect(measured([...before, 4], 50).hours_above).toBeLessThan(0.05)
})

test('sides and weights are of signals there are', () => {
  for (const name of [...Object.keys(SIDE), ...Object.keys(WEIGHT)]) expect(SIGNALS).toContain(name)
})
