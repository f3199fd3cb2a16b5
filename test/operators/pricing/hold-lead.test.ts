/** How long, and to how many, a lead is offered, by policy. */
import { expect } from 'vitest'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { scenario } from '../../driver/scenario.ts'
import { enter } from '../conversation/talk.ts'
import {
  answer,
  app,
  buyer,
  buyers,
  flat_prices,
  NOON,
  pass_time,
  ready,
  send_answers,
  send_leads,
  steps,
} from './market.ts'

const routed = (d: Parameters<typeof buyers>[0], table: Readonly<Record<string, unknown>>) =>
  enter(d, 'routing_policies', '*', { version: 'test', score: 'v1', table })

scenario(
  'a buyer may have its own time to answer; without an end it keeps the lead until it is forgotten',
  'tenant',
  d => {
    routed(d, { expire_ms: 0 })
    enter(d, 'routing_policies', 'other', {
      version: 'quick',
      score: 'v1',
      table: { expire_ms: minutes(20) },
    })
    enter(d, 'buyers', 'other', { buyers: [buyer('a')] })
    buyers(d, [buyer('a')])
    send_leads(d, [ready('ada'), ready('bo', { tenant_id: 'other' })])
    pass_time(d, NOON + minutes(30))
    expect(steps(d)).toEqual([
      ['ada|1', 'reserved', 1, 'a'],
      ['bo|1', 'reserved', 1, 'a'],
      ['~bo|1|1|released', 'released', 1, 'a'],
      ['~bo|1|2|unsold', 'unsold', 0, null],
    ])
    pass_time(d, NOON + days(40))
    expect(d.outputs('routes')).toHaveLength(4)
    expect(d.timers).toBe(0)
  },
  app,
)

scenario(
  'after attempts_max buyers, or fresh_ms, it is offered to nobody else',
  'tenant',
  d => {
    routed(d, { attempts_max: 1, fresh_ms: hours(2) })
    enter(d, 'routing_policies', 'other', { version: 'x', score: 'v1', table: { fresh_ms: hours(2) } })
    enter(d, 'buyers', 'other', { buyers: [buyer('a'), buyer('b')] })
    buyers(d, [buyer('a'), buyer('b')])
    send_leads(d, [ready('ada'), ready('bo', { tenant_id: 'other' })])
    send_answers(d, [
      answer('ada', 'rejected', { buyer_id: 'a' }),
      {
        ...answer('bo', 'returned', { buyer_id: 'a', occurred_at: NOON + hours(2) + 1 }),
        tenant_id: 'other',
      },
    ])
    d.run()
    expect(steps(d).slice(2)).toEqual([
      ['~ada|1|1|released', 'released', 1, 'a'],
      ['~ada|1|2|unsold', 'unsold', 0, null],
      ['~bo|1|1|released', 'released', 1, 'a'],
      ['~bo|1|2|unsold', 'unsold', 0, null],
    ])
    expect(d.outputs('routes').at(-1)?.reason).toBe('offered long enough, and to enough buyers')
    expect(d.outputs('routes').at(-1)?.decision_id).toBe('bo|1')
  },
  app,
)

scenario(
  'a lead that nobody had room for is tried again with the next event of its conversation',
  'tenant',
  d => {
    flat_prices(d)
    buyers(d, [buyer('a', { hourly_cap: 1 })])
    send_leads(d, [ready('ada'), ready('bo')])
    send_leads(d, [ready('bo', { event_id: 'bo|2', occurred_at: NOON + hours(1) })], NOON + hours(1))
    d.run()
    expect(steps(d)).toEqual([
      ['ada|1', 'reserved', 1, 'a'],
      ['bo|1', 'unsold', 0, null],
      ['bo|2', 'reserved', 1, 'a'],
    ])
    expect(d.outputs('routes')[1]?.reason).toBe('no buyer may have it: full')
    expect(d.outputs('prices')[1]).toMatchObject({ buyer_tier: null, price_minor: 0 })
  },
  app,
)

scenario(
  'a buyer that is left out gets nothing more, and may still answer',
  'tenant',
  d => {
    buyers(d, [buyer('a'), buyer('b')])
    buyers(d, [buyer('b')], NOON + 1)
    send_leads(d, [ready('ada'), ready('bo', { occurred_at: NOON + 1 })])
    send_answers(d, [answer('ada', 'rejected', { buyer_id: 'a', occurred_at: NOON + 2 })])
    d.run()
    expect(steps(d)).toEqual([
      ['ada|1', 'reserved', 1, 'a'],
      ['bo|1', 'reserved', 1, 'b'],
      ['~ada|1|1|released', 'released', 1, 'a'],
      ['~ada|1|2|reserved', 'reserved', 2, 'b'],
    ])
  },
  app,
)

scenario(
  'a conversation of a customer whom a buyer has had goes to another buyer',
  'tenant',
  d => {
    buyers(d, [buyer('a'), buyer('b')])
    send_leads(d, [ready('ada'), ready('ada', { event_id: 'ada|2', conversation_id: 'later' })])
    d.run()
    expect(steps(d).map(([, status, , id]) => [status, id])).toEqual([
      ['reserved', 'a'],
      ['reserved', 'b'],
    ])
  },
  app,
)

scenario(
  'policies are the tenant’s, else everybody’s; what is no policy is not believed',
  'tenant',
  d => {
    flat_prices(d)
    buyers(d, [buyer('cheap', { base_minor: 20_000 }), buyer('dear', { acceptance_prior: 0.5 })])
    const at = (n: number, id: string) => ready(id, { occurred_at: NOON + n })
    enter(d, 'routing_policies', '*', { version: 'money', score: 'v2' }, NOON + 1)
    enter(d, 'routing_policies', 'acme', { version: 'odd', score: 'v3' } as never, NOON + 2)
    enter(d, 'routing_policies', 'acme', null as never, NOON + 3)
    enter(d, 'buyers', 'acme', 'nobody' as never, NOON + 4)
    send_leads(d, [at(0, 'a'), at(1, 'b'), at(2, 'c'), at(3, 'd'), at(4, 'e')])
    d.run()
    const rows = d.outputs('routes')
    expect(rows.map(row => [row.policy_version, row.buyer_id])).toEqual([
      ['flat+routing-1', 'cheap'],
      ['flat+money', 'cheap'],
      ['flat+routing-1', 'cheap'],
      // Taken back: everybody's again.
      ['flat+money', 'cheap'],
      ['flat+money', null],
    ])
    // 240.00 × .85 against 300.00 × .5.
    expect(rows[1]).toMatchObject({
      routing_score: 204,
      routing_terms: [{ term: 'expected_revenue', value: 204, weight: 1 }],
      alternatives: [{ buyer_id: 'dear', routing_score: 150 }],
    })
  },
  app,
)
