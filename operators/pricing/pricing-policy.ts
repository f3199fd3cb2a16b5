/**
 * Decides: what a lead costs each tier of buyers, which tiers a lead may be sold to, and what moves the price: quality,
 *   demand, the hour and the day of the week where the buyer is; and how far it may move at once.
 * Because: list price × terms, as sales publishes it; ratios are integers of hundredths, so that a price is
 *   rounded once.
 * Keeps: nothing. A changed table is a new version, written into every price.
 * When late, twice, missing: a tier without an entry in the catalog has its list price and no capacity.
 * Limits: list prices are whole units of the tenant's currency, whatever that is worth: set base_minor where it is not USD.
 */
import type { Lead, Price } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'

export type Tier = NonNullable<Price['buyer_tier']>
export type Quality = Lead['quality_tier']

/** Hundredths within hours of the day [from, to), over midnight where `to` is before, on days of the week (1 = Monday); buyer's zone. */
export interface HourTerm {
  readonly from: number
  readonly to: number
  readonly days: readonly number[]
  readonly hundredths: number
}

export interface PricingPolicy {
  readonly version: string
  /** In whole units of the tenant's currency, unless buyer_tiers.base_minor of the catalog says otherwise. */
  readonly base_major: Readonly<Record<Tier, number>>
  /** Who may buy a lead of each quality; of equal prices the first named wins. */
  readonly sold_to: Readonly<Record<Quality, readonly Tier[]>>
  /** Hundredths by least score, highest first; 100 below. */
  readonly quality: readonly { readonly from_score: number; readonly hundredths: number }[]
  /** Hundredths while demand is high: from surge_on of the capacity (hundredths), until it is below surge_off. */
  readonly surge: number
  readonly surge_on: number
  readonly surge_off: number
  /** What follows holds for buyers of their own (catalog kind buyers). The first that fits; 100 elsewhere. */
  readonly business_hours: readonly HourTerm[]
  /** Hundredths on Saturday and Sunday, and on other days. */
  readonly weekend: number
  readonly weekday: number
  /** Without quality and market a buyer's price is at most so many hundredths of its last one, and at least 100/step; 0: it may jump. */
  readonly step: number
}

/** A last price older than this holds no other: the market has moved on. */
export const STEP_HOLDS_MS = days(1)

const WEEKDAYS = [1, 2, 3, 4, 5]

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
  business_hours: [
    // When most buyers have people at the phone; judgement, the requirements say 10 to 20 %.
    { from: 10, to: 14, days: WEEKDAYS, hundredths: 120 },
    { from: 9, to: 17, days: WEEKDAYS, hundredths: 110 },
  ],
  weekend: 95,
  weekday: 100,
  // It may double or halve from one lead to the next: from a quiet Sunday (0.95) to a Monday's peak (1.2) with surge (1.5) passes.
  step: 200,
}
