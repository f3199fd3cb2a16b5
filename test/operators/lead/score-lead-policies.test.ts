/** score-lead under policies of the catalog: whose holds when, what is not believed, shadows, and who is ready. */

import { map } from 'rxjs'
import { expect } from 'vitest'
import { pipeline } from '../../../operators/core/keyed.ts'
import { basic_lead_policy } from '../../../operators/lead/lead-policy.ts'
import { scoreLead } from '../../../operators/lead/score-lead.ts'
import lead_scoring from '../../../pipelines/lead-scoring.ts'
import { tributary } from '../../../runtime/app.ts'
import type { Catalog } from '../../../schemas/catalog-kinds.ts'
import { minutes } from '../../../schemas/units.ts'
import { scenario } from '../../driver/scenario.ts'
import { enter, said, T } from '../conversation/talk.ts'

const app = { ...tributary(1), partitions: 1, pipelines: [lead_scoring] }
const OWNER = { homeowner_verified: true, bill_amount_minor: 40_000, zip_code: '1', property_type: 'house' }
const policy = (version: string, more: object = {}): Catalog['lead_policies'] => ({
  version,
  base: 'lead-1',
  reason: 'a test',
  ...more,
})

scenario(
  'a tenant’s policy scores its leads from its time on, before that the one for all, before that the built-in one',
  'customer',
  d => {
    enter(d, 'lead_policies', '*', policy('all', { table: { zip_code: 100 } }), T + minutes(1))
    enter(d, 'lead_policies', 'acme', policy('own', { calibration: [[0, 0.25]] }), T + minutes(2))
    for (const [i, tenant_id] of ['acme', 'other'].entries())
      d.send(
        'conversations',
        [0, 1, 2].map(after => said(`${i}${after}`, minutes(after), { tenant_id }, OWNER)),
      )
    d.run()
    const seen = (tenant: string) =>
      d
        .outputs('lead_scores')
        .filter(({ tenant_id }) => tenant_id === tenant)
        .map(row => [row.policy_version, row.base_points, row.conversion_probability])
    // 36 + 3.5 + 5 = 44.5: 1 / (1 + e^(25.5 / 11.2)); each minute adds 0.8
    expect(seen('acme')).toEqual([
      ['lead-1', 36, 0.0931],
      ['all', 35, 0.0916],
      ['own', 36, 0.25],
    ])
    expect(seen('other').map(([version]) => version)).toEqual(['lead-1', 'all', 'all'])
    expect(d.outputs('leads').map(lead => lead.lead_policy_version)).toEqual(
      d.outputs('lead_scores').map(score => score.policy_version),
    )
  },
  app,
)

scenario(
  'a policy that makes no sense is not believed: the built-in one scores, and says why',
  'customer',
  d => {
    enter(d, 'lead_policies', 'acme', policy('wrong', { table: { homeowner: -1 } }))
    enter(d, 'lead_policies', 'acme|shadow', policy('dark', { calibration: [] }))
    enter(d, 'lead_policies', 'good|shadow', 'dark' as never)
    // Taken back: as if there had never been one.
    enter(d, 'lead_policies', 'none', null as never)
    enter(d, 'lead_policies', 'none|shadow', null as never)
    d.send('conversations', [
      said('1', 0, {}, OWNER),
      said('2', 0, { tenant_id: 'good' }, OWNER),
      said('3', 0, { tenant_id: 'none' }, OWNER),
    ])
    d.run()
    const own = (tenant: string) => d.outputs('lead_scores').find(({ tenant_id }) => tenant_id === tenant)
    const built_in = { total_score: 44.5, policy_version: 'lead-1', shadow_version: null, shadow_score: null }
    expect(own('acme')).toMatchObject({
      ...built_in,
      policy_problem: 'table.homeowner must be a whole number from 0 to 10000',
    })
    expect(own('good')).toMatchObject({ ...built_in, policy_problem: 'shadow: the policy must be an object' })
    expect(own('none')).toMatchObject({ ...built_in, policy_problem: null })
    expect(d.outcomes).toMatchObject({ processed: 3, dead_letter: 0 })
  },
  app,
)

