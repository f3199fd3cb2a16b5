/**
 * What one event of a conversation says of its lead: what its sender says goes first (technical_question, sentiment, the events
 * objection and objection_resolved); where that is silent, what is heard in the text, in the language of the text's own
 * tag. Scores and metrics of conversations both listen here, so that they count the same.
 * Limits: a text that both objects and comes round does both; one that objects twice counts once.
 */
import { ear_for, type Heard, language_of_tag } from './hear-text.ts'
import type { Row } from './keyed.ts'

export type Spoken = Pick<
  Row<'conversations', 'type' | 'role' | 'text' | 'sentiment' | 'technical_question' | 'language'>,
  'type' | 'role' | 'text' | 'sentiment' | 'technical_question' | 'language'
>

export interface Listened {
  /** Someone who speaks for the seller: their words, questions and sentiment say nothing about the lead. */
  readonly by_seller: boolean
  readonly asks: boolean
  /** Heard only: of an event that is an objection, or the end of one, the sender has said so. */
  readonly objects: boolean
  readonly comes_round: boolean
  /** In millionths, -1 to 1; null: nothing was said of it. */
  readonly sentiment: number | null
  readonly heard: Heard
}

/** How often a lead objected and came round: as its sender says, and as is heard in its texts. */
export interface ObjectionCounts {
  readonly objections: number
  readonly objections_resolved: number
  readonly objections_heard: number
  readonly objections_heard_resolved: number
}

export interface Objections {
  readonly raised: number
  readonly resolved: number
  readonly open: number
}

const seller_roles: ReadonlySet<string> = new Set(['agent', 'assistant', 'bot', 'system'])
/** What words of contentment and annoyance count for, in millionths. */
const HINT = 500_000
const UNHEARD: Heard = { technical: false, objection: null, resolved: false, mood: null, answers: [] }
export const DEFAULT_LANGUAGE = 'en'

/** `otherwise`: the language that a text without a tag is read in. */
export const hear_message = (message: Spoken, otherwise: () => string): Listened => {
  const { type, role, text, language, sentiment } = message
  const by_seller = role !== null && seller_roles.has(role.trim().toLowerCase())
  const heard = by_seller || text === null ? UNHEARD : hear(text, language, otherwise)
  return {
    by_seller,
    asks: !by_seller && (message.technical_question ?? heard.technical),
    objects: type === 'message' && heard.objection !== null,
    comes_round: type === 'message' && heard.resolved,
    sentiment: by_seller ? null : sentiment === null ? hint(heard) : Math.round(sentiment * 1e6),
    heard,
  }
}

const hear = (text: string, tag: string | null, otherwise: () => string): Heard =>
  ear_for(tag === null ? otherwise() : language_of_tag(tag))?.(text) ?? UNHEARD

const hint = ({ mood }: Heard): number | null => (mood === null ? null : mood * HINT)

/** As the sender names them; of a sender who names none, as they are heard in the texts. */
export const objections_of = (counts: ObjectionCounts): Objections => {
  const named = counts.objections > 0 || counts.objections_resolved > 0
  const raised = named ? counts.objections : counts.objections_heard
  // Who comes round without having objected has resolved nothing.
  const resolved = named ? counts.objections_resolved : Math.min(raised, counts.objections_heard_resolved)
  return { raised, resolved, open: Math.max(0, raised - resolved) }
}
