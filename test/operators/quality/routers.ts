/** Routers of the simulated market by how they foresee acceptance. */
import { ACCEPTANCE_COLUMNS, acceptance_row } from '../../../operators/pricing/acceptance-row.ts'
import {
  learn_pooled,
  new_pooled_model,
  type PooledOptions,
  type PooledSource,
  pooled_defaults,
  pooled_probability,
} from '../../../operators/stats/pooled-logistic.ts'
import { expected_revenue_router, type MarketBuyer, type MarketLead, type MarketRouter } from './market.ts'

const USUAL = { premium: 25_000, standard: 12_500, volume: 7_500, direct: 18_000 } as const

export const row_of = (lead: MarketLead, buyer: MarketBuyer): number[] =>
  acceptance_row({
    ...lead,
    base_share: lead.base_points / 40,
    behavior_share: lead.behavior_points / 30,
    timing_share: lead.timing_points / 20,
    market_share: lead.market_points / 10,
    buyer_tier: buyer.tier,
    price_minor: buyer.price_minor,
    usual_price_minor: USUAL[buyer.tier],
  })

export interface Learned {
  readonly router: MarketRouter
  readonly probability: (lead: MarketLead, buyer: MarketBuyer) => number
}
export const learning_router = (options: PooledOptions = pooled_defaults): Learned => {
  let model = new_pooled_model(ACCEPTANCE_COLUMNS, options)
  const sources = new Map<string, PooledSource>()
  const probability = (lead: MarketLead, buyer: MarketBuyer): number =>
    pooled_probability(model, sources.get(buyer.buyer_id), row_of(lead, buyer), options)
  const router = expected_revenue_router(probability, (lead, buyer, accepted) => {
    const known = sources.get(buyer.buyer_id)
    const learned = learn_pooled(model, known, row_of(lead, buyer), accepted ? 1 : 0, options)
    model = learned.model
    sources.set(buyer.buyer_id, learned.source)
  })
  return { router, probability }
}
