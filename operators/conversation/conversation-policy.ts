/**
 * Decides: when a conversation counts as engaged, urgent, improving or declining, short or long, what to advise, what to ask.
 * Because: five rules and a handful of thresholds that the people who hold the conversations can read and change.
 * Keeps: nothing.
 * When late, twice, missing: what nobody has said yet is a gap to ask about.
 * Limits: titles are English: they speak to who holds the conversation. What a catalog entry may change: read-policy.ts.
 */
import { minutes, seconds } from '../../schemas/units.ts'
import { DEFAULT_LANGUAGE } from '../core/hear-message.ts'

export interface ConversationPolicy {
  /** Written into every row. */
  readonly version: string
  /** Silence after which a conversation is over. */
  readonly idle_ms: number
  /** Bounds of a conversation's length: below the least it has hardly begun, above the most it has gone on too long. */
  readonly min_duration_ms: number
  readonly max_duration_ms: number
  /** So many technical questions are full engagement. */
  readonly engaged_questions: number
  /** Below it a conversation counts as hardly engaged, once it has so many messages. */
  readonly low_engagement: number
  readonly low_engagement_messages: number
  /** Hundredths of urgency by the newest word on each matter; at most 100 together. */
  readonly urgency: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly low_urgency: number
  /** So many of the latest sentiments are compared: their later half with their earlier half. */
  readonly moods: number
  /** Difference of the means from which on the trend is not stable, in millionths. */
  readonly trend_millionths: number
  readonly next_questions: number
  /** What texts without a language tag are read as: the tag of a language with words (operators/core/words.ts). */
  readonly language: string
  /** Ids of the catalog's claims that a draft may say, in this order of preference, and how many of them at once. */
  readonly claims: readonly string[]
  readonly claims_said: number
  /** Share of the conversations (by a hash of their id) from which a rule's advice is held back, so that its effect shows. */
  readonly held_out_ratio: Readonly<Partial<Record<Advice, number>>>
}

export const default_conversation_policy: ConversationPolicy = {
  version: 'conversation-1',
  idle_ms: minutes(30),
  min_duration_ms: seconds(300),
  max_duration_ms: seconds(1800),
  engaged_questions: 5,
  low_engagement: 0.4,
  low_engagement_messages: 3,
  urgency: {
    install_timeline: {
      soon: 60,
      now: 60,
      asap: 60,
      immediately: 60,
      this_month: 60,
      next_month: 50,
      within_3_months: 50,
      this_year: 30,
      next_year: 10,
    },
    comparing_offers: { true: 20 },
    decision_role: { primary: 20, joint: 20, owner: 20, decision_maker: 20 },
  },
  low_urgency: 0.5,
  moods: 6,
  trend_millionths: 150_000,
  next_questions: 3,
  language: DEFAULT_LANGUAGE,
  claims: [],
  claims_said: 1,
  held_out_ratio: {},
}

/** What there is to know of a lead, what is worth most first; phrases.ts says how to ask for it. */
export const ASKED = [
  'homeowner_verified',
  'bill_amount_minor',
  'install_timeline',
  'property_type',
  'zip_code',
  'credit_signal',
  'decision_role',
  'comparing_offers',
] as const
export type Asked = (typeof ASKED)[number]

export type Advice =
  | 'handle_objection'
  | 'fill_gaps'
  | 'create_urgency'
  | 'raise_engagement'
  | 'show_credibility'

/** Titles of the five rules, the most useful advice first. */
export const advice_titles: Readonly<Record<Advice, string>> = {
  handle_objection: 'Answer the open objection with figures from comparable customers',
  fill_gaps: 'Ask for what is still unknown before going on',
  create_urgency: 'The lead qualifies: agree on a date for the next step',
  raise_engagement: 'Explain how the installation works on this property, and invite questions',
  show_credibility: 'Answer the technical questions in detail, with references',
}
