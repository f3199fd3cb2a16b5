/** The second stage of a lead: its price among the tenant's tiers of buyers. */
import { pipeline } from '../operators/core/keyed.ts'
import { priceLead } from '../operators/pricing/price-lead.ts'

export default pipeline({
  name: 'pricing-leads',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => {
    const leads = from(
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
    )
    to('prices', leads.pipe(priceLead()))
  },
})
