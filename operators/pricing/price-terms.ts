/**
 * Decides: what one buyer pays for one lead: base × quality × surge × business hours × weekday × market, held by a step from
 *   its last price, by its floor and by its ceiling.
 * Because: every term is an integer ratio, so the product is exact and rounded half up once; the limits are integers.
 * Keeps: nothing. When late, twice, missing: a term that does not apply is 1 and is told as 1.
 * Limits: a limit is told as after ÷ before only where it has changed the price; what a lead cannot cost is 10^15.
 */
import type { Route } from '../../schemas/types.ts'
import type { LocalTime } from '../core/zone-clock.ts'
import type { PricingPolicy } from './pricing-policy.ts'

export type PriceTerm = Route['price_terms'][number]

/** num ÷ den, reduced. */
export interface Fraction {
  readonly num: number
  readonly den: number
}

/** Amounts of the catalog above it are not believed. */
export const MOST_MINOR = 1e11
const PRICE_MOST = 1e15
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
  /** Hundredths that the price may be of the last one, at most (and 100/step at least). */
  readonly step: number
  readonly last_price_minor: number
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
export const business_hours_of = ({ hour, weekday }: LocalTime, policy: PricingPolicy): number => {
  for (const term of policy.business_hours)
    if (hour >= term.from && hour < term.to && term.days.includes(weekday)) return term.hundredths
  return 100
}

export const weekday_of = ({ weekday }: LocalTime, policy: PricingPolicy): number =>
  weekday >= 6 ? policy.weekend : policy.weekday

/** The price in minor units, rounded half up once, within the limits. */
export const price_of = (factors: PriceFactors, limits: PriceLimits): number =>
  limited(exact_price(factors), limits).price_minor

const exact_price = ({ base_minor, quality, surge, business_hours, weekday, market }: PriceFactors): number =>
  Math.min(
    PRICE_MOST,
    product(base_minor, [quality, surge, business_hours, weekday, market.num], 100_000_000 * market.den),
  )

interface Limited {
  readonly price_minor: number
  readonly hit: readonly (readonly [term: string, after_minor: number])[]
}

/** The step first: floor and ceiling are the buyer's word and hold whatever came before. */
const limited = (price_minor: number, limits: PriceLimits): Limited => {
  const { step, last_price_minor, floor_minor, ceiling_minor } = limits
  const hit: [string, number][] = []
  let price = price_minor
  const hold = (term: string, least: number, most: number): void => {
    const held = Math.min(most, Math.max(least, price))
    if (held === price) return
    price = held
    hit.push([term, held])
  }
  if (step > 0 && last_price_minor > 0)
    hold('step', Math.ceil((last_price_minor * 100) / step), Math.floor((last_price_minor * step) / 100))
  if (floor_minor !== null) hold('floor', floor_minor, Number.POSITIVE_INFINITY)
  if (ceiling_minor !== null) hold('ceiling', 0, ceiling_minor)
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
  for (const [term, after] of limited(exact_price(factors), limits).hit) {
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
