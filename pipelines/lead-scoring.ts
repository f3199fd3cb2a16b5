/** Conversations become lead scores, and leads on their way to the tenant's prices. */
import { map } from 'rxjs'
import { default_conversation_policy } from '../operators/conversation/conversation-policy.ts'
import { policy_reader } from '../operators/conversation/read-policy.ts'
import { pipeline, tagged } from '../operators/core/keyed.ts'
import { default_lead_policy } from '../operators/lead/lead-policy.ts'
import { scoreLead } from '../operators/lead/score-lead.ts'
import { countConversations } from '../operators/metric/count-conversations.ts'
import { measureSignals } from '../operators/metric/measure-signals.ts'

/** Texts are heard in the language that the metrics of conversations hear them in. */
const read = policy_reader(default_conversation_policy)

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
    const scored = messages.pipe(scoreLead(default_lead_policy, body => read(body).policy.language))
    const score = scored.pipe(map(({ score }) => score))
    to('lead_scores', score)
    to('measures', tagged({ event: messages, score }).pipe(countConversations(), measureSignals()))
    to('leads', scored.pipe(map(({ lead }) => lead)))
  },
})
