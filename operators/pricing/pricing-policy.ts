/**
 * Decides: what a lead costs each tier of buyers, which tiers a lead may be sold to, and when demand raises the price.
 * Because: list price × quality × surge, as sales publishes it; ratios are integers of hundredths, so that a price is
 *   rounded once.
 * Keeps: nothing. A changed table is a new version, written into every price.
 * When late, twice, missing: a tier without an entry in the catalog has its list price and no capacity.
 * Limits: list prices are whole units of the tenant's currency, whatever that is worth: set base_minor where it is not USD.
 */
import type { Lead, Price } from '../../schemas/types.ts'

export type Tier = NonNullable<Price['buyer_tier']>
type Quality = Lead['quality_tier']

export interface PricingPolicy {
  readonly version: string
  /** In whole units of the tenant's currency, unless buyer_tiers.base_minor of the catalog says otherwise. */
  readonly base_major: Readonly<Record<Tier, number>>
  /** Who may buy a lead of each quality; of equal prices the first named wins. */
  readonly sold_to: Readonly<Record<Quality, readonly Tier[]>>
  /** Hundredths by least score, highest first; 100 below. */
  readonly quality: readonly { readonly from_score: number; readonly hundredths: number }[]
  /** Hundredths while demand is high: from surge_on of the day's capacity (hundredths), until it is below surge_off. */
  readonly surge: number
  readonly surge_on: number
  readonly surge_off: number
}

export const default_pricing: PricingPolicy = {
  version: 'pricing-1',
  base_major: { premium: 250, direct: 180, standard: 125, volume: 75 },
  sold_to: {
    premium: ['premium', 'direct', 'standard', 'volume'],
    standard: ['standard', 'volume'],
    basic: ['volume'],
    unqualified: [],
  },
  quality: [
    { from_score: 90, hundredths: 130 },
    { from_score: 80, hundredths: 120 },
  ],
  surge: 150,
  surge_on: 80,
  surge_off: 70,
}
