/**
 * The detectors on whole simulated businesses, which were not those they were set by: false alarms a week, time until an
 * outage is told, cost. Printed, and held to bounds that a change for the worse would break.
 */
import avsc from 'avsc'
import { describe, expect, it } from 'vitest'
import { definitions } from '../../../schemas/definitions.ts'
import { hours } from '../../../schemas/units.ts'
import type { Incident, Simulation } from './simulated-metric.ts'
import { watch } from './watched-series.ts'

const SERIES = [
  { kind: 'visits', per_hour: 5, within: 5 },
  { kind: 'visits', per_hour: 60, within: 0.5 },
  { kind: 'visits', per_hour: 600, within: 0.25 },
  { kind: 'visits', per_hour: 6000, within: 0.25 },
  { kind: 'revenue', per_hour: 60, within: 0.75 },
  { kind: 'revenue', per_hour: 600, within: 0.25 },
  { kind: 'conversion_rate', per_hour: 600, within: 0.5 },
] as const
const SEEDS = [901, 902, 903]
const WEEKS = 8
const name_of = ({ kind, per_hour }: Pick<Simulation, 'kind' | 'per_hour'>) =>
  `${kind} at ${per_hour} an hour`

it('quiet weeks are quiet: growing by 3 % each, wandering by up to 14 %', () => {
  let [told, weeks] = [0, 0]
  for (const series of SERIES) {
    let of_it = 0
    for (const seed of SEEDS) {
      const { anomalies } = watch({ ...series, seed, weeks: WEEKS, wobble: 0.1, growth: 0.03 })
      let last = Number.NEGATIVE_INFINITY
      // What is told within six hours is one alarm.
      for (const { hour } of anomalies) {
        if (hour - last > 6) of_it++
        last = hour
      }
    }
    const per_week = of_it / (SEEDS.length * WEEKS)
    console.log(`${name_of(series)}: ${per_week.toFixed(3)} false alarms a week`)
    told += of_it
    weeks += SEEDS.length * WEEKS
  }
  console.log(`together ${(told / weeks).toFixed(3)} per series and week, of ${weeks} weeks`)
  expect(told / weeks).toBeLessThan(0.05)
}, 120_000)

const AFTERNOON = 24 * 24 + 14
const FALL = 6
/** At once, or within six hours. */
const stop = (slowly: boolean): Incident[] => [
  ...(slowly
    ? Array.from({ length: FALL * 12 }, (_, i) => ({
        at_hour: AFTERNOON - FALL + i / 12,
        hours: 1 / 12,
        factor: 1 - (i + 1) / (FALL * 12),
      }))
    : []),
  { at_hour: AFTERNOON, hours: 72, factor: 0 },
]
describe.each([
  { slowly: false, says: 'that stops at once' },
  { slowly: true, says: 'that stops within six hours' },
])('a series $says, for good', ({ slowly }) => {
  it.each(SERIES)(
    '$kind at $per_hour an hour is told',
    ({ within, ...series }) => {
      const delays = SEEDS.map(seed => {
        const { anomalies } = watch({ ...series, seed, weeks: 4, wobble: 0.05, incidents: stop(slowly) })
        const first = anomalies.find(({ hour }) => hour > AFTERNOON - (slowly ? FALL : 0))
        expect(first?.direction).toBe('drop')
        return (first?.hour ?? Number.POSITIVE_INFINITY) - AFTERNOON
      })
      const minutes = delays.map(delay => Math.round(delay * 60))
      console.log(
        `${name_of(series)}, ${slowly ? 'slowly' : 'at once'}: told after ${minutes.join(', ')} minutes of nothing`,
      )
      for (const delay of delays) expect(delay).toBeLessThanOrEqual(slowly ? 1 : within)
    },
    120_000,
  )
})

it('what is kept does not grow, most of it is written by the hour only, and a point costs little', () => {
  const bytes = (schema: keyof typeof definitions, value: unknown): number =>
    avsc.Type.forSchema(definitions[schema] as never).toBuffer(value).length
  const kept = (weeks: number) => {
    const started = performance.now()
    const { points, state, slots } = watch({ seed: 911, weeks, per_hour: 600, kind: 'visits', wobble: 0.1 })
    const by_point = bytes('state/anomaly_series', state.series) + bytes('state/anomaly_hours', state.hours)
    const by_hour =
      bytes('state/anomaly_season', slots.season) + bytes('state/anomaly_detector', slots.detector)
    return { by_point, by_hour, micros: ((performance.now() - started) * 1000) / points }
  }
  const [month, year] = [kept(5), kept(26)]
  console.log(
    `bytes: ${year.by_point} written by the point, ${year.by_hour} by the hour, ` +
      `${Math.round(year.by_point + year.by_hour / (hours(1) / 300_000))} a point; ${year.micros.toFixed(1)} µs a point, simulation included`,
  )
  expect(year.by_point - month.by_point).toBeLessThan(100)
  expect(year.by_point).toBeLessThan(1800)
  expect(year.by_hour).toBeLessThan(12_000)
  expect(year.micros).toBeLessThan(500)
}, 120_000)
