/** What buyers answer, through the operator that hears it. */
import { expect } from 'vitest'
import type { Route } from '../../../schemas/types.ts'
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

scenario(
  'without a decision named it is about the newest of that customer and buyer that it can have heard of',
  'tenant',
  d => {
    buyers(d, [buyer('a')])
    send_leads(d, [ready('ada'), ready('bo', { occurred_at: NOON + 1 }), ready('di')])
    send_answers(d, [
      answer('ada', 'accepted', { buyer_id: 'a', occurred_at: NOON + 2 }),
      answer('bo', 'accepted', { decision_id: 'bo|1', occurred_at: NOON + 3 }),
      answer('cy', 'accepted', { buyer_id: 'a' }),
      // Clocks of senders differ by ten minutes at most.
      answer('di', 'accepted', { buyer_id: 'a', occurred_at: NOON - minutes(10) - 1 }),
      answer('di', 'accepted', { buyer_id: 'a', occurred_at: NOON - minutes(10) }),
    ])
    pass_time(d, NOON + days(9))
    expect(
      d.outputs('route_outcomes').map(row => [row.decision_id, row.decided_at, row.conversation_id]),
    ).toEqual([
      ['ada|1', NOON, 'chat-ada'],
      ['bo|1', NOON + 1, 'chat-bo'],
      ['di|1', NOON, 'chat-di'],
      [null, null, null],
      [null, null, null],
    ])
  },
  app,
)

scenario(
  'an answer that comes before its decision waits for it, and is then heard as of its own time',
  'tenant',
  d => {
    flat_prices(d)
    buyers(d, [
      buyer('a', { base_minor: 30_000, hourly_cap: 4 }),
      buyer('b', { base_minor: 20_000 }),
      buyer('c'),
    ])
    const says = (id: string, outcome: 'accepted' | 'rejected', decision_id: string, after: number) => ({
      ...answer('ada', outcome, { decision_id, occurred_at: NOON + minutes(after) }),
      event_id: `ada|${id}`,
    })
    // The second buyer's answer, then the first one's, then the lead.
    send_answers(d, [says('f2', 'accepted', '~ada|1|2|reserved', 90), says('f1', 'rejected', 'ada|1', 30)])
    d.run()
    expect([d.outputs('routes'), d.outputs('route_outcomes')]).toEqual([[], []])
    send_leads(d, [ready('ada')])
    pass_time(d, NOON + days(9))
    expect(d.outputs('routes').map(row => [row.event_id, row.buyer_id, row.occurred_at - NOON])).toEqual([
      ['ada|1', 'a', 0],
      ['~ada|1|1|released', 'a', minutes(30)],
      ['~ada|1|2|reserved', 'c', minutes(30)],
      ['~ada|1|2|confirmed', 'c', minutes(90)],
    ])
    expect(d.outputs('routes').map(row => row.cause_event_id)).toEqual(['1', 'ada|f1', 'ada|f1', 'ada|f2'])
    expect(
      d.outputs('route_outcomes').map(row => [row.event_id, row.decision_id, row.occurred_at - NOON]),
    ).toEqual([
      ['ada|f1', 'ada|1', minutes(30)],
      ['ada|f2', '~ada|1|2|reserved', minutes(90)],
    ])
    expect(d.outputs('route_outcomes')[0]).toMatchObject({ decided_at: NOON, buyer_id: 'a' })
    expect([...d.fields('acme').keys()].filter(field => field.includes('#early|'))).toEqual([])
  },
  app,
)

scenario(
  'an answer waits also for a buyer that opens later, or has its turn when another was silent',
  'tenant',
  d => {
    flat_prices(d)
    buyers(d, [
      buyer('a', { base_minor: 30_000, hours: { from: 14, to: 16, days: [1, 2] } }),
      buyer('b', { base_minor: 20_000, hours: { from: 12, to: 16, days: [1, 2] } }),
    ])
    const late = NOON + days(1) + hours(2) + minutes(5)
    send_answers(d, [
      answer('ada', 'accepted', { buyer_id: 'a', occurred_at: late }),
      answer('bo', 'rejected', { decision_id: '~bo|1|1|reserved', occurred_at: NOON + hours(3) }),
    ])
    send_leads(
      d,
      [ready('ada', { event_id: 'ada|1' }), ready('bo', { occurred_at: NOON - hours(1) })],
      NOON - hours(1),
    )
    pass_time(d, NOON + days(1) + hours(2))
    expect(steps(d)).toEqual([
      ['ada|1', 'reserved', 1, 'b'],
      ['bo|1', 'queued', 0, null],
      ['~bo|1|1|reserved', 'reserved', 1, 'b'],
      ['~bo|1|1|released', 'released', 1, 'b'],
      ['~bo|1|2|reserved', 'reserved', 2, 'a'],
      ['~ada|1|1|released', 'released', 1, 'b'],
      ['~ada|1|2|queued', 'queued', 0, null],
      ['~ada|1|2|reserved', 'reserved', 2, 'a'],
      ['~ada|1|2|confirmed', 'confirmed', 2, 'a'],
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
      ['~ada|1|1|confirmed', 'confirmed', 1, 'a'],
      ['~ada|1|1|released', 'released', 1, 'a'],
      ['~ada|1|2|reserved', 'reserved', 2, 'b'],
    ])
  },
  app,
)

