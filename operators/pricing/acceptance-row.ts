/**
 * Decides: what of a lead and a buyer the acceptance model looks at.
 * Because: a tier of buyers has its own taste, so each factor counts for all and anew for each tier (partial pooling: every tier departs
 *   from what is common alike); single buyers differ by a level, which the pooled model keeps (operators/stats/pooled-logistic.ts).
 *   Columns are centred and of about one spread: one prior fits all, and what is learned of a factor says nothing of the level of a
 *   usual lead (Gelman, Jakulin, Pittau and Su 2008). Price as a logarithm: buyers compare ratios.
 * Keeps: nothing. When late, twice, missing: sees one case; a price of 0 or a reference of 0 counts as the usual price.
 * Limits: knows nothing of areas and hours; of a buyer of another tier it knows what is common to all.
 */

export interface AcceptanceCase {
  /** Share of the points that the lead's policy could give, 0 to 1: weights may change, what a buyer sees does not. */
  readonly base_share: number
  readonly behavior_share: number
  readonly timing_share: number
  readonly market_share: number
  readonly quality_tier: string
  readonly buyer_tier: string
  readonly price_minor: number
  /** What such a lead usually costs this tier, in the same currency. */
  readonly usual_price_minor: number
}

const TIERS = ['premium', 'standard', 'volume', 'direct'] as const
const QUALITIES: Readonly<Record<string, number>> = { premium: 1 / 3, standard: 0, basic: -1 / 3 }
/** -2 of a factor without points, 2 with all. */
const centred = (share: number): number => 4 * share - 2

export const ACCEPTANCE_COLUMNS = 6 + TIERS.length * 5

/** The case of a lead offered to a buyer of a tier. */
export const acceptance_case = (
  lead: Omit<AcceptanceCase, 'buyer_tier' | 'price_minor' | 'usual_price_minor'>,
  buyer_tier: string,
  price_minor: number,
  usual_price_minor: number,
): AcceptanceCase => ({
  base_share: lead.base_share,
  behavior_share: lead.behavior_share,
  timing_share: lead.timing_share,
  market_share: lead.market_share,
  quality_tier: lead.quality_tier,
  buyer_tier,
  price_minor,
  usual_price_minor,
})

export const acceptance_row = (of: AcceptanceCase): number[] => {
  const factors = [
    centred(of.base_share),
    centred(of.behavior_share),
    centred(of.timing_share),
    centred(of.market_share),
  ]
  const ratio = of.price_minor > 0 && of.usual_price_minor > 0 ? of.price_minor / of.usual_price_minor : 1
  const own = TIERS.flatMap(tier => {
    const is = tier === of.buyer_tier
    return [is ? 1 : 0, ...factors.map(factor => (is ? factor : 0))]
  })
  return [...factors, QUALITIES[of.quality_tier] ?? -2 / 3, Math.log(ratio), ...own]
}
