import { describe, expect, it } from 'vitest'
import { default_anomalies } from '../../../operators/anomaly/anomaly-policy.ts'
import { judge_spans, learn_variance } from '../../../operators/anomaly/long-spans.ts'
import { first_hour } from '../../../operators/anomaly/whole-hour.ts'
import type { AnomalyHour, MetricPoint } from '../../../schemas/types.ts'
import { normal_of } from '../../reference/sketch-streams.ts'
import { random_of, START } from './simulated-metric.ts'

const new_hour = () => first_hour({ metric: 'visits', occurred_at: START } as MetricPoint)
/** Hours of some kind, each a share off what is expected; the scores. */
const run = (kind: string, hours: number, off: (hour: number) => number, exposure = 1) => {
  const normal = normal_of(random_of(7))
  let hour: AnomalyHour = new_hour()
  const scores: number[] = []
  for (let i = 0; i < hours; i++) {
    const expected = 100 * exposure
    const seen = expected * (1 + 0.1 * normal() + off(i))
    const judged = judge_spans({ ...hour, seen, expected, exposure }, { kind }, default_anomalies)
    const score = judged.verdict?.score ?? 0
    scores.push(score)
    hour = { ...judged.hour, run: Math.abs(score) >= default_anomalies.long_threshold ? hour.run + 1 : 0 }
  }
  return { scores, hour }
}
const unusual = (scores: readonly number[]) =>
  scores.flatMap((score, i) => (Math.abs(score) >= default_anomalies.long_threshold ? [i] : []))

describe.each(['count', 'sum', 'level', 'ratio'])('of a %s', kind => {
  it('quiet months are quiet, a shift by two deviations of an hour is seen within hours, and adopted in days', () => {
    expect(unusual(run(kind, 2000, () => 0).scores)).toEqual([])
    const shifted = unusual(run(kind, 2000, i => (i >= 1000 ? -0.25 : 0)).scores)
    expect(shifted[0]).toBeGreaterThanOrEqual(1000)
    expect(shifted[0]).toBeLessThan(1008)
    expect(shifted.at(-1)).toBeLessThan(1000 + 21 * 24)
  })
})

it('says what an hour is and should be, whatever it sums', () => {
  let hour = new_hour()
  for (let i = 0; i < 100; i++)
    hour = judge_spans(
      { ...hour, seen: 30, expected: 30, exposure: 300 },
      { kind: 'ratio' },
      default_anomalies,
    ).hour
  const off = { ...hour, seen: 15, expected: 30, exposure: 300 }
  const { verdict } = judge_spans(off, { kind: 'ratio' }, default_anomalies)
  expect(verdict?.expected).toBeCloseTo(0.1, 9)
  expect(verdict?.value).toBeLessThan(0.1)
  expect(verdict?.value).toBeGreaterThan(0.05)
  expect(verdict?.lower).toBeLessThan(0.1)
  expect(verdict?.upper).toBeGreaterThan(0.1)
  expect(verdict?.score).toBeLessThan(0)
})

it('an hour that is left out changes nothing', () => {
  const hour = { ...new_hour(), seen: 900, expected: 1, exposure: 1, left_out: true }
  expect(judge_spans(hour, { kind: 'count' }, default_anomalies)).toEqual({ hour, verdict: null })
})

it('a variance is that of its residuals, wild ones cut', () => {
  const normal = normal_of(random_of(8))
  let variance = 0
  for (let n = 0; n < 3000; n++)
    variance = learn_variance(variance, n, 336, 3 * normal() * (n % 100 === 99 ? 30 : 1))
  expect(Math.sqrt(variance)).toBeGreaterThan(2.5)
  expect(Math.sqrt(variance)).toBeLessThan(3.5)
})
