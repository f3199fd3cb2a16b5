/**
 * Decides: what one buyer pays for one lead: base × quality × surge × business hours × weekday × market, held by a step from
 *   the level of its last price (without quality and market), by its floor and by its ceiling.
 * Because: every term is an integer ratio, so the product is exact and rounded half up once; the limits are integers.
 * Keeps: nothing. When late, twice, missing: a term that does not apply is 1 and is told as 1.
 * Limits: a limit is told as after ÷ before only where it has changed the price; what a lead cannot cost is 10^15.
 */
import type { Route } from '../../schemas/types.ts'
import { is_open, type LocalTime } from '../core/zone-clock.ts'
import type { PricingPolicy } from './pricing-policy.ts'

export type PriceTerm = Route['price_terms'][number]

/** num ÷ den, reduced. */
export interface Fraction {
  readonly num: number
  readonly den: number
}

/** Amounts of the catalog above it are not believed. */
export const MOST_MINOR = 1e11
/** No amount is above it: what is more is said as this. */
export const PRICE_MOST = 1e15
const MILLION = 1_000_000

/** base_minor and, in hundredths, what it is multiplied by; the market's part as a fraction. */
export interface PriceFactors {
  readonly base_minor: number
  readonly quality: number
  readonly surge: number
  readonly business_hours: number
  readonly weekday: number
  readonly market: Fraction
}

/** What holds a price; null and 0 hold nothing. */
export interface PriceLimits {
  /** Hundredths that the level may be of the last one, at most (and 100/step at least); one minor unit it may always move. */
  readonly step: number
  /** Level of the last price: what it was without its lead's quality and market. 0: there is none that holds. */
  readonly last_level_minor: number
  readonly floor_minor: number | null
  readonly ceiling_minor: number | null
}

/** A market's ratio in millionths, reduced: 1.15 is 23 ÷ 20. */
export const market_fraction = (ratio: number): Fraction => {
  const millionths = Math.min(100 * MILLION, Math.max(0, Math.round(ratio * MILLION)))
  const divisor = common_divisor(millionths, MILLION)
  return { num: millionths / divisor, den: MILLION / divisor }
}

const common_divisor = (a: number, b: number): number => (b === 0 ? a : common_divisor(b, a % b))

/** Hundredths by the lead's score. */
export const quality_of = (total_score: number, policy: PricingPolicy): number =>
  policy.quality.find(({ from_score }) => total_score >= from_score)?.hundredths ?? 100

/** Hundredths of the buyer's hour; the first term that fits. */
export const business_hours_of = (time: LocalTime, policy: PricingPolicy): number =>
  policy.business_hours.find(term => is_open(term, time))?.hundredths ?? 100

export const weekday_of = ({ weekday }: LocalTime, policy: PricingPolicy): number =>
  weekday >= 6 ? policy.weekend : policy.weekday

/** The price in minor units, rounded half up once, within the limits. */
export const price_of = (factors: PriceFactors, limits: PriceLimits): number =>
  limited(factors, limits).price_minor

/** What a lead of no special quality and market would cost the buyer now, within the step from its last level. */
export const level_of = (
  { base_minor, surge, business_hours, weekday }: PriceFactors,
  { step, last_level_minor: last }: PriceLimits,
): number => {
  const level = bounded(product(base_minor, [surge, business_hours, weekday], MILLION))
  if (step <= 0 || last <= 0) return level
  const most = Math.max(Math.floor((last * step) / 100), last + 1)
  const least = Math.min(Math.ceil((last * 100) / step), last - 1)
  return Math.min(most, Math.max(least, level))
}

const bounded = (price_minor: number): number => Math.min(PRICE_MOST, price_minor)

/** Without limits. */
const exact_price = ({ base_minor, quality, surge, business_hours, weekday, market }: PriceFactors): number =>
  bounded(
    product(base_minor, [quality, surge, business_hours, weekday, market.num], 100_000_000 * market.den),
  )

interface Limited {
  readonly price_minor: number
  readonly hit: readonly (readonly [term: string, after_minor: number])[]
}

/**
 * The step first: floor and ceiling are the buyer's word and hold whatever came before. The step holds how a buyer's prices move, not
 * what lead they are for: a better lead may cost more at once.
 */
const limited = (factors: PriceFactors, limits: PriceLimits): Limited => {
  const { floor_minor, ceiling_minor } = limits
  const { quality, market } = factors
  const hit: [string, number][] = []
  let price = exact_price(factors)
  const hold = (term: string, held: number): void => {
    if (held === price) return
    price = held
    hit.push([term, held])
  }
  const level = level_of(factors, limits)
  if (level !== level_of(factors, { ...limits, step: 0 }))
    hold('step', bounded(product(level, [quality, market.num], 100 * market.den)))
  if (floor_minor !== null) hold('floor', Math.max(floor_minor, price))
  if (ceiling_minor !== null) hold('ceiling', Math.min(ceiling_minor, price))
  return { price_minor: price, hit }
}

/**
 * The terms in the order in which they were applied. `base` multiplies one minor unit; the product of all ratios is the
 * price before rounding, or the limit that holds it.
 */
export const terms_of = (factors: PriceFactors, limits: PriceLimits): PriceTerm[] => {
  const { base_minor, quality, surge, business_hours, weekday, market } = factors
  const terms = [
    { term: 'base', ratio: base_minor },
    { term: 'quality', ratio: quality / 100 },
    { term: 'surge', ratio: surge / 100 },
    { term: 'business_hours', ratio: business_hours / 100 },
    { term: 'weekday', ratio: weekday / 100 },
    { term: 'market', ratio: market.num / market.den },
  ]
  let before = terms.reduce((all, { ratio }) => all * ratio, 1)
  for (const [term, after] of limited(factors, limits).hit) {
    // From nothing a limit is no ratio: it is told as the amount itself.
    terms.push({ term, ratio: before === 0 ? after : after / before })
    before = after
  }
  return terms
}

/** amount × factors ÷ divisor, rounded half up; exact also where the product is beyond a safe integer. */
export const product = (amount: number, factors: readonly number[], divisor: number): number => {
  let all = 2 * amount
  for (const factor of factors) all *= factor
  if (all + divisor < Number.MAX_SAFE_INTEGER && 2 * divisor < Number.MAX_SAFE_INTEGER)
    return Math.floor((all + divisor) / (2 * divisor))
  const whole = factors.reduce((sofar, factor) => sofar * BigInt(factor), 2n * BigInt(amount))
  return Number((whole + BigInt(divisor)) / (2n * BigInt(divisor)))
}

export const is_amount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MOST_MINOR
