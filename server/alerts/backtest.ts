/**
 * When a rule would have fired: its metric's points and anomalies of a stretch, as the warehouse has them now, through the state
 * machine that decides on alerts. Corrections that came later are known to it, as they were not to the rule on the day.
 */
import type { AlertRule } from '../../operators/alert/alert-rules.ts'
import { backtest_rule } from '../../operators/alert/backtest-rule.ts'
import type { Warehouse } from '../../runtime/ports.ts'
import type { Anomaly, MetricPoint } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { instant_text } from '../board/asking.ts'
import {
  type Backtest,
  type Firing,
  type Label,
  type Stretch,
  summarise,
  type Truth,
} from './backtest-summary.ts'

export const STRETCH_MOST_MS = days(100)
/** Nobody else is served while a rule is run: two series over a hundred days take half a second at most. */
export const ROWS_MOST = 60_000

/** There is too much to look at; the message says what to do. */
export class BacktestTooLarge extends Error {
  override readonly name = 'BacktestTooLarge'
}

export interface BacktestAsked extends Stretch {
  readonly tenant: string
  readonly rule: AlertRule
  /** null: what people acknowledged of the metric, where they did. */
  readonly labels: readonly Label[] | null
  /** Windows that are looked at; more are refused. */
  readonly rows_most: number
}

export const backtest = async (query: Warehouse['query'], asked: BacktestAsked): Promise<Backtest> => {
  const { from_ms, to_ms, rule } = asked
  const points = await ask_points(query, asked)
  const anomalies = await ask_anomalies(query, asked)
  const truth: Truth | null = asked.labels
    ? { source: 'labels', labels: asked.labels }
    : await ask_acknowledged(query, asked)
  const firings: readonly Firing[] = backtest_rule(rule, points, anomalies)
  const counts = { points: points.length, anomalies: anomalies.length }
  return summarise({ from_ms, to_ms }, { ...counts, firings }, truth)
}

const params_of = ({ tenant, rule, from_ms, to_ms, rows_most }: BacktestAsked) => ({
  limit: rows_most + 1,
  tenant,
  metric: rule.metric,
  currency: rule.currency ?? '',
  dimension: rule.dimension,
  from: instant_text(from_ms),
  to: instant_text(to_ms),
})

/** The windows of the series that the rule looks at, in the order of their ends. */
const of_series = (table: 'metric_points' | 'anomalies') => `FROM ${table} FINAL
  WHERE tenant_id = {tenant:String} AND metric = {metric:String}
    AND ({currency:String} = '' OR currency = {currency:String})
    AND (dimension = {dimension:String} OR ({dimension:String} = '*' AND dimension != ''))
    AND ${table}.occurred_at >= {from:DateTime64(3, 'UTC')}
    AND ${table}.occurred_at < {to:DateTime64(3, 'UTC')}
  ORDER BY ${table}.occurred_at, window_ms, dimension, currency
  LIMIT {limit:UInt32}`

const POINTS = `SELECT
    event_id, tenant_id, toUnixTimestamp64Milli(metric_points.occurred_at) AS occurred_at, window_ms, revision,
    metric, currency, value, numerator, denominator, kind, dimension, expected, samples
  ${of_series('metric_points')}`

const ANOMALIES = `SELECT
    event_id, tenant_id, toUnixTimestamp64Milli(anomalies.occurred_at) AS occurred_at, window_ms, revision,
    metric, currency, dimension, pattern, direction, value, expected, lower, upper, score, baseline_points, method
  ${of_series('anomalies')}`

const ask_points = (query: Warehouse['query'], asked: BacktestAsked): Promise<MetricPoint[]> =>
  bounded(query<MetricPoint>(POINTS, params_of(asked)), asked.rows_most)

const ask_anomalies = (query: Warehouse['query'], asked: BacktestAsked): Promise<Anomaly[]> =>
  bounded(query<Anomaly>(ANOMALIES, params_of(asked)), asked.rows_most)

const bounded = async <T>(rows: Promise<T[]>, most: number): Promise<T[]> => {
  const found = await rows
  if (found.length <= most) return found
  throw new BacktestTooLarge(`more than ${most} windows: name a shorter stretch, or one dimension`)
}

/** Incidents of the metric that a person acknowledged. */
const ACKNOWLEDGED = `SELECT
    toUnixTimestamp64Milli(started_at) AS from_ms,
    if(
      countIf(status = 'resolved') > 0,
      toUnixTimestamp64Milli(maxIf(alerts.occurred_at, status = 'resolved')),
      toUnixTimestamp64Milli({to:DateTime64(3, 'UTC')})
    ) AS to_ms
  FROM alerts FINAL
  WHERE tenant_id = {tenant:String} AND metric = {metric:String}
    AND ({currency:String} = '' OR currency = {currency:String})
    AND started_at >= {from:DateTime64(3, 'UTC')} AND started_at < {to:DateTime64(3, 'UTC')}
  GROUP BY fingerprint, started_at
  HAVING countIf(status = 'acknowledged') > 0
  ORDER BY from_ms`

/** null where nobody ever did: that nothing was acknowledged says nothing of rules. */
const ask_acknowledged = async (query: Warehouse['query'], asked: BacktestAsked): Promise<Truth | null> => {
  const labels = await query<Label>(ACKNOWLEDGED, params_of(asked))
  return labels.length > 0 ? { source: 'acknowledgements', labels } : null
}
