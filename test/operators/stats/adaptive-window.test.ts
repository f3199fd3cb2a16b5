import { expect, it } from 'vitest'
import { add_to_window, empty_window, window_total } from '../../../operators/stats/adaptive-window.ts'
import { random_of } from '../anomaly/simulated-metric.ts'

const run = (values: readonly number[]) => {
  let state = empty_window
  const cuts: number[] = []
  for (const [i, value] of values.entries()) {
    const step = add_to_window(state, value)
    state = step.state
    if (step.changed) cuts.push(i)
  }
  return { state, cuts }
}
const noise = (n: number, level: number, seed = 1): number[] => {
  const random = random_of(seed)
  return Array.from({ length: n }, () => level + random() - 0.5)
}

it('grows while nothing changes, in few buckets, with the mean of all', () => {
  const values = noise(5000, 3)
  const { state, cuts } = run(values)
  expect(cuts).toEqual([])
  expect(state.buckets.length).toBeLessThan(6 * Math.log2(5000 / 6) + 6)
  const { n, mean } = window_total(state)
  expect(n).toBe(5000)
  expect(mean).toBeCloseTo(values.reduce((a, b) => a + b) / 5000, 9)
  const squares = state.buckets.map(bucket => bucket.squares)
  expect(Math.min(...squares)).toBeGreaterThanOrEqual(0)
})

it('forgets what was before a change soon after it', () => {
  const { state, cuts } = run([...noise(1000, 0), ...noise(500, 1, 2)])
  expect(cuts[0]).toBeGreaterThanOrEqual(1000)
  expect(cuts[0]).toBeLessThan(1064)
  const { n, mean } = window_total(state)
  expect(n).toBeLessThan(700)
  expect(mean).toBeGreaterThan(0.8)
})

it('a spread that shrinks at the same mean is no change', () => {
  const wild = noise(1000, 0, 3).map(value => value * 6)
  expect(run([...wild, ...noise(1000, 0)]).cuts).toEqual([])
})
