/** Subscription events for the tests of the subscription views: one line each. */
import type { Payment } from '../../schemas/types.ts'

type More = Partial<Omit<Payment, 'type' | 'occurred_at'>>

/**
 * A row of payments: `kind` is what comes after subscription_, `at` a day of 2025 ('03-01') or an instant
 * ('03-01T10:00'). What is not given: customer c1 of tenant t1, subscription s1, USD, no amount.
 */
export const subscription_event = (event_id: string, kind: string, at: string, more: More = {}): object => {
  const whole = { tenant_id: 't1', customer_id: 'c1', subscription_id: 's1', ...more }
  return {
    _key: `${whole.tenant_id}|${whole.customer_id}`,
    event_id,
    type: `subscription_${kind}`,
    occurred_at: `2025-${at.includes('T') ? at : `${at}T00:00`}:00.000Z`,
    amount_minor: 0,
    currency: 'USD',
    ...whole,
  }
}

/** An instant as a view is asked for it: the end of what these tests tell. */
export const LATER = '2026-01-01 00:00:00.000'
