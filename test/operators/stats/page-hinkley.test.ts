import { expect, it } from 'vitest'
import { add_to_drift, no_drift, type PageHinkleyLimits } from '../../../operators/stats/page-hinkley.ts'

const limits: PageHinkleyLimits = { threshold: 10, slack: 0.1, kept: 1, first: 5 }
const moves = (values: readonly number[]) => {
  let state = no_drift
  return values.flatMap((value, i) => {
    const step = add_to_drift(state, value, limits)
    state = step.state
    return step.moved ? [[i, step.moved]] : []
  })
}
const level = (n: number, value: number) => Array.from({ length: n }, (_, i) => value + (i % 2 ? 0.3 : -0.3))

it('says a rise and a fall, and begins anew', () => {
  const found = moves([...level(100, 0), ...level(100, 2), ...level(100, 0)])
  expect(found.map(([, moved]) => moved)).toEqual(['up', 'down'])
  expect(found[0]?.[0]).toBeGreaterThan(100)
  expect(found[0]?.[0]).toBeLessThan(110)
  expect(found[1]?.[0]).toBeGreaterThan(200)
  expect(found[1]?.[0]).toBeLessThan(210)
})

it('is silent while the mean holds, and before it has seen enough', () => {
  expect(moves(level(2000, 5))).toEqual([])
  expect(moves([0, 0, 50, 50])).toEqual([])
  expect(moves([0, 0, 50, 50, 50])).toEqual([[4, 'up']])
})
