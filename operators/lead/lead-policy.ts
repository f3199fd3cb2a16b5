/**
 * Decides: what a lead's signals are worth: 40 points of base qualification, 30 of behaviour, 20 of market timing, 10 of
 *   market intelligence, and from how many points on it is premium, standard or basic.
 * Because: a table that a buyer of leads can read and dispute; points are integers (hundredths), so that parts add up.
 * Keeps: nothing. A changed table is a new version, written into every score.
 * When late, twice, missing: an unknown signal earns nothing and is named; indexes of an unknown market count as 0.5.
 * Limits: points are judgement, to be calibrated against buyers' feedback; words are English.
 */
import { minutes } from '../../schemas/units.ts'

/** Hundredths of a point by meaning. */
type Worth = Readonly<Record<string, number>>

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
  /** A prior, until it is fitted to feedback: probability = 1 / (1 + e^((midpoint - score) / spread)). */
  readonly conversion: { readonly midpoint: number; readonly spread: number }
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
}

/** What scoring was before timing and market counted: base × 0.6 + behaviour × 0.4. Kept to compare with. */
export const basic_lead_policy: LeadPolicy = {
  ...default_lead_policy,
  version: 'lead-0',
  homeowner: 2100,
  bill: [
    { from_major: 300, points: 1800 },
    { from_major: 200, points: 1200 },
    { from_major: 1, points: 450 },
  ],
  zip_code: 300,
  premium_area: 600,
  property_type: { single_family: 1200, condo: 750, co_op: 450 },
  engagement: 1100,
  questions: 1100,
  objections: 900,
  sentiment: 900,
  install_timeline: {},
  credit_signal: {},
  decision_role: {},
  comparing_offers: {},
  adoption_index: 0,
  income_index: 0,
  supply_index: 0,
  season_index: 0,
}

/** The most that a table of meanings can earn. */
export const most_of = (worth: Worth): number => {
  let most = 0
  for (const meaning in worth) most = Math.max(most, worth[meaning] as number)
  return most
}

/** What emitters write in place of the tables' own words (spelled in lower case with underscores). */
export const synonyms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  property_type: {
    house: 'single_family',
    single_family_home: 'single_family',
    brownstone: 'single_family',
    townhouse: 'single_family',
    condominium: 'condo',
    coop: 'co_op',
    cooperative: 'co_op',
  },
  install_timeline: {
    now: 'soon',
    asap: 'soon',
    immediately: 'soon',
    immediate: 'soon',
    '3_months': 'soon',
    this_month: 'soon',
    next_month: 'soon',
    within_3_months: 'soon',
    '1_3_months': 'soon',
    within_6_months: 'this_year',
    '6_months': 'this_year',
    '3_6_months': 'this_year',
    within_12_months: 'this_year',
    '6_12_months': 'this_year',
    someday: 'exploring',
    researching: 'exploring',
    undecided: 'exploring',
    just_looking: 'exploring',
  },
  credit_signal: {
    excellent: 'good',
    prequalified: 'good',
    preapproved: 'good',
    approved: 'good',
    bad: 'poor',
    declined: 'poor',
  },
  decision_role: { owner: 'primary', joint: 'primary', decision_maker: 'primary' },
}

/** Words in what the lead writes that answer a question of the table; an answer in the context goes before them. */
export const said_in_text: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  property_type: {
    co_op: ['co-op', 'coop', 'cooperative'],
    condo: ['condo', 'condominium'],
    single_family: ['single-family', 'single family', 'brownstone', 'townhouse', 'detached house'],
  },
  install_timeline: {
    soon: ['as soon as possible', 'asap', 'right away', 'this month', 'next month'],
    this_year: ['this year'],
    next_year: ['next year'],
    exploring: ['just looking', 'just browsing'],
  },
}

/** Who in a conversation speaks for the seller: their words say nothing about the lead. */
export const seller_roles: ReadonlySet<string> = new Set(['agent', 'assistant', 'bot', 'system'])
