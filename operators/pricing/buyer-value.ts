/**
 * Decides: how well a buyer did with the leads it took: which share converted, and what a lead brought it on average.
 * Because: sums that fade by time and with each lead taken (answer-shares.ts) follow a buyer that gets better or worse; a mean is of
 *   two sums that fade alike, so that a silence changes nothing in it.
 * Keeps: nothing itself; the sums are in the book of each buyer.
 * When late: counts when it comes. Twice: learn-word.ts counts a lead once. Missing: without an amount of the buyer's a lead is worth its
 *   price; without conversions half of the leads are held to convert.
 * Limits: amounts of one currency; a tenant that changes it begins anew.
 */
import { type AcceptanceMemory, type Answers, default_memory, faded, left_of } from './answer-shares.ts'

/** Half of those that a buyer takes convert, until it says otherwise. */
const CONVERSION_PRIOR = 0.5
const MILLION = 1e6

/** Share (0 to 1) of the leads it took that the buyer says brought something, as of an instant; a prior of one half. */
export const conversion = (
  buyer: Answers,
  at_ms: number,
  memory: AcceptanceMemory = default_memory,
): number => {
  const { taken_count, converted_count } = faded(buyer, at_ms, memory)
  const { prior_weight } = memory
  const share = (converted_count + CONVERSION_PRIOR * prior_weight) / (taken_count + prior_weight)
  return Math.round(Math.min(1, share) * MILLION) / MILLION
}

/** What a lead that it took has brought it on average, minor units of the currency; null before the first. */
export const mean_value = (
  { value_sum, valued_count, value_currency }: Answers,
  currency: string,
): number | null =>
  valued_count > 0 && value_currency === currency ? Math.round(value_sum / valued_count) : null

/** One of the leads it took has brought something, or has not after all: what was counted since_ms ago is taken out as time has left it. */
export const learn_conversion = (
  buyer: Answers,
  by: 1 | -1,
  at_ms: number,
  since_ms: number = at_ms,
  memory: AcceptanceMemory = default_memory,
): Answers => {
  const known = faded(buyer, at_ms, memory)
  const change = by * left_of(since_ms, at_ms, memory)
  return { ...known, converted_count: Math.max(0, known.converted_count + change) }
}

/**
 * One of the leads it took is worth `now` to it and was worth `before`, minor units; null: it does not count. Amounts in another
 * currency than the newest are forgotten: they have no sum.
 */
export const learn_value = (
  buyer: Answers,
  before: number | null,
  now: number | null,
  currency: string,
  at_ms: number,
  since_ms: number = at_ms,
  memory: AcceptanceMemory = default_memory,
): Answers => {
  const known = faded(buyer, at_ms, memory)
  const is_same = known.value_currency === currency
  if (!is_same && now === null) return known
  const left = left_of(since_ms, at_ms, memory)
  const gone = is_same && before !== null ? { value: before * left, count: left } : { value: 0, count: 0 }
  const [value, count] = is_same ? [known.value_sum, known.valued_count] : [0, 0]
  return {
    ...known,
    value_sum: Math.max(0, value - gone.value) + (now ?? 0),
    valued_count: Math.max(0, count - gone.count) + (now === null ? 0 : 1),
    value_currency: currency,
  }
}
