import { expect, test } from 'vitest'
import { add_to_tail, new_tail, tail_strength } from '../../../operators/stats/tail-strength.ts'
import { random_of } from '../quality/market.ts'

const filled = (sizes: readonly number[]) => sizes.reduce(add_to_tail, new_tail())
const drawn = (n: number, size: (u: number) => number) => {
  const random = random_of(3)
  return Array.from({ length: n }, () => size(random()))
}

test('nothing is rare before thirty sizes, nor among equal ones', () => {
  expect(tail_strength(filled(drawn(29, u => u)), 1e6)).toBe(0)
  expect(tail_strength(filled(new Array(500).fill(0)), 0)).toBeLessThan(0.001)
  expect(tail_strength(filled(new Array(500).fill(2)), 2)).toBeLessThan(0.001)
})

test('the strength is the share that is larger, as -log10', () => {
  const tail = filled(drawn(5000, u => -Math.log(u)))
  for (const share of [0.5, 0.1, 0.03])
    expect(tail_strength(tail, -Math.log(share))).toBeCloseTo(-Math.log10(share), 1)
})

test('beyond all seen it goes on as the tail does: by the index of a power, steeper where the tail is light', () => {
  const heavy = filled(drawn(20_000, u => u ** -0.5))
  expect(tail_strength(heavy, 1000)).toBeGreaterThan(5)
  expect(tail_strength(heavy, 1000)).toBeLessThan(7)
  const light = filled(drawn(20_000, u => Math.sqrt(-2 * Math.log(u))))
  const steeper = (times: number) =>
    tail_strength(light, 4 * times) - tail_strength(light, 4) >
    tail_strength(heavy, 100 * times) - tail_strength(heavy, 100)
  expect(steeper(1.5)).toBe(true)
})

test('larger is never less rare, and never beyond 8', () => {
  const tail = filled(drawn(800, u => u ** -0.3))
  let before = 0
  for (let size = 0.01; size < 1e6; size *= 1.07) {
    const strength = tail_strength(tail, size)
    expect(strength).toBeGreaterThanOrEqual(before - 1e-9)
    before = strength
  }
  expect(before).toBeLessThanOrEqual(8)
})

test('counts stay whole and small for ever; a step changes nothing of the tail before', () => {
  let tail = new_tail()
  for (let i = 0; i < 70_000; i++) tail = add_to_tail(tail, 1 + (i % 100) / 10)
  expect(tail.total).toBeLessThanOrEqual(20_000)
  expect(tail.counts.every(Number.isInteger)).toBe(true)
  expect(tail.counts.reduce((sum, count) => sum + count, 0)).toBe(tail.total)
  const frozen = structuredClone(tail)
  add_to_tail(tail, 3)
  expect(tail).toEqual(frozen)
})