scenario(
  'a shadow is scored beside and decides nothing',
  'customer',
  d => {
    const shadow = policy('dark', {
      base: 'lead-0',
      table: { tiers: { premium: 1, standard: 1, basic: 1 }, ready: { min_ms: 0 } },
      calibration: [
        [0, 0],
        [100, 0.5],
      ],
    })
    enter(d, 'lead_policies', 'acme|shadow', shadow)
    d.send('conversations', [said('1', 0, {}, OWNER), said('2', 0, { tenant_id: 'other' }, OWNER)])
    d.run()
    const [beside, alone] = d.outputs('lead_scores').sort((a, b) => (a.event_id < b.event_id ? -1 : 1))
    // Base 21 + 18 + 3 + 12 = 54; behaviour: half of 9.33, rounded half up.
    expect(beside).toMatchObject({
      shadow_version: 'dark',
      shadow_score: 58.67,
      shadow_probability: 0.2934,
    })
    const without = { shadow_version: null, shadow_score: null, shadow_probability: null }
    expect(alone).toMatchObject(without)
    expect({ ...beside, ...without, event_id: '2', tenant_id: 'other' }).toEqual(alone)
    const [first, second] = d.outputs('leads').sort((a, b) => (a.cause_event_id < b.cause_event_id ? -1 : 1))
    expect({ ...first, event_id: 'ada|2', cause_event_id: '2', tenant_id: 'other' }).toEqual(second)
    expect(first?.ready).toBe(false)
  },
  app,
)

scenario(
  'a lead is ready after five minutes, when it has ended, after thirty, or handed off; with its fields, and from basic on',
  'customer',
  d => {
    const more = { install_timeline: 'asap', decision_role: 'primary' }
    const { zip_code: _, ...nowhere } = OWNER
    d.send('conversations', [
      said('1', 0, {}, { ...OWNER, ...more }),
      said('2', minutes(5) - 1, {}),
      said('3', minutes(5), {}),
      said('3a', minutes(6), { type: 'ended' }),
      said('3b', minutes(7), {}),
      said('3c', 0, { conversation_id: 'chat-5' }, { ...OWNER, ...more }),
      said('3d', minutes(29), { conversation_id: 'chat-5' }),
      said('3e', minutes(29), { conversation_id: 'chat-5' }, { credit_signal: 'fair' }),
      said('3f', 0, { conversation_id: 'chat-6' }, { ...OWNER, ...more }),
      said('3g', minutes(30), { conversation_id: 'chat-6' }),
      said('4', 0, { conversation_id: 'chat-2' }, { ...nowhere, ...more }),
      said('5', minutes(1), { conversation_id: 'chat-2', type: 'handed_off' }),
      said('6', minutes(2), { conversation_id: 'chat-2' }, { zip_code: ' 10021' }),
      // Not worth 50 points: handing it off does not make it one.
      said('7', 0, { conversation_id: 'chat-3', type: 'handed_off' }, OWNER),
      // Long enough, but nobody knows who owns the home.
      said('8', 0, { conversation_id: 'chat-4' }, { ...OWNER, ...more, homeowner_verified: null }),
      said('9', minutes(40), { conversation_id: 'chat-4' }),
    ])
    d.run()
    const leads = d.outputs('leads').sort((a, b) => (a.cause_event_id < b.cause_event_id ? -1 : 1))
    expect(
      leads.map(({ cause_event_id, ready, quality_tier }) => [cause_event_id, ready, quality_tier]),
    ).toEqual([
      ['1', false, 'basic'],
      ['2', false, 'basic'],
      ['3', false, 'basic'],
      ['3a', true, 'basic'],
      ['3b', true, 'basic'],
      ['3c', false, 'basic'],
      ['3d', false, 'basic'],
      ['3e', true, 'basic'],
      ['3f', false, 'basic'],
      ['3g', true, 'basic'],
      ['4', false, 'basic'],
      ['5', false, 'basic'],
      ['6', true, 'basic'],
      ['7', false, 'unqualified'],
      ['8', false, 'unqualified'],
      ['9', false, 'unqualified'],
    ])
    expect(leads[12]).toMatchObject({ zip_code: '10021', borough: null, neighborhood: null })
  },
  app,
)

const by_basic = pipeline({
  ...lead_scoring,
  build: ({ from, to }) => {
    const messages = from(
      'conversations',
      'customer_id',
      'conversation_id',
      'type',
      'role',
      'text',
      'sentiment',
      'technical_question',
      'context',
      'language',
    )
    to('lead_scores', messages.pipe(scoreLead(basic_lead_policy)).pipe(map(({ score }) => score)))
  },
})

scenario(
  'where the built-in policy is another one, that one holds in place of a policy that makes no sense',
  'customer',
  d => {
    enter(d, 'lead_policies', 'acme', policy('wrong', { base: 'lead-2' }))
    d.send('conversations', [said('1', 0, {}, OWNER)])
    d.run()
    expect(d.outputs('lead_scores')).toMatchObject([
      { policy_version: 'lead-0', total_score: 58.67, policy_problem: 'base must be lead-0 or lead-1' },
    ])
  },
  { ...app, pipelines: [by_basic] },
)
