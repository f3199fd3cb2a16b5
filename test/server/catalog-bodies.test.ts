/** What is said of a malformed entry of the catalog before it is taken: field and reason. */
import { describe, expect, it } from 'vitest'
import { memory_server } from './memory-ports.ts'

const entry = (kind: string, body: unknown, over: object = {}) => ({
  event_id: `${kind}-1`,
  tenant_id: 'acme',
  occurred_at: 0,
  kind,
  id: 'acme',
  effective_at: 0,
  body: JSON.stringify(body),
  ...over,
})
const buyer = (over: object = {}) => ({ buyer_id: 'helios', tier: 'premium', ...over })
const claim = (over: object = {}) => ({
  tenant_id: 'acme',
  text: { en: 'The tax credit is 30 %.' },
  source: 'https://example.org/credit',
  from_day: '2025-01-01',
  to_day: '2026-01-01',
  ...over,
})

const send = async (payload: object) => {
  const { server, deps } = await memory_server()
  const response = await server.inject({ method: 'POST', url: '/v1/events/catalog', payload })
  return { status: response.statusCode, body: response.json(), kept: deps.log.of('catalog', 0).length }
}

it('an entry of null, which takes back what held, is taken', async () => {
  for (const kind of ['lead_policies', 'buyers', 'claims'])
    expect(await send(entry(kind, null))).toMatchObject({ status: 202, kept: 1 })
})

const rule = (over: object = {}) => ({ name: 'few', metric: 'visits', when: 'below', threshold: 1, ...over })
const receiver = { name: 'ops', channel: 'webhook', to: 'https://example.org/hook' }

const RIGHT: [kind: string, body: object][] = [
  ['alert_rule_lists', { rules: [rule(), rule({ name: 'more', inhibits: ['few'] })] }],
  ['alert_routes', { receivers: [receiver], routes: [{ receivers: ['ops'] }] }],
  ['buyers', { buyers: [] }],
  [
    'buyers',
    {
      buyers: [
        buyer({
          paused: false,
          base_minor: 25_000,
          floor_minor: 10_000,
          ceiling_minor: 40_000,
          hourly_cap: 0,
          daily_cap: 20,
          zone: 'America/New_York',
          hours: { from: 22, to: 6, days: [1, 7] },
          areas: ['10021', 'manhattan'],
          preferred_areas: ['upper_east_side'],
          qualities: ['premium'],
          least_score: 70,
          suppressed: ['c-1'],
          acceptance_prior: 0.85,
        }),
        buyer({ buyer_id: 'other', preferred_areas: [] }),
      ],
    },
  ],
  ['lead_policies', { version: 'v0', base: 'lead-0', reason: 'as before' }],
  ['pricing_policies', { version: 'p1', table: { surge: 150 } }],
  [
    'pricing_policies',
    {
      version: 'night',
      table: {
        base_major: { premium: 300 },
        sold_to: { basic: ['direct', 'volume'], unqualified: [] },
        quality: [{ from_score: 70, hundredths: 110 }],
        surge_on: 60,
        business_hours: [{ from: 22, to: 6, days: [1, 7], hundredths: 115 }],
        weekend: 80,
        step: 0,
      },
    },
  ],
  ['routing_policies', { version: 'r1', score: 'v2' }],
  [
    'routing_policies',
    {
      version: 'r2',
      score: 'v1',
      table: { weights: { acceptance_rate: 0.5 }, acceptance: 'shares', expire_ms: 0, pacing: true },
    },
  ],
  ['conversation_policies', { version: 'c1', table: {} }],
  ['claims', claim()],
  ['products', { name: 'Panel' }],
  ['of_their_own', { whatever: 1 }],
]
const WRONG: [kind: string, body: object, field: string, word: string][] = [
  ['alert_rule_lists', { rules: [rule(), rule({ when: 'x' })] }, 'body.rules.1.when', 'one of'],
  ['alert_rule_lists', { rules: [rule(), rule()] }, 'body.rules.1.name', 'already'],
  ['alert_rule_lists', { rules: Array.from({ length: 201 }, () => rule()) }, 'body.rules', '200'],
  ['alert_rule_lists', {}, 'body.rules', 'list'],
  ['alert_routes', { receivers: [receiver], routes: [{ receivers: ['x'] }] }, 'body.routes.0.receivers', 'x'],
  [
    'alert_routes',
    { receivers: [{ ...receiver, to: 'ftp://x' }], routes: [] },
    'body.receivers.0.to',
    'http',
  ],
  ['buyers', { buyers: [buyer(), buyer({ tier: 'gold' })] }, 'body.buyers.1.tier', 'premium'],
  ['buyers', { buyers: [buyer(), buyer()] }, 'body.buyers.1.buyer_id', 'twice'],
  ['buyers', { buyers: [buyer({ daily_kap: 5 })] }, 'body.buyers.0', 'daily_kap'],
  ['buyers', { buyers: [buyer({ daily_cap: -1 })] }, 'body.buyers.0.daily_cap', '>=0'],
  ['buyers', { buyers: [buyer({ zone: 'Mars/Olympus' })] }, 'body.buyers.0.zone', 'IANA'],
  ['buyers', { buyers: [buyer({ areas: ['Manhattan'] })] }, 'body.buyers.0.areas.0', 'lower case'],
  [
    'buyers',
    { buyers: [buyer({ floor_minor: 2, ceiling_minor: 1 })] },
    'body.buyers.0.floor_minor',
    'ceiling_minor',
  ],
  ['buyers', { buyers: [buyer({ acceptance_prior: 85 })] }, 'body.buyers.0.acceptance_prior', '<=1'],
  ['lead_policies', { version: 'v', base: 'lead-7', reason: '' }, 'body.base', 'lead-0'],
  [
    'buyers',
    { buyers: [buyer({ hours: { from: 9, to: 9, days: [1] } })] },
    'body.buyers.0.hours.to',
    'always',
  ],
  [
    'lead_policies',
    { version: 'v', base: 'lead-1', reason: '', table: { nothing: 1 } },
    'body.table.nothing',
    'no part',
  ],
  ['conversation_policies', { version: 'v', table: { low_urgency: 7 } }, 'body.table.low_urgency', 'range'],
  ['pricing_policies', { table: {} }, 'body.version', 'string'],
  ['pricing_policies', { version: 'typo', table: { weekned: 80 } }, 'body.table.weekned', 'no such name'],
  ['pricing_policies', { version: 'typo', table: { surge: '2x' } }, 'body.table.surge', 'from 1 to 10000'],
  ['pricing_policies', { version: 'typo', table: { step: 50 } }, 'body.table.step', '0 or'],
  [
    'pricing_policies',
    { version: 'typo', table: { base_major: { gold: 1 } } },
    'body.table.base_major.gold',
    'name',
  ],
  [
    'pricing_policies',
    { version: 'typo', table: { business_hours: [{ from: 9, to: 9, hundredths: 110 }] } },
    'body.table.business_hours.0.to',
    'whole day',
  ],
  ['pricing_policies', { version: 'a+b', table: {} }, 'body.version', 'without +'],
  ['routing_policies', { version: 'r', score: 'v9' }, 'body.score', 'v1'],
  [
    'routing_policies',
    { version: 'r', score: 'v1', table: { weights: { history: 1 } } },
    'body.table.weights.history',
    'no such name',
  ],
  [
    'routing_policies',
    { version: 'r', score: 'v1', table: { pacing: 1 } },
    'body.table.pacing',
    'true or false',
  ],
  ['claims', claim({ source: '' }), 'body.source', 'source'],
  ['claims', claim({ to_day: '2025-01-01' }), 'body.to_day', 'from_day'],
  ['claims', claim({ to_day: 'soon' }), 'body.to_day', 'date'],
]

