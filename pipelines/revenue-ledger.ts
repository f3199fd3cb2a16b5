/** Payments, refunds and chargebacks become signed ledger rows, and movements and measures on their way to windows. */
import { map } from 'rxjs'
import { pipeline, tagged } from '../operators/core/keyed.ts'
import { measureLedger } from '../operators/metric/measure-ledger.ts'
import { postLedger } from '../operators/revenue/post-ledger.ts'

export default pipeline({
  name: 'revenue-ledger',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const touch = from('touchpoints', 'channel', 'campaign', 'content_id')
    const payment = from(
      'payments',
      'customer_id',
      'type',
      'amount_minor',
      'currency',
      'payment_id',
      'subscription_id',
      'checkout_id',
      'product_id',
      'plan_id',
      'quantity',
      'method',
    )
    const ledger = tagged({ touch, payment }).pipe(postLedger())
    to('ledger', ledger)
    to('measures', ledger.pipe(measureLedger()))
    to(
      'movements',
      ledger.pipe(
        map(({ event_id, tenant_id, occurred_at, type, currency, amount_minor, channel, product_id }) => ({
          event_id,
          tenant_id,
          occurred_at,
          type,
          currency,
          amount_minor,
          channel: channel ?? 'none',
          product_id: product_id ?? 'none',
        })),
      ),
    )
  },
})
