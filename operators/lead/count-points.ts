/**
 * Decides: how many points each signal of a lead earns, by the policy's table, and which unknown ones could earn more.
 * Because: integers of hundredths add up exactly, so parts, factors and score can be checked by hand.
 * Keeps: nothing; pure arithmetic on what score-lead keeps.
 * When late, twice, missing: sees only what is known; an unknown signal has no part and is listed as missing.
 * Limits: signals are independent of each other, but for the home ownership that the whole base depends on.
 */

import type { Catalog } from '../../schemas/catalog-kinds.ts'
import type { LeadKnowledge, LeadScore } from '../../schemas/types.ts'
import { fact_of, share_of, spelled } from '../core/facts.ts'
import { objections_of } from '../core/hear-message.ts'
import type { LeadPolicy } from './lead-policy.ts'
import { synonyms } from './lead-words.ts'
import { type Factor, most_of } from './weigh-factors.ts'

type Market = Catalog['markets'] | undefined
type Index = 'adoption_index' | 'income_index' | 'supply_index' | 'season_index'
type Choice = 'property_type' | 'install_timeline' | 'credit_signal' | 'decision_role' | 'comparing_offers'

/** Where the lead is: entries of the catalog from the narrowest area to the widest. */
export interface Place {
  readonly zip_code: Market
  readonly neighborhood: Market
  readonly borough: Market
}

/** In hundredths of a point. */
export interface Points {
  readonly total: number
  readonly base: number
  readonly behavior: number
  readonly timing: number
  readonly market: number
  readonly parts: LeadScore['parts']
  readonly missing: readonly string[]
  /** Verified owner of the home: nobody else qualifies. */
  readonly qualified: boolean
}

const MILLION = 1_000_000
const INDEXES: readonly Index[] = ['adoption_index', 'income_index', 'supply_index', 'season_index']
const NEUTRAL = 0.5
const TIMING = ['install_timeline', 'credit_signal', 'decision_role', 'comparing_offers'] as const
const SAID: Readonly<Record<string, string>> = {
  property_type: 'said_property_type',
  install_timeline: 'said_install_timeline',
}

class Tally {
  readonly sums = { base: 0, behavior: 0, timing: 0, market: 0 }
  readonly parts: { readonly factor: string; readonly signal: string; readonly points: number }[] = []
  readonly gaps: { readonly signal: string; readonly possible: number }[] = []

  earn(factor: Factor, signal: string, points: number): void {
    this.sums[factor] += points
    this.parts.push({ factor, signal, points: points / 100 })
  }
  lack(signal: string, possible: number): void {
    if (possible > 0) this.gaps.push({ signal, possible })
  }
}

/** `minor_per_major`: of the currency that bills are in. */
export const count_points = (
  known: LeadKnowledge,
  place: Place,
  minor_per_major: number,
  policy: LeadPolicy,
): Points => {
  const tally = new Tally()
  const qualified = count_base(tally, known, place, minor_per_major, policy)
  count_behavior(tally, known, policy)
  for (const signal of TIMING) count_choice(tally, 'timing', signal, known, policy)
  count_market(tally, known, place, policy)
  const { sums, parts, gaps } = tally
  if (gaps.length > 1) gaps.sort((a, b) => b.possible - a.possible || (a.signal < b.signal ? -1 : 1))
  const total = sums.base + sums.behavior + sums.timing + sums.market
  return { ...sums, total, parts, missing: gaps.map(({ signal }) => signal), qualified }
}

