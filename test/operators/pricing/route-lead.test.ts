import { expect } from 'vitest'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { scenario } from '../../driver/scenario.ts'
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

/** Noon of a Monday; a market of 1.15. */
const PRICE_TERMS = [
  { term: 'base', ratio: 25_000 },
  { term: 'quality', ratio: 1.2 },
  { term: 'surge', ratio: 1 },
  { term: 'business_hours', ratio: 1.2 },
  { term: 'weekday', ratio: 1 },
  { term: 'market', ratio: 1.15 },
]
const ROUTING_TERMS = [
  { term: 'expected_revenue', value: 351.9, weight: 0.4 },
  { term: 'acceptance_rate', value: 85, weight: 0.25 },
  { term: 'available_capacity', value: 100, weight: 0.15 },
  { term: 'quality_match', value: 100, weight: 0.1 },
  { term: 'geographic_match', value: 100, weight: 0.05 },
  { term: 'historical_performance', value: 50, weight: 0.05 },
]

scenario(
  'the requirements’ lead of 87 points is reserved for the best score, with every term of price and choice',
  'tenant',
  d => {
    buyers(d, [
      buyer('modernize', { tier: 'standard', daily_cap: 20 }),
      buyer('solarreviews', { daily_cap: 10, preferred_areas: ['manhattan'] }),
    ])
    send_leads(d, [ready('ada', { borough: 'Manhattan', market_ratio: 1.15 })])
    d.run()
    const [row] = d.outputs('routes')
    expect(row).toEqual({
      event_id: 'ada|1',
      tenant_id: 'acme',
      customer_id: 'ada',
      conversation_id: 'chat-ada',
      cause_event_id: '1',
      occurred_at: NOON,
      decision_id: 'ada|1',
      status: 'reserved',
      attempt: 1,
      buyer_id: 'solarreviews',
      buyer_tier: 'premium',
      quality_tier: 'premium',
      total_score: 87,
      base_points: 35,
      behavior_points: 27,
      timing_points: 18,
      market_points: 7,
      conversion_probability: 0.82,
      currency: 'USD',
      // 250 × 1.2 × 1 × 1.2 (noon of a Monday) × 1 × 1.15.
      price_minor: 41_400,
      price_terms: PRICE_TERMS,
      acceptance_probability: 0.85,
      expected_revenue_minor: 35_190,
      // 351.9 × .4 + 85 × .25 + 100 × .15 + 100 × .1 + 100 × .05 + 50 × .05.
      routing_score: 140.76 + 21.25 + 15 + 10 + 5 + 2.5,
      routing_terms: ROUTING_TERMS,
      utilization_ratio: 0,
      buyer_value_minor: null,
      alternatives: [
        {
          buyer_id: 'modernize',
          // 175.95 × .4 + 21.25 + 15 + 50 × .1 + 5 + 2.5.
          routing_score: 70.38 + 21.25 + 15 + 5 + 5 + 2.5,
          price_minor: 20_700,
          expected_revenue_minor: 17_595,
          reason: 'lower_score',
        },
      ],
      reason: 'premium buyer, routing score 194.51 before modernize (119.13), 0 % of its cap used',
      lead_policy_version: 'lead-1',
      policy_version: 'pricing-1+routing-1',
    })
    expect(d.outputs('prices')).toMatchObject([
      {
        buyer_tier: 'premium',
        base_minor: 25_000,
        quality_ratio: 1.2,
        price_minor: 41_400,
        revenue_potential_minor: 34_500,
        utilization_ratio: 0,
        alternatives: [{ buyer_tier: 'standard', price_minor: 20_700, reason: 'lower_price' }],
      },
    ])
  },
  app,
)

scenario(
  'the answer example: 275.00 at an acceptance of .85 is 233.75 of expected revenue',
  'tenant',
  d => {
    flat_prices(d, { quality: [] })
    buyers(d, [buyer('solarreviews', { base_minor: 27_500 })])
    send_leads(d, [ready('ada')])
    d.run()
    expect(d.outputs('routes')).toMatchObject([{ price_minor: 27_500, expected_revenue_minor: 23_375 }])
  },
  app,
)

