import { expect, it } from 'vitest'
import {
  autocorrelations,
  centred_average,
  decompose,
  is_seasonal,
} from '../../../operators/stats/seasonality.ts'
import { random_of } from '../anomaly/simulated-metric.ts'

const wave = [4, -1, -2, -1]
const series = (n: number, term: (i: number) => number) => Array.from({ length: n }, (_, i) => term(i))

it('takes a trend and additive or multiplicative seasons apart exactly', () => {
  const added = decompose(
    series(17, i => 100 + 2 * i + wave[i % 4]!),
    4,
    'additive',
  )
  for (const [i, x] of added.indices.entries()) expect(x).toBeCloseTo(wave[i]!, 10)
  expect(added.trend[5]).toBeCloseTo(110, 10)
  expect(added.trend[1]).toBeNaN()
  const ratios = [1.5, 0.5, 1]
  const times = decompose(
    series(9, i => 10 * ratios[i % 3]!),
    3,
    'multiplicative',
  )
  for (const [i, x] of times.indices.entries()) expect(x).toBeCloseTo(ratios[i]!, 10)
})

it('averages over one season, its ends by half where it is even', () => {
  expect([...centred_average([1, 2, 3, 4, 10], 4)].slice(2, 3)).toEqual([(0.5 * 11 + 2 + 3 + 4) / 4])
  expect([...centred_average([1, 5, 3], 3)]).toEqual([Number.NaN, 3, Number.NaN])
})

it('finds a season, none in noise, none in less than three turns', () => {
  const random = random_of(5)
  const noise = series(60, () => random() - 0.5)
  expect(is_seasonal(noise, 4)).toBe(false)
  const seasonal = noise.map((x, i) => x + wave[i % 4]!)
  expect(is_seasonal(seasonal, 4)).toBe(true)
  const peaks = series(36, i => (i % 12 === 5 ? 10 : 0))
  expect(is_seasonal(peaks, 12)).toBe(true)
  expect(is_seasonal(peaks.slice(0, 35), 12)).toBe(false)
  expect(is_seasonal(seasonal, 1)).toBe(false)
})

it('correlates a series with itself', () => {
  expect([...autocorrelations([1, 2, 3, 4], 2)]).toEqual([0.25, -0.3])
  expect([...autocorrelations([7, 7, 7], 1)]).toEqual([0])
})