const count_base = (
  tally: Tally,
  { facts }: LeadKnowledge,
  place: Place,
  minor_per_major: number,
  policy: LeadPolicy,
): boolean => {
  const homeowner = fact_of(facts, 'homeowner_verified')
  const barred = homeowner === 'false'
  if (homeowner === 'true') tally.earn('base', 'homeowner_verified', policy.homeowner)
  const bill = fact_of(facts, 'bill_amount_minor')
  if (bill !== undefined) {
    const step = policy.bill.find(({ from_major }) => Number(bill) >= from_major * minor_per_major)
    tally.earn('base', 'bill_amount_minor', step?.points ?? 0)
  } else if (!barred) tally.lack('bill_amount_minor', policy.bill[0]?.points ?? 0)
  if (fact_of(facts, 'zip_code') !== undefined) tally.earn('base', 'zip_code', policy.zip_code)
  else if (!barred) tally.lack('zip_code', policy.zip_code + policy.premium_area)
  const income = index_of('income_index', place.zip_code, place.neighborhood) ?? 0
  if (income >= policy.premium_from) tally.earn('base', 'premium_area', policy.premium_area)
  count_choice(tally, 'base', 'property_type', { facts }, policy, !barred)
  if (homeowner === 'true') return true
  const { base } = tally.sums
  if (!barred) tally.lack('homeowner_verified', policy.homeowner + base)
  if (base > 0) tally.earn('base', 'homeowner_required', -base)
  return false
}

const count_behavior = (tally: Tally, known: LeadKnowledge, policy: LeadPolicy): void => {
  const full_ms = policy.engagement_full_ms
  const engaged_ms = Math.min(known.last_ms - known.first_ms, full_ms)
  tally.earn('behavior', 'engagement_time', share_of(policy.engagement, engaged_ms, full_ms))
  const questions = Math.min(known.questions, policy.questions_full)
  tally.earn('behavior', 'technical_questions', share_of(policy.questions, questions, policy.questions_full))
  const { raised, resolved } = objections_of(known)
  tally.earn(
    'behavior',
    'objections',
    raised
      ? share_of(policy.objections, Math.min(resolved, raised), raised)
      : share_of(policy.objections, 1, 2),
  )
  const whole = known.sentiments * MILLION
  if (!whole) tally.lack('sentiment', policy.sentiment)
  else tally.earn('behavior', 'sentiment', share_of(policy.sentiment, known.sentiment_sum + whole, 2 * whole))
}

/** A signal that is one of the table's words, from the context or, failing that, from what was written. */
const count_choice = (
  tally: Tally,
  factor: Factor,
  signal: Choice,
  { facts }: Pick<LeadKnowledge, 'facts'>,
  policy: LeadPolicy,
  useful = true,
): void => {
  const worth = policy[signal]
  const said = SAID[signal]
  let points = worth_of(signal, fact_of(facts, signal), worth)
  if (points === undefined && said !== undefined) points = worth_of(signal, fact_of(facts, said), worth)
  if (points !== undefined) tally.earn(factor, signal, points)
  else if (useful) tally.lack(signal, most_of(worth))
}

const worth_of = (
  signal: string,
  said: string | undefined,
  worth: Readonly<Record<string, number>>,
): number | undefined => {
  if (said === undefined) return undefined
  if (Object.hasOwn(worth, said)) return worth[said]
  const word = spelled(said)
  const meaning = synonyms[signal]?.[word] ?? word
  return Object.hasOwn(worth, meaning) ? worth[meaning] : undefined
}

const count_market = (tally: Tally, { facts }: LeadKnowledge, place: Place, policy: LeadPolicy): void => {
  let most = 0
  for (const name of INDEXES) {
    const points = policy[name]
    if (points === 0) continue
    most += points
    const index = index_of(name, place.zip_code, place.neighborhood, place.borough) ?? NEUTRAL
    tally.earn('market', name, share_of(points, Math.round(index * MILLION), MILLION))
  }
  if (fact_of(facts, 'borough') === undefined && fact_of(facts, 'neighborhood') === undefined)
    tally.lack('borough', share_of(most, 1, 2))
}

/** Of the narrowest area that knows the index, between 0 and 1. */
const index_of = (name: Index, narrow: Market, wide: Market, widest?: Market): number | undefined => {
  const index = narrow?.[name] ?? wide?.[name] ?? widest?.[name]
  return typeof index === 'number' && Number.isFinite(index) ? Math.min(1, Math.max(0, index)) : undefined
}
