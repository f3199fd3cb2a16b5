/** Leads of several tenants, the buyers that want them, and what those answer: the same for the same numbers. */
import type { Buyer } from '../../../schemas/catalog-kinds.ts'
import type { Conversation, Feedback } from '../../../schemas/types.ts'
import { hours, minutes } from '../../../schemas/units.ts'
import { type Random, seeded_random } from '../../simulation/scheduler.ts'

export interface Scale {
  readonly tenants: number
  readonly buyers: number
  readonly leads: number
  readonly seed: number
}

/** Monday, 5 January 2026; leads come for a day and six hours. */
export const BEGINS = Date.UTC(2026, 0, 5)
const SPAN_MS = hours(30)
const CHUNK_MS = minutes(30)
/** Zones without a change of clocks in January, and what they are ahead of UTC. */
export const ZONES = { UTC: 0, 'America/New_York': hours(-5), 'Asia/Kolkata': hours(5.5) } as const
type Zone = keyof typeof ZONES

export const tenant_of = (n: number, { tenants }: Scale): string => `market-${n % tenants}`

/** Caps that sell about two thirds of the leads: what matters is how they are kept to. */
export const buyers_of = (scale: Scale): Buyer[] => {
  const zones = Object.keys(ZONES) as Zone[]
  const per_buyer = scale.leads / scale.tenants / scale.buyers
  return Array.from({ length: scale.buyers }, (_, i): Buyer => {
    const cap = { daily_cap: Math.max(2, Math.ceil(per_buyer * 0.4)) }
    const hourly = { hourly_cap: Math.max(2, Math.ceil(per_buyer / 10)) }
    return {
      buyer_id: `buyer-${i}`,
      tier: (['premium', 'standard', 'direct', 'volume'] as const)[i % 4] as Buyer['tier'],
      zone: zones[i % zones.length] as Zone,
      qualities: ['premium', 'standard', 'basic'],
      ...(i % 5 === 0 ? hourly : cap),
      ...(i % 5 === 1 ? hourly : {}),
      ...(i % 7 === 0 ? { hours: { from: 8, to: 20, days: [1, 2, 3, 4, 5] } } : {}),
    }
  })
}

const handed_off = (n: number, occurred_at: number, scale: Scale, random: Random): Partial<Conversation> => ({
  event_id: 'hand-off',
  tenant_id: tenant_of(n, scale),
  customer_id: `c${n}`,
  conversation_id: 'chat',
  occurred_at,
  type: 'handed_off',
  text: 'how do we go on?',
  sentiment: random.between(0, 10) / 10,
  technical_question: random.between(0, 1) === 1,
  context: {
    homeowner_verified: true,
    bill_amount_minor: random.between(300, 600) * 100,
    zip_code: '10021',
    borough: 'manhattan',
    neighborhood: 'upper_east_side',
    property_type: 'single_family',
    install_timeline: 'asap',
    credit_signal: 'good',
    decision_role: 'primary',
    comparing_offers: true,
    attributes: {},
  },
})

/** What the buyer of the first choice, and of the second, answers: some do not. */
const answers = (n: number, at_ms: number, scale: Scale, random: Random): Partial<Feedback>[] => {
  const one = (attempt: number, after_ms: number, decision_id: string): Partial<Feedback>[] => {
    const drawn = random.between(0, 9)
    if (drawn >= 8) return []
    const outcome = drawn < 5 ? 'accepted' : drawn < 7 ? 'rejected' : 'returned'
    return [
      {
        event_id: `answer-${attempt}`,
        tenant_id: tenant_of(n, scale),
        customer_id: `c${n}`,
        occurred_at: at_ms + after_ms,
        decision_id,
        outcome,
        reason: outcome === 'accepted' ? null : 'Wrong phone number',
      },
    ]
  }
  const root = `c${n}|hand-off`
  return [...one(1, minutes(20), root), ...one(2, minutes(45), `~${root}|2|reserved`)]
}

export interface Chunk {
  readonly conversations: readonly Partial<Conversation>[]
  readonly feedback: readonly Partial<Feedback>[]
}

/** In order of time, half an hour each. */
export const chunks_of = (scale: Scale): Chunk[] => {
  const random = seeded_random(scale.seed)
  const chunks: { conversations: Partial<Conversation>[]; feedback: Partial<Feedback>[] }[] = []
  const chunk_at = (at_ms: number) => {
    const i = Math.floor((at_ms - BEGINS) / CHUNK_MS)
    while (chunks.length <= i) chunks.push({ conversations: [], feedback: [] })
    return chunks[i] as (typeof chunks)[number]
  }
  for (let n = 0; n < scale.leads; n++) {
    const at_ms = BEGINS + Math.floor((n * SPAN_MS) / scale.leads)
    chunk_at(at_ms).conversations.push(handed_off(n, at_ms, scale, random))
    for (const answer of answers(n, at_ms, scale, random))
      chunk_at(answer.occurred_at as number).feedback.push(answer)
  }
  return chunks
}
