import { expect, it } from 'vitest'
import { several_seasons, stl } from '../../../operators/stats/stl.ts'
import { random_of } from '../anomaly/simulated-metric.ts'

const day = (i: number): number => 10 * Math.sin((2 * Math.PI * i) / 6)
const week = (i: number): number => (Math.floor(i / 6) % 7 < 5 ? 4 : -10)

it('finds the season of a series with a trend', () => {
  const values = Array.from({ length: 60 }, (_, i) => 100 + 0.5 * i + day(i))
  const { seasonal, trend } = stl(values, 6, 11)
  for (let i = 0; i < 60; i++) {
    expect(Math.abs(seasonal[i]! - day(i))).toBeLessThan(0.4)
    expect(Math.abs(trend[i]! - 100 - 0.5 * i)).toBeLessThan(0.8)
  }
})

it('takes a day and a week apart, under noise', () => {
  const random = random_of(11)
  const values = Array.from({ length: 42 * 6 }, (_, i) => 50 + day(i) + week(i) + random() - 0.5)
  const [days, weeks] = several_seasons(values, [6, 42]) as [Float64Array, Float64Array]
  const rms = (term: (i: number) => number): number =>
    Math.sqrt(values.reduce((sum, _, i) => sum + term(i) ** 2, 0) / values.length)
  expect(rms(i => days[i]! - day(i))).toBeLessThan(0.5)
  expect(rms(i => weeks[i]! - week(i))).toBeLessThan(0.5)
})

it('follows a season that grows', () => {
  const values = Array.from({ length: 120 }, (_, i) => day(i) * (1 + i / 60))
  const { seasonal } = stl(values, 6, 11)
  const size = (from: number): number => Math.max(...seasonal.subarray(from, from + 6))
  expect(size(110) / size(4)).toBeGreaterThan(1.7)
})
