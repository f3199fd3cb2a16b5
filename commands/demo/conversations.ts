/**
 * Talks with leads: what a person tells bit by bit, how it sounds, and what the buyers of the lead say
 * afterwards.
 */

import type { Conversation, ConversationContext, Feedback } from '../../schemas/types.ts'
import { hours, minutes, seconds } from '../../schemas/units.ts'
import { Random } from './random.ts'
import { buyers, type LeadBuyer, markets } from './tenants.ts'
import type { Person, Steps } from './world.ts'

type Told = Partial<ConversationContext>

const NOTHING_TOLD: ConversationContext = {
  homeowner_verified: null,
  bill_amount_minor: null,
  zip_code: null,
  borough: null,
  neighborhood: null,
  property_type: null,
  install_timeline: null,
  credit_signal: null,
  decision_role: null,
  comparing_offers: null,
  attributes: {},
}

/** The better the person, the better the item: with luck to both sides. */
const by_quality = <T>({ random, quality }: Person, best_first: readonly T[]): T => {
  const place = (1 - quality) * best_first.length + 0.9 * random.normal() - 0.5
  return best_first[Math.min(best_first.length - 1, Math.max(0, Math.round(place)))] as T
}

/** What a person has to tell about a roof, in the order of the questions. */
const about_the_roof = (person: Person): Told[] => {
  const { random, quality } = person
  const market = random.weighted(markets)
  return [
    { zip_code: market.zip, borough: market.id },
    { homeowner_verified: random.chance(0.45 + 0.52 * quality) },
    { bill_amount_minor: 100 * Math.round(70 + 260 * quality + 45 * Math.abs(random.normal())) },
    { property_type: by_quality(person, ['single_family', 'condo', 'co_op']) },
    { install_timeline: by_quality(person, ['asap', 'within_3_months', 'this_year', 'exploring']) },
    { credit_signal: by_quality(person, ['excellent', 'good', 'fair', 'poor']) },
    { decision_role: by_quality(person, ['primary', 'influencer', 'researcher']) },
    { comparing_offers: random.chance(0.6 - 0.3 * quality) },
  ]
}

interface Said {
  readonly agent: readonly string[]
  readonly customer: readonly string[]
  readonly technical: readonly string[]
  readonly objection: readonly string[]
  readonly resolved: readonly string[]
}

const ENGLISH: Said = {
  agent: ['Thanks. And the next question, please:', 'Good to know.', 'Let me look that up for you.'],
  customer: ['Here is what you asked for.', 'I would say so.', 'That is how it is with us.'],
  technical: ['How does this work with what we have?', 'What happens when the power is out?'],
  objection: ['That is more than I expected.', 'A friend had trouble with this.', 'I am not sure yet.'],
  resolved: ['That helps, thank you.', 'Fair enough.'],
}
/** As many of each as in English: who speaks it has the same luck. */
const SPANISH: Said = {
  agent: ['Gracias. Y la siguiente pregunta:', 'Es bueno saberlo.', 'Déjeme que lo mire.'],
  customer: ['Aquí tiene lo que pedía.', 'Yo diría que sí.', 'Así es en nuestra casa.'],
  technical: ['¿Cómo funciona con lo que ya tenemos?', '¿Qué pasa si hay un apagón?'],
  objection: ['Es más de lo que esperaba.', 'Un amigo tuvo problemas con esto.', 'No estoy seguro todavía.'],
  resolved: ['Eso ayuda, gracias.', 'Me parece justo.'],
}
const SPANISH_RATIO = 0.12

/** Drawn from the name alone: whose language it is changes nothing of what the person does. */
export const speaks_spanish = ({ id }: Pick<Person, 'id'>): boolean =>
  new Random(...[...id].map(letter => letter.charCodeAt(0))).chance(SPANISH_RATIO)

interface Talk {
  readonly person: Person
  readonly conversation_id: string
  readonly language: string
  readonly said: Said
  /** What has been told so far. */
  context: ConversationContext
}

const say = (talk: Talk, type: Conversation['type'], more: Partial<Conversation> = {}): void =>
  talk.person.converse({
    customer_id: talk.person.known(),
    conversation_id: talk.conversation_id,
    type,
    role: null,
    text: null,
    sentiment: null,
    technical_question: null,
    context: talk.context,
    language: talk.language,
    ...more,
  })

