import { expect } from 'vitest'
import type { Conversation, LeadScore } from '../../../schemas/types.ts'
import { minutes } from '../../../schemas/units.ts'
import { scenario } from '../../driver/scenario.ts'
import { metric_app } from './metric-app.ts'

const T = Date.UTC(2026, 0, 5)
const said = (event_id: string, conversation_id: string, at: number): Partial<Conversation> => ({
  event_id,
  tenant_id: 'acme',
  customer_id: 'ada',
  conversation_id,
  occurred_at: T + minutes(at),
  type: 'message',
  context: { attributes: {} } as never,
})
const scored = (
  event_id: string,
  at: number,
  quality_tier: LeadScore['quality_tier'],
): Partial<LeadScore> => ({
  event_id,
  tenant_id: 'acme',
  customer_id: 'ada',
  conversation_id: 'k',
  occurred_at: T + minutes(at),
  total_score: 1,
  quality_tier,
  conversion_probability: 0,
  market_ratio: 1,
  base_points: 0,
  behavior_points: 0,
  timing_points: 0,
  market_points: 0,
  parts: [],
  missing: [],
  policy_version: 'lead-1',
})
const own = { task: 0, stream_time_ms: T }

scenario(
  'a conversation counts once, whichever of its events comes first',
  'customer',
  d => {
    d.send('conversations', [said('b', 'k', 5), said('a', 'k', 0), said('c', 'l', 6)])
    d.run()
    expect(d.outputs('signals')).toEqual([
      {
        event_id: 'ada|conversation|b',
        tenant_id: 'acme',
        occurred_at: T + minutes(5),
        kind: 'conversation',
      },
      {
        event_id: 'ada|conversation|c',
        tenant_id: 'acme',
        occurred_at: T + minutes(6),
        kind: 'conversation',
      },
    ])
  },
  metric_app,
)

scenario(
  'a lead is qualified once, when its tier is first worth something, with or without the conversation',
  'customer',
  d => {
    d.send('lead_scores', [scored('1', 1, 'unqualified')], own)
    d.send('lead_scores', [scored('2', 2, 'basic'), scored('3', 3, 'premium')], own)
    d.send('lead_scores', [scored('4', 4, 'unqualified'), scored('5', 5, 'standard')], own)
    d.run()
    expect(d.outputs('signals').map(row => [row.kind, row.event_id, row.occurred_at - T])).toEqual([
      ['qualified_lead', 'ada|qualified_lead|2', minutes(2)],
    ])
  },
  metric_app,
)
