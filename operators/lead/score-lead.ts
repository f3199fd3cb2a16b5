/**
 * Decides: how good a lead is after each event of its conversation: score, tier, probability, with parts and gaps, and
 *   whether it may be offered. A shadow policy is scored beside and decides nothing.
 * Because: four weighted factors (40, 30, 20, 10 points) by a table that people can read and change: lead-policy.ts, or the
 *   catalog's policy of the tenant, else of all (*).
 * Keeps: one slot per conversation, for KEEP_MS after its last event: newest context by event time, counts, sums.
 * When late: adds to what is known, whatever the order, and is scored, unless the conversation is forgotten already:
 *   then it is counted late. Twice: dropped before. Missing: an unknown signal earns nothing and is named.
 * Limits: a row of an event stands as it was scored; an earlier one is not scored again when a late event changes it.
 */
import type { Catalog } from '../../schemas/catalog-kinds.ts'
import { exponents } from '../../schemas/currencies.ts'
import type { Lead, LeadKnowledge, LeadKnowledgeV2, LeadScore, NextDue } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { learn, learn_fields } from '../core/facts.ts'
import { DEFAULT_LANGUAGE, hear_message } from '../core/hear-message.ts'
import { keyed, type Row, type Turn } from '../core/keyed.ts'
import { tenant_wide_id } from '../core/tenant-wide-id.ts'
import { earliest } from '../core/windows.ts'
import { count_points } from './count-points.ts'
import { closing_types, judge_lead, probability_of } from './judge-lead.ts'
import { default_lead_policy, type LeadPolicy, lead_fields } from './lead-policy.ts'
import { areas_of, market_ratio_of, place_of } from './place-lead.ts'
import { read_lead_policy } from './read-policy.ts'
import { shares_under } from './weigh-factors.ts'

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
  | 'language'
>
export interface ScoredLead {
  readonly score: LeadScore
  readonly lead: Lead
}
type LanguageOf = (body: unknown) => string
type LeadTurn = Turn<ScoredLead, LeadKnowledge, 'forget'>

const KEEP_MS = days(30)
const DUE = 'state/next_due'
const [KNOWN, KNOWN_V2] = ['state/lead_knowledge', 'state/lead_knowledge_v2'] as const
const NO_DUE: NextDue = { due_ms: null }
const NOTHING_KNOWN: LeadKnowledge = {
  first_ms: 0,
  last_ms: 0,
  questions: 0,
  objections: 0,
  objections_resolved: 0,
  objections_heard: 0,
  objections_heard_resolved: 0,
  sentiment_sum: 0,
  sentiments: 0,
  facts: [],
}

