import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse_field, StateCodec } from '../../../runtime/state-fields.ts'
import { definitions } from '../../../schemas/definitions.ts'
import type { Payment, RevenueDay } from '../../../schemas/types.ts'
import { days } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const day_codec = new StateCodec<RevenueDay>(
  2,
  { schema: 'state/revenue_day', init: () => ({ gross_minor: 0, refunds_minor: 0, payments: 0 }) },
  definitions,
)
const payment = fc.record({
  type: fc.constantFrom('payment_succeeded', 'refunded', 'chargeback', 'payment_failed', 'checkout_started'),
  customer_id: fc.constantFrom('ada', 'bo', 'cy'),
  currency: fc.constantFrom('EUR', 'JPY'),
  amount_minor: fc.integer({ min: 0, max: 1_000_000 }),
  after_ms: fc.integer({ min: -days(10), max: days(10) }),
})

test('for any payments: ledger = log = state, to the cent, per customer, currency and day', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(payment, { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      async (events, batch) => {
        const driver = await Driver.open('customer', { batch, crash: true })
        const expected = new Map<string, number>()
        events.forEach(({ after_ms, ...event }, i) => {
          const occurred_at = T + after_ms
          driver.send('payments', [
            { ...event, event_id: `e${i}`, tenant_id: 'acme', occurred_at, quantity: 1 } as never,
          ])
          const sign =
            event.type === 'payment_succeeded' ? 1 : ['refunded', 'chargeback'].includes(event.type) ? -1 : 0
          const name = `${event.customer_id} ${event.currency} ${Math.floor(occurred_at / days(1))}`
          if (sign) expected.set(name, (expected.get(name) ?? 0) + sign * event.amount_minor)
        })
        driver.run()
        const ledger = new Map<string, number>()
        for (const { customer_id, currency, occurred_at, amount_minor } of driver.outputs('ledger')) {
          const name = `${customer_id} ${currency} ${Math.floor(occurred_at / days(1))}`
          ledger.set(name, (ledger.get(name) ?? 0) + amount_minor)
        }
        const state = new Map<string, number>()
        for (const customer of ['ada', 'bo', 'cy'])
          for (const [field, bytes] of driver.fields(`acme|${customer}`)) {
            const name = parse_field(field)
            if (name.kind !== 'slot' || name.node !== 'revenue-ledger/post-ledger') continue
            const { gross_minor, refunds_minor } = day_codec.decode(bytes)
            state.set(`${customer} ${name.slot.replace('|', ' ')}`, gross_minor - refunds_minor)
          }
        expect(ledger).toEqual(expected)
        expect(new Map([...state].sort())).toEqual(new Map([...expected].sort()))
      },
    ),
    { numRuns: 60 },
  )
})

scenario('a movement that makes a day too large to be exact is refused; the others stand', 'customer', d => {
  const pay = (event_id: string, amount_minor: number, type: Payment['type'] = 'payment_succeeded') => ({
    event_id,
    tenant_id: 'acme',
    customer_id: 'ada',
    occurred_at: T,
    type,
    amount_minor,
    currency: 'JPY',
  })
  d.send('payments', [pay('a', 9e15), pay('b', 9e15), pay('c', 5), pay('d', 4e15, 'refunded')])
  d.run()
  expect(d.outputs('ledger').map(row => [row.event_id, row.amount_minor])).toEqual([
    ['a', 9e15],
    ['c', 5],
    ['d', -4e15],
  ])
  const letters = d.outputs('dead_letters').map(({ pipeline, reason, detail }) => [pipeline, reason, detail])
  expect(new Set(letters.map(String))).toEqual(new Set(['revenue-ledger,REJECTED,day_total_too_large']))
})
