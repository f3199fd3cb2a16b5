/** The second stage of a lead: the tenant's buyers, the price, and what becomes of it as buyers answer. */
import { filter, map } from 'rxjs'
import { pipeline, tagged } from '../operators/core/keyed.ts'
import { priceLead } from '../operators/pricing/price-lead.ts'
import { routeLead } from '../operators/pricing/route-lead.ts'

export default pipeline({
  name: 'pricing-leads',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => {
    const lead = from(
      'leads',
      'customer_id',
      'conversation_id',
      'cause_event_id',
      'type',
      'total_score',
      'quality_tier',
      'conversion_probability',
      'market_ratio',
      'duration_ms',
      'base_points',
      'behavior_points',
      'timing_points',
      'market_points',
      'base_share',
      'behavior_share',
      'timing_share',
      'market_share',
      'ready',
      'zip_code',
      'borough',
      'neighborhood',
      'lead_policy_version',
    )
    const feedback = from(
      'lead_feedback',
      'customer_id',
      'decision_id',
      'buyer_id',
      'outcome',
      'reason',
      'amount_minor',
      'currency',
    )
    const routed = tagged({ lead, feedback }).pipe(routeLead())
    const routes = routed.pipe(filter(each => each.of === 'route'))
    const outcomes = routed.pipe(filter(each => each.of === 'outcome'))
    to('prices', routed.pipe(filter(each => each.of === 'lead')).pipe(priceLead()))
    to('routes', routes.pipe(map(({ row }) => row)))
    to('route_outcomes', outcomes.pipe(map(({ row }) => row)))
  },
})
