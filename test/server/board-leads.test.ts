/** The panels of leads, buyers and coaching on ClickHouse itself: given rows, expected panels. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Asking, asking } from '../../server/board/asking.ts'
import { ask_buyers } from '../../server/board/buyers-panel.ts'
import { ask_coaching } from '../../server/board/coaching-panel.ts'
import { ask_leads } from '../../server/board/leads-panel.ts'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const MINUTE = 60_000
/** A Wednesday, ten past ten. */
const NOW = Date.UTC(2026, 2, 11, 10, 10)
const iso = (ms: number): string => new Date(ms).toISOString()

let served: Served
let about: Asking
beforeAll(async () => {
  served = await serve_warehouse()
  about = asking(served.warehouse.query, { tenant: 't1', currency: 'USD', now_ms: NOW })
}, 180_000)
afterAll(() => served.stop())

let offset = 0
/** A step in the sale of a lead, each later than the one before. */
const route = (lead: string, status: string, over: Record<string, unknown> = {}): object => ({
  _key: 't1',
  _offset: ++offset,
  event_id: `${lead}|${offset}`,
  tenant_id: 't1',
  customer_id: `c-${lead}`,
  conversation_id: lead,
  occurred_at: iso(NOW - HOUR + offset * 1000),
  decision_id: status === 'quoted' ? null : lead,
  status,
  attempt: 1,
  buyer_id: 'helios',
  buyer_tier: 'premium',
  quality_tier: 'premium',
  total_score: 90,
  currency: 'USD',
  price_minor: 10_000,
  expected_revenue_minor: 8000,
  reason: 'the best',
  policy_version: 'pricing-2+routing-1',
  ...over,
})
/** What the router writes of an event that comes after the sale: what it would be worth, with the sold decision's id. */
const goes_on = (lead: string, over: Record<string, unknown> = {}): object =>
  route(lead, 'quoted', {
    decision_id: lead,
    attempt: 0,
    utilization_ratio: 0.9,
    price_minor: 99_000,
    ...over,
  })
/** Whom it could not go to. */
const FULL = [
  { buyer_id: 'helios', routing_score: 1, price_minor: 1, expected_revenue_minor: 1, reason: 'full' },
]
const nobody = { buyer_id: null, buyer_tier: null, price_minor: 0, expected_revenue_minor: 0 }

describe('leads', () => {
  afterAll(() => served.empty('routes'))

  it('count by their newest step of today, and show what a price is made of', async () => {
    const terms = [
      ['base', 25_000],
      ['quality', 1.2],
      ['surge', 1],
      ['market', 1.1],
    ].map(([term, ratio]) => ({ term, ratio }))
    await served.fill('routes', [
      route('old', 'confirmed', { occurred_at: iso(NOW - DAY) }),
      route('a', 'reserved'),
      route('b', 'reserved', { price_minor: 33_000, price_terms: terms }),
      route('b', 'confirmed', { price_minor: 33_000 }),
      goes_on('b'),
      // Its tenant's buyers are gone for a while: still sold.
      goes_on('b', { status: 'unsold', ...nobody }),
      route('c', 'queued', { ...nobody, decision_id: null, attempt: 0 }),
      route('d', 'unsold', { ...nobody, decision_id: null, attempt: 0, alternatives: FULL }),
      // It waited, and is no longer ready.
      route('g', 'queued', { ...nobody, decision_id: null, attempt: 0 }),
      route('g', 'quoted', { attempt: 0 }),
      // Ready, and the tenant has no buyers: nobody was asked.
      route('h', 'unsold', { ...nobody, decision_id: null, attempt: 0 }),
      // It waited for the second buyer, until that was too long.
      route('i', 'reserved'),
      route('i', 'released'),
      route('i', 'queued', { ...nobody, attempt: 0, event_id: '~i|2|queued' }),
      route('i', 'unsold', { ...nobody, attempt: 0, event_id: '~i|2|unsold' }),
      route('e', 'reserved'),
      route('e', 'released'),
      route('f', 'quoted'),
      route('yen', 'confirmed', { currency: 'JPY' }),
      route('other', 'confirmed', { tenant_id: 't2', _key: 't2' }),
      route('later', 'confirmed', { occurred_at: iso(NOW) }),
    ])
    const panel = await ask_leads(about)
    expect([panel.today, panel.sold_minor]).toEqual([
      { reserved: 1, confirmed: 1, queued: 1, unsold: 3 },
      33_000,
    ])
    expect(panel.newest.map(row => [row.conversation_id, row.status, row.price_minor])).toEqual([
      ['f', 'quoted', 10_000],
      ['e', 'released', 10_000],
      ['i', 'unsold', null],
      ['h', 'unsold', null],
      ['g', 'quoted', 10_000],
      ['d', 'unsold', null],
      ['c', 'queued', null],
      ['b', 'confirmed', 33_000],
    ])
    const sold = panel.newest.find(row => row.conversation_id === 'b')!
    expect(sold.terms).toEqual([
      { term: 'base', ratio: 25_000 },
      { term: 'quality', ratio: 1.2 },
      { term: 'market', ratio: 1.1 },
    ])
  })
})

