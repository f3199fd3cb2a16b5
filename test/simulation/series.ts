/**
 * The series of metrics: a third group behind the customers', fed with rows that a batch has added up. Silence is short, since
 * histories would drown in zeros. What the ledger has must be in the measures, once, and in the newest points.
 */
import { pipeline, tagged } from '../../operators/core/keyed.ts'
import { default_metrics, sumMetrics } from '../../operators/metric/sum-metrics.ts'
import { minutes } from '../../schemas/units.ts'
import type { Shared } from './cluster.ts'
import { type Committed, committed_rows } from './committed.ts'
import { hold } from './violation.ts'

export const series_pipeline = pipeline({
  name: 'metric-windows',
  keyed_by: 'series',
  since: 'beginning',
  build: ({ from, to }) => {
    const measure = from('measures', 'kind', 'numerator', 'denominator', 'samples', 'bins')
    const measurement = from('measurements', 'metric', 'currency', 'dimension', 'kind', 'value', 'weight')
    const policy = { ...default_metrics, silence_ms: minutes(10), part_silence_ms: 0 }
    to('metric_points', tagged({ measure, measurement }).pipe(sumMetrics(policy)))
  },
})

type Sums = Map<string, number>
const add = (sums: Sums, { row }: Committed, dimension: unknown, amount: unknown): void => {
  const start = Math.floor(Number(row.occurred_at) / minutes(5)) * minutes(5)
  const id = [row.tenant_id, row.currency, dimension, start].join(' ')
  sums.set(id, (sums.get(id) ?? 0) + Number(amount))
}

const compare = (found: Sums, wanted: Sums, rule: string): void => {
  for (const id of new Set([...found.keys(), ...wanted.keys()]))
    hold(
      (found.get(id) ?? 0) === (wanted.get(id) ?? 0),
      rule,
      () => `${id}: ${found.get(id)} for ${wanted.get(id)}`,
    )
}

/** forgotten_ms: points of windows before it may lack what came too late. */
export const check_series = ({ broker, app, series }: Shared, forgotten_ms: number): void => {
  const wanted: Sums = new Map()
  for (const entry of committed_rows(broker, app, 'ledger'))
    for (const dimension of ['', `channel=${entry.row.channel ?? 'none'}`])
      add(wanted, entry, dimension, entry.row.amount_minor)
  const measured: Sums = new Map()
  for (const measure of committed_rows(broker, app, 'measures'))
    if (measure.row.metric === 'revenue') add(measured, measure, measure.row.dimension, measure.row.numerator)
  compare(measured, wanted, 'rows that a batch adds up hold every movement once')
  if (!series) return
  const rows = committed_rows(broker, app, 'metric_points')
  const newest = new Map<string, Committed>()
  for (const point of rows) {
    const id = `${point.key} ${point.row.event_id}`
    const revision = Number(newest.get(id)?.row.revision ?? -1) + 1
    hold(
      point.row.revision === revision,
      'a point is written once per revision',
      () => `${id} ${point.row.revision}`,
    )
    newest.set(id, point)
  }
  const pointed: Sums = new Map()
  for (const point of newest.values())
    if (point.row.metric === 'revenue') add(pointed, point, point.row.dimension, point.row.value)
  const late = (id: string) => Number(id.slice(id.lastIndexOf(' '))) < forgotten_ms
  for (const sums of [pointed, wanted]) for (const id of sums.keys()) if (late(id)) sums.delete(id)
  compare(pointed, wanted, 'points sum what moved')
}
