import { expect } from 'vitest'
import { minutes } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'
import { enter, said } from '../operators/conversation/talk.ts'

scenario(
  'each event of a conversation gives one score, and one lead on its way to the prices',
  'customer',
  d => {
    d.send('conversations', [
      said('1', 0, { type: 'started' }),
      said('2', minutes(2), {}, { homeowner_verified: true, bill_amount_minor: 25_000 }),
      said('1', minutes(3), { customer_id: 'bo', type: 'handed_off' }),
    ])
    d.run()
    const scores = d.outputs('lead_scores').map(row => [row.customer_id, row.event_id, row.total_score])
    expect(scores).toEqual([
      ['ada', '1', 8.5],
      ['ada', '2', 32.1],
      ['bo', '1', 8.5],
    ])
    const leads = d.outputs('leads')
    expect(leads.map(row => [row.event_id, row.type, row.total_score, row.duration_ms])).toEqual([
      ['ada|1', 'started', 8.5, 0],
      ['ada|2', 'message', 32.1, minutes(2)],
      ['bo|1', 'handed_off', 8.5, 0],
    ])
    expect(d.outcomes).toMatchObject({ processed: 3, late: 0, dead_letter: 0 })
  },
)

scenario(
  'a catalog’s policy and its shadow travel into the scores, and the leads say whether they may be sold',
  'customer',
  d => {
    const body = { version: 'lead-2', base: 'lead-1', reason: 'a test' } as const
    enter(d, 'lead_policies', 'acme', {
      ...body,
      table: { ready: { awaited: [], min_ms: 0 }, tiers: { basic: 3000 } },
    })
    enter(d, 'lead_policies', 'acme|shadow', { ...body, version: 'lead-3', calibration: [[0, 0.125]] })
    const context = { homeowner_verified: true, bill_amount_minor: 25_000, zip_code: '11215' }
    d.send('conversations', [said('1', 0, {}, context), said('2', 1, { customer_id: 'bo' }, context)])
    d.run()
    for (const score of d.outputs('lead_scores'))
      expect(score).toMatchObject({
        policy_version: 'lead-2',
        policy_problem: null,
        total_score: 32.5,
        shadow_version: 'lead-3',
        shadow_score: 32.5,
        shadow_probability: 0.125,
      })
    for (const lead of d.outputs('leads'))
      expect(lead).toMatchObject({ lead_policy_version: 'lead-2', quality_tier: 'basic', ready: true })
    expect(d.outputs('leads').map(lead => lead.customer_id)).toEqual(['ada', 'bo'])
  },
)

scenario(
  'texts are heard in the language in which the metrics of conversations hear them, also under a policy with another fault',
  'customer',
  d => {
    enter(d, 'conversation_policies', 'acme', { version: 'c', table: { language: 'es' } })
    enter(d, 'conversation_policies', 'other', { version: 'c', table: { language: 'es', low_urgency: 7 } })
    const text = '¿Qué garantía tienen los paneles?'
    d.send('conversations', [said('1', 0, { text }), said('2', 0, { text, tenant_id: 'other' })])
    d.run()
    const points = d
      .outputs('lead_scores')
      .map(({ tenant_id, parts }) => [
        tenant_id,
        parts.find(({ signal }) => signal === 'technical_questions')?.points,
      ])
    expect(points.sort()).toEqual([
      ['acme', 2],
      ['other', 0],
    ])
    const asked = d.outputs('conversation_metrics').map(row => [row.tenant_id, row.questions_asked])
    expect(asked.sort()).toEqual([
      ['acme', 1],
      ['other', 0],
    ])
  },
)
