/** What buyers answer, through the operator that hears it. */
import { expect } from 'vitest'
import { minutes } from '../../../schemas/units.ts'
import { scenario } from '../../driver/scenario.ts'
import {
  answer,
  app,
  buyer,
  buyers,
  flat_prices,
  NOON,
  ready,
  send_answers,
  send_leads,
  steps,
} from './market.ts'

scenario(
  'without a decision named it is about the newest of that customer and buyer',
  'tenant',
  d => {
    buyers(d, [buyer('a')])
    send_leads(d, [ready('ada'), ready('bo', { occurred_at: NOON + 1 })])
    send_answers(d, [
      answer('ada', 'accepted', { buyer_id: 'a', occurred_at: NOON + 2 }),
      answer('bo', 'accepted', { decision_id: 'bo|1', occurred_at: NOON + 3 }),
      answer('cy', 'accepted', { buyer_id: 'a' }),
    ])
    d.run()
    expect(
      d.outputs('route_outcomes').map(row => [row.decision_id, row.decided_at, row.conversation_id]),
    ).toEqual([
      ['ada|1', NOON, 'chat-ada'],
      ['bo|1', NOON + 1, 'chat-bo'],
      [null, null, null],
    ])
  },
  app,
)

scenario(
  'one answer to a decision is learned from once, another word of the same buyer anew; sales follow',
  'tenant',
  d => {
    flat_prices(d)
    buyers(d, [buyer('a'), buyer('b', { acceptance_prior: 0.84 })])
    const chance = () => {
      const at = d.outputs('routes').length
      send_leads(d, [ready(`quote-${at}`, { ready: false })])
      d.run()
      const { buyer_id, acceptance_probability, alternatives } = d.outputs('routes').at(-1) as never as {
        buyer_id: string
        acceptance_probability: number
        alternatives: { expected_revenue_minor: number; price_minor: number }[]
      }
      const [other] = alternatives
      const of_other =
        Math.round(((other?.expected_revenue_minor ?? 0) / (other?.price_minor ?? 1)) * 1000) / 1000
      return buyer_id === 'a'
        ? [buyer_id, Math.round(acceptance_probability * 1000) / 1000]
        : [buyer_id, of_other]
    }
    expect(chance()).toEqual(['a', 0.85])
    send_leads(d, [ready('ada')])
    const says = (outcome: 'accepted' | 'returned', id: string) => ({
      ...answer('ada', outcome, { decision_id: 'ada|1' }),
      event_id: `ada|${id}`,
    })
    send_answers(d, [says('accepted', '1')])
    d.run()
    const after_one = chance()
    send_answers(d, [says('accepted', '2')])
    d.run()
    expect(chance()).toEqual(after_one)
    expect(after_one[1]).toBeGreaterThan(0.85)
    // It changes its mind: the lead goes on, and it counts as refused, too.
    send_answers(d, [says('returned', '3')])
    d.run()
    const [now, share] = chance()
    expect(now).toBe('b')
    expect(share).toBeLessThan(0.84)
    expect(steps(d).filter(([, status]) => status !== 'quoted')).toEqual([
      ['ada|1', 'reserved', 1, 'a'],
      ['ada|1|1|confirmed', 'confirmed', 1, 'a'],
      ['ada|1|1|released', 'released', 1, 'a'],
      ['ada|1|2|reserved', 'reserved', 2, 'b'],
    ])
  },
  app,
)

scenario(
  'a buyer that refuses everything is believed less than those that answer like each other',
  'tenant',
  d => {
    buyers(d, [buyer('fair', { areas: ['bronx'] }), buyer('odd', { areas: ['queens'] })])
    const names = Array.from({ length: 30 }, (_, i) => i)
    send_leads(
      d,
      names.flatMap(i => [
        ready(`f${i}`, { borough: 'bronx' }),
        ready(`o${i}`, { borough: 'queens', occurred_at: NOON + minutes(1) }),
      ]),
    )
    send_answers(
      d,
      names.flatMap(i => [
        answer(`f${i}`, i % 7 ? 'accepted' : 'rejected', { buyer_id: 'fair' }),
        answer(`o${i}`, 'rejected', { buyer_id: 'odd', reason: 'No thanks' }),
      ]),
    )
    d.run()
    const trusted = (buyer_id: string) =>
      d
        .outputs('route_outcomes')
        .filter(row => row.buyer_id === buyer_id)
        .map(row => row.trusted_ratio)
    expect(trusted('odd')[0]).toBe(1)
    expect(trusted('odd').at(-1)).toBeLessThan(0.7)
    expect(d.outputs('route_outcomes').at(-1)).toMatchObject({ reason_class: 'other' })
  },
  app,
)
