/** The detector of any series on simulated hourly revenue, with the threshold chosen on streams of other seeds. */
import { beforeAll, describe, expect, test } from 'vitest'
import { shipped } from '../../operators/anomaly/judge-series.ts'
import { cases_of, type LabelledSeries, simulated_present, simulated_series } from './anomaly-data.ts'
import { best_strength, outcomes_of, run_detector, score_of, strengths_of, told_at } from './detected.ts'
import { PROFILES } from './nab-score.ts'
import { KINDS, simulated_revenue } from './simulated-revenue.ts'

if (!simulated_present && process.env.CI)
  throw new Error('no reference data anomaly_sim/ (set REFERENCE_DATA)')
if (!simulated_present) console.log('skipped: no reference data anomaly_sim/ (set REFERENCE_DATA)')

const own = () => Array.from({ length: 40 }, (_, i) => simulated_revenue(1000 + i))

test('own streams have four anomalies of all kinds, apart', () => {
  const streams = own()
  expect(new Set(streams.flatMap(({ kinds }) => kinds))).toEqual(new Set(KINDS))
  for (const { rows, values, windows } of streams) {
    expect(values.length).toBe(rows)
    expect(values.every(value => value >= 0)).toBe(true)
    windows.forEach(([first, last], i) => {
      expect(first).toBeGreaterThan(i === 0 ? 400 : windows[i - 1]![1])
      expect(last).toBeLessThan(rows)
    })
  }
  expect(simulated_revenue(5)).toEqual(simulated_revenue(5))
})

describe.runIf(simulated_present)('simulated revenue', () => {
  let set: LabelledSeries[]
  beforeAll(() => {
    set = simulated_series()
  })

  test('shipped, it tells nearly every anomaly and hardly anything else', () => {
    const detected = set.map(one => run_detector(one).detected)
    const outcomes = outcomes_of(set, detected, PROFILES.standard)
    const weeks = set.reduce((sum, one) => sum + one.rows / 168, 0)
    const false_rows = outcomes.reduce((sum, one) => sum + one.false_rows, 0)
    const score = score_of(set, detected)
    console.log(
      `shipped: ${score.toFixed(2)}; false alarms per series and week: ${(false_rows / weeks).toFixed(3)}`,
    )
    expect(score).toBeGreaterThanOrEqual(90)
    expect(false_rows / weeks).toBeLessThan(0.1)
    const { standard } = cases_of('anomaly_sim').find(({ id }) => id === 'baseline.gaussian_window_400')!
      .expected as { standard: { score: number } }
    expect(score).toBeGreaterThan(standard.score)
  })

  test('with the threshold that own streams of other seeds choose it does as well', () => {
    const others = own()
    const needed = best_strength(
      others,
      others.map(one => strengths_of(one)),
    )
    const score = score_of(
      set,
      set.map(one => told_at(strengths_of(one), needed)),
    )
    console.log(`own threshold ${needed.toFixed(2)} (shipped ${shipped.strength}): ${score.toFixed(2)}`)
    expect(score).toBeGreaterThanOrEqual(90)
  })
})
