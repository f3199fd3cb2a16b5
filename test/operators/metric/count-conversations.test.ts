import { expect, test } from 'vitest'
import { pipeline, tagged } from '../../../operators/core/keyed.ts'
import { countConversations } from '../../../operators/metric/count-conversations.ts'
import { measureSignals } from '../../../operators/metric/measure-signals.ts'
import lead_scoring from '../../../pipelines/lead-scoring.ts'
import type { App } from '../../../runtime/app.ts'
import type { Conversation, LeadScore } from '../../../schemas/types.ts'
import { days, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { store_as_version } from '../../driver/stored-by.ts'
import { counted, metric_app, sums } from './metric-app.ts'

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

/** On scores of the test's own, as they came through the log. */
const qualifying = pipeline({
  name: 'qualifying',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const event = from('conversations', 'customer_id', 'conversation_id')
    const score = from('lead_scores', 'customer_id', 'conversation_id', 'quality_tier')
    to('measures', tagged({ event, score }).pipe(countConversations(), measureSignals()))
  },
})
const qualifying_app: App = { ...metric_app, pipelines: [lead_scoring, qualifying] }

scenario(
  'a conversation counts once, whichever of its events comes first',
  'customer',
  d => {
    d.send('conversations', [said('b', 'k', 5), said('a', 'k', 0), said('c', 'l', 6)])
    d.run()
    expect(sums(d, 'conversations')).toEqual([[T + minutes(5), 2]])
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
    expect(counted(d, 'qualified_leads').map(row => [row.event_id, row.occurred_at, row.numerator])).toEqual([
      ['2', T, 1],
    ])
    expect(counted(d, 'conversations')).toEqual([])
  },
  qualifying_app,
)

const kept = (d: Driver) =>
  [...d.fields('acme|ada').keys()].flatMap(field => field.match(/count-conversations#(.*)/)?.[1] ?? [])
const day = (n: number): number => n * 1440
const total = (d: Driver) => sums(d, 'conversations').reduce((sum, [, n]) => sum + n, 0)

scenario(
  'of a customer who never falls silent, a conversation is kept for thirty days after its last event',
  'customer',
  d => {
    d.send('conversations', [said('a', 'k', 0)])
    for (let n = 1; n <= 33; n++)
      d.send('conversations', [said(`b${n}`, 'l', day(n)), said(`c${n}`, `m${n}`, day(n))])
    d.run()
    expect(kept(d)).not.toContain('k')
    expect(kept(d)).toHaveLength(1 + 30)
    const before = total(d)
    expect(before).toBe(2 + 33)
    // Known still; forgotten, and not another one; too old for a conversation of its own.
    d.send('conversations', [said('x', 'l', day(20)), said('y', 'k', 1), said('z', 'n', day(2))])
    d.run()
    expect([total(d) - before, d.outcomes.late]).toEqual([0, 2])
    d.tick(T + days(70))
    d.tick(T + days(170))
    expect([d.timers, kept(d)]).toEqual([0, []])
  },
  metric_app,
)

test('goes on from what version 1 stored', async () => {
  const d = await Driver.open('customer', { batch: 1, crash: true }, metric_app)
  d.send('conversations', [said('a', 'k', 0)])
  d.run()
  const schemas = [
    { state: 'state/nothing', slot: 'state/metric_conversation_v1' },
    { state: 'state/next_due', slot: 'state/metric_conversation' },
  ] as const
  expect(store_as_version(d, 'acme|ada', 'lead-scoring/count-conversations', 1, schemas)).toBe(2)
  d.send('conversations', [said('b', 'k', day(2)), said('c', 'l', day(4)), said('d', 'k', day(4))])
  d.run()
  expect([total(d), kept(d)]).toEqual([2, ['k', 'l']])
  for (let n = 5; n < 40; n++) d.send('conversations', [said(`e${n}`, 'm', day(n))])
  d.run()
  expect(kept(d)).toEqual(['m'])
})
