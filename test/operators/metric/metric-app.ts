/** The pipelines that metrics need, without the others: scenarios run five times. */
import alert_rules from '../../../pipelines/alert-rules.ts'
import lead_scoring from '../../../pipelines/lead-scoring.ts'
import metric_signals from '../../../pipelines/metric-signals.ts'
import metric_windows from '../../../pipelines/metric-windows.ts'
import pricing_leads from '../../../pipelines/pricing-leads.ts'
import quality_feedback from '../../../pipelines/quality-feedback.ts'
import revenue_ledger from '../../../pipelines/revenue-ledger.ts'
import { type App, tributary } from '../../../runtime/app.ts'
import type { Measure } from '../../../schemas/types.ts'
import type { Driver } from '../../driver/driver.ts'

const pipelines = [
  revenue_ledger,
  lead_scoring,
  quality_feedback,
  metric_signals,
  pricing_leads,
  metric_windows,
  alert_rules,
]
export const metric_app: App = { ...tributary(1), partitions: 1, pipelines }

/** What was added to a series of the tenant acme, one row per window and batch. */
export const counted = (d: Driver, metric: string, dimension = ''): Measure[] =>
  d.outputs('measures').filter(row => row.metric === metric && row.dimension === dimension)

/** Events counted in a series, as [start of the window, how many]. */
export const sums = (d: Driver, metric: string, dimension = ''): (readonly [number, number])[] => {
  const found = new Map<number, number>()
  for (const { occurred_at, numerator } of counted(d, metric, dimension))
    found.set(occurred_at, (found.get(occurred_at) ?? 0) + numerator)
  return [...found].sort(([a], [b]) => a - b)
}
