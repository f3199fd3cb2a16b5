/**
 * Decides: what of a buyer's feedback the tenant's routes are told: everything, under an id that is the tenant's own.
 * Because: event ids are unique per customer only; core/tenant-wide-id.ts makes one of both.
 * Keeps: nothing.
 * When late: goes on with its own time. Twice: dropped before. Missing: stays missing; the join knows what to do without.
 * Limits: does not look whether the decision exists.
 */
import type { LeadFeedback } from '../../schemas/types.ts'
import type { Row } from '../core/keyed.ts'
import { tenant_wide_id } from '../core/tenant-wide-id.ts'

type Feedback = Row<
  'feedback',
  'customer_id' | 'decision_id' | 'buyer_id' | 'outcome' | 'reason' | 'amount_minor' | 'currency'
>

export const pass_feedback = (feedback: Feedback): LeadFeedback => {
  const { customer_id, event_id, tenant_id, occurred_at, decision_id, buyer_id, outcome } = feedback
  const { reason, amount_minor, currency } = feedback
  return {
    event_id: tenant_wide_id(customer_id, event_id),
    tenant_id,
    customer_id,
    occurred_at,
    decision_id,
    buyer_id,
    outcome,
    reason,
    amount_minor,
    currency,
  }
}
