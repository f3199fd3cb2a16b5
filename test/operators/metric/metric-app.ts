/** The pipelines that metrics need, without the others: scenarios run five times. */
import alert_rules from '../../../pipelines/alert-rules.ts'
import anomaly_detection from '../../../pipelines/anomaly-detection.ts'
import lead_scoring from '../../../pipelines/lead-scoring.ts'
import metric_signals from '../../../pipelines/metric-signals.ts'
import metric_windows from '../../../pipelines/metric-windows.ts'
import pricing_leads from '../../../pipelines/pricing-leads.ts'
import quality_feedback from '../../../pipelines/quality-feedback.ts'
import revenue_ledger from '../../../pipelines/revenue-ledger.ts'
import { type App, tributary } from '../../../runtime/app.ts'

const pipelines = [
  revenue_ledger,
  lead_scoring,
  quality_feedback,
  metric_signals,
  pricing_leads,
  metric_windows,
  anomaly_detection,
  alert_rules,
]
export const metric_app: App = { ...tributary(1), partitions: 1, pipelines }
