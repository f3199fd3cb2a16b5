/** Patterns of hours and days, behind the points of a simulated business. */
import { describe, expect, it } from 'vitest'
import type { Found, JudgedPoint } from '../../../operators/anomaly/anomaly-policy.ts'
import { default_anomalies } from '../../../operators/anomaly/anomaly-policy.ts'
import { findPatterns } from '../../../operators/anomaly/find-patterns.ts'
import type { Anomaly, AnomalyDetector, AnomalyHours, MetricPoint } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { scenario } from '../../driver/scenario.ts'
import { normal_of } from '../../reference/sketch-streams.ts'
import { spec_of, turn_over } from '../core/spec-of.ts'
import { anomaly_app } from './anomaly-app.ts'
import { type Incident, random_of, START } from './simulated-metric.ts'
import { watch } from './watched-series.ts'

const point = (at_ms: number, value: number, expected: number | null): MetricPoint => ({
  event_id: `visits||channel=google|${at_ms}`,
  tenant_id: 'acme',
  occurred_at: at_ms,
  window_ms: minutes(15),
  revision: 0,
  metric: 'visits',
  currency: null,
  dimension: 'channel=google',
  kind: 'count',
  value,
  numerator: value,
  denominator: 1,
  samples: value,
  expected,
})
const series = () => {
  const { step, state: type } = spec_of<JudgedPoint, Found, AnomalyHours, AnomalyDetector, never>(
    findPatterns(default_anomalies),
  )
  const turn = turn_over<Found, AnomalyDetector, never>(new Map())
  let state = type.init()
  const send = (judged: JudgedPoint): readonly Found[] => {
    turn.emitted.length = 0
    state = step(state, judged, turn)
    return [...turn.emitted]
  }
  return { send, state: () => state }
}
const DAYS = 20
const END = START + days(DAYS)
/** Twenty days of about 100 a quarter as expected, then some days at a share of that; what was said, with its hour. */
const after_history = (share: (hour: number) => number, more_days = 4) => {
  const { send } = series()
  const normal = normal_of(random_of(9))
  const said: { readonly hour: number; readonly row: Anomaly }[] = []
  for (let i = 0; i < (DAYS + more_days) * 96; i++) {
    const at = START + i * minutes(15)
    const usual = at < END ? 1 : share((at - END) / hours(1))
    const value = Math.round(100 * usual + 10 * normal())
    for (const found of send({ point: point(at, value, 100), anomaly: null }))
      if (found.of === 'anomaly') said.push({ hour: (at + minutes(15) - END) / hours(1), row: found.row })
  }
  return said
}

it('passes points and their anomalies on, each point first', () => {
  const { send } = series()
  const row = point(START, 5, null)
  const anomaly = {
    direction: 'drop',
    pattern: 'drop',
    occurred_at: START,
    window_ms: minutes(15),
  } as Anomaly
  expect(send({ point: row, anomaly })).toEqual([
    { of: 'point', row },
    { of: 'anomaly', row: anomaly },
  ])
  const revised = { ...row, revision: 1 }
  const back = { ...anomaly, direction: 'none' } as Anomaly
  expect(send({ point: revised, anomaly: back })).toEqual([
    { of: 'point', row: revised },
    { of: 'anomaly', row: back },
  ])
})

it('a level that shifted is told by the hour, with its numbers, and once that it is over', () => {
  const said = after_history(hour => (hour < 12 ? 0.8 : 1))
  const [first, ...rest] = said
  expect(first?.hour).toBeGreaterThanOrEqual(1)
  expect(first?.hour).toBeLessThanOrEqual(6)
  const end_ms = END + hours(first?.hour ?? 0)
  expect(first?.row).toMatchObject({
    event_id: `visits||channel=google|${end_ms - minutes(15)}`,
    tenant_id: 'acme',
    occurred_at: end_ms - hours(1),
    window_ms: hours(1),
    dimension: 'channel=google',
    pattern: 'level_shift',
    direction: 'drop',
    method: 'seasonal-robust-1 hours',
  })
  expect(first?.row.expected).toBeCloseTo(400, 0)
  expect(first?.row.value).toBeGreaterThan(310)
  expect(first?.row.value).toBeLessThan(390)
  expect(first?.row.lower).toBeGreaterThan(first?.row.value as number)
  expect(first?.row.score).toBeLessThan(-4.5)
  expect(rest.at(-1)?.row).toMatchObject({ pattern: '', direction: 'none' })
  expect(said.filter(({ row }) => row.direction === 'none')).toHaveLength(1)
  expect(rest.at(-1)?.hour).toBeGreaterThan(12)
})