describe('buyers', () => {
  afterAll(() => served.empty('routes', 'route_outcomes', 'catalog'))

  const entry = (tenant_id: string, revision: number, body: object) => ({
    _key: `buyers|t1|0|${revision}`,
    _offset: revision,
    event_id: `buyers-${tenant_id}-${revision}`,
    tenant_id,
    occurred_at: iso(0),
    kind: 'buyers',
    id: 't1',
    effective_at: iso(NOW - DAY),
    revision,
    body: JSON.stringify(body),
  })
  const outcome = (n: number, buyer_id: string, said: string, over: object = {}) => ({
    _key: 't1',
    event_id: `f${n}`,
    tenant_id: 't1',
    customer_id: `c${n}`,
    occurred_at: iso(NOW - HOUR),
    decision_id: `d${n}`,
    decided_at: iso(NOW - 2 * HOUR),
    buyer_id,
    outcome: said,
    ...over,
  })

  const fill = async () => {
    await served.fill('catalog', [
      entry('*', 9, { buyers: [{ buyer_id: 'everybody', tier: 'volume' }] }),
      entry('t1', 1, { buyers: [{ buyer_id: 'gone', tier: 'volume' }] }),
      entry('t1', 2, {
        buyers: [
          { buyer_id: 'helios', tier: 'premium', daily_cap: 20 },
          { buyer_id: 'hourly', tier: 'volume', hourly_cap: 2 },
          { buyer_id: 'open', tier: 'direct' },
          { buyer_id: 'quiet', tier: 'direct', paused: true, daily_cap: 5 },
          { tier: 'nameless' },
          'nonsense',
        ],
      }),
    ])
    // Rows of later steps have no utilisation, as the router writes them.
    await served.fill('routes', [
      route('a', 'reserved', { utilization_ratio: 0.3 }),
      route('b', 'reserved', { utilization_ratio: 0.4, price_minor: 2500 }),
      route('a', 'confirmed'),
      goes_on('a'),
      goes_on('a', { buyer_id: 'small', buyer_tier: 'volume' }),
      route('b', 'confirmed', { price_minor: 2500 }),
      route('c', 'reserved', { buyer_id: 'hourly', utilization_ratio: 0.5 }),
      route('c', 'released', { buyer_id: 'hourly' }),
      route('c', 'reserved', { decision_id: '~c|2|reserved', attempt: 2, buyer_id: 'open' }),
      route('c', 'confirmed', {
        decision_id: '~c|2|reserved',
        attempt: 2,
        buyer_id: 'open',
        price_minor: 700,
      }),
      route('d', 'reserved', { buyer_id: 'quiet', utilization_ratio: 0.8, occurred_at: iso(NOW - DAY - 1) }),
      route('x', 'confirmed', { buyer_id: 'former', buyer_tier: 'standard', price_minor: 50_000 }),
      route('y', 'released', { buyer_id: 'former', buyer_tier: 'standard', price_minor: 70_000 }),
      route('z', 'confirmed', { occurred_at: iso(NOW - 31 * DAY) }),
    ])
    await served.fill('route_outcomes', [
      outcome(1, 'helios', 'accepted'),
      outcome(2, 'helios', 'accepted'),
      outcome(3, 'helios', 'rejected'),
      // One offer, by its newest word: what was accepted is converted, and what was accepted is given back.
      outcome(4, 'helios', 'accepted'),
      outcome(5, 'helios', 'converted', {
        decision_id: 'd4',
        customer_id: 'c4',
        occurred_at: iso(NOW - MINUTE),
      }),
      outcome(6, 'helios', 'returned', {
        decision_id: 'd1',
        customer_id: 'c1',
        occurred_at: iso(NOW - MINUTE),
      }),
      outcome(7, 'helios', 'rejected', { decided_at: null }),
      outcome(8, 'helios', 'rejected', { occurred_at: iso(NOW - 31 * DAY) }),
    ])
  }

  it('are those of the newest entry and those of the routes, with caps, answers and revenue', async () => {
    await fill()
    const none = { leads: 0, revenue_minor: 0, answers: 0, accepted: 0, paused: false, daily_cap: null }
    expect((await ask_buyers(about)).rows).toEqual([
      {
        ...none,
        buyer_id: 'former',
        tier: 'standard',
        capped: null,
        utilization_ratio: null,
        leads: 1,
        revenue_minor: 50_000,
      },
      {
        buyer_id: 'helios',
        tier: 'premium',
        paused: false,
        capped: true,
        daily_cap: 20,
        utilization_ratio: 0.4,
        leads: 2,
        revenue_minor: 12_500,
        answers: 4,
        accepted: 2,
      },
      {
        ...none,
        buyer_id: 'open',
        tier: 'direct',
        capped: false,
        utilization_ratio: null,
        leads: 1,
        revenue_minor: 700,
      },
      { ...none, buyer_id: 'hourly', tier: 'volume', capped: true, utilization_ratio: 0.5 },
      {
        ...none,
        buyer_id: 'quiet',
        tier: 'direct',
        paused: true,
        capped: true,
        utilization_ratio: 0,
        daily_cap: 5,
      },
    ])
  })
})

