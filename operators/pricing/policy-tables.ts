/**
 * Decides: whether one entry of the table of a pricing or routing policy makes sense, and what it says.
 * Because: a name that nobody reads and a number nobody can mean are typing errors, and a price that ignores one in silence
 *   is the built-in price under another name. Ranges are as wide as anybody could mean.
 * Keeps: nothing. When late, twice, missing: what is not given is as in the built-in policy.
 * Limits: looks at one entry at a time; what they mean together is read-policies' to judge.
 */
import { days } from '../../schemas/units.ts'
import type { HourTerm, PricingPolicy, Tier } from './pricing-policy.ts'
import type { RoutingPolicy } from './routing-policy.ts'

type Given = Readonly<Record<string, unknown>>
/** From what is given, its name, and what is built in. @throws RangeError that begins with the name and says what it must be. */
export type Reader<Built> = (given: unknown, name: string, built_in: Built) => unknown

export const TIERS: readonly Tier[] = ['premium', 'direct', 'standard', 'volume']
/** Of ratios in hundredths: from a hundredth to a hundredfold. */
const HUNDREDTHS_MOST = 10_000
const MAJOR_MOST = 1e8
const LIST_MOST = 100
const WEEK = [1, 2, 3, 4, 5]

export const refuse = (problem: string): never => {
  throw new RangeError(problem)
}

export const object_of = (given: unknown, name: string, keys: readonly string[]): Given => {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return refuse(`${name} must be an object`)
  const strange = Object.keys(given).find(key => !keys.includes(key))
  return strange === undefined ? (given as Given) : refuse(`${name}.${strange}: there is no such name`)
}

/** A whole number from least to most, else the other. */
export const whole = (value: unknown, least: number, most: number, other: number): number =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
    ? (value as number)
    : other

/** Days of the week, 1 = Monday. */
export const is_week = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every(day => whole(day, 1, 7, 0) > 0)

const whole_of =
  (least: number, most: number) =>
  (given: unknown, name: string): number =>
    whole(given, least, most, -1) >= least
      ? (given as number)
      : refuse(`${name} must be a whole number from ${least} to ${most}`)
const number_of =
  (least: number, most: number) =>
  (given: unknown, name: string): number =>
    typeof given === 'number' && given >= least && given <= most
      ? given
      : refuse(`${name} must be a number from ${least} to ${most}`)
const hundredths = whole_of(1, HUNDREDTHS_MOST)

/** What is built in, with what is given of its names. */
const merged = <Value>(
  given: unknown,
  name: string,
  built_in: Readonly<Record<string, Value>>,
  read: (given: unknown, name: string) => Value,
): Readonly<Record<string, Value>> => {
  const said = Object.entries(object_of(given, name, Object.keys(built_in)))
  return { ...built_in, ...Object.fromEntries(said.map(([key, one]) => [key, read(one, `${name}.${key}`)])) }
}

const list_of = <T>(given: unknown, name: string, read: (one: unknown, name: string) => T): T[] =>
  Array.isArray(given) && given.length <= LIST_MOST
    ? given.map((one, i) => read(one, `${name}[${i}]`))
    : refuse(`${name} must be a list of at most ${LIST_MOST}`)

const tier_of = (given: unknown, name: string): Tier =>
  TIERS.includes(given as Tier) ? (given as Tier) : refuse(`${name} must be one of ${TIERS.join(', ')}`)

const hour_term = (given: unknown, name: string): HourTerm => {
  const term = object_of(given, name, ['from', 'to', 'days', 'hundredths'])
  const hour = whole_of(0, 24)
  const [from, to] = [hour(term.from, `${name}.from`), hour(term.to, `${name}.to`)]
  if (from === to) return refuse(`${name}.to is the same hour as from: 0 to 24 is the whole day`)
  const on = term.days ?? WEEK
  if (!is_week(on) || on.length === 0) return refuse(`${name}.days must be days of the week, 1 (Monday) to 7`)
  return { from, to, days: on, hundredths: hundredths(term.hundredths, `${name}.hundredths`) }
}

const quality_step = (given: unknown, name: string): PricingPolicy['quality'][number] => {
  const step = object_of(given, name, ['from_score', 'hundredths'])
  return {
    from_score: number_of(0, 100)(step.from_score, `${name}.from_score`),
    hundredths: hundredths(step.hundredths, `${name}.hundredths`),
  }
}

export const pricing_readers: Readonly<
  Record<Exclude<keyof PricingPolicy, 'version'>, Reader<PricingPolicy>>
> = {
  base_major: (given, name, { base_major }) => merged(given, name, base_major, whole_of(0, MAJOR_MOST)),
  sold_to: (given, name, { sold_to }) => {
    const tiers = (one: unknown, of: string): readonly Tier[] => [...new Set(list_of(one, of, tier_of))]
    return merged(given, name, sold_to, tiers)
  },
  quality: (given, name) => list_of(given, name, quality_step).sort((a, b) => b.from_score - a.from_score),
  surge: hundredths,
  surge_on: hundredths,
  surge_off: hundredths,
  business_hours: (given, name) => list_of(given, name, hour_term),
  weekend: hundredths,
  weekday: hundredths,
  step: (given, name) =>
    given === 0 || whole(given, 100, HUNDREDTHS_MOST, 0) > 0
      ? given
      : refuse(`${name} must be 0 or a whole number from 100 to ${HUNDREDTHS_MOST}`),
}

export const routing_readers: Readonly<
  Record<Exclude<keyof RoutingPolicy, 'version' | 'score'>, Reader<RoutingPolicy>>
> = {
  weights: (given, name, { weights }) => merged(given, name, weights, number_of(0, 1000)),
  acceptance: (given, name) =>
    given === 'pooled' || given === 'shares' ? given : refuse(`${name} must be pooled or shares`),
  capacity_buffer: whole_of(0, 99),
  expire_ms: whole_of(0, days(30)),
  attempts_max: whole_of(1, 20),
  fresh_ms: whole_of(0, days(30)),
  pacing: (given, name) => (typeof given === 'boolean' ? given : refuse(`${name} must be true or false`)),
}
