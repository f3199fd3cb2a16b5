/** conversation_coaching_effect: given conversations of both arms, the difference and its interval. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let offset = 0
const AT = '2026-01-05T10:00:00.000Z'
const talk = (rule: string, arm: 'advised' | 'held_out', n: number, followed: boolean) => {
  const id = `${rule}-${arm}-${n}`
  const row = (step: number, codes: readonly string[]) => ({
    _key: `t1|${id}`,
    _offset: offset++,
    tenant_id: 't1',
    customer_id: id,
    conversation_id: id,
    event_id: `${id}-${step}`,
    occurred_at: AT,
    started_at: AT,
    type: 'message',
    trend: 'stable',
    recommendations: arm === 'advised' ? codes.map(code => ({ code, title: code })) : [],
    held_out: arm === 'held_out' ? codes : [],
    policy_version: 'test',
  })
  return followed ? [row(0, [rule]), row(1, [])] : [row(0, [rule])]
}
const score = (rule: string, arm: string, n: number, qualified: boolean) => {
  const id = `${rule}-${arm}-${n}`
  return {
    _key: `t1|${id}`,
    _offset: offset++,
    tenant_id: 't1',
    customer_id: id,
    conversation_id: id,
    event_id: `${id}-0`,
    occurred_at: AT,
    total_score: qualified ? 75 : 30,
    quality_tier: qualified ? 'standard' : 'unqualified',
  }
}
/** n conversations of an arm, the first of them followed, the first of them qualified. */
const arm_of = (rule: string, arm: 'advised' | 'held_out', n: number, followed: number, good: number) => ({
  talks: Array.from({ length: n }, (_, i) => talk(rule, arm, i, i < followed)).flat(),
  scores: Array.from({ length: n }, (_, i) => score(rule, arm, i, i < good)),
})

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  // Newcombe's own example (Statistics in Medicine 17, 1998): 56 of 70 against 48 of 80.
  const arms = [
    arm_of('create_urgency', 'advised', 70, 35, 56),
    arm_of('create_urgency', 'held_out', 80, 20, 48),
    arm_of('fill_gaps', 'advised', 10, 0, 5),
    arm_of('fill_gaps', 'held_out', 10, 0, 6),
    // Nothing of it was held back: nothing can be said.
    arm_of('handle_objection', 'advised', 5, 5, 5),
  ]
  for (const { talks, scores } of arms) {
    await served.fill('conversation_metrics', talks)
    await served.fill('lead_scores', scores)
  }
}, 60_000)
afterAll(() => served.stop())

it('compares the arms as wholes, with an interval, and says what that shows', async () => {
  const rows = await served.warehouse.query(
    `SELECT * FROM conversation_coaching_effect(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY tenant_id, rule`,
    { as_of: '2026-03-01 00:00:00.000' },
  )
  const nothing = {
    advised_sold_minor: {},
    held_out_sold_minor: {},
    advised_paid_minor: {},
    held_out_paid_minor: {},
  }
  expect(rows).toEqual([
    {
      tenant_id: 't1',
      rule: 'create_urgency',
      advised: 70,
      held_out: 80,
      advised_ratio: 0.8,
      held_out_ratio: 0.6,
      difference: 0.2,
      difference_low: 0.0524,
      difference_high: 0.3339,
      verdict: 'helps',
      advised_followed_ratio: 0.5,
      held_out_followed_ratio: 0.25,
      ...nothing,
    },
    {
      tenant_id: 't1',
      rule: 'fill_gaps',
      advised: 10,
      held_out: 10,
      advised_ratio: 0.5,
      held_out_ratio: 0.6,
      difference: -0.1,
      // Computed apart from Wilson's bounds of 5 and 6 of 10.
      difference_low: -0.4509,
      difference_high: 0.2898,
      verdict: 'not shown',
      advised_followed_ratio: 0,
      held_out_followed_ratio: 0,
      ...nothing,
    },
  ])
})