describe('coaching', () => {
  it('counts conversations by advice, and what each version decided', async () => {
    const advise = (code: string) => ({ code, title: `Do ${code}` })
    const metric = (n: number, conversation_id: string, at: number, more: object) => ({
      _key: 't1|c',
      _offset: n,
      event_id: `m${n}`,
      tenant_id: 't1',
      customer_id: 'c',
      conversation_id,
      occurred_at: iso(at),
      policy_version: 'conversation-1',
      ...more,
    })
    await served.fill('conversation_metrics', [
      metric(1, 'a', NOW - HOUR, { recommendations: [advise('gaps'), advise('urgency')] }),
      metric(2, 'a', NOW - HOUR, { recommendations: [advise('gaps')] }),
      metric(3, 'b', NOW - HOUR, { recommendations: [advise('gaps')], held_out: ['urgency'] }),
      metric(4, 'c', NOW - 20 * HOUR, { recommendations: [advise('yesterday')] }),
      metric(5, 'd', NOW - 2 * DAY, { policy_version: 'conversation-0' }),
    ])
    const score = (n: number, at: number, policy_version: string) => ({
      _key: 't1|c',
      event_id: `s${n}`,
      tenant_id: 't1',
      customer_id: 'c',
      occurred_at: iso(at),
      policy_version,
    })
    await served.fill('lead_scores', [
      score(1, NOW - 3 * HOUR, 'lead-1'),
      score(2, NOW - 2 * HOUR, 'trained-7'),
      score(3, NOW - MINUTE, 'trained-7'),
    ])
    await served.fill('catalog', [
      {
        _key: 'lead_policies|t1|0|0',
        event_id: 'policy',
        tenant_id: 't1',
        occurred_at: iso(0),
        kind: 'lead_policies',
        id: 't1',
        effective_at: iso(NOW - 3 * HOUR),
        body: '{"version":"trained-7","base":"lead-1","reason":"Brier 0.081 before, 0.078 now"}',
      },
    ])
    const { advice, policies } = await ask_coaching(about)
    expect(advice).toEqual([
      { code: 'gaps', title: 'Do gaps', given: 2, held_out: 0, effect: null },
      {
        code: 'urgency',
        title: 'Do urgency',
        given: 1,
        held_out: 1,
        // One conversation in each arm, neither of them qualified.
        effect: { difference_ratio: 0, low_ratio: -0.7935, high_ratio: 0.7935, verdict: 'not shown' },
      },
    ])
    expect(policies).toEqual([
      {
        kind: 'lead',
        version: 'trained-7',
        decided: 2,
        at: iso(NOW - MINUTE),
        reason: 'Brier 0.081 before, 0.078 now',
      },
      { kind: 'lead', version: 'lead-1', decided: 1, at: iso(NOW - 3 * HOUR), reason: null },
      { kind: 'conversation', version: 'conversation-1', decided: 4, at: iso(NOW - HOUR), reason: null },
    ])
  })
})
