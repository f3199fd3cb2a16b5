/**
 * Decides: which payments events count towards a metric, and as what: attempts, successes, failures.
 * Because: each is one event already; refunds and subscriptions are counted elsewhere (ledger).
 * Keeps: nothing.
 * When late: counts at its own event time. Twice: the task has dropped the duplicate before. Missing: a success without
 *   an attempt counts as a success.
 * Limits: retries of one payment are so many attempts and failures.
 */

import { filter, map, type OperatorFunction } from 'rxjs'
import type { Signal } from '../../schemas/types.ts'
import type { Row } from '../core/keyed.ts'

type Payment = Row<'payments', 'customer_id' | 'type'>

const KINDS: Readonly<Partial<Record<Payment['type'], Signal['kind']>>> = {
  payment_attempted: 'payment_attempt',
  payment_succeeded: 'payment_success',
  payment_failed: 'payment_failure',
}

export const signalPayments = (): OperatorFunction<Payment, Signal> => payments =>
  payments.pipe(
    filter(({ type }) => KINDS[type] !== undefined),
    map(({ customer_id, event_id, tenant_id, occurred_at, type }) => {
      const kind = KINDS[type] as Signal['kind']
      return { event_id: `${customer_id}|${kind}|${event_id}`, tenant_id, occurred_at, kind }
    }),
  )
