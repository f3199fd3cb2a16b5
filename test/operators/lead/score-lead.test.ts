import fc from 'fast-check'
import { expect, test } from 'vitest'
import lead_scoring from '../../../pipelines/lead-scoring.ts'
import { tributary } from '../../../runtime/app.ts'
import type { Conversation } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { enter, FIRST_EXAMPLE, SECOND_EXAMPLE, said, T } from '../conversation/talk.ts'

const app = { ...tributary(1), partitions: 1, pipelines: [lead_scoring] }
const parts_of = (parts: readonly { factor: string; signal: string; points: number }[]) =>
  parts.map(({ factor, signal, points }) => [factor, signal, points])

scenario(
  'the requirements’ first example, its message alone: 39.5 points by the table',
  'customer',
  d => {
    d.send('conversations', [said('m', 0, { text: FIRST_EXAMPLE.text }, FIRST_EXAMPLE.context)])
    d.run()
    const [score] = d.outputs('lead_scores')
    expect(parts_of(score?.parts ?? [])).toEqual([
      ['base', 'homeowner_verified', 14],
      ['base', 'bill_amount_minor', 12],
      ['base', 'zip_code', 2],
      ['base', 'property_type', 3],
      ['behavior', 'engagement_time', 0],
      ['behavior', 'technical_questions', 0],
      ['behavior', 'objections', 3.5],
      ['market', 'adoption_index', 1.5],
      ['market', 'income_index', 1.5],
      ['market', 'supply_index', 1],
      ['market', 'season_index', 1],
    ])
    const { parts: _, ...rest } = score as never as Record<string, unknown>
    expect(rest).toEqual({
      event_id: 'm',
      tenant_id: 'acme',
      customer_id: 'ada',
      conversation_id: 'chat-1',
      occurred_at: T,
      total_score: 39.5,
      quality_tier: 'unqualified',
      // 1 / (1 + e^((70 - 39.5) / 11.2)) = 1 / (1 + 15.23)
      conversion_probability: 0.0616,
      market_ratio: 1,
      base_points: 31,
      behavior_points: 3.5,
      timing_points: 0,
      market_points: 5,
      missing: ['install_timeline', 'sentiment', 'credit_signal', 'decision_role', 'comparing_offers'],
      policy_version: 'lead-1',
      policy_problem: null,
      shadow_version: null,
      shadow_score: null,
      shadow_probability: null,
    })
  },
  app,
)

scenario(
  'a market ratio that makes no sense counts as 1',
  'customer',
  d => {
    for (const [i, revenue_ratio] of ['', '3', true, -1, 101].entries()) {
      enter(d, 'markets', `m${i}`, { revenue_ratio } as never)
      d.send('conversations', [said(`${i}`, i, { conversation_id: `c${i}` }, { borough: `M${i}` })])
    }
    d.run()
    expect(d.outputs('lead_scores').map(row => row.market_ratio)).toEqual([1, 1, 1, 1, 1])
  },
  app,
)

scenario(
  'the first example after three and a half minutes and two technical questions, in a known market: 74.45',
  'customer',
  d => {
    enter(d, 'markets', 'manhattan', {
      adoption_index: 0.6,
      income_index: 0.8,
      supply_index: 0.7,
      revenue_ratio: 1.2,
    })
    enter(d, 'markets', '10021', { income_index: 0.9 })
    const asked = { technical_question: true }
    d.send('conversations', [
      said('1', 0, { type: 'started' }),
      said('2', minutes(1), { ...asked, sentiment: 0.6 }, { install_timeline: 'asap' }),
      said(
        '3',
        minutes(2),
        { ...asked, sentiment: 0.4 },
        { credit_signal: 'prequalified', decision_role: 'primary' },
      ),
      said('4', minutes(3.5), { text: FIRST_EXAMPLE.text }, FIRST_EXAMPLE.context),
    ])
    d.run()
    expect(d.outputs('lead_scores').at(-1)).toMatchObject({
      base_points: 35, // 14 + 12 + 2 + premium area 4 + co-op 3
      behavior_points: 15.55, // 8 × 3.5 / 10 min + 8 × 2 / 4 + 7 / 2 + 7 × 1.5 / 2
      timing_points: 17, // 8 + 5 + 4
      market_points: 6.9, // 3 × 0.6 + 3 × 0.9 + 2 × 0.7 + 2 × 0.5
      total_score: 74.45,
      quality_tier: 'standard',
      market_ratio: 1.2,
      missing: ['comparing_offers'],
    })
    expect(d.outputs('leads').at(-1)).toEqual({
      event_id: 'ada|4',
      tenant_id: 'acme',
      occurred_at: T + minutes(3.5),
      customer_id: 'ada',
      conversation_id: 'chat-1',
      cause_event_id: '4',
      type: 'message',
      total_score: 74.45,
      quality_tier: 'standard',
      conversion_probability: 0.598,
      market_ratio: 1.2,
      base_points: 35,
      behavior_points: 15.55,
      timing_points: 17,
      market_points: 6.9,
      base_share: 0.875,
      behavior_share: 15.55 / 30,
      timing_share: 0.85,
      market_share: 0.69,
      duration_ms: minutes(3.5),
      ready: false,
      zip_code: '10021',
      borough: 'manhattan',
      neighborhood: 'upper_east_side',
      lead_policy_version: 'lead-1',
    })
  },
  app,
)

