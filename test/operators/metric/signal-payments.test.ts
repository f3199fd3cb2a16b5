import { of } from 'rxjs'
import { expect, it } from 'vitest'
import type { Signal } from '../../../operators/metric/metric-list.ts'
import { signalPayments } from '../../../operators/metric/signal-payments.ts'
import type { Payment } from '../../../schemas/types.ts'

const signals = (types: readonly Payment['type'][], method: string | null) => {
  const out: Signal[] = []
  const rows = types.map((type, i) => ({
    event_id: `p${i}`,
    tenant_id: 'acme',
    occurred_at: i,
    type,
    method,
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
  const of_card = { tenant_id: 'acme', part: 'method=card' }
  expect(signals(types, 'card')).toEqual([
    { event_id: 'p1', occurred_at: 1, kind: 'payment_attempt', ...of_card },
    { event_id: 'p2', occurred_at: 2, kind: 'payment_failure', ...of_card },
    { event_id: 'p3', occurred_at: 3, kind: 'payment_success', ...of_card },
  ])
  expect(signals(['chargeback', 'subscription_started', 'subscription_cancelled'], 'card')).toEqual([])
  expect(signals(['payment_failed'], null).map(({ part }) => part)).toEqual([null])
})
