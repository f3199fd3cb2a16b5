/**
 * Property: whatever happens to subscriptions and in whichever order it arrives, the views say what a plain
 * walk through the events in the order of their time says, movements add up, and no order of arrival matters.
 */
import * as fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'
import { LATER } from './subscription-events.ts'

const served: Served = await serve_warehouse()
afterAll(() => served.stop())

const KINDS = ['started', 'changed', 'renewed', 'cancelled'] as const
interface Told {
  readonly customer: string
  readonly subscription: string
  readonly day: number
  readonly kind: (typeof KINDS)[number]
  readonly currency: string
  readonly mrr_minor: number | null
  readonly state: 'trial' | 'paused' | 'plain'
}
/** Few customers, days and prices, so that they meet: events of one day, back to 0, the same price again. */
const told: fc.Arbitrary<Told> = fc.record({
  customer: fc.constantFrom('c1', 'c2', 'c3'),
  subscription: fc.constantFrom('s1', 's2'),
  day: fc.integer({ min: 0, max: 120 }),
  kind: fc.constantFrom('started', 'started', 'changed', 'renewed', 'cancelled'),
  currency: fc.constantFrom('USD', 'USD', 'USD', 'EUR'),
  mrr_minor: fc.option(fc.constantFrom(0, 100, 250, 999)),
  state: fc.constantFrom('plain', 'plain', 'plain', 'trial', 'paused'),
})
interface Event extends Told {
  readonly event_id: string
}

const row = (event: Event): object => ({
  _key: `t1|${event.customer}`,
  event_id: event.event_id,
  tenant_id: 't1',
  customer_id: event.customer,
  subscription_id: event.subscription,
  occurred_at: new Date(Date.UTC(2025, 0, 1 + event.day)).toISOString(),
  type: `subscription_${event.kind}`,
  amount_minor: 0,
  currency: event.currency,
  mrr_minor: event.mrr_minor,
  properties: event.state === 'plain' ? {} : { [event.state]: 'true' },
})

interface Movement {
  readonly event_id: string
  readonly customer_id: string
  readonly currency: string
  readonly movement: string
  readonly amount_minor: number
}
interface Subscription {
  readonly customer: string
  price: number
  currency: string
  /** 0 unless it earns; null: neither free nor paused either, but in trial or over. */
  earns: number | null
}

/** What a bookkeeper would write down, event by event. */
const walk = (events: readonly Event[]): Movement[] => {
  const subscriptions = new Map<string, Subscription>()
  const customers = new Map<string, 'new' | 'member' | 'left'>()
  const movements: Movement[] = []
  const of_customer = (customer: string, currency: string): { mrr: number; live: boolean } => {
    const all = [...subscriptions.values()].filter(s => s.customer === customer && s.currency === currency)
    const live = all.filter(s => s.earns !== null)
    return { mrr: live.reduce((sum, s) => sum + (s.earns ?? 0), 0), live: live.length > 0 }
  }
  const in_order = [...events].sort(
    (a, b) =>
      a.day - b.day || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.event_id < b.event_id ? -1 : 1),
  )
  for (const { event_id, customer, subscription, kind, currency, mrr_minor, state } of in_order) {
    const id = `${customer}|${subscription}`
    const before = new Map(['USD', 'EUR'].map(unit => [unit, of_customer(customer, unit)]))
    const one = subscriptions.get(id) ?? { customer, price: -1, currency, earns: null }
    subscriptions.set(id, one)
    if (kind !== 'cancelled' && mrr_minor !== null) [one.price, one.currency] = [mrr_minor, currency]
    // A price never told is no price, in the currency that was heard last.
    if (one.price < 0) one.currency = currency
    const ended = kind === 'cancelled' || state === 'trial'
    one.earns = ended ? null : state === 'paused' ? 0 : Math.max(0, one.price)
    for (const [unit, was] of before) {
      const now = of_customer(customer, unit)
      const key = `${customer}|${unit}`
      const amount_minor = now.mrr - was.mrr
      const standing = customers.get(key) ?? 'new'
      let movement = amount_minor > 0 ? 'expansion' : amount_minor < 0 ? 'contraction' : ''
      if (standing !== 'member' && now.mrr > 0) movement = standing === 'new' ? 'new' : 'reactivation'
      if (standing === 'member' && !now.live) movement = 'churn'
      if (movement === '') continue
      customers.set(key, movement === 'churn' ? 'left' : 'member')
      movements.push({ event_id, customer_id: customer, currency: unit, movement, amount_minor })
    }
  }
  return movements
}

const month_of = (events: readonly Event[], id: string): string => {
  const { day } = events.find(({ event_id }) => event_id === id)!
  return new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 7)
}
const PARTS = ['new', 'expansion', 'contraction', 'churn', 'reactivation']

it('says what a walk through the events says, in any order of arrival', { timeout: 120_000 }, async () => {
  const histories = fc
    .array(told, { minLength: 1, maxLength: 40 })
    .map(list => list.map((one, i): Event => ({ ...one, event_id: `e${String(i).padStart(2, '0')}` })))
    .chain(events => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })))
  const found_movements = () =>
    served.warehouse.query<Movement>(
      `SELECT event_id, customer_id, currency, movement, amount_minor
       FROM subscription_movement(as_of = '${LATER}') ORDER BY customer_id, currency, number`,
    )
  await fc.assert(
    fc.asyncProperty(histories, async ([events, arrival]) => {
      await served.empty('payments')
      // In two parts of the table, some of it twice.
      await served.fill('payments', arrival.slice(0, 20).map(row))
      await served.fill('payments', arrival.slice(10).map(row).concat(row(arrival[0]!)))
      const expected = walk(events).toSorted((a, b) =>
        `${a.customer_id}${a.currency}`.localeCompare(`${b.customer_id}${b.currency}`),
      )
      expect(await found_movements()).toEqual(expected)

      const months = await served.warehouse.query<Record<string, number | string>>(
        `SELECT * FROM subscription_mrr(as_of = '${LATER}', granularity = 'month')
         ORDER BY currency, period_start`,
      )
      const ends: Record<string, number> = {}
      for (const month of months) {
        const unit = String(month.currency)
        const own = expected.filter(
          one =>
            one.currency === unit &&
            month_of(events, one.event_id) === String(month.period_start).slice(0, 7),
        )
        for (const part of PARTS) {
          const amounts = own.filter(({ movement }) => movement === part).map(one => one.amount_minor)
          expect(month[`${part}_minor`]).toBe(amounts.reduce((sum, amount) => sum + amount, 0))
        }
        expect(month.start_minor).toBe(ends[unit] ?? 0)
        ends[unit] = (ends[unit] ?? 0) + own.reduce((sum, one) => sum + one.amount_minor, 0)
        expect(month.end_minor).toBe(ends[unit])
      }
      const units = [...new Set(expected.map(({ currency }) => currency))].sort()
      expect(Object.keys(ends).sort()).toEqual(units)
      const now = await served.warehouse.query<{ currency: string; mrr_minor: number }>(
        `SELECT currency, sum(latest) AS mrr_minor FROM (
           SELECT argMax(currency, step) AS currency, argMax(s.mrr_minor, step) AS latest
           FROM subscription_step(as_of = '${LATER}') AS s GROUP BY customer_id, subscription_id
         ) GROUP BY currency`,
      )
      for (const { currency, mrr_minor } of now) expect(mrr_minor).toBe(ends[currency] ?? 0)
    }),
    { numRuns: 25, seed: 20_251_121 },
  )
})