it('what was usual says nothing, and nothing is said in the first fourteen days', () => {
  expect(after_history(() => 1)).toEqual([])
  const { send } = series()
  const said: Found[] = []
  for (let i = 0; i < 13 * 96; i++) {
    const value = i > 10 * 96 ? 10 : 100
    said.push(...send({ point: point(START + i * minutes(15), value, 100), anomaly: null }))
  }
  expect(said.filter(({ of }) => of === 'anomaly')).toEqual([])
})

it('hours with an anomaly of a point are known: they shift no level', () => {
  const { send } = series()
  const said: Anomaly[] = []
  for (let i = 0; i < (DAYS + 1) * 96; i++) {
    const at = START + i * minutes(15)
    const told = at >= END && at < END + hours(3)
    const anomaly = told
      ? ({ direction: 'drop', pattern: 'drop', occurred_at: at, window_ms: minutes(15) } as Anomaly)
      : null
    const value = told ? 0 : i % 2 ? 93 : 107
    for (const found of send({ point: point(at, value, 100), anomaly }))
      if (found.of === 'anomaly') said.push(found.row)
  }
  expect(said.every(({ pattern }) => pattern === 'drop')).toBe(true)
  expect(said).toHaveLength(12)
})

describe('behind the baseline, of a simulated business', () => {
  const AFTERNOON = 24 * 24 + 14
  const from_then = (factor: number, n = 48): Incident => ({ at_hour: AFTERNOON, hours: n, factor })
  it.each([
    { kind: 'visits', per_hour: 5, factor: 0, within: 6 },
    { kind: 'conversion_rate', per_hour: 600, factor: 0.7, within: 8 },
  ] as const)(
    '$kind at $per_hour an hour × $factor shifts the level',
    ({ kind, per_hour, factor, within }) => {
      for (const seed of [71, 72, 73]) {
        const { anomalies } = watch({
          seed,
          weeks: 5,
          per_hour,
          kind,
          wobble: 0.05,
          incidents: [from_then(factor)],
        })
        const during = anomalies.filter(({ hour }) => hour > AFTERNOON && hour <= AFTERNOON + 48)
        expect(during[0]?.hour).toBeLessThanOrEqual(AFTERNOON + within)
        expect(during.some(({ pattern }) => pattern === 'level_shift')).toBe(true)
        expect(during.every(({ direction }) => direction === 'drop')).toBe(true)
      }
    },
  )

  it('an hour that fails every day is a drop each time, and from the third day on said to recur, once it is over', () => {
    const incidents = Array.from({ length: 5 }, (_, day) => ({
      at_hour: AFTERNOON + 24 * day,
      hours: 1,
      factor: 0,
    }))
    const { anomalies } = watch({
      seed: 74,
      weeks: 5,
      per_hour: 600,
      kind: 'visits',
      wobble: 0.05,
      incidents,
    })
    const of_day = (day: number) =>
      anomalies.filter(({ hour }) => hour > AFTERNOON + 24 * day && hour <= AFTERNOON + 24 * day + 6)
    for (const day of [0, 1, 2, 3, 4]) {
      expect(of_day(day)[0]?.pattern).toBe('drop')
      const said = of_day(day).filter(({ pattern }) => pattern === 'recurring')
      expect(said).toHaveLength(day < 2 ? 0 : 1)
      if (day < 2) continue
      expect(said[0]).toMatchObject({ direction: 'drop', occurred_at: START + hours(AFTERNOON + 24 * day) })
      expect((said[0]?.occurred_at ?? 0) + (said[0]?.window_ms ?? 0)).toBe(START + hours(said[0]?.hour ?? 0))
    }
  })
})

const hourly = (hour: number, value: number): MetricPoint => ({
  ...point(START + hours(hour), value, null),
  window_ms: hours(1),
})
scenario(
  'a shift of a level is told and taken back alike however a task cuts, crashes and repeats',
  'tenant',
  d => {
    const normal = normal_of(random_of(10))
    const share = (hour: number) => (hour >= 20 * 24 && hour < 20 * 24 + 10 ? 0.75 : 1)
    const rows = Array.from({ length: 23 * 24 }, (_, hour) =>
      hourly(hour, Math.round(400 * share(hour) + 30 * normal())),
    )
    d.send('metric_points', rows, { task: 0, stream_time_ms: START })
    d.run()
    const said = d.outputs('anomalies').filter(({ occurred_at }) => occurred_at >= END)
    expect(said.some(({ pattern, direction }) => pattern === 'level_shift' && direction === 'drop')).toBe(
      true,
    )
    expect(said.at(-1)?.direction).toBe('none')
  },
  anomaly_app,
)
