/** Conversations become metrics of how they stand, with advice for those who hold them. */
import { trackConversation } from '../operators/conversation/track-conversation.ts'
import { pipeline } from '../operators/core/keyed.ts'

export default pipeline({
  name: 'conversation-tracking',
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
    to('conversation_metrics', messages.pipe(trackConversation()))
  },
})
