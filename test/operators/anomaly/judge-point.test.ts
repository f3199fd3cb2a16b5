/** The detector on a simulated business: what it must see, what it must not. */
import { describe, expect, it } from 'vitest'
import { type AnomalyPolicy, default_anomalies } from '../../../operators/anomaly/anomaly-policy.ts'
import { new_series, type Series } from '../../../operators/anomaly/anomaly-series.ts'
import { judge_point } from '../../../operators/anomaly/judge-point.ts'
import type { Verdict } from '../../../operators/anomaly/judge-span.ts'
import { hours } from '../../../schemas/units.ts'
import { type Incident, type Simulation, START, simulated } from './simulated-metric.ts'

const judge = (of: Simulation, policy: AnomalyPolicy = default_anomalies) => {
  let series: Series | null = null
  const unusual: (Verdict & { hour: number })[] = []
  let points = 0
  for (const point of simulated(of)) {
    const judged = judge_point(series ?? new_series(point.occurred_at), point, policy)
    series = judged.series
    points++
    const hour = (point.occurred_at - START) / hours(1)
    if (judged.verdict?.unusual) unusual.push({ ...judged.verdict, hour })
  }
  return { unusual, points, series: series as Series }
}
const AFTERNOON = 24 * 24 + 14
const incident = (factor: number): Incident => ({ at_hour: AFTERNOON, hours: 2, factor })
const during = (hour: number) => hour >= AFTERNOON && hour < AFTERNOON + 3

describe('five quiet weeks, growing 3 % each, with 10 % wander', () => {
  const sizes = [5, 60, 600, 6000]
  it.each(
    (['visits', 'revenue', 'conversion_rate'] as const).flatMap(kind =>
      sizes.map(per_hour => ({ kind, per_hour })),
    ),
  )('$kind at $per_hour an hour: no false alarm to speak of', ({ kind, per_hour }) => {
    let [alarms, points] = [0, 0]
    for (const seed of [101, 102]) {
      const run = judge({ seed, weeks: 5, per_hour, kind, wobble: 0.1, growth: 0.03 })
      alarms += run.unusual.length
      points += run.points
    }
    expect(alarms / points).toBeLessThan(1 / 2000)
  })
})

describe('two hours of trouble in the fourth week', () => {
  const cases = [
    { kind: 'visits', per_hour: 60, factor: 0, within_hours: 0.5, direction: -1 },
    { kind: 'visits', per_hour: 600, factor: 0.3, within_hours: 0.5, direction: -1 },
    { kind: 'visits', per_hour: 600, factor: 3, within_hours: 0.5, direction: 1 },
    { kind: 'revenue', per_hour: 60, factor: 0, within_hours: 0.75, direction: -1 },
    { kind: 'revenue', per_hour: 600, factor: 0.3, within_hours: 1, direction: -1 },
    { kind: 'revenue', per_hour: 600, factor: 3, within_hours: 0.5, direction: 1 },
    { kind: 'conversion_rate', per_hour: 600, factor: 0, within_hours: 0.5, direction: -1 },
    { kind: 'conversion_rate', per_hour: 6000, factor: 0.5, within_hours: 0.5, direction: -1 },
  ] as const
  it.each(cases)(
    '$kind at $per_hour an hour × $factor is seen',
    ({ kind, per_hour, factor, within_hours, direction }) => {
      for (const seed of [11, 12, 13]) {
        const { unusual } = judge({
          seed,
          weeks: 4,
          per_hour,
          kind,
          wobble: 0.05,
          incidents: [incident(factor)],
        })
        const inside = unusual.filter(({ hour }) => during(hour))
        expect(inside[0]?.hour).toBeLessThan(AFTERNOON + within_hours)
        expect(inside.every(({ score }) => Math.sign(score) === direction)).toBe(true)
        // Sums over an hour overlap: one false alarm lasts for some points.
        expect(unusual.length - inside.length).toBeLessThanOrEqual(6)
      }
    },
  )
})

it('an incident does not teach: a week later its hour is expected as before', () => {
  const run = (incidents: Incident[]) =>
    judge({ seed: 21, weeks: 5, per_hour: 600, kind: 'visits', incidents })
  const [troubled, quiet] = [run([incident(0)]), run([])]
  expect(troubled.unusual.filter(({ hour }) => !during(hour))).toEqual([])
  const of_week = (AFTERNOON + 1) % 168
  const share = (series: Series) => {
    const place = (of_week + Math.floor(START / hours(1))) % 168
    return (series.week[2 * place] as number) / (series.week[2 * place + 1] as number)
  }
  expect(share(troubled.series) / share(quiet.series)).toBeGreaterThan(0.93)
})

it('a new level is adopted: after three days at half the visits there is nothing unusual about them', () => {
  const half: Incident = { at_hour: AFTERNOON, hours: 24 * 30, factor: 0.5 }
  const { unusual } = judge({ seed: 31, weeks: 6, per_hour: 600, kind: 'visits', incidents: [half] })
  expect(unusual.some(({ hour }) => during(hour))).toBe(true)
  expect(unusual.filter(({ hour }) => hour > AFTERNOON + 72)).toEqual([])
})

it('no verdict in the first three days, and none of a ratio over too few', () => {
  const first = judge({
    seed: 41,
    weeks: 1,
    per_hour: 600,
    kind: 'visits',
    incidents: [{ at_hour: 40, hours: 2, factor: 0 }],
  })
  expect(first.unusual.filter(({ hour }) => hour < 72)).toEqual([])
  let series = new_series(START)
  const verdicts: (Verdict | null)[] = []
  for (const point of simulated({ seed: 42, weeks: 2, per_hour: 5, kind: 'conversion_rate' })) {
    const judged = judge_point(series, point, default_anomalies)
    series = judged.series
    verdicts.push(judged.verdict)
  }
  expect(verdicts.filter(verdict => verdict && verdict.exposure < 20)).toEqual([])
})

it('judges hourly points too', () => {
  const hourly = { weeks: 8, per_hour: 600, kind: 'revenue', wobble: 0.05, window_ms: hours(1) } as const
  const { unusual } = judge({ seed: 51, ...hourly, incidents: [incident(0.3)] })
  expect(unusual.map(({ hour }) => hour)).toEqual([AFTERNOON, AFTERNOON + 1])
})
