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
  readonly base_points: number
  readonly behavior_points: number
  readonly timing_points: number
  readonly market_points: number
  readonly quality_tier: string
  readonly buyer_tier: string
  readonly price_minor: number
  /** What such a lead usually costs this tier, in the same currency. */
  readonly usual_price_minor: number
}

const TIERS = ['premium', 'standard', 'volume', 'direct'] as const
const QUALITIES: Readonly<Record<string, number>> = { premium: 1 / 3, standard: 0, basic: -1 / 3 }
/** Points that each factor could earn, for columns of about the same size. */
const MOST = { base: 40, behavior: 30, timing: 20, market: 10 }

/** -2 of a factor without points, 2 with all. */
const centred = (points: number, most: number): number => 4 * (points / most) - 2

export const ACCEPTANCE_COLUMNS = 6 + TIERS.length * 5

/** The case of a lead offered to a buyer of a tier. */
export const acceptance_case = (
  lead: Omit<AcceptanceCase, 'buyer_tier' | 'price_minor' | 'usual_price_minor'>,
  buyer_tier: string,
  price_minor: number,
  usual_price_minor: number,
): AcceptanceCase => ({
  base_points: lead.base_points,
  behavior_points: lead.behavior_points,
  timing_points: lead.timing_points,
  market_points: lead.market_points,
  quality_tier: lead.quality_tier,
  buyer_tier,
  price_minor,
  usual_price_minor,
})

export const acceptance_row = (of: AcceptanceCase): number[] => {
  const factors = [
    centred(of.base_points, MOST.base),
    centred(of.behavior_points, MOST.behavior),
    centred(of.timing_points, MOST.timing),
    centred(of.market_points, MOST.market),
  ]
  const ratio = of.price_minor > 0 && of.usual_price_minor > 0 ? of.price_minor / of.usual_price_minor : 1
  const own = TIERS.flatMap(tier => {
    const is = tier === of.buyer_tier
    return [is ? 1 : 0, ...factors.map(factor => (is ? factor : 0))]
  })
  return [...factors, QUALITIES[of.quality_tier] ?? -2 / 3, Math.log(ratio), ...own]
}
