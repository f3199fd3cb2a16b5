/**
 * Decides: how good a lead is after each event of its conversation: score, tier, probability, with parts and gaps.
 * Because: four weighted factors (40, 30, 20, 10 points) by a table that people can read and change: lead-policy.ts.
 * Keeps: one slot per conversation with what is known: newest context by event time, counts, sums; keep_ms after its
 *   last event it is forgotten.
 * When late: adds to what is known, whatever the order, and is scored, unless the conversation is forgotten already:
 *   then it is counted late. Twice: dropped before. Missing: an unknown signal earns nothing and is named as missing.
 * Limits: a row of an event stands as it was scored; an earlier one is not scored again when a late event changes it.
 */

import { exponents } from '../../schemas/currencies.ts'
import type { Lead, LeadKnowledge, LeadScore, NextDue } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { compile_lexicon, fact_of, learn, learn_fields } from '../core/facts.ts'
import { keyed, type Row, type Turn } from '../core/keyed.ts'
import { earliest } from '../core/windows.ts'
import { count_points, type Place, type Points } from './count-points.ts'
import { default_lead_policy, type LeadPolicy, said_in_text, seller_roles } from './lead-policy.ts'

type Message = Row<
  'conversations',
  | 'customer_id'
  | 'conversation_id'
  | 'type'
  | 'role'
  | 'text'
  | 'sentiment'
  | 'technical_question'
  | 'context'
>
export interface ScoredLead {
  readonly score: LeadScore
  readonly lead: Lead
}
type LeadTurn = Turn<ScoredLead, LeadKnowledge, 'forget'>

const KEEP_MS = days(30)
const KNOWN = 'state/lead_knowledge'
const FACTS = [
  'homeowner_verified',
  'bill_amount_minor',
  'zip_code',
  'borough',
  'neighborhood',
  'property_type',
  'install_timeline',
  'credit_signal',
  'decision_role',
  'comparing_offers',
] as const
const NO_DUE: NextDue = { due_ms: null }
const NOTHING_KNOWN: LeadKnowledge = {
  first_ms: 0,
  last_ms: 0,
  questions: 0,
  objections: 0,
  objections_resolved: 0,
  sentiment_sum: 0,
  sentiments: 0,
  facts: [],
}
const LEXICONS = Object.entries(said_in_text).map(
  ([signal, lexicon]) => [`said_${signal}`, compile_lexicon(lexicon)] as const,
)

export const scoreLead = (policy: LeadPolicy = default_lead_policy) =>
  keyed<Message, ScoredLead, NextDue, LeadKnowledge, 'forget'>({
    name: 'score-lead',
    version: 2,
    state: { schema: 'state/next_due', init: () => NO_DUE, earlier: { 1: 'state/next_due' } },
    slot: { schema: KNOWN, init: () => NOTHING_KNOWN, earlier: { 1: KNOWN } },
    timers: { forget: 'stream' },
    idle_ms: 2 * KEEP_MS,
    step: (state, message, turn) => {
      const { conversation_id, occurred_at } = message
      const before = turn.slot(conversation_id)
      if (!before && occurred_at + KEEP_MS <= turn.stream_time_ms) {
        turn.late('conversation_forgotten')
        return state
      }
      const known = add(before ?? { ...NOTHING_KNOWN, first_ms: occurred_at, last_ms: occurred_at }, message)
      turn.put(conversation_id, known)
      turn.emit(scored(message, known, turn, policy))
      const due_ms = known.last_ms + KEEP_MS
      if (state.due_ms !== null && state.due_ms <= due_ms) return state
      turn.timer('forget', due_ms)
      return { due_ms }
    },
    on_timer: (_state, _name, turn) => {
      for (const [id, known] of turn.slots()) if (known.last_ms + KEEP_MS <= turn.at_ms) turn.put(id, null)
      const due_ms = earliest(turn.slots().map(([, known]) => known.last_ms + KEEP_MS))
      turn.timer('forget', due_ms)
      return { due_ms }
    },
  })

