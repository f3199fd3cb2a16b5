/**
 * Decides: which payments events count towards a metric, and as what: attempts, successes, failures; by
 *   the method of payment, too.
 * Because: each is one event already; refunds and subscriptions are counted elsewhere (ledger).
 * Keeps: nothing.
 * When late: counts at its own event time. Twice: the task has dropped the duplicate before. Missing: a success without
 *   an attempt counts as a success.
 * Limits: retries of one payment are so many attempts and failures.
 */

import { filter, map, type OperatorFunction } from 'rxjs'
import type { Row } from '../core/keyed.ts'
import type { Signal, SignalKind } from './metric-list.ts'

type Payment = Row<'payments', 'type' | 'method'>

const KINDS: Readonly<Partial<Record<Payment['type'], SignalKind>>> = {
  payment_attempted: 'payment_attempt',
  payment_succeeded: 'payment_success',
  payment_failed: 'payment_failure',
}

export const signalPayments = (): OperatorFunction<Payment, Signal> => payments =>
  payments.pipe(
    filter(({ type }) => KINDS[type] !== undefined),
    map(({ event_id, tenant_id, occurred_at, type, method }) => {
      const part = method ? `method=${method}` : null
      return { event_id, tenant_id, occurred_at, kind: KINDS[type] as SignalKind, part }
    }),
  )
