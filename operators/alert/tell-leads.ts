/** Premium leads: told once per conversation, and never over; of very many only the newest are remembered. */
import type { AlertIncident, AlertTenant } from '../../schemas/types.ts'
import type { Row } from '../core/keyed.ts'
import { money_text } from './describe-alert.ts'
import { NOTHING_SAID, sound } from './incident.ts'
import { type AlertTurn, write } from './tell-alert.ts'
import { rule_named } from './watched-rules.ts'

export type Price = Row<
  'prices',
  'customer_id' | 'conversation_id' | 'quality_tier' | 'currency' | 'revenue_potential_minor'
>
export const LEADS = 'premium_lead|'

/** Whether it is kept anew. */
export const hear_lead = (state: AlertTenant, price: Price, turn: AlertTurn): boolean => {
  if (price.quality_tier !== 'premium') return false
  const { customer_id, conversation_id, occurred_at, event_id, currency, revenue_potential_minor } = price
  const rule = rule_named('premium_lead', turn)
  // A blank within the customer's id is escaped: no two conversations share a fingerprint.
  const customer = customer_id.replaceAll(/[% ]/g, encodeURIComponent)
  const fingerprint = `${LEADS}${customer} ${conversation_id}|spike`
  if (!rule || revenue_potential_minor < rule.threshold || turn.slot(fingerprint)) return false
  const { incident, reason } = sound(undefined, rule, {
    ...{ from_ms: occurred_at, at_ms: occurred_at, severity: rule.severity, cause_event_ids: [event_id] },
  })
  const said = {
    ...{ ...NOTHING_SAID, currency, value: revenue_potential_minor },
    description: `Conversation ${conversation_id} of ${customer_id} is worth ${money_text(revenue_potential_minor, currency)}`,
  }
  write(state, fingerprint, { incident: { ...incident, said }, reason }, occurred_at, turn)
  turn.put(fingerprint, { ...(turn.slot(fingerprint) as AlertIncident), phase: 'over' })
  return true
}

/** How many leads are left: those told last, and a quarter more for a while, so that forgetting costs little. */
export const forget_leads = (leads: number, most: number, turn: AlertTurn): number => {
  if (leads <= most * 1.25) return leads
  const by_age = [...turn.slots(LEADS)].sort(([, a], [, b]) => a.alerted_ms - b.alerted_ms)
  for (const [id] of by_age.slice(0, -most)) turn.put(id, null)
  return most
}
