/** Visits, conversations, qualified leads and payments, each once, on their way to the tenant's metrics. */
import { merge } from 'rxjs'
import { pipeline, tagged } from '../operators/core/keyed.ts'
import { countConversations } from '../operators/metric/count-conversations.ts'
import { countVisits } from '../operators/metric/count-visits.ts'
import { signalPayments } from '../operators/metric/signal-payments.ts'

export default pipeline({
  name: 'metric-signals',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const visits = from('touchpoints', 'anonymous_id', 'interaction').pipe(countVisits())
    const event = from('conversations', 'customer_id', 'conversation_id')
    const score = from('lead_scores', 'customer_id', 'conversation_id', 'quality_tier')
    const conversations = tagged({ event, score }).pipe(countConversations())
    const payments = from('payments', 'customer_id', 'type').pipe(signalPayments())
    to('signals', merge(visits, conversations, payments))
  },
})
