/** A market for tests: a pipeline of routes alone, buyers of the catalog, leads that are for sale, and what buyers answer. */
import lead_scoring from '../../../pipelines/lead-scoring.ts'
import pricing_leads from '../../../pipelines/pricing-leads.ts'
import quality_feedback from '../../../pipelines/quality-feedback.ts'
import { type App, tributary } from '../../../runtime/app.ts'
import type { Buyer } from '../../../schemas/catalog-kinds.ts'
import type { Lead, LeadFeedback, Route } from '../../../schemas/types.ts'
import type { Driver } from '../../driver/driver.ts'
import { enter } from '../conversation/talk.ts'
import { lead, send, T } from './leads.ts'

export const app: App = {
  ...tributary(1),
  partitions: 1,
  pipelines: [lead_scoring, quality_feedback, pricing_leads],
}

/** Monday, 5 January 2026, 12:00 UTC: within business hours and their peak. */
export const NOON = T + 12 * 3_600_000

export const buyer = (buyer_id: string, more: Partial<Buyer> = {}): Buyer => ({
  buyer_id,
  tier: 'premium',
  ...more,
})

export const buyers = (d: Driver, list: readonly Buyer[], effective_at = 0): void =>
  enter(d, 'buyers', 'acme', { buyers: list }, effective_at)

/** Prices without what depends on the hour and the day. */
export const flat_prices = (d: Driver, more: Readonly<Record<string, unknown>> = {}): void =>
  enter(d, 'pricing_policies', '*', {
    version: 'flat',
    table: { business_hours: [], weekend: 100, step: 0, ...more },
  })

/** A lead that may be sold, at noon. */
export const ready = (customer_id: string, more: Partial<Lead> = {}): Partial<Lead> => {
  const points = { base_points: 35, behavior_points: 27, timing_points: 18, market_points: 7, ...more }
  return lead('1', {
    event_id: `${customer_id}|1`,
    customer_id,
    conversation_id: `chat-${customer_id}`,
    occurred_at: NOON,
    ready: true,
    base_share: points.base_points / 40,
    behavior_share: points.behavior_points / 30,
    timing_share: points.timing_points / 20,
    market_share: points.market_points / 10,
    lead_policy_version: 'lead-1',
    ...points,
  })
}

let answers = 0
export const answer = (
  customer_id: string,
  outcome: LeadFeedback['outcome'],
  more: Partial<LeadFeedback> = {},
): Partial<LeadFeedback> => ({
  event_id: `${customer_id}|answer-${outcome}-${more.decision_id ?? more.buyer_id ?? ''}-${more.occurred_at ?? NOON}`,
  tenant_id: 'acme',
  customer_id,
  occurred_at: NOON,
  outcome,
  ...more,
})
/** Answers that are told apart from all others. */
export const another_answer = (...args: Parameters<typeof answer>): Partial<LeadFeedback> => ({
  ...answer(...args),
  event_id: `${args[0]}|answer-${++answers}`,
})

export const send_leads = (d: Driver, leads: readonly Partial<Lead>[], stream_time_ms = NOON): void =>
  send(d, leads, stream_time_ms)

export const send_answers = (
  d: Driver,
  list: readonly Partial<LeadFeedback>[],
  stream_time_ms = NOON,
): void => {
  d.mark('leads', 0, stream_time_ms)
  d.send('lead_feedback', list, { task: 0, stream_time_ms })
}

/** Moves the tenants' time as the customers' task tells it. */
export const pass_time = (d: Driver, stream_time_ms: number): void => {
  d.mark('leads', 0, stream_time_ms)
  d.run()
}

export const steps = (d: Driver) =>
  d.outputs('routes').map(row => [row.event_id, row.status, row.attempt, row.buyer_id])

/** Per buyer and instant, what it holds after each row: what is reserved or confirmed and not given back. */
export const audit = (routes: readonly Route[], window_of: (at_ms: number) => number) => {
  const taken = new Map<string, number>()
  const window_of_decision = new Map<string, string>()
  const held = new Map<string, string>()
  const twice: string[] = []
  let most = 0
  for (const row of routes) {
    const conversation = `${row.tenant_id} ${row.customer_id} ${row.conversation_id}`
    if (row.status === 'reserved') {
      const window = `${row.tenant_id} ${row.buyer_id} ${window_of(row.occurred_at)}`
      const count = (taken.get(window) ?? 0) + 1
      taken.set(window, count)
      most = Math.max(most, count)
      window_of_decision.set(String(row.decision_id), window)
      if (held.has(conversation)) twice.push(conversation)
      held.set(conversation, String(row.decision_id))
    } else if (row.status === 'released') {
      const window = window_of_decision.get(String(row.decision_id)) as string
      taken.set(window, (taken.get(window) as number) - 1)
      if (held.get(conversation) !== row.decision_id) twice.push(conversation)
      held.delete(conversation)
    } else if (row.status === 'confirmed' && held.get(conversation) !== row.decision_id)
      twice.push(conversation)
  }
  return { most, twice, held, taken }
}