scenario(
  'accepted confirms; what comes again, and later events of the conversation, sell nothing',
  'tenant',
  d => {
    buyers(d, [buyer('a', { daily_cap: 5 }), buyer('b', { daily_cap: 5 })])
    send_leads(d, [ready('ada')])
    send_answers(d, [answer('ada', 'accepted', { decision_id: 'ada|1', buyer_id: 'a' })])
    send_answers(d, [answer('ada', 'accepted', { decision_id: 'ada|1', occurred_at: NOON + 1 })])
    send_leads(d, [ready('ada', { event_id: 'ada|2', type: 'handed_off' })])
    send_answers(d, [answer('ada', 'converted', { buyer_id: 'a', amount_minor: 900_000, currency: 'USD' })])
    d.run()
    expect(steps(d)).toEqual([
      ['ada|1', 'reserved', 1, 'a'],
      ['~ada|1|1|confirmed', 'confirmed', 1, 'a'],
      ['ada|2', 'quoted', 0, 'a'],
    ])
    expect(d.outputs('routes')[2]).toMatchObject({
      decision_id: 'ada|1',
      price_minor: 36_000,
      alternatives: [],
    })
    const outcomes = d.outputs('route_outcomes')
    expect(outcomes.map(row => [row.decision_id, row.buyer_id, row.outcome])).toEqual([
      ['ada|1', 'a', 'accepted'],
      ['ada|1', 'a', 'accepted'],
      ['ada|1', 'a', 'converted'],
    ])
    expect(outcomes[2]).toMatchObject({
      conversation_id: 'chat-ada',
      decided_at: NOON,
      value_minor: 900_000,
      currency: 'USD',
      price_minor: 36_000,
      quality_tier: 'premium',
      total_score: 87,
      acceptance_probability: 0.85,
      trusted_ratio: 1,
      reason_class: null,
    })
  },
  app,
)

scenario(
  'refused, returned or out of time it goes to the next, three at most; each gives its cap back',
  'tenant',
  d => {
    flat_prices(d)
    const cap = { daily_cap: 5, hourly_cap: 5 }
    buyers(
      d,
      ['a', 'b', 'c', 'd'].map(id => buyer(id, cap)),
    )
    send_leads(d, [ready('ada')])
    const at = (after: number) => NOON + after
    send_answers(d, [
      answer('ada', 'rejected', { decision_id: 'ada|1', reason: 'Wrong phone number', occurred_at: at(1) }),
    ])
    send_answers(d, [answer('ada', 'accepted', { buyer_id: 'b', occurred_at: at(2) })])
    send_answers(d, [answer('ada', 'returned', { buyer_id: 'b', occurred_at: at(3) })])
    // The first quarter of an hour after a day of silence.
    const silent = NOON + hours(24.25)
    pass_time(d, silent)
    expect(steps(d)).toEqual([
      ['ada|1', 'reserved', 1, 'a'],
      ['~ada|1|1|released', 'released', 1, 'a'],
      ['~ada|1|2|reserved', 'reserved', 2, 'b'],
      ['~ada|1|2|confirmed', 'confirmed', 2, 'b'],
      ['~ada|1|2|released', 'released', 2, 'b'],
      ['~ada|1|3|reserved', 'reserved', 3, 'c'],
      ['~ada|1|3|released', 'released', 3, 'c'],
      ['~ada|1|4|unsold', 'unsold', 0, null],
    ])
    const rows = d.outputs('routes')
    expect(rows.map(row => row.decision_id)).toEqual([
      ...['ada|1', 'ada|1'],
      ...Array(3).fill('~ada|1|2|reserved'),
      ...Array(3).fill('~ada|1|3|reserved'),
    ])
    expect(rows.at(-2)).toMatchObject({ cause_event_id: '~ada|1|3|reserved', occurred_at: silent })
    expect(rows[1]).toMatchObject({
      reason: 'rejected by the buyer: Wrong phone number',
      price_minor: 30_000,
    })
    expect(d.outputs('route_outcomes').map(row => row.reason_class)).toEqual(['contact', null, 'other'])
    // Nothing is left of it in the hour that each was counted in.
    send_leads(d, [ready('bo', { ready: false })], silent)
    d.run()
    expect(d.outputs('routes').at(-1)?.utilization_ratio).toBe(0)
    // Late words are learned from, and move nothing.
    send_answers(d, [answer('ada', 'accepted', { buyer_id: 'c', occurred_at: at(hours(24)) })], at(hours(25)))
    d.run()
    expect(d.outputs('routes')).toHaveLength(9)
    expect(d.outputs('route_outcomes').at(-1)).toMatchObject({ buyer_id: 'c', outcome: 'accepted' })
  },
  app,
)

