/**
 * A made-up past of one tenant, the same for the same seed: a quarter of touches, then eighteen months of payments, refunds
 * and chargebacks in two currencies. What the fault suites load, so that they need no reference data.
 */
import { writeFileSync } from 'node:fs'
import { days, minutes } from '../../schemas/units.ts'
import { type Random, seeded_random } from '../simulation/scheduler.ts'

const CUSTOMERS = 700
const TOUCHED_FROM = Date.UTC(2015, 9)
const PAID_FROM = Date.UTC(2016, 0)

export const TENANT = 'faults'

interface Event {
  readonly event_id: string
  readonly occurred_at: number
}

/** Bursts of three views a few minutes apart: sessions of several touches. */
const touches = (random: Random, rows: number): Event[] =>
  Array.from({ length: rows }, (_, i) => {
    const visit = Math.floor(i / 3)
    const begun_at = TOUCHED_FROM + visit * Math.floor(days(85) / Math.ceil(rows / 3))
    return {
      event_id: `touch-${i}`,
      tenant_id: TENANT,
      customer_id: `c-${(visit * 37) % CUSTOMERS}`,
      occurred_at: begun_at + (i % 3) * minutes(4) + random.between(0, minutes(3)),
      channel: random.pick(['search', 'social', 'mail', 'direct']),
      interaction: 'view',
      funnel_step: random.pick(['landing', 'product', 'cart']),
      currency: 'EUR',
    }
  })

/** Every ninth event takes back an earlier payment; some payments fail; up to four share a minute. */
const payments = (random: Random, rows: number): Event[] => {
  const paid: { customer_id: string; payment_id: string; amount_minor: number; currency: string }[] = []
  return Array.from({ length: rows }, (_, i) => {
    const minute = Math.floor(i / 4) * Math.floor(days(540) / minutes(1) / Math.ceil(rows / 4))
    const common = {
      event_id: `payment-${i}`,
      tenant_id: TENANT,
      occurred_at: PAID_FROM + minute * minutes(1),
      product_id: random.pick(['basic', 'plus', 'pro']),
    }
    const back = i % 9 === 8 ? paid.splice(random.between(0, paid.length - 1), 1)[0] : undefined
    if (back) return { ...common, ...back, type: random.pick(['refunded', 'refunded', 'chargeback']) }
    const payment = {
      customer_id: `c-${random.between(0, CUSTOMERS - 1)}`,
      payment_id: `p-${i}`,
      amount_minor: random.between(0, 50_000),
      currency: random.pick(['EUR', 'EUR', 'JPY']),
    }
    if (i % 23 === 7) return { ...common, ...payment, type: 'payment_failed', failure_code: 'declined' }
    paid.push(payment)
    return { ...common, ...payment, type: 'payment_succeeded' }
  })
}

/** Writes both as NDJSON files for `npm run import`. */
export const write_history = (
  files: { readonly touchpoints: string; readonly payments: string },
  rows: { readonly touchpoints: number; readonly payments: number },
  seed: number,
): void => {
  const random = seeded_random(seed)
  const ndjson = (events: readonly Event[]) => events.map(event => `${JSON.stringify(event)}\n`).join('')
  writeFileSync(files.touchpoints, ndjson(touches(random, rows.touchpoints)))
  writeFileSync(files.payments, ndjson(payments(random, rows.payments)))
}
