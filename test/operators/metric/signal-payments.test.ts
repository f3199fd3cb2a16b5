import { of } from 'rxjs'
import { expect, it } from 'vitest'
import { signalPayments } from '../../../operators/metric/signal-payments.ts'
import type { Payment, Signal } from '../../../schemas/types.ts'

const signals = (types: readonly Payment['type'][]) => {
  const out: Signal[] = []
  const rows = types.map((type, i) => ({
    event_id: `p${i}`,
    tenant_id: 'acme',
    customer_id: 'ada',
    occurred_at: i,
    type,
  }))
  of(...rows)
    .pipe(signalPayments())
    .subscribe(signal => out.push(signal))
  return out
}

it('counts attempts, successes and failures, and nothing else', () => {
  const types = [
    'checkout_started',
    'payment_attempted',
    'payment_failed',
    'payment_succeeded',
    'refunded',
  ] as const
  expect(signals(types)).toEqual([
    { event_id: 'ada|payment_attempt|p1', tenant_id: 'acme', occurred_at: 1, kind: 'payment_attempt' },
    { event_id: 'ada|payment_failure|p2', tenant_id: 'acme', occurred_at: 2, kind: 'payment_failure' },
    { event_id: 'ada|payment_success|p3', tenant_id: 'acme', occurred_at: 3, kind: 'payment_success' },
  ])
  expect(signals(['chargeback', 'subscription_started', 'subscription_cancelled'])).toEqual([])
})