scenario(
  'at night it waits for the first hours, in the buyer’s zone, and is sold when they begin',
  'tenant',
  d => {
    flat_prices(d)
    const office = { from: 9, to: 17, days: [1, 2, 3, 4, 5] }
    buyers(d, [
      buyer('east', { zone: 'America/New_York', hours: office, daily_cap: 2 }),
      buyer('west', { zone: 'America/Los_Angeles', hours: office }),
    ])
    // Friday, 9 January, 23:00 UTC: 18:00 in New York, 15:00 in Los Angeles.
    const friday = Date.UTC(2026, 0, 9, 23)
    const evening = friday + hours(3)
    send_leads(d, [ready('ada', { occurred_at: friday })], friday)
    send_leads(d, [ready('bo', { occurred_at: evening }), ready('cy', { occurred_at: evening + 1 })], evening)
    send_leads(d, [ready('cy', { event_id: 'cy|2', occurred_at: evening + 2, ready: false })], evening)
    send_leads(d, [ready('di', { occurred_at: evening + 3 })], evening)
    const monday = Date.UTC(2026, 0, 12, 14)
    pass_time(d, monday - 1)
    expect(steps(d)).toEqual([
      ['ada|1', 'reserved', 1, 'west'],
      ['bo|1', 'queued', 0, null],
      ['cy|1', 'queued', 0, null],
      // No longer for sale.
      ['cy|2', 'unsold', 0, null],
      ['di|1', 'queued', 0, null],
      ['~ada|1|1|released', 'released', 1, 'west'],
      ['~ada|1|2|queued', 'queued', 0, null],
    ])
    pass_time(d, monday)
    // Who has waited longest comes first: of a cap of two one is sold. Di waits on, for the west, which has had Ada's lead.
    expect(steps(d).slice(7)).toEqual([
      ['~bo|1|1|reserved', 'reserved', 1, 'east'],
      ['~ada|1|2|unsold', 'unsold', 0, null],
    ])
    pass_time(d, monday + hours(3))
    expect(steps(d).slice(9)).toEqual([['~di|1|1|reserved', 'reserved', 1, 'west']])
    expect(d.outputs('routes').at(-1)).toMatchObject({
      occurred_at: monday + hours(3),
      cause_event_id: 'di|1',
    })
  },
  app,
)

