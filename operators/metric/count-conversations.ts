/**
 * Decides: when a conversation counts: once with the first event that arrives of it, and once more as a qualified lead
 *   when its score first reaches a tier that can be sold (basic or better).
 * Because: a conversation is one however many messages it has, and a lead that was qualified once has been found.
 * Keeps: per conversation what has been counted, until the customer has been silent for idle_ms.
 * When late: counts at its own event time. Twice: the task has dropped the duplicate before; a second qualifying score
 *   counts nothing. Missing: a conversation without a score is never qualified.
 * Limits: a score that falls again takes nothing back; scores come back through the log, so the lead counts a moment
 *   after its message, at the message's time.
 */

import type { Observable } from 'rxjs'
import type { MetricConversation, Nothing, Signal } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { keyed, type Row, type Tagged } from '../core/keyed.ts'

export type ConversationInput = Tagged<{
  event: Observable<Row<'conversations', 'customer_id' | 'conversation_id'>>
  score: Observable<Row<'lead_scores', 'customer_id' | 'conversation_id' | 'quality_tier'>>
}>

const NOTHING: Nothing = {}
const UNCOUNTED: MetricConversation = { counted: false, qualified: false }

export const countConversations = () =>
  keyed<ConversationInput, Signal, Nothing, MetricConversation>({
    name: 'count-conversations',
    version: 1,
    state: { schema: 'state/nothing', init: () => NOTHING },
    slot: { schema: 'state/metric_conversation', init: () => UNCOUNTED },
    idle_ms: days(30),
    step: (state, input, turn) => {
      const { conversation_id } = input.value
      const counted = turn.slot(conversation_id) ?? UNCOUNTED
      if (input.from === 'event') {
        if (counted.counted) return state
        turn.put(conversation_id, { ...counted, counted: true })
        turn.emit(signal(input.value, 'conversation'))
      } else {
        if (counted.qualified || input.value.quality_tier === 'unqualified') return state
        turn.put(conversation_id, { ...counted, qualified: true })
        turn.emit(signal(input.value, 'qualified_lead'))
      }
      return state
    },
  })

const signal = (
  { customer_id, event_id, tenant_id, occurred_at }: ConversationInput['value'],
  kind: Signal['kind'],
): Signal => ({ event_id: `${customer_id}|${kind}|${event_id}`, tenant_id, occurred_at, kind })
