/**
 * A market of leads and buyers whose truth is known, to measure a router by: leads with four factors come one after the other, a router
 * offers each to up to three buyers, a buyer takes it with a probability that depends on its tier's taste, on itself and on the price.
 * Nothing here knows how a router decides; the real one can be driven through the same two calls.
 */

export interface MarketLead {
  readonly number: number
  readonly base_points: number
  readonly behavior_points: number
  readonly timing_points: number
  readonly market_points: number
  readonly total_score: number
  readonly quality_tier: 'premium' | 'standard' | 'basic' | 'unqualified'
}
export interface MarketBuyer {
  readonly buyer_id: string
  readonly tier: 'premium' | 'standard' | 'volume' | 'direct'
  readonly price_minor: number
}
export interface MarketOffer {
  readonly buyer_id: string
  readonly price_minor: number
  readonly acceptance_probability: number
}
export interface MarketRouter {
  /** To whom the lead goes now; null where nobody is left. `open`: who has room and was not asked yet. */
  offer(lead: MarketLead, open: readonly MarketBuyer[]): MarketOffer | null
  /** What the buyer said, `feedback_lag` leads later. */
  answered(lead: MarketLead, buyer: MarketBuyer, accepted: boolean): void
}
export interface Answered extends MarketOffer {
  readonly lead: number
  readonly attempt: number
  readonly accepted: boolean
  /** Answers about leads since the shift that had been heard when it was offered. */
  readonly heard: number
}
export interface MarketOptions {
  readonly seed: number
  readonly leads: number
  /** From this lead on every tier likes what the next one liked. */
  readonly shift_at?: number
  /** The buyer that rejects everything, or answers by a coin. */
  readonly poison?: { readonly buyer: number; readonly as: 'rejects' | 'random' }
}

export const BUYERS = 50
const ATTEMPTS = 3
/** Leads that a buyer takes of every hundred. */
export const CAP = 4
const LEADS_AN_HOUR = 100
export const FEEDBACK_LAG = 20
const PRICES = { premium: 25_000, standard: 12_500, volume: 7_500, direct: 18_000 } as const
const TIERS = ['premium', 'standard', 'volume', 'direct'] as const
const MOST = [40, 30, 20, 10] as const

/** Uniform in (0, 1), by seed. */
export const random_of = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) >>> 0
  let x = Math.imul(seed ^ (seed >>> 15), seed | 1)
  x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
  return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

const lead_of = (number: number, random: () => number): MarketLead => {
  // Between 0.2 and 1, rarely at an end.
  const [base, behavior, timing, market] = MOST.map(
    most => Math.round(most * (20 + 40 * (random() + random()))) / 100,
  )
  const total_score = base! + behavior! + timing! + market!
  const quality_tier = total_score >= 70 ? 'premium' : total_score >= 60 ? 'standard' : 'basic'
  return {
    number,
    base_points: base!,
    behavior_points: behavior!,
    timing_points: timing!,
    market_points: market!,
    total_score,
    quality_tier,
  }
}
const shares_of = (lead: MarketLead): number[] =>
  [lead.base_points, lead.behavior_points, lead.timing_points, lead.market_points].map(
    (points, k) => points / MOST[k]!,
  )

export interface Market {
  readonly shift_at: number
  readonly buyers: readonly MarketBuyer[]
  /** What nobody but an oracle knows. */
  readonly truth: (lead: MarketLead, buyer: MarketBuyer) => number
  readonly leads: readonly MarketLead[]
  /** What decides whether the lead's first, second, … buyer takes it. */
  readonly dice_of: (lead: MarketLead) => () => number
  readonly run: (router: MarketRouter) => readonly Answered[]
}

