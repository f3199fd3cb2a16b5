import { expect, it } from 'vitest'
import { new_series } from '../../../operators/anomaly/anomaly-series.ts'
import { new_spreads, spread_at, widen } from '../../../operators/anomaly/usual-spread.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { random_of, START } from './simulated-metric.ts'

const learnt = (deviations: (hour: number) => number, wild = 0) => {
  const random = random_of(5)
  const spreads = new_spreads()
  const series = { ...new_series(START), spreads }
  for (let points = 0; points < 288 * 21; points++) {
    const occurred_at = START + minutes(5) * points
    const hour = Math.floor((occurred_at / hours(1)) % 24)
    // A sum of twelve even numbers is normal enough, with variance 1.
    let root = -6
    for (let i = 0; i < 12; i++) root += random()
    if (random() < wild) root *= 40
    const usual = Math.sqrt(spread_at(series, 1, occurred_at))
    const score = (root * deviations(hour)) / usual
    widen(spreads, 1, points, { occurred_at, window_ms: minutes(5) }, { score, deviation: usual, doubted: 0 })
  }
  return (hour: number) => Math.sqrt(spread_at(series, 1, START + days(21) + hours(hour)))
}

it('learns one deviation, of every span its own', () => {
  const at = learnt(() => 3)
  expect(at(4)).toBeGreaterThan(2.5)
  expect(at(4)).toBeLessThan(3.3)
  expect(spread_at(new_series(START), 0, START)).toBe(1)
})

it('learns that some hours of the day are wilder', () => {
  const at = learnt(hour => (hour === 12 ? 4 : 1))
  expect(at(12)).toBeGreaterThan(2.5)
  expect(at(3)).toBeLessThan(1.4)
})

it('is not moved by a few wild residuals', () => {
  const at = learnt(() => 2, 0.01)
  expect(at(4)).toBeLessThan(2.4)
})
