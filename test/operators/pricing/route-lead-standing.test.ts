/** What an event of a lead is told that somebody has, has had, or that waited. */
import { expect } from 'vitest'
import { hours, minutes } from '../../../schemas/units.ts'
import { scenario } from '../../driver/scenario.ts'
import { answer, app, buyer, buyers, flat_prices, NOON, ready, send_answers, send_leads } from './market.ts'

const later = (after: number) => ({ event_id: `ada|${after}`, occurred_at: NOON + minutes(after) })

scenario(
  'names the buyer of the decision it names, at the price of that decision, whoever would be best now',
  'tenant',
  d => {
    flat_prices(d)
    buyers(d, [buyer('a', { base_minor: 30_000 }), buyer('b', { base_minor: 20_000 })])
    buyers(d, [buyer('a'), buyer('b', { base_minor: 90_000 })], NOON + minutes(5))
    send_leads(d, [ready('ada'), ready('ada', later(10)), ready('ada', { ...later(11), ready: false })])
    send_answers(d, [answer('ada', 'accepted', { decision_id: 'ada|1', occurred_at: NOON + minutes(12) })])
    send_leads(d, [ready('ada', { ...later(13), total_score: 95 })])
    send_answers(d, [answer('ada', 'returned', { decision_id: 'ada|1', occurred_at: NOON + minutes(14) })])
    send_leads(d, [ready('ada', later(15))])
    d.run()
    const rows = d.outputs('routes')
    const told = rows.filter(({ status }) => status === 'quoted')
    const of_a = {
      decision_id: 'ada|1',
      buyer_id: 'a',
      buyer_tier: 'premium',
      price_minor: 36_000,
      attempt: 0,
    }
    const of_b = { decision_id: '~ada|1|2|reserved', buyer_id: 'b', price_minor: 108_000 }
    expect(told).toMatchObject([of_a, of_a, { ...of_a, total_score: 95 }, of_b])
    for (const row of told) {
      const { buyer_id, price_minor, acceptance_probability } =
        rows.find(each => each.event_id === row.decision_id) ?? {}
      expect(row).toMatchObject({ buyer_id, price_minor, acceptance_probability, alternatives: [] })
      expect(row.expected_revenue_minor).toBe(Math.round(row.price_minor * row.acceptance_probability))
    }
    expect(told[0]?.reason).toBe('reserved for premium buyer a already')
    expect(told[2]?.reason).toBe('confirmed for premium buyer a already')
    // What the lead is worth now stands beside it.
    expect(d.outputs('prices')[1]?.price_minor).toBe(108_000)
  },
  app,
)

scenario(
  'names nobody where nobody has it any more, also of a tenant that has taken its buyers back',
  'tenant',
  d => {
    buyers(d, [buyer('a')])
    send_leads(d, [ready('ada'), ready('bo')])
    send_answers(d, [answer('ada', 'rejected', { decision_id: 'ada|1', occurred_at: NOON + 1 })])
    buyers(d, null as never, NOON + minutes(8))
    send_leads(d, [ready('ada', later(5)), ready('bo', { ...later(10), event_id: 'bo|2' })])
    d.run()
    expect(d.outputs('routes').slice(-2)).toMatchObject([
      {
        status: 'quoted',
        decision_id: 'ada|1',
        buyer_id: null,
        price_minor: 0,
        expected_revenue_minor: 0,
        reason: 'offered already, last to a, and now unsold',
      },
      { status: 'quoted', decision_id: 'bo|1', buyer_id: 'a' },
    ])
  },
  app,
)

scenario(
  'of a lead that waited and is no longer for sale it says that the wait is over, once',
  'tenant',
  d => {
    buyers(d, [buyer('a', { hours: { from: 14, to: 15, days: [1] } })])
    send_leads(d, [ready('ada')])
    send_leads(
      d,
      [5, 10].map(after => ready('ada', { ...later(after), ready: false })),
    )
    d.mark('leads', 0, NOON + hours(3))
    d.run()
    expect(d.outputs('routes').map(row => [row.status, row.reason, row.buyer_id])).toEqual([
      ['queued', 'waits for the hours of its buyers', null],
      ['unsold', 'no longer for sale: it waits no more', null],
      ['quoted', 'no buyer may have it: closed', null],
    ])
  },
  app,
)
