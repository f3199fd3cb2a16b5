/** The alert rules by themselves: windows go in with their time, rows of `alerts` come out. */
import { filter, type Observable } from 'rxjs'
import { pipeline } from '../../../operators/core/keyed.ts'
import alert_rules from '../../../pipelines/alert-rules.ts'
import { type App, tributary } from '../../../runtime/app.ts'
import type { AlertRuleEntry } from '../../../schemas/catalog-kinds.ts'
import type { Alert, AlertCommand, Anomaly, MetricPoint } from '../../../schemas/types.ts'
import { minutes, seconds } from '../../../schemas/units.ts'
import type { Driver } from '../../driver/driver.ts'
import { enter } from '../conversation/talk.ts'

export const T = Date.UTC(2026, 0, 5)
export const own = { task: 0, stream_time_ms: T }
const nothing = (stream: Observable<unknown>) => stream.pipe(filter(() => false)) as Observable<never>
/** Writers of what the rules read: a task hears only of topics that somebody writes. */
const series_writer = pipeline({
  name: 'metric-nothing',
  keyed_by: 'series',
  since: 'beginning',
  build: ({ from, to }) => {
    to('metric_points', nothing(from('measurements')))
    to('anomalies', nothing(from('measurements')))
  },
})
const price_writer = pipeline({
  name: 'pricing-nothing',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => to('prices', nothing(from('payments'))),
})
export const alert_app: App = {
  ...tributary(1),
  partitions: 1,
  pipelines: [series_writer, price_writer, alert_rules],
}

/** Of the five minutes that end at a minute. */
export const point = (
  at: number,
  metric: string,
  value: number,
  more: Partial<MetricPoint> = {},
): MetricPoint => {
  const { currency = null, dimension = '' } = more
  return {
    event_id: `${metric}|${currency ?? ''}|${dimension && `${dimension}|`}${T + minutes(at - 5)}`,
    tenant_id: 'acme',
    occurred_at: T + minutes(at - 5),
    window_ms: minutes(5),
    revision: 0,
    ...{ metric, currency, dimension, value, numerator: value, denominator: 1, kind: 'count' },
    ...{ expected: null, samples: Math.max(0, Math.round(value)) },
    ...more,
  }
}
export const ratio = (
  at: number,
  metric: string,
  numerator: number,
  denominator: number,
  more: Partial<MetricPoint> = {},
): MetricPoint =>
  point(at, metric, numerator / denominator, {
    ...{ kind: 'ratio', numerator, denominator, samples: denominator },
    ...more,
  })

/** Of the quarter-hour that ends at a minute: revenue in EUR, 100.00 expected, unless something else is said. */
export const anomaly = (at: number, score: number, more: Partial<Anomaly> = {}): Anomaly => {
  const direction = score >= 5 ? 'spike' : score <= -5 ? 'drop' : 'none'
  return {
    event_id: `revenue|EUR|${at}`,
    tenant_id: 'acme',
    occurred_at: T + minutes(at - 15),
    window_ms: minutes(15),
    revision: 0,
    metric: 'revenue',
    currency: 'EUR',
    dimension: '',
    pattern: direction === 'none' ? '' : direction,
    direction,
    value: 10000 * (1 + score / 20),
    expected: 10000,
    lower: 7500,
    upper: 12500,
    score,
    baseline_points: 5000,
    method: 'seasonal-robust-1 quarter',
    ...more,
  }
}

type Sent = MetricPoint | Anomaly
/** All of a window, and the time at which it is whole. */
export const at = (d: Driver, minute: number, ...rows: readonly Sent[]): void => {
  for (const row of rows)
    if ('score' in row) d.send('anomalies', [row], own)
    else d.send('metric_points', [row], own)
  d.tick(T + minutes(minute) + seconds(2))
}
/** Time without a window. */
export const wait = (d: Driver, minute: number): void => d.tick(T + minutes(minute) + seconds(2) + 1)

export const say = (
  d: Driver,
  minute: number,
  command: AlertCommand['command'],
  more: Partial<AlertCommand>,
): void => {
  const event_id = `${command} ${minute}`
  d.send('alert_commands', [
    { event_id, tenant_id: 'acme', occurred_at: T + minutes(minute), command, author: 'ada', ...more },
  ])
  d.run()
}

export const own_rules = (d: Driver, ...rules: readonly AlertRuleEntry[]): void =>
  enter(d, 'alert_rule_lists', 'acme', { rules })

const minute_of = (ms: number): number => (ms - T) / minutes(1)
/** rule status reason severity at the minute */
export const told = (d: Driver): string[] =>
  d
    .outputs('alerts')
    .map(row => `${row.rule} ${row.status} ${row.reason} ${row.severity} ${minute_of(row.occurred_at)}`)
/** What holds of every list of alerts: ids are unique, and each incident is resolved at most once and last. */
export const problems = (rows: readonly Alert[]): string[] => {
  const found: string[] = []
  if (new Set(rows.map(row => row.event_id)).size < rows.length) found.push('an id is there twice')
  const over = new Set<string>()
  for (const { fingerprint, started_at, status } of rows) {
    const incident = `${fingerprint} ${started_at}`
    if (over.has(incident)) found.push(`${incident} goes on after it was resolved`)
    if (status === 'resolved') over.add(incident)
  }
  return found
}
