/** A tenant's buyers, policies, currency and list prices as a turn sees them: the catalog as of its instant, and the buyers' books. */
import { exponents } from '../../schemas/currencies.ts'
import { is_zone } from '../core/zone-clock.ts'
import type { Book } from './buyer-book.ts'
import { type Any, MODEL } from './lead-agenda.ts'
import { is_amount } from './price-terms.ts'
import type { Tier } from './pricing-policy.ts'
import { type Buyer, buyers_of } from './read-buyers.ts'
import { policies_of } from './read-policies.ts'
import type { Market } from './score-offer.ts'

/** The tenant as it stands at the turn's instant; null where it has never named buyers of its own. */
export const market_of = (turn: Any): Market | null => {
  const buyers = buyers_of(turn.catalog('buyers', turn.key) ?? null)
  if (!buyers) return null
  const { key, at_ms } = turn
  const tenant = turn.catalog('tenants', key)
  const currency = tenant?.currency !== undefined && exponents.has(tenant.currency) ? tenant.currency : 'USD'
  const unit = 10 ** (exponents.get(currency) as number)
  const policies = policies_of(key, (kind, id) => turn.catalog(kind, id))
  const bases = new Map<Tier, number>()
  const base_of = (tier: Tier): number => {
    let base = bases.get(tier)
    if (base === undefined) {
      const entry = turn.catalog('buyer_tiers', tier)?.base_minor
      base = is_amount(entry) ? entry : policies.pricing.base_major[tier] * unit
      bases.set(tier, base)
    }
    return base
  }
  const zone = typeof tenant?.zone === 'string' && is_zone(tenant.zone) ? tenant.zone : 'UTC'
  const book_of = ({ slot_id }: Buyer): Book | undefined => turn.slot(slot_id)?.buyer ?? undefined
  const model = turn.slot(MODEL)?.model ?? null
  return { buyers, policies, at_ms, zone, currency, unit, base_of, book_of, model }
}

/** The market of a tenant that has taken its buyers back: nobody is there. */
export const market_or_none = (turn: Any): Market =>
  market_of(turn) ?? {
    buyers: [],
    policies: policies_of(turn.key, (kind, id) => turn.catalog(kind, id)),
    at_ms: turn.at_ms,
    zone: 'UTC',
    currency: 'USD',
    unit: 100,
    base_of: () => 0,
    book_of: () => undefined,
    model: turn.slot(MODEL)?.model ?? null,
  }