/** `language_of`: of the catalog's conversation policy, that of texts without a tag; as the metrics of conversations read it. */
export const scoreLead = (policy = default_lead_policy, language_of: LanguageOf = () => DEFAULT_LANGUAGE) =>
  keyed<Message, ScoredLead, NextDue, LeadKnowledge, 'forget'>({
    name: 'score-lead',
    version: 3,
    state: { schema: DUE, init: () => NO_DUE, earlier: { 1: DUE, 2: DUE } },
    slot: {
      schema: KNOWN,
      init: () => NOTHING_KNOWN,
      earlier: { 1: KNOWN_V2, 2: KNOWN_V2 },
      // They heard no objection in a text.
      upgrade: (_, earlier) => ({ ...NOTHING_KNOWN, ...(earlier as LeadKnowledgeV2) }),
    },
    timers: { forget: 'stream' },
    idle_ms: 2 * KEEP_MS,
    step: (state, message, turn) => {
      const { conversation_id, occurred_at } = message
      const before = turn.slot(conversation_id)
      if (!before && occurred_at + KEEP_MS <= turn.stream_time_ms) {
        turn.late('conversation_forgotten')
        return state
      }
      const language = () => language_of(entry_of('conversation_policies', message.tenant_id, turn))
      const known = add(before ?? begun(occurred_at), message, language)
      turn.put(conversation_id, known)
      turn.emit(scored(message, known, turn, policies_for(message.tenant_id, turn, policy)))
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

const begun = (at_ms: number): LeadKnowledge => ({ ...NOTHING_KNOWN, first_ms: at_ms, last_ms: at_ms })

/** Sums, extremes and newest words: the same whatever the order of events. */
const add = (known: LeadKnowledge, message: Message, language: () => string): LeadKnowledge => {
  const { occurred_at, type } = message
  const { asks, objects, comes_round, sentiment, heard } = hear_message(message, language)
  let facts = learn_fields(known.facts, lead_fields, message.context, message)
  if (closing_types.has(type)) facts = learn(facts, type, 'true', message)
  for (const [fact, meaning] of heard.answers) facts = learn(facts, `said_${fact}`, meaning, message)
  return {
    first_ms: Math.min(known.first_ms, occurred_at),
    last_ms: Math.max(known.last_ms, occurred_at),
    questions: known.questions + (asks ? 1 : 0),
    objections: known.objections + (type === 'objection' ? 1 : 0),
    objections_resolved: known.objections_resolved + (type === 'objection_resolved' ? 1 : 0),
    objections_heard: known.objections_heard + (objects ? 1 : 0),
    objections_heard_resolved: known.objections_heard_resolved + (comes_round ? 1 : 0),
    sentiment_sum: known.sentiment_sum + (sentiment ?? 0),
    sentiments: known.sentiments + (sentiment === null ? 0 : 1),
    facts,
  }
}

/** Of the tenant, else of all. */
const entry_of = <K extends keyof Catalog>(kind: K, tenant_id: string, turn: LeadTurn) =>
  turn.catalog(kind, tenant_id) ?? turn.catalog(kind, '*')

interface Policies {
  readonly policy: LeadPolicy
  readonly shadow: LeadPolicy | null
  readonly problem: string | null
}

const policies_for = (tenant_id: string, turn: LeadTurn, otherwise: LeadPolicy): Policies => {
  const body = entry_of('lead_policies', tenant_id, turn)
  const said = body === undefined ? null : read_lead_policy(body)
  const policy = said?.problem === null ? said.policy : otherwise
  const problem = said?.problem ?? null
  const beside = turn.catalog('lead_policies', `${tenant_id}|shadow`)
  if (beside === undefined) return { policy, shadow: null, problem }
  const shadow = read_lead_policy(beside)
  if (shadow.problem === null) return { policy, shadow: shadow.policy, problem }
  return { policy, shadow: null, problem: problem ?? `shadow: ${shadow.problem}` }
}

const scored = (message: Message, known: LeadKnowledge, turn: LeadTurn, by: Policies): ScoredLead => {
  const { event_id, tenant_id, customer_id, conversation_id, occurred_at, type } = message
  const { policy, shadow } = by
  const areas = areas_of(known)
  const place = place_of(areas, id => turn.catalog('markets', id))
  const minor_per_major = 10 ** (exponents.get(turn.catalog('tenants', tenant_id)?.currency ?? 'USD') ?? 2)
  const points = count_points(known, place, minor_per_major, policy)
  const { ready, ...judged } = judge_lead(known, points, policy)
  const common = {
    ...judged,
    market_ratio: market_ratio_of(place),
    base_points: points.base / 100,
    behavior_points: points.behavior / 100,
    timing_points: points.timing / 100,
    market_points: points.market / 100,
  }
  const shadow_score = shadow && count_points(known, place, minor_per_major, shadow).total / 100
  const score: LeadScore = {
    event_id,
    tenant_id,
    customer_id,
    conversation_id,
    occurred_at,
    ...common,
    parts: points.parts,
    missing: points.missing,
    policy_version: policy.version,
    policy_problem: by.problem,
    shadow_version: shadow?.version ?? null,
    shadow_score,
    shadow_probability: shadow && probability_of(shadow_score as number, shadow),
  }
  const lead: Lead = {
    event_id: tenant_wide_id(customer_id, event_id),
    tenant_id,
    occurred_at,
    customer_id,
    conversation_id,
    cause_event_id: event_id,
    type,
    ...common,
    ...shares_under(policy, points),
    duration_ms: known.last_ms - known.first_ms,
    ready,
    ...areas,
    lead_policy_version: policy.version,
  }
  return { score, lead }
}
