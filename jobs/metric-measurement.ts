/**
 * Measures what only a view knows and writes it to the input `measurements`, four times a day, so that detectors and alert rules
 * watch it like any other series. Levels, of each currency where it is money:
 *   mrr                    what recurs at the moment (subscription_mrr), minor units
 *   mrr_decline_ratio      the part of the mrr of 30 days before that is gone; 0 where it has grown. Not without an mrr then
 *   goal_miss_probability  of each goal that is not over (dimension `goal=<id>`): how probable it is that it is missed, by
 *                          the forecast of the day and its uncertainty (goal_gap). Not without a forecast
 * What was said of a moment stays: an input's first body counts, so a run as of the same moment writes only what is new, and
 * history imported meanwhile shows from the next moment on.
 */
import { createHash } from 'node:crypto'
import type { Measurement } from '../schemas/types.ts'
import { hours } from '../schemas/units.ts'
import type { Job, JobOutput, JobRow } from './job.ts'
import { id_of, said_before, unsaid } from './measurement-rows.ts'

const NAME = 'metric-measurement'
const AS_OF = `{as_of:DateTime64(3, 'UTC')}`
const BEFORE = `${AS_OF} - toIntervalDay(30)`

const mrr_at = (moment: string): string =>
  `SELECT tenant_id, currency, argMax(end_minor, period_start) AS mrr_minor
   FROM subscription_mrr(as_of = ${moment}, granularity = 'month')
   GROUP BY tenant_id, currency`

const job: Job = {
  name: NAME,
  every_ms: hours(6),
  reads: {
    mrr: `SELECT tenant_id, currency, mrr_minor, before_minor
      FROM (${mrr_at(AS_OF)}) AS now
      LEFT JOIN (
        SELECT tenant_id, currency, mrr_minor AS before_minor FROM (${mrr_at(BEFORE)})
      ) AS before USING (tenant_id, currency)
      ORDER BY tenant_id, currency`,
    goals: `SELECT tenant_id, goal_id, currency, reach_probability
      FROM goal_gap(as_of = ${AS_OF}, warn_probability = 0.5)
      WHERE reach_probability IS NOT NULL AND days_left > 0
      ORDER BY tenant_id, goal_id`,
    said: said_before(NAME, `occurred_at = ${AS_OF}`),
  },
  writes: ['measurements'],
  ids_begin: NAME,
  run: ({ mrr = [], goals = [], said = [] }, as_of) => {
    const rows = [...mrr.flatMap(row => of_mrr(row, as_of)), ...goals.map(row => of_goal(row, as_of))]
    return unsaid(rows, said).map((row): JobOutput => ({ topic: 'measurements', row: { ...row } }))
  },
}
export default job

const level = (tenant_id: string, as_of: number): Omit<Measurement, 'metric' | 'value'> => ({
  ...{ event_id: id_of(NAME, as_of), tenant_id, occurred_at: as_of },
  ...{ dimension: '', currency: null, kind: 'level', weight: 1 },
})

const of_mrr = (row: JobRow, as_of: number): Measurement[] => {
  const [mrr_minor, before_minor] = [Number(row.mrr_minor), Number(row.before_minor)]
  const of_currency = { ...level(String(row.tenant_id), as_of), currency: String(row.currency) }
  const decline_ratio = Math.max(0, (before_minor - mrr_minor) / before_minor)
  return [
    { ...of_currency, metric: 'mrr', value: mrr_minor },
    ...(before_minor > 0 ? [{ ...of_currency, metric: 'mrr_decline_ratio', value: decline_ratio }] : []),
  ]
}

const of_goal = (row: JobRow, as_of: number): Measurement => ({
  ...level(String(row.tenant_id), as_of),
  metric: 'goal_miss_probability',
  dimension: `goal=${name_of(String(row.goal_id))}`,
  currency: row.currency === null ? null : String(row.currency),
  value: 1 - Number(row.reach_probability),
})

/** Dimensions are short lines, names of goals need not be. */
const NAME_MAX = 100
const name_of = (goal: string): string =>
  goal.length <= NAME_MAX && !/\p{Cc}/u.test(goal)
    ? goal
    : `#${createHash('sha256').update(goal).digest('hex').slice(0, 32)}`
