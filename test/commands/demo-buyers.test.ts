/**
 * The router asks the demo's companies in the order in which they answer (commands/demo/conversations.ts), whatever it has
 * learned of them: else they answer about leads that they were never offered.
 */
import { expect, it } from 'vitest'
import { catalog_rows } from '../../commands/demo/catalog.ts'
import { buyers, markets, tenants } from '../../commands/demo/tenants.ts'
import { EMPTY_BOOK } from '../../operators/pricing/buyer-book.ts'
import { choose_buyer } from '../../operators/pricing/choose-buyer.ts'
import { default_pricing } from '../../operators/pricing/pricing-policy.ts'
import { type Buyer, buyers_of } from '../../operators/pricing/read-buyers.ts'
import { policies_of } from '../../operators/pricing/read-policies.ts'
import type { ChosenLead, Market } from '../../operators/pricing/score-offer.ts'

const MONDAY_NOON = Date.UTC(2026, 5, 1, 10)
const tenant = tenants.find(({ kind }) => kind === 'leads')!.id
const bodies = new Map(
  catalog_rows(0).map(({ kind, id, body }) => [`${kind}|${id}`, JSON.parse(body)] as const),
)
/** Who has a borough has refused a hundred leads, who buys everywhere taken as many. */
const book_of = ({ areas }: Buyer) => ({
  ...EMPTY_BOOK,
  learned_ms: MONDAY_NOON,
  answers: [{ quality_tier: 'basic', accepted_count: areas ? 0 : 100, rejected_count: areas ? 100 : 0 }],
})
const market: Market = {
  buyers: buyers_of(bodies.get(`buyers|${tenant}`)) as readonly Buyer[],
  policies: policies_of(tenant, (kind, id) => bodies.get(`${kind}|${id}`)),
  at_ms: MONDAY_NOON,
  zone: 'Europe/Berlin',
  currency: 'EUR',
  unit: 100,
  model: null,
  base_of: tier => bodies.get(`buyer_tiers|${tier}`)?.base_minor ?? default_pricing.base_major[tier] * 100,
  book_of,
}

const QUALITIES = [
  ['basic', 60],
  ['standard', 75],
  ['premium', 90],
] as const
const places = markets.flatMap(({ id }) => QUALITIES.map(([quality, score]) => [quality, id, score] as const))

it.each(places)('of %s quality in %s', (quality_tier, borough, total_score) => {
  const lead: ChosenLead = {
    ...{ quality_tier, total_score, customer_id: 'ada', market_ratio: 1 },
    ...{ base_share: 0.75, behavior_share: 0.5, timing_share: 0.5, market_share: 0.5 },
    ...{ zip_code: null, borough, neighborhood: null },
  }
  const asked: string[] = []
  for (;;) {
    const { chosen } = choose_buyer(lead, market, new Set(asked))
    if (!chosen) break
    asked.push(chosen.buyer.buyer_id)
  }
  const answer = buyers.filter(({ areas }) => areas?.includes(borough) ?? true)
  expect(asked).toEqual(answer.map(({ id }) => id))
})