scenario(
  'the second example: a brownstone counts as a house, 44.5',
  'customer',
  d => {
    d.send('conversations', [said('m', 0, { text: SECOND_EXAMPLE.text }, SECOND_EXAMPLE.context)])
    d.run()
    const expected = { base_points: 36, behavior_points: 3.5, market_points: 5, total_score: 44.5 }
    expect(d.outputs('lead_scores')).toMatchObject([expected])
  },
  app,
)

scenario(
  'everything right is premium at 100 points; without the home it is nothing to sell',
  'customer',
  d => {
    enter(d, 'markets', 'x', { adoption_index: 1, income_index: 1, supply_index: 1, season_index: 1 })
    const context = {
      bill_amount_minor: 30_000,
      zip_code: 'X',
      property_type: 'house',
      install_timeline: 'now',
      credit_signal: 'good',
      decision_role: 'primary',
      comparing_offers: true,
    }
    const more = { technical_question: true, sentiment: 1 }
    d.send('conversations', [
      ...['1', '2', '3', '4'].map(id => said(id, 0, more, context)),
      said('5', minutes(1), { type: 'objection' }),
      said('6', minutes(10), { type: 'objection_resolved' }),
      said('7', minutes(10), {}, { homeowner_verified: true }),
    ])
    d.run()
    const scores = d.outputs('lead_scores').slice(-2)
    expect(scores.map(s => [s.total_score, s.quality_tier, s.conversion_probability])).toEqual([
      [60, 'unqualified', 0.2905],
      [100, 'premium', 0.9358],
    ])
  },
  app,
)

scenario(
  'a late event is scored with all that is known, and does not overrule what was said after it',
  'customer',
  d => {
    d.send('conversations', [
      said('1', 0, {}, { homeowner_verified: true }),
      said('3', minutes(5), {}, { bill_amount_minor: 40_000 }),
      said('other', hours(20), { conversation_id: 'chat-2' }),
      said('2', minutes(1), { technical_question: true }, { bill_amount_minor: 10_000, zip_code: '1' }),
    ])
    d.run()
    const late = d.outputs('lead_scores').at(-1)
    expect(late).toMatchObject({ event_id: '2', base_points: 14 + 12 + 2, behavior_points: 4 + 2 + 3.5 })
    expect(d.outcomes.late).toBe(0)
  },
  app,
)

scenario(
  'a month after its last event a conversation is forgotten, what still comes is late',
  'customer',
  d => {
    const kept = () => [...d.fields('acme|ada').keys()].filter(field => field.includes('score-lead'))
    d.send('conversations', [
      said('1', 0, {}, { homeowner_verified: true }),
      said('2', days(20), { conversation_id: 'chat-2' }),
      said('3', days(29), {}, { zip_code: '1' }),
    ])
    d.run()
    expect(d.outputs('lead_scores').at(-1)?.base_points).toBe(16)
    d.send('conversations', [said('4', days(60), {}), said('5', days(1), { conversation_id: 'chat-2' })])
    d.run()
    expect(d.outputs('lead_scores').map(({ event_id, base_points }) => [event_id, base_points])).toEqual([
      ['1', 14],
      ['2', 0],
      ['3', 16],
      ['4', 0],
    ])
    expect(d.outcomes.late).toBe(1)
    d.tick(T + days(91))
    expect(kept()).toEqual(['lead-scoring/score-lead'])
    d.tick(T + days(160))
    expect([d.timers, kept()]).toEqual([0, []])
  },
  app,
)

scenario(
  'what the seller says is not what the lead says, and another conversation starts from nothing',
  'customer',
  d => {
    d.send('conversations', [
      said('1', 0, { role: 'agent', text: 'Is it a condo?' }),
      said('2', 1, { role: 'customer', text: 'A condo, this year' }),
      said('3', 2, { conversation_id: 'chat-2' }),
    ])
    d.run()
    const missing = d.outputs('lead_scores').map(score => score.missing.includes('property_type'))
    expect(missing).toEqual([true, false, true])
    expect(d.outputs('lead_scores')[1]?.timing_points).toBe(6)
  },
  app,
)

test('whatever the order of arrival, the last score is the same', async () => {
  const event = fc.record({
    after: fc.integer({ min: 0, max: 40 }),
    sentiment: fc.option(fc.double({ min: -1, max: 1, noNaN: true })),
    technical_question: fc.boolean(),
    type: fc.constantFrom('message', 'objection', 'objection_resolved'),
    bill: fc.option(fc.constantFrom(10_000, 25_000, 40_000)),
    property_type: fc.option(fc.constantFrom('condo', 'house', 'co-op')),
  })
  const last_of = async (rows: readonly Partial<Conversation>[]) => {
    const driver = await Driver.open('customer', { batch: 3, crash: true }, app)
    driver.send('conversations', rows)
    driver.run()
    const { event_id: _e, occurred_at: _o, ...score } = driver.outputs('lead_scores').at(-1) ?? ({} as never)
    return score
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 2, maxLength: 8 }),
      fc.infiniteStream(fc.nat()),
      async (list, order) => {
        const rows = list.map(({ after, bill, property_type, ...more }, i) =>
          said(`e${i}`, minutes(after), more as never, {
            homeowner_verified: true,
            bill_amount_minor: bill,
            property_type,
          }),
        )
        const keyed = rows.map(row => [order.next().value as number, row] as const)
        const shuffled = keyed.sort(([a], [b]) => a - b).map(([, row]) => row)
        expect(await last_of(shuffled)).toEqual(await last_of(rows))
      },
    ),
    { numRuns: 25 },
  )
})
