import { describe, expect, it } from 'vitest'
import { default_anomalies } from '../../../operators/anomaly/anomaly-policy.ts'
import { new_series, type Series } from '../../../operators/anomaly/anomaly-series.ts'
import { judge_point } from '../../../operators/anomaly/judge-point.ts'
import type { Judged } from '../../../operators/anomaly/judged-scale.ts'
import { learn_own, usual_own } from '../../../operators/anomaly/own-season.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { normal_of } from '../../reference/sketch-streams.ts'
import { random_of, START } from './simulated-metric.ts'

/** Warmer by day than by night, and other at the weekend. */
const level = (hour: number): number =>
  10 * Math.sin((2 * Math.PI * hour) / 24) + (Math.floor(hour / 24) % 7 > 4 ? 4 : 0)
const taught = (n: number, base = 0): Series => {
  let series = new_series(START)
  for (let hour = 0; hour < n; hour++) series = learn_own(series, START + hours(hour), base + level(hour))
  return series
}
const off = (series: Series, hour: number, base = 0) =>
  Math.abs(usual_own(series, START + hours(hour + 0.5)).rate - base - level(hour))

describe('what is usual of a level', () => {
  it('is known by hour of the day after days, by weekday after weeks, above and below zero', () => {
    for (const base of [0, -500, 1e6]) {
      const [after_days, after_weeks] = [taught(96, base), taught(5 * 168, base)]
      for (let hour = 96; hour < 120; hour++) expect(off(after_days, hour, base)).toBeLessThan(4.5)
      for (let hour = 5 * 168; hour < 6 * 168; hour++) expect(off(after_weeks, hour, base)).toBeLessThan(2.5)
    }
  })

  it('is what the first hour shows until it is over, and then of little doubt at hours often seen', () => {
    const first = { ...new_series(START), hour_seen: 6, hour_exposure: 0.5 }
    expect(usual_own(first, START + minutes(40))).toEqual({ rate: 12, doubt: 1 })
    const doubt = (n: number) => usual_own(taught(n), START + hours(n + 0.5)).doubt
    expect(doubt(12)).toBeGreaterThan(doubt(36))
    expect(doubt(36)).toBeGreaterThan(doubt(300))
  })

  it('learning changes nothing that was', () => {
    const series = taught(30)
    const text = JSON.stringify(series)
    learn_own(series, START + hours(30), 99)
    expect(JSON.stringify(series)).toBe(text)
  })
})

interface Weather {
  readonly seed: number
  readonly base: number
  readonly size: number
  /** Of the last two hours, in deviations of the noise. */
  readonly shift: number
  readonly kind?: 'level' | 'quantile'
}
const WEEKS = 5
const INCIDENT = START + WEEKS * days(7) - hours(2)
function* weather({ seed, base, size, shift, kind = 'level' }: Weather): Generator<Judged> {
  const normal = normal_of(random_of(seed))
  for (let at = START; at < START + WEEKS * days(7); at += minutes(5)) {
    const usual = level((at - START) / hours(1)) / 2 + normal() + (at >= INCIDENT ? shift : 0)
    const value = base + size * usual
    const weighed = { numerator: value * 3, denominator: 3, samples: 3 }
    yield { occurred_at: at, window_ms: minutes(5), kind, currency: null, value, ...weighed }
  }
}
const unusual = (of: Weather): { readonly at_ms: number; readonly score: number }[] => {
  let series = new_series(START)
  const found: { at_ms: number; score: number }[] = []
  for (const point of weather(of)) {
    const judged = judge_point(series, point, default_anomalies)
    series = judged.series
    if (judged.verdict?.unusual) found.push({ at_ms: point.occurred_at, score: judged.verdict.score })
  }
  return found
}

describe('five weeks of a level', () => {
  it.each([
    { base: 0, size: 1 },
    { base: -40, size: 0.05 },
    { base: 1e6, size: 1e5 },
  ])('$base ± $size: quiet weeks are quiet, a shift of six deviations is seen in a quarter', of => {
    for (const shift of [6, -6])
      for (const kind of ['level', 'quantile'] as const) {
        const found = unusual({ seed: 61, shift, kind, ...of })
        const early = found.filter(({ at_ms }) => at_ms < INCIDENT)
        expect(early.length).toBeLessThanOrEqual(3)
        const inside = found.filter(({ at_ms }) => at_ms >= INCIDENT)
        expect(inside[0]?.at_ms).toBeLessThanOrEqual(INCIDENT + minutes(15))
        expect(inside.every(({ score }) => Math.sign(score) === Math.sign(shift))).toBe(true)
      }
  })
})