scenario(
  'a buyer that says now this, now that of one decision teaches two words; what its leads brought it is told',
  'tenant',
  d => {
    flat_prices(d)
    buyers(d, [buyer('a')])
    const told = () => {
      send_leads(d, [ready(`quote-${d.outputs('routes').length}`, { ready: false })])
      d.run()
      const { acceptance_probability, buyer_value_minor, routing_terms } = d.outputs('routes').at(-1) as Route
      const history = routing_terms.find(({ term }) => term === 'historical_performance')
      return { acceptance_probability, buyer_value_minor, history: history?.value }
    }
    expect(told()).toEqual({ acceptance_probability: 0.85, buyer_value_minor: null, history: 50 })
    send_leads(d, [ready('ada'), ready('bo')])
    const says = (id: number, customer: string, outcome: 'accepted' | 'converted' | 'returned') => ({
      ...answer(customer, outcome, { decision_id: `${customer}|1`, amount_minor: 70_000, currency: 'USD' }),
      event_id: `${customer}|${id}`,
    })
    send_answers(d, [says(1, 'bo', 'accepted'), says(1, 'ada', 'converted')])
    expect(told()).toMatchObject({ buyer_value_minor: 70_000 })
    send_answers(d, [says(2, 'ada', 'returned')])
    const after_two = told()
    expect(after_two.history).toBeLessThan(50)
    send_answers(
      d,
      [3, 4, 5, 6, 7, 8].map(id => says(id, 'ada', id % 2 ? 'converted' : 'returned')),
    )
    expect(told()).toEqual(after_two)
    expect(d.outputs('route_outcomes')).toHaveLength(9)
  },
  app,
)

scenario(
  'by shares a buyer that refuses everything is believed less than those that answer like each other',
  'tenant',
  d => {
    enter(d, 'routing_policies', 'acme', { version: 's', score: 'v1', table: { acceptance: 'shares' } })
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

scenario(
  'by the model of all a buyer is believed as far as its answers follow the lead; the model is a slot of its own',
  'tenant',
  d => {
    const ids = ['one', 'two', 'odd']
    buyers(
      d,
      ids.map(id => buyer(id, { areas: [id] })),
    )
    // Good leads are taken, others are not, whatever there is beside; odd refuses all.
    const names = Array.from({ length: 40 }, (_, i) => i)
    for (const i of names)
      for (const id of ids) {
        const lead = { borough: id, base_points: i % 2 ? 40 : 4, occurred_at: NOON + i }
        send_leads(d, [ready(`${id}${i}`, lead)])
        const outcome = i % 2 && id !== 'odd' ? 'accepted' : 'rejected'
        send_answers(d, [answer(`${id}${i}`, outcome, { buyer_id: id, occurred_at: NOON + i })])
      }
    const stored = (field: string) =>
      [...d.fields('acme')].filter(([name]) => name.endsWith(field)).map(([, bytes]) => bytes.toString('hex'))
    d.run()
    const trusted = (buyer_id: string) =>
      d
        .outputs('route_outcomes')
        .filter(row => row.buyer_id === buyer_id)
        .map(row => row.trusted_ratio)
    expect(trusted('odd')[0]).toBe(1)
    expect(trusted('odd').at(-1)).toBeLessThan(0.5)
    expect(trusted('one').at(-1)).toBeGreaterThan(0.9)
    const model = stored('#acceptance')
    expect(model).toHaveLength(1)
    // What it is told of is foretold: a good lead, a poor one, and who refuses all.
    for (const id of ['one', 'odd'])
      for (const base_points of [40, 4])
        send_leads(d, [ready(`q-${id}${base_points}`, { borough: id, base_points, ready: false })])
    d.run()
    const [good, poor, refused] = d
      .outputs('routes')
      .slice(-4)
      .map(row => row.acceptance_probability) as [number, number, number]
    expect([good > 0.75, poor < 0.3, refused < 0.35]).toEqual([true, true, true])
    // Nothing was learned since: the large slot was not written.
    expect(stored('#acceptance')).toEqual(model)
  },
  app,
)

scenario(
  'a feedback that names another buyer than the decision’s is no answer to it',
  'tenant',
  d => {
    buyers(d, [buyer('a'), buyer('b')])
    send_leads(d, [ready('ada')])
    send_answers(d, [
      answer('ada', 'rejected', { decision_id: 'ada|1', buyer_id: 'b' }),
      answer('ada', 'rejected', { decision_id: 'ada|9' }),
      answer('bo', 'rejected', { decision_id: 'ada|1' }),
      answer('ada', 'rejected', {}),
    ])
    d.run()
    // What names nothing waits for nothing; the others until their decision can no longer come.
    expect(d.outputs('route_outcomes')).toHaveLength(1)
    pass_time(d, NOON + days(9))
    expect(d.outputs('route_outcomes').map(row => row.conversation_id)).toEqual([null, null, null, null])
    expect(steps(d).map(([, status]) => status)).toEqual([
      'reserved',
      'released',
      'reserved',
      'released',
      'unsold',
    ])
    // No step followed from an answer: from the event, and from the ends of its buyers' times.
    expect(new Set(d.outputs('routes').map(row => row.cause_event_id))).toEqual(
      new Set(['1', 'ada|1', '~ada|1|2|reserved']),
    )
  },
  app,
)
