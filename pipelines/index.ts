/** The list of pipelines that an installation runs. */
import type { Pipeline } from '../operators/core/keyed.ts'
import alert_delivery from './alert-delivery.ts'
import alert_rules from './alert-rules.ts'
import attribution_paths from './attribution-paths.ts'
import conversation_tracking from './conversation-tracking.ts'
import identity_links from './identity-links.ts'
import identity_touches from './identity-touches.ts'
import journey_sessions from './journey-sessions.ts'
import lead_scoring from './lead-scoring.ts'
import metric_signals from './metric-signals.ts'
import metric_windows from './metric-windows.ts'
import pricing_leads from './pricing-leads.ts'
import quality_feedback from './quality-feedback.ts'
import revenue_ledger from './revenue-ledger.ts'
import revenue_windows from './revenue-windows.ts'

export const pipelines: readonly Pipeline[] = [
  // In the order in which they run within a task.
  revenue_ledger,
  journey_sessions,
  identity_links,
  identity_touches,
  attribution_paths,
  revenue_windows,
  lead_scoring,
  conversation_tracking,
  quality_feedback,
  pricing_leads,
  metric_signals,
  metric_windows,
  alert_rules,
  alert_delivery,
]