/** How a message of this person sounds now. */
const mood = ({ random, quality }: Person): number => {
  const raw = quality * 1.3 - 0.45 + 0.28 * random.normal()
  return Math.round(100 * Math.min(1, Math.max(-1, raw))) / 100
}

/** A conversation from its first word to its end, and what it told; nothing while the chat is down. */
export function* talk_with(person: Person): Steps<ConversationContext> {
  const { random, quality, world, tenant } = person
  if (world.incident(tenant, 'chat_outage')) return NOTHING_TOLD
  const spanish = speaks_spanish(person)
  const language = spanish ? 'es' : tenant.language
  const said = spanish ? SPANISH : ENGLISH
  const talk: Talk = { person, conversation_id: person.name('t'), language, said, context: NOTHING_TOLD }
  say(talk, 'started', { role: 'customer' })
  for (const told of about_the_roof(person)) {
    yield person.now_ms + seconds(random.between(12, 60))
    if (random.chance(0.35)) say(talk, 'message', { role: 'agent', text: random.pick(said.agent) })
    yield person.now_ms + seconds(random.between(8, 90))
    talk.context = { ...talk.context, ...told }
    const technical_question = random.chance(0.1 + 0.3 * quality)
    const text = random.pick(technical_question ? said.technical : said.customer)
    say(talk, 'message', { role: 'customer', text, sentiment: mood(person), technical_question })
    if (random.chance(0.12)) yield* object(talk)
    // Who is not interested does not answer every question.
    if (random.chance(0.2 * (1 - quality))) break
  }
  yield person.now_ms + seconds(random.between(10, 60))
  if (quality > 0.55 && random.chance(0.6)) {
    say(talk, 'handed_off', { role: 'agent' })
    yield person.now_ms + minutes(random.between(1, 6))
  }
  say(talk, 'ended')
  return talk.context
}

function* object(talk: Talk): Steps {
  const { person, said } = talk
  const { random, quality } = person
  yield person.now_ms + seconds(random.between(5, 40))
  const sentiment = Math.round(100 * Math.max(-1, mood(person) - 0.5)) / 100
  say(talk, 'objection', { role: 'customer', text: random.pick(said.objection), sentiment })
  yield person.now_ms + seconds(random.between(20, 120))
  if (!random.chance(0.3 + 0.6 * quality)) return
  const text = random.pick(said.resolved)
  say(talk, 'objection_resolved', { role: 'customer', text, sentiment: mood(person) })
}

const REASONS = ['not_reachable', 'not_a_homeowner', 'outside_area', 'no_budget'] as const
const PAID_MINOR = { premium: 25_000, standard: 12_500, volume: 7_500 } as const

/**
 * The companies that buy leads where the person lives answer one after the other: the first that takes the lead keeps it,
 * and days later knows whether that was right. A company names customer and itself, which says which decision it answers:
 * nobody here knows what was decided. Of who owns no home there is nothing to sell.
 */
export function* sell_lead(person: Person, told: ConversationContext): Steps {
  const { random, quality } = person
  if (!told.homeowner_verified || told.bill_amount_minor === null) return
  const offered = buyers.filter(({ areas }) => areas?.includes(told.borough ?? '') ?? true)
  for (const buyer of offered) {
    const say = answer_of(person, buyer)
    const [best, worst] = buyer.takes
    yield person.now_ms + minutes(random.between(5, 180))
    if (!random.chance(worst + (best - worst) * quality)) {
      say('rejected', random.pick(REASONS))
      continue
    }
    say('accepted', null)
    yield person.now_ms + hours(random.between(20, 150))
    if (random.chance(0.45 * quality)) say('converted', null)
    else if (random.chance(0.12)) say('returned', random.pick(REASONS))
    return
  }
}

const answer_of =
  (person: Person, { id, tier }: LeadBuyer) =>
  (outcome: Feedback['outcome'], reason: string | null): void =>
    person.feedback({
      customer_id: person.known(),
      decision_id: null,
      buyer_id: id,
      outcome,
      reason,
      amount_minor: reason === null ? PAID_MINOR[tier] : null,
      currency: reason === null ? person.tenant.currency : null,
      properties: { tier },
    })
