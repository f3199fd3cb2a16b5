/**
 * Foretells every metric of every tenant by every method, once a day: the 30 days from the moment's own on, and the
 * hours of revenue for a week. The methods and their choice are jobs/forecast/; all series of one length of period are asked
 * together, because intervals are calibrated over all of them. A series younger than two weeks has no rows.
 */
import type { Forecast, ForecastScore } from '../schemas/types.ts'
import { days, hours } from '../schemas/units.ts'
import { forecast_series } from './forecast/forecast.ts'
import type { SeriesForecast } from './forecast/types.ts'
import type { Job, JobOutput, JobRow } from './job.ts'

type Granularity = 'hour' | 'day'

interface Plan {
  readonly granularity: Granularity
  readonly period_ms: number
  /** Steps ahead. */
  readonly horizon: number
  /** Periods of the past that are looked at. */
  readonly history: number
  /** Fewer are too few. */
  readonly least: number
  /** In periods; one is used where the past holds it twice. */
  readonly seasons: readonly number[]
}

const PLANS: readonly Plan[] = [
  { granularity: 'day', period_ms: days(1), horizon: 30, history: 3 * 365, least: 14, seasons: [7, 365] },
  {
    granularity: 'hour',
    period_ms: hours(1),
    horizon: 7 * 24,
    history: 60 * 24,
    least: 14 * 24,
    seasons: [24, 168],
  },
]

/** Of the view metric_series. */
interface Series {
  readonly tenant_id: string
  readonly metric: string
  readonly currency: string | null
  readonly values: readonly number[]
}

const read = ({ granularity, history }: Plan, where: string): string =>
  `SELECT tenant_id, metric, currency, arraySlice(values, -${history}) AS values
   FROM metric_series(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = '${granularity}')
   ${where} ORDER BY tenant_id, metric, currency`

const job: Job = {
  name: 'metric-forecast',
  every_ms: days(1),
  reads: { day: read(PLANS[0]!, ''), hour: read(PLANS[1]!, `WHERE metric = 'revenue'`) },
  writes: ['forecasts', 'forecast_scores'],
  run: (rows, as_of) => PLANS.flatMap(plan => foretell(plan, rows[plan.granularity] ?? [], as_of)),
}
export default job

const foretell = (plan: Plan, rows: readonly JobRow[], as_of: number): JobOutput[] => {
  const known = (rows as unknown as readonly Series[]).filter(({ values }) => values.length >= plan.least)
  const set = known.map(({ values }, i) => ({
    name: String(i),
    values,
    seasons: plan.seasons.filter(season => values.length >= 2 * season),
  }))
  const foretold = forecast_series(set, { horizon: plan.horizon, methods: 'all' })
  return foretold.flatMap(of => outputs_of(plan, known[Number(of.name)]!, of, as_of))
}

const outputs_of = (
  { granularity, period_ms }: Plan,
  { tenant_id, metric, currency }: Series,
  { forecasts, scores }: SeriesForecast,
  as_of: number,
): JobOutput[] => {
  const first_ms = as_of - (as_of % period_ms)
  const series = { tenant_id, occurred_at: as_of, metric, currency, granularity }
  const id = (method: string) => `${metric}|${currency ?? ''}|${granularity}|${method}|${as_of}`
  const said = forecasts.flatMap(({ method, value, lo80, hi80, lo95, hi95 }) =>
    value.map(
      (each, i): Forecast => ({
        ...series,
        event_id: `${id(method)}|${i + 1}`,
        method,
        step: i + 1,
        starts_at: first_ms + i * period_ms,
        value: each,
        lo80: lo80[i]!,
        hi80: hi80[i]!,
        lo95: lo95[i]!,
        hi95: hi95[i]!,
      }),
    ),
  )
  const judged = scores.map((score): ForecastScore => ({ ...series, ...score, event_id: id(score.method) }))
  return [
    ...said.map(row => ({ topic: 'forecasts', row: { ...row } })),
    ...judged.map(row => ({ topic: 'forecast_scores', row: { ...row } })),
  ]
}