/** Sums, extremes and newest words: the same whatever the order of events. */
const add = (known: LeadKnowledge, message: Message): LeadKnowledge => {
  const { occurred_at, type, role, sentiment, text } = message
  let facts = learn_fields(known.facts, FACTS, message.context, message)
  if (text !== null && !(role !== null && seller_roles.has(role)))
    for (const [name, meaning_of] of LEXICONS) {
      const meaning = meaning_of(text)
      if (meaning !== null) facts = learn(facts, name, meaning, message)
    }
  return {
    first_ms: Math.min(known.first_ms, occurred_at),
    last_ms: Math.max(known.last_ms, occurred_at),
    questions: known.questions + (message.technical_question === true ? 1 : 0),
    objections: known.objections + (type === 'objection' ? 1 : 0),
    objections_resolved: known.objections_resolved + (type === 'objection_resolved' ? 1 : 0),
    sentiment_sum: known.sentiment_sum + (sentiment === null ? 0 : Math.round(sentiment * 1e6)),
    sentiments: known.sentiments + (sentiment === null ? 0 : 1),
    facts,
  }
}

const scored = (message: Message, known: LeadKnowledge, turn: LeadTurn, policy: LeadPolicy): ScoredLead => {
  const { event_id, tenant_id, customer_id, conversation_id, occurred_at, type } = message
  const place: Place = {
    zip_code: area_of(known, 'zip_code', turn),
    neighborhood: area_of(known, 'neighborhood', turn),
    borough: area_of(known, 'borough', turn),
  }
  const exponent = exponents.get(turn.catalog('tenants', tenant_id)?.currency ?? 'USD') ?? 2
  const points = count_points(known, place, 10 ** exponent, policy)
  const total_score = points.total / 100
  const judged = {
    total_score,
    quality_tier: tier_of(points, policy),
    conversion_probability: probability_of(total_score, policy),
    market_ratio: market_ratio_of(place),
  }
  const score: LeadScore = {
    event_id,
    tenant_id,
    customer_id,
    conversation_id,
    occurred_at,
    ...judged,
    base_points: points.base / 100,
    behavior_points: points.behavior / 100,
    timing_points: points.timing / 100,
    market_points: points.market / 100,
    parts: points.parts,
    missing: points.missing,
    policy_version: policy.version,
  }
  const lead: Lead = {
    event_id: lead_id(customer_id, event_id),
    tenant_id,
    occurred_at,
    customer_id,
    conversation_id,
    cause_event_id: event_id,
    type,
    ...judged,
    duration_ms: known.last_ms - known.first_ms,
  }
  return { score, lead }
}

/** A bar within the customer's id is escaped: no two events of a tenant's customers share an id. */
const lead_id = (customer_id: string, event_id: string): string =>
  `${customer_id.replaceAll(/[%|]/g, encodeURIComponent)}|${event_id}`

const area_of = (known: LeadKnowledge, name: keyof Place, turn: LeadTurn): Place[keyof Place] => {
  const area = fact_of(known.facts, name)
  return area === undefined ? undefined : turn.catalog('markets', area.trim().toLowerCase())
}

const tier_of = ({ total, qualified }: Points, { tiers }: LeadPolicy): LeadScore['quality_tier'] => {
  if (!qualified || total < tiers.basic) return 'unqualified'
  if (total >= tiers.premium) return 'premium'
  return total >= tiers.standard ? 'standard' : 'basic'
}

/** To four decimals. */
const probability_of = (score: number, { conversion }: LeadPolicy): number =>
  Math.round(10_000 / (1 + Math.exp((conversion.midpoint - score) / conversion.spread))) / 10_000

/** Of the narrowest area that has one, to six decimals. */
const market_ratio_of = ({ zip_code, neighborhood, borough }: Place): number => {
  const ratio = zip_code?.revenue_ratio ?? neighborhood?.revenue_ratio ?? borough?.revenue_ratio ?? 1
  return typeof ratio === 'number' && ratio >= 0 && ratio <= 100 ? Math.round(ratio * 1e6) / 1e6 : 1
}