scenario(
  'each buyer has its reason why not: paused, suppressed, quality, area, closed, full, tried',
  'tenant',
  d => {
    flat_prices(d)
    buyers(d, [
      buyer('a', { paused: true }),
      buyer('b', { suppressed: ['ada'] }),
      buyer('c', { qualities: ['basic'] }),
      buyer('d', { areas: ['112', 'brooklyn'] }),
      buyer('e', { hours: { from: 0, to: 12, days: [1] } }),
    ])
    const place = { zip_code: '10021', borough: 'manhattan', neighborhood: 'Upper East Side' }
    send_leads(d, [ready('ada', { ...place, ready: false })])
    buyers(
      d,
      [
        buyer('f', { daily_cap: 0 }),
        buyer('g', { least_score: 88 }),
        buyer('h', { areas: ['upper_east_side'] }),
        buyer('i', { areas: ['10'] }),
      ],
      NOON + 1,
    )
    send_leads(d, [ready('ada', { event_id: 'ada|2', ...place, occurred_at: NOON + 1 })])
    send_answers(d, [answer('ada', 'rejected', { buyer_id: 'h', occurred_at: NOON + 1 })])
    d.run()
    const why = d
      .outputs('routes')
      .map(row => row.alternatives.map(({ buyer_id, reason }) => [buyer_id, reason]))
    expect(why[0]).toEqual([
      ['a', 'paused'],
      ['b', 'suppressed'],
      ['c', 'quality'],
      ['d', 'area'],
      ['e', 'closed'],
    ])
    expect(why[1]).toEqual([
      ['i', 'lower_score'],
      ['f', 'full'],
      ['g', 'quality'],
    ])
    expect(why[3]).toEqual([
      ['f', 'full'],
      ['g', 'quality'],
      ['h', 'tried'],
    ])
    expect(steps(d).map(([, status, , id]) => [status, id])).toEqual([
      ['quoted', null],
      ['reserved', 'h'],
      ['released', 'h'],
      ['reserved', 'i'],
    ])
    expect(d.outputs('routes')[0]?.reason).toBe(
      'no buyer may have it: paused, suppressed, quality, area, closed',
    )
  },
  app,
)

scenario(
  'without buyers prices are those of the tiers, and routes say so',
  'tenant',
  d => {
    send_leads(d, [ready('ada', { ready: false }), ready('bo'), ready('cy', { quality_tier: 'unqualified' })])
    send_answers(d, [answer('bo', 'accepted', { decision_id: 'x', buyer_id: 'y', reason: 'good' })])
    d.run()
    expect(steps(d)).toEqual([
      ['ada|1', 'quoted', 0, null],
      ['bo|1', 'unsold', 0, null],
      ['cy|1', 'unsold', 0, null],
    ])
    expect(d.outputs('routes')[1]).toMatchObject({
      price_minor: 0,
      price_terms: [],
      reason: 'there is no buyer',
    })
    expect(d.outputs('prices').map(row => [row.buyer_tier, row.price_minor])).toEqual([
      ['premium', 30_000],
      ['premium', 30_000],
      [null, 0],
    ])
    expect(d.outputs('route_outcomes')).toMatchObject([
      { conversation_id: null, decision_id: 'x', buyer_id: 'y', decided_at: null, price_minor: null },
    ])
    expect([...d.fields('acme').keys()].filter(field => field.includes('route-lead#'))).toEqual([])
  },
  app,
)

scenario(
  'a lead is forgotten 31 days after its last event and step, the buyers’ answers are not',
  'tenant',
  d => {
    buyers(d, [buyer('a')])
    const kept = () =>
      [...d.fields('acme').keys()]
        .filter(field => field.includes('route-lead#'))
        .map(field => field.split('#')[1])
    send_leads(d, [ready('ada')])
    send_answers(d, [answer('ada', 'accepted', { buyer_id: 'a', occurred_at: NOON + minutes(1) })])
    d.run()
    const [reserved_for, known_for] = [NOON + days(1), NOON + days(31.5)]
    const fields = ['acceptance', 'buyer|a', `due|${reserved_for}|0`, `due|${known_for}|0`, 'lead|ada']
    expect(new Set(kept())).toEqual(new Set(fields))
    send_leads(d, [ready('ada', { event_id: 'ada|2', occurred_at: NOON + days(10) })], NOON + days(10))
    pass_time(d, NOON + days(41.5) - 1)
    expect(kept()).toHaveLength(4)
    pass_time(d, NOON + days(41.5))
    expect(new Set(kept())).toEqual(new Set(['acceptance', 'buyer|a']))
    expect(d.timers).toBe(0)
    // Then it is a lead like any other, and the buyer is remembered.
    send_leads(d, [ready('ada', { event_id: 'ada|3', occurred_at: NOON + days(42) })], NOON + days(42))
    d.run()
    expect(d.outputs('routes').at(-1)).toMatchObject({ status: 'reserved', buyer_id: 'a' })
    expect(d.outputs('routes').at(-1)?.acceptance_probability).toBeGreaterThan(0.85)
  },
  app,
)
