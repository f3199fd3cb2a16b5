/** What POST /api/v1/conversation/revenue-optimized answers, of the rows that were decided of its message. */
import { phrases_for } from '../../operators/conversation/phrases.ts'
import { language_of_tag } from '../../operators/core/hear-text.ts'
import type { LeadScore } from '../../schemas/types.ts'
import { iso } from '../board/asking.ts'
import type { Decision } from './decisions.ts'
import { decimal_of } from './seed-shapes.ts'

export interface DecidedRows {
  readonly lead_scores: Decision<'lead_scores'>
  readonly conversation_metrics: Decision<'conversation_metrics'>
  readonly prices: Decision<'prices'>
  readonly routes: Decision<'routes'>
}

/** `tag`: the language of the message, where its sender says it. */
export const answer_of = (event_id: string, rows: DecidedRows, tag?: string) => {
  const { lead_scores: score, conversation_metrics: metric, prices: price, routes: route } = rows
  const amount = (minor: number | null) => (minor === null ? null : decimal_of(minor, price.currency))
  const potential = amount(price.revenue_potential_minor)
  // Of a conversation that is over there is no draft.
  const over = metric.draft.text === ''
  const [spoken, { thanks }] = phrases_for(tag === undefined ? metric.draft.language : language_of_tag(tag))
  return {
    content: over ? thanks : metric.draft.text,
    next_questions: metric.next_questions,
    // By rule, for a person or a model to word; nobody has approved or sent it.
    draft: {
      is_draft: true,
      language: over ? spoken : metric.draft.language,
      claim_ids: metric.draft.claim_ids,
    },
    revenue_optimization: {
      lead_score: score_of(score, potential),
      conversation_metrics: {
        duration_minutes: Math.round(metric.duration_ms / 600) / 100,
        revenue_per_minute: amount(price.revenue_per_minute_minor),
        technical_engagement: metric.technical_engagement,
        questions_asked: metric.questions_asked,
        urgency: metric.urgency,
        trend: metric.trend,
      },
      optimization_recommendations: metric.recommendations.map(({ title }) => title),
      price: {
        price_per_lead: amount(price.price_minor),
        currency: price.currency,
        buyer_tier: price.buyer_tier,
        base: amount(price.base_minor),
        quality_multiplier: price.quality_ratio,
        surge_multiplier: price.surge_ratio,
        market_multiplier: price.market_ratio,
        policy_version: price.policy_version,
      },
      routing_decision: routing_of(route),
      revenue_insights: {
        quality_assessment: `Lead quality: ${score.quality_tier} tier`,
        revenue_potential: `Revenue potential: ${potential} ${price.currency}`,
        conversion_likelihood: `Conversion probability: ${Math.round(score.conversion_probability * 100)}%`,
        assessment: ASSESSMENTS[score.quality_tier],
      },
    },
    event_id,
    occurred_at: iso(score.occurred_at),
  }
}

const score_of = (score: DecidedRows['lead_scores'], potential: number | null) => ({
  total_score: score.total_score,
  quality_tier: score.quality_tier,
  revenue_potential: potential,
  conversion_probability: score.conversion_probability,
  factors: {
    base_qualification: score.base_points,
    behavior: score.behavior_points,
    market_timing: score.timing_points,
    market_intelligence: score.market_points,
  },
  parts: score.parts,
  missing: score.missing,
  policy_version: score.policy_version,
})

/** Without a buyer nothing is sold: what a price would be is not said as one. */
const routing_of = (route: DecidedRows['routes']) => {
  const amount = (minor: number) => decimal_of(minor, route.currency)
  const bought = route.buyer_id !== null
  return {
    selected_buyer_id: route.buyer_id,
    selected_buyer_tier: route.buyer_tier,
    price_per_lead: bought ? amount(route.price_minor) : null,
    expected_revenue: bought ? amount(route.expected_revenue_minor) : null,
    routing_reason: route.reason,
    status: route.status,
    decision_id: route.decision_id,
    attempt: route.attempt,
    alternatives: route.alternatives.map(other => ({
      buyer_id: other.buyer_id,
      price_per_lead: amount(other.price_minor),
      expected_revenue: amount(other.expected_revenue_minor),
      reason: other.reason,
    })),
  }
}

const ASSESSMENTS: Readonly<Record<LeadScore['quality_tier'], string>> = {
  premium: 'High-quality lead - focus on closing',
  standard: 'Good lead - answer what is open',
  basic: 'Early lead - learn more about the need',
  unqualified: 'Not qualified yet - ask what is missing',
}

const amount_schema = { type: ['number', 'null'], description: 'Decimal of whole units.' }
const text_or_null = { type: ['string', 'null'] }

/** JSON schema of `routing_decision`. */
const ROUTING_SCHEMA = {
  type: 'object',
  required: ['selected_buyer_id', 'selected_buyer_tier', 'price_per_lead', 'expected_revenue', 'status'],
  properties: {
    selected_buyer_id: { ...text_or_null, description: 'Null where no buyer can be found now.' },
    selected_buyer_tier: text_or_null,
    price_per_lead: amount_schema,
    expected_revenue: { ...amount_schema, description: 'Price × probability that this buyer takes it.' },
    routing_reason: { type: 'string' },
    status: {
      type: 'string',
      enum: ['quoted', 'reserved', 'confirmed', 'released', 'queued', 'unsold'],
      description: 'quoted: what would be chosen now; reserved: it counts against the buyer’s caps.',
    },
    decision_id: {
      ...text_or_null,
      description: 'What buyer-feedback names as lead_id, once it is for sale.',
    },
    attempt: { type: 'integer' },
    alternatives: { type: 'array', items: { type: 'object' }, description: 'Who else, and why not.' },
  },
}

/** The answer, for /openapi.json. */
export const ANSWER_SCHEMA = {
  type: 'object',
  required: ['content', 'next_questions', 'revenue_optimization', 'event_id', 'occurred_at'],
  properties: {
    content: { type: 'string', description: 'A draft by rule, as `draft` says.' },
    next_questions: { type: 'array', items: { type: 'string' } },
    draft: {
      type: 'object',
      required: ['is_draft', 'language', 'claim_ids'],
      properties: {
        is_draft: { type: 'boolean', description: 'Always true: a person or a model words it.' },
        language: { type: 'string' },
        claim_ids: {
          type: 'array',
          items: { type: 'string' },
          description: 'Of the catalog’s claims in it, which all hold that day.',
        },
      },
    },
    revenue_optimization: {
      type: 'object',
      required: [
        'lead_score',
        'conversation_metrics',
        'optimization_recommendations',
        'price',
        'routing_decision',
        'revenue_insights',
      ],
      properties: {
        lead_score: { type: 'object' },
        conversation_metrics: { type: 'object' },
        optimization_recommendations: { type: 'array', items: { type: 'string' } },
        price: { type: 'object' },
        routing_decision: ROUTING_SCHEMA,
        revenue_insights: { type: 'object' },
      },
    },
    event_id: { type: 'string', description: 'For the turn that the message is of later requests.' },
    occurred_at: { type: 'string', format: 'date-time' },
  },
}
