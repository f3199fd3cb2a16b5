/**
 * Decides: when a conversation counts as engaged, urgent, improving or declining, what to advise, and what to ask next.
 * Because: five rules and a handful of thresholds that the people who hold the conversations can read and change.
 * Keeps: nothing.
 * When late, twice, missing: what nobody has said yet is a gap to ask about.
 * Limits: questions are English and name no date, price or saving: such claims need a dated source.
 */
import { minutes } from '../../schemas/units.ts'

export interface ConversationPolicy {
  /** Silence after which a conversation is over. */
  readonly idle_ms: number
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
}

export const default_conversation_policy: ConversationPolicy = {
  idle_ms: minutes(30),
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
}

/** What there is to know of a lead, what is worth most first, and how to ask for it. */
export const questions_by_fact = {
  homeowner_verified: 'Do you own your home?',
  bill_amount_minor: 'How much is your monthly bill, roughly?',
  install_timeline: 'What is your timeline for the installation?',
  property_type: 'What kind of property is it: a house, a condo, a co-op?',
  zip_code: 'What is your ZIP code?',
  credit_signal: 'Have you looked at financing, or been pre-qualified for it?',
  decision_role: 'Who else takes part in the decision?',
  comparing_offers: 'Are you comparing other offers?',
} as const
export type Asked = keyof typeof questions_by_fact

/** Words in what the lead writes that answer a question by themselves. */
export const answered_by: Readonly<Partial<Record<Asked, readonly string[]>>> = {
  property_type: [
    'co-op',
    'coop',
    'condo',
    'condominium',
    'single-family',
    'brownstone',
    'townhouse',
    'detached house',
  ],
  install_timeline: [
    'as soon as possible',
    'asap',
    'right away',
    'this month',
    'next month',
    'this year',
    'next year',
  ],
}

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

/** Who in a conversation speaks for the seller: their words say nothing about the lead. */
export const seller_roles: ReadonlySet<string> = new Set(['agent', 'assistant', 'bot', 'system'])