/** The same seed is the same leads, buyers and dice, whatever the router does. */
export const market_of = ({ seed, leads, shift_at = Infinity, poison }: MarketOptions): Market => {
  const draw = random_of(seed)
  const normal = (): number => Array.from({ length: 12 }, draw).reduce((a, b) => a + b, -6)
  const buyers = Array.from({ length: BUYERS }, (_, i): MarketBuyer => {
    const tier = TIERS[i % TIERS.length]!
    return { buyer_id: `b${i}`, tier, price_minor: Math.round(PRICES[tier] * (0.9 + 0.2 * draw())) }
  })
  const levels = new Map(buyers.map(({ buyer_id }) => [buyer_id, 1.2 + 0.7 * normal()]))
  const arriving = Array.from({ length: leads }, (_, i) => lead_of(i, draw))
  const truth = (lead: MarketLead, buyer: MarketBuyer): number => {
    if (poison && buyer.buyer_id === `b${poison.buyer}`) return poison.as === 'rejects' ? 0 : 0.5
    // Each tier loves one factor and likes the others; behind the shift it loves the next tier's.
    const loved = (TIERS.indexOf(buyer.tier) + (lead.number >= shift_at ? 1 : 0)) % MOST.length
    const taste = shares_of(lead).reduce((sum, f, k) => sum + (k === loved ? 10 : 1) * (f - 0.6), 0)
    return sigmoid(levels.get(buyer.buyer_id)! + taste - 2 * Math.log(buyer.price_minor / PRICES[buyer.tier]))
  }
  const dice_of = ({ number }: MarketLead) => random_of(seed * 1_000_003 + number)
  const run = (router: MarketRouter): readonly Answered[] => {
    const answers: Answered[] = []
    const waiting: { readonly at: number; readonly tell: () => void }[] = []
    let taken = new Map<string, number>()
    let heard = 0
    for (const lead of arriving) {
      if (lead.number % LEADS_AN_HOUR === 0) taken = new Map()
      while (waiting[0] && waiting[0].at <= lead.number) waiting.shift()!.tell()
      const dice = dice_of(lead)
      const asked = new Set<string>()
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const open = buyers.filter(({ buyer_id: id }) => !asked.has(id) && (taken.get(id) ?? 0) < CAP)
        const offer = router.offer(lead, open)
        const buyer = offer && buyers.find(({ buyer_id }) => buyer_id === offer.buyer_id)
        if (!offer || !buyer) break
        asked.add(buyer.buyer_id)
        const accepted = dice() < truth(lead, buyer)
        answers.push({ ...offer, lead: lead.number, attempt, accepted, heard })
        waiting.push({
          at: lead.number + FEEDBACK_LAG,
          tell: () => {
            if (lead.number >= shift_at) heard++
            router.answered(lead, buyer, accepted)
          },
        })
        if (!accepted) continue
        taken.set(buyer.buyer_id, (taken.get(buyer.buyer_id) ?? 0) + 1)
        break
      }
    }
    return answers
  }
  return { shift_at, buyers, truth, leads: arriving, dice_of, run }
}

/** Takes the buyer of the largest price × probability. */
export const expected_revenue_router = (
  probability: (lead: MarketLead, buyer: MarketBuyer) => number,
  learn: (lead: MarketLead, buyer: MarketBuyer, accepted: boolean) => void,
): MarketRouter => ({
  offer(lead, open) {
    let best: MarketOffer | null = null
    let most = 0
    for (const buyer of open) {
      const acceptance_probability = probability(lead, buyer)
      const expected = buyer.price_minor * acceptance_probability
      if (expected <= most) continue
      most = expected
      best = { buyer_id: buyer.buyer_id, price_minor: buyer.price_minor, acceptance_probability }
    }
    return best
  },
  answered: learn,
})

/** Knows the truth: as good as a router that does not look ahead can be. */
export const oracle_of = ({ truth }: Market): MarketRouter => expected_revenue_router(truth, () => {})

export const revenue_of = (answers: readonly Answered[]): number =>
  answers.reduce((sum, { accepted, price_minor }) => sum + (accepted ? price_minor : 0), 0)
export const acceptance_of = (answers: readonly Answered[]): number =>
  answers.filter(({ accepted }) => accepted).length / answers.length
