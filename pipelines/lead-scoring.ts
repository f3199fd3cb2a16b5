/** Conversations become lead scores, and leads on their way to the tenant's prices. */
import { map } from 'rxjs'
import { pipeline } from '../operators/core/keyed.ts'
import { scoreLead } from '../operators/lead/score-lead.ts'

export default pipeline({
  name: 'lead-scoring',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const messages = from(
      'conversations',
      'customer_id',
      'conversation_id',
      'type',
      'role',
      'text',
      'sentiment',
      'technical_question',
      'context',
      'language',
    )
    const scored = messages.pipe(scoreLead())
    to('lead_scores', scored.pipe(map(({ score }) => score)))
    to('leads', scored.pipe(map(({ lead }) => lead)))
  },
})
