import { expect } from 'vitest'
import type { Payment } from '../../../schemas/types.ts'
import { minutes } from '../../../schemas/units.ts'
import { scenario } from '../../driver/scenario.ts'
import { metric_app, sums } from './metric-app.ts'

const T = Date.UTC(2026, 0, 5)
const paid = (
  event_id: string,
  at: number,
  amount_minor: number,
  more: Partial<Payment> = {},
): Partial<Payment> => ({
  ...{ event_id, tenant_id: 'acme', customer_id: 'ada', occurred_at: T + minutes(at) },
  ...{ type: 'payment_succeeded', amount_minor, currency: 'EUR' },
  ...more,
})

scenario(
  'revenue is the ledger’s, in all and by the channel of the latest touch',
  'customer',
  d => {
    d.send('payments', [paid('a', 0, 500)])
    const touch = { event_id: 't', tenant_id: 'acme', customer_id: 'ada', channel: 'ads' }
    d.send('touchpoints', [{ ...touch, interaction: 'view', currency: 'EUR', occurred_at: T + minutes(1) }])
    d.send('payments', [paid('b', 2, 300), paid('c', 3, 100, { type: 'refunded' })])
    d.send('payments', [paid('d', 6, 7, { currency: 'JPY' }), paid('e', 6, 9, { type: 'payment_failed' })])
    d.run()
    expect(sums(d, 'revenue')).toEqual([
      [T, 700],
      [T + minutes(5), 7],
    ])
    expect(sums(d, 'revenue', 'channel=none')).toEqual([[T, 500]])
    expect(sums(d, 'revenue', 'channel=ads')).toEqual([
      [T, 200],
      [T + minutes(5), 7],
    ])
    expect(sums(d, 'unattributed_rate')).toEqual([
      [T, 1],
      [T + minutes(5), 0],
    ])
    const in_channel = d
      .outputs('measures')
      .filter(({ metric, dimension }) => metric === 'conversion_rate' && dimension)
    expect(in_channel.reduce((sum, { numerator }) => sum + numerator, 0)).toBe(3)
  },
  metric_app,
)