describe('an entry of the catalog', () => {
  it.each(RIGHT)('of %s that is right is taken', async (kind, body) => {
    expect(await send(entry(kind, body))).toMatchObject({ status: 202, kept: 1 })
  })

  it.each(WRONG)('of %s that is wrong is refused: %#', async (kind, body, field, word) => {
    const answer = await send(entry(kind, body))
    expect([answer.status, answer.body.field, answer.kept]).toEqual([400, field, 0])
    expect(answer.body.reason).toContain(word)
  })

  it('of a built-in rule names one, and says what differs', async () => {
    const of = (id: string, body: object) => send(entry('alert_rules', body, { id }))
    expect(await of('revenue_drop', { threshold: 6, enabled: true })).toMatchObject({ status: 202, kept: 1 })
    expect(await of('revenue_dorp', { threshold: 6 })).toMatchObject({ status: 400, body: { field: 'id' } })
    const strange = await of('revenue_drop', { treshold: 6 })
    expect([strange.status, strange.body.field, strange.kept]).toEqual([400, 'body', 0])
    expect((await of('revenue_drop', { severity: 'bad' })).body.field).toBe('body.severity')
  })

  it('that would be found by nobody is refused; a shadow policy and one for all are found', async () => {
    const policy = { version: 'v0', base: 'lead-0', reason: 'shadow' }
    for (const id of ['acme', '*', 'acme|shadow'])
      expect(await send(entry('lead_policies', policy, { id }))).toMatchObject({ status: 202 })
    expect(await send(entry('lead_policies', policy, { id: 'acne' }))).toMatchObject({
      body: { field: 'id' },
    })
    const strange = entry('buyers', { buyers: [] }, { id: 'acme|shadow' })
    expect(await send(strange)).toMatchObject({ status: 400, body: { field: 'id' } })
    const of_all = { tenant_id: '*', id: 'acme' }
    expect(await send(entry('buyers', { buyers: [buyer()] }, of_all))).toMatchObject({ status: 202 })
  })

  it('says which of many it is, and takes none', async () => {
    const wrong = entry('claims', claim({ text: {} }), { event_id: 'second' })
    const answer = await send([entry('claims', claim()), wrong])
    expect(answer).toMatchObject({ status: 400, body: { index: 1, field: 'body.text' }, kept: 0 })
  })
})
