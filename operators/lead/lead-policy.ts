/**
 * Decides: what a lead's signals are worth: 40 points of base qualification, 30 of behaviour, 20 of market timing, 10 of
 *   market intelligence, and from how many points on it is premium, standard or basic.
 * Because: a table that a buyer of leads can read and dispute; points are integers (hundredths), so that parts add up.
 * Keeps: nothing. A changed table is a new version, written into every score.
 * When late, twice, missing: an unknown signal earns nothing and is named; indexes of an unknown market count as 0.5.
 * Limits: points are judgement, until a policy of the catalog (read-policy.ts) replaces them by what feedback says.
 */
import { minutes } from '../../schemas/units.ts'
import { weigh_factors } from './weigh-factors.ts'

/** What a conversation's context may say of a lead. */
export const lead_fields = [
  'homeowner_verified',
  'bill_amount_minor',
  'zip_code',
  'borough',
  'neighborhood',
  'property_type',
  'install_timeline',
  'credit_signal',
  'decision_role',
  'comparing_offers',
] as const
export type LeadField = (typeof lead_fields)[number]

/** Hundredths of a point by meaning. */
export type Worth = Readonly<Record<string, number>>

export interface LeadPolicy {
  readonly version: string
  /** The other signals of the base count only for verified owners of their home, who alone qualify. */
  readonly homeowner: number
  /** Highest step first; `from_major` in whole units of the tenant's currency per month. */
  readonly bill: readonly { readonly from_major: number; readonly points: number }[]
  /** The lead can be located … */
  readonly zip_code: number
  /** … in an area (zip code or neighbourhood of the catalog) whose income index is at least premium_from. */
  readonly premium_area: number
  readonly premium_from: number
  readonly property_type: Worth
  /** Grows evenly with the conversation's length up to engagement_full_ms. */
  readonly engagement: number
  readonly engagement_full_ms: number
  /** Grows evenly with the number of technical questions up to questions_full. */
  readonly questions: number
  readonly questions_full: number
  /** By the share of objections that were resolved; half when there was none. */
  readonly objections: number
  /** From nothing at -1 over half at 0 to all at 1. */
  readonly sentiment: number
  readonly install_timeline: Worth
  readonly credit_signal: Worth
  readonly decision_role: Worth
  readonly comparing_offers: Worth
  /** Times the market's index. */
  readonly adoption_index: number
  readonly income_index: number
  readonly supply_index: number
  readonly season_index: number
  /** Least points of each tier, in hundredths; below basic a lead is unqualified. */
  readonly tiers: { readonly premium: number; readonly standard: number; readonly basic: number }
  /** A prior, until there is a calibration: probability = 1 / (1 + e^((midpoint - score) / spread)). */
  readonly conversion: { readonly midpoint: number; readonly spread: number }
  /** What feedback says a score is worth: [score, probability], straight lines between, level outside; null: the prior. */
  readonly calibration: readonly (readonly [score: number, probability: number])[] | null
  readonly ready: ReadyPolicy
}

/** When a lead of at least basic quality may be offered: its fields are known, and it was handed off, or talked long enough. */
export interface ReadyPolicy {
  readonly fields: readonly LeadField[]
  /** From min_ms to max_ms of conversation these are waited for too, unless it has ended; behind max_ms they are not. */
  readonly awaited: readonly LeadField[]
  readonly min_ms: number
  readonly max_ms: number
}

export const default_lead_policy: LeadPolicy = {
  version: 'lead-1',
  homeowner: 1400,
  bill: [
    { from_major: 300, points: 1200 },
    { from_major: 200, points: 800 },
    { from_major: 1, points: 300 },
  ],
  zip_code: 200,
  premium_area: 400,
  premium_from: 0.7,
  property_type: { single_family: 800, condo: 500, co_op: 300 },
  engagement: 800,
  engagement_full_ms: minutes(10),
  questions: 800,
  questions_full: 4,
  objections: 700,
  sentiment: 700,
  install_timeline: { soon: 800, this_year: 600, next_year: 300, exploring: 100 },
  credit_signal: { good: 500, fair: 250, poor: 0 },
  decision_role: { primary: 400, influencer: 200, researcher: 100 },
  comparing_offers: { true: 300, false: 150 },
  adoption_index: 300,
  income_index: 300,
  supply_index: 200,
  season_index: 200,
  tiers: { premium: 8500, standard: 7000, basic: 5000 },
  // A score of 70 converts as often as not; 87 gives 0.82, the one pair that the requirements name.
  conversion: { midpoint: 70, spread: 11.2 },
  calibration: null,
  ready: {
    fields: ['homeowner_verified', 'bill_amount_minor', 'zip_code'],
    // What tells the qualities apart, and is asked for last: who is sold before it is known is sold for less.
    awaited: ['install_timeline', 'credit_signal', 'decision_role'],
    min_ms: minutes(5),
    max_ms: minutes(30),
  },
}

/** What scoring was before timing and market counted: base × 0.6 + behaviour × 0.4. Kept to compare with. */
export const basic_lead_policy: LeadPolicy = {
  ...weigh_factors(default_lead_policy, { base: 60, behavior: 40, timing: 0, market: 0 }),
  version: 'lead-0',
}
