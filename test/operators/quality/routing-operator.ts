/** The simulated market sold by the router itself: route-lead with its slots, caps, attempts and policies. */
import type { LeadFeedback } from '../../../schemas/types.ts'
import { minutes } from '../../../schemas/units.ts'
import { LoneRouter } from '../pricing/lone-router.ts'
import { NOON, ready } from '../pricing/market.ts'
import { type Answered, CAP, FEEDBACK_LAG, type Market, type MarketLead } from './market.ts'

/** A hundred leads an hour, from the beginning of a day. */
const at = (number: number): number => NOON + minutes(12 * 60) + number * 36_000
const TIERS = ['premium', 'direct', 'standard', 'volume']

/** Prices are the buyers' own, caps theirs; who pays most by expectation gets the lead; the rest is as built in. */
const catalog_of = ({ buyers }: Market, acceptance: string) => ({
  'buyers|acme': {
    buyers: buyers.map(({ buyer_id, tier, price_minor }) => ({
      buyer_id,
      tier,
      base_minor: price_minor,
      hourly_cap: CAP,
    })),
  },
  'pricing_policies|acme': {
    version: 'market',
    table: {
      quality: [],
      business_hours: [],
      weekend: 100,
      step: 0,
      surge: 100,
      sold_to: { premium: TIERS, standard: TIERS, basic: TIERS },
    },
  },
  'routing_policies|acme': {
    version: 'market',
    score: 'v2',
    table: { acceptance, capacity_buffer: 0, expire_ms: 0 },
  },
})

/** What the buyers answered, in the order of the decisions. */
export const run_operator = (market: Market, acceptance: 'pooled' | 'shares' = 'pooled'): Answered[] => {
  const router = new LoneRouter('acme', catalog_of(market, acceptance))
  const answers: Answered[] = []
  let heard = 0
  const waiting: { readonly at: number; readonly feedback: LeadFeedback }[] = []
  const dice = new Map<string, () => number>()
  const leads = new Map<string, MarketLead>()
  const decided = (rows: ReturnType<LoneRouter['lead']>, now: number): void => {
    for (const { row } of rows) {
      if (!('status' in row) || row.status !== 'reserved') continue
      const lead = leads.get(row.customer_id)!
      const buyer = market.buyers.find(({ buyer_id }) => buyer_id === row.buyer_id)!
      const accepted = dice.get(row.customer_id)!() < market.truth(lead, buyer)
      const { price_minor, acceptance_probability, attempt } = row
      answers.push({
        lead: lead.number,
        buyer_id: buyer.buyer_id,
        attempt,
        price_minor,
        acceptance_probability,
        accepted,
        heard,
      })
      const feedback = {
        event_id: `${row.event_id}|f`,
        tenant_id: 'acme',
        customer_id: row.customer_id,
        occurred_at: at(now + FEEDBACK_LAG),
        decision_id: row.decision_id,
        buyer_id: row.buyer_id,
        outcome: accepted ? 'accepted' : 'rejected',
        reason: null,
        amount_minor: null,
        currency: null,
      } as const
      waiting.push({ at: now + FEEDBACK_LAG, feedback })
    }
  }
  const hear = (until: number): void => {
    while (waiting[0] && waiting[0].at <= until) {
      const { feedback, at: now } = waiting.shift()!
      if (leads.get(feedback.customer_id)!.number >= market.shift_at) heard++
      decided(router.feedback(feedback), now)
    }
  }
  for (const lead of market.leads) {
    hear(lead.number)
    const customer_id = `c${lead.number}`
    leads.set(customer_id, lead)
    dice.set(customer_id, market.dice_of(lead))
    const { number: _, ...scored } = lead
    const row = ready(customer_id, { ...scored, occurred_at: at(lead.number), zip_code: null, borough: null })
    decided(router.lead({ neighborhood: null, ...row } as Parameters<LoneRouter['lead']>[0]), lead.number)
  }
  hear(Number.POSITIVE_INFINITY)
  return answers
}
