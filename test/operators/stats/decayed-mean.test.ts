import { expect, it } from 'vitest'
import { add_decayed, decayed_mean, follow, no_decayed } from '../../../operators/stats/decayed-mean.ts'

const values = [4, 8, 6, 1]
const decayed = (share: number) =>
  decayed_mean(values.reduce((of, value) => add_decayed(of, value, share), no_decayed))

it('weighs each value less by the same factor', () => {
  const weights = [0.125, 0.25, 0.5, 1]
  const sum = values.reduce((total, value, i) => total + value * (weights[i] as number), 0)
  expect(decayed(0.5)).toBeCloseTo(sum / 1.875, 12)
})

it('is the plain mean without decay, the last value without memory', () => {
  expect(decayed(0)).toBeCloseTo(4.75, 12)
  expect(decayed(1)).toBe(1)
  expect(values.reduce<number | null>((mean, value) => follow(mean, value, 1), null)).toBe(1)
})

it('following starts from the first value', () => {
  expect(follow(null, 7, 0.1)).toBe(7)
  expect(follow(7, 17, 0.1)).toBe(8)
})
