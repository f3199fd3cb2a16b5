/**
 * Decides: which policies hold, from what the catalog says: built-in tables with what its entry says otherwise.
 * Because: people write entries; what cannot be meant is not believed, field by field, and never stops a lead.
 * Keeps: nothing of an operator; a compiled entry is remembered beside its body, which never changes.
 * When late, twice, missing: without an entry, or without a table in it, the built-in policy holds under its own version.
 * Limits: a field that is not believed is not reported.
 */
import type { Catalog } from '../../schemas/catalog-kinds.ts'
import { days } from '../../schemas/units.ts'
import {
  default_pricing,
  type HourTerm,
  type PricingPolicy,
  type Quality,
  type Tier,
} from './pricing-policy.ts'
import { default_routing, type RoutingPolicy } from './routing-policy.ts'

export type Table = Readonly<Record<string, unknown>>

export const TIERS: readonly Tier[] = ['premium', 'direct', 'standard', 'volume']
const QUALITIES: readonly Quality[] = ['premium', 'standard', 'basic', 'unqualified']
/** Of ratios in hundredths: from a hundredth to a hundredfold. */
const HUNDREDTHS_MOST = 10_000

export const as_table = (value: unknown): Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {}

/** A whole number from least to most, else the other. */
export const whole = (value: unknown, least: number, most: number, other: number): number =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
    ? (value as number)
    : other

const listed = <T>(value: unknown, read: (one: Table) => T | null, other: readonly T[]): readonly T[] => {
  if (!Array.isArray(value)) return other
  const found = value.map(one => read(as_table(one)))
  return found.includes(null) ? other : (found as readonly T[])
}

const hour_term = (one: Table): HourTerm | null => {
  const [from, to] = [whole(one.from, 0, 24, -1), whole(one.to, 0, 24, -1)]
  const hundredths = whole(one.hundredths, 1, HUNDREDTHS_MOST, -1)
  const on = one.days ?? [1, 2, 3, 4, 5]
  if (from < 0 || to < 0 || hundredths < 0 || !is_week(on)) return null
  return { from, to, days: on, hundredths }
}

export const is_week = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every(day => whole(day, 1, 7, 0) > 0)

const quality_term = (one: Table): PricingPolicy['quality'][number] | null => {
  const hundredths = whole(one.hundredths, 1, HUNDREDTHS_MOST, -1)
  const from_score = one.from_score
  return hundredths < 0 || typeof from_score !== 'number' || !Number.isFinite(from_score)
    ? null
    : { from_score, hundredths }
}

const read_pricing = (body: unknown): PricingPolicy => {
  const { version, table } = as_table(body)
  if (typeof version !== 'string' || version === '') return default_pricing
  const said = as_table(table)
  const base = as_table(said.base_major)
  const sold = as_table(said.sold_to)
  const tiers_of = (quality: Quality): readonly Tier[] => {
    const tiers = sold[quality]
    const all = Array.isArray(tiers) && tiers.every(tier => TIERS.includes(tier as Tier))
    return all ? ([...new Set(tiers)] as readonly Tier[]) : default_pricing.sold_to[quality]
  }
  const of = (name: 'surge' | 'surge_on' | 'surge_off' | 'weekend' | 'weekday'): number =>
    whole(said[name], 1, HUNDREDTHS_MOST, default_pricing[name])
  const surge_on = of('surge_on')
  const quality = listed(said.quality, quality_term, default_pricing.quality)
  const step = whole(said.step, 0, HUNDREDTHS_MOST, default_pricing.step)
  return {
    version,
    base_major: Object.fromEntries(
      TIERS.map(tier => [tier, whole(base[tier], 0, 1e8, default_pricing.base_major[tier])]),
    ) as Record<Tier, number>,
    sold_to: Object.fromEntries(QUALITIES.map(each => [each, tiers_of(each)])) as PricingPolicy['sold_to'],
    quality: [...quality].sort((a, b) => b.from_score - a.from_score),
    surge: of('surge'),
    surge_on,
    surge_off: Math.min(surge_on, of('surge_off')),
    business_hours: listed(said.business_hours, hour_term, default_pricing.business_hours),
    weekend: of('weekend'),
    weekday: of('weekday'),
    step: step > 0 && step < 100 ? default_pricing.step : step,
  }
}

const read_routing = (body: unknown): RoutingPolicy => {
  const { version, score, table } = as_table(body)
  if (typeof version !== 'string' || version === '' || (score !== 'v1' && score !== 'v2'))
    return default_routing
  const said = as_table(table)
  const weights = as_table(said.weights)
  const weight = (name: keyof RoutingPolicy['weights']): number => {
    const value = weights[name]
    return typeof value === 'number' && value >= 0 && value <= 1000 ? value : default_routing.weights[name]
  }
  const { capacity_buffer, expire_ms, attempts_max, fresh_ms } = default_routing
  return {
    version,
    score,
    weights: {
      expected_revenue: weight('expected_revenue'),
      acceptance_rate: weight('acceptance_rate'),
      available_capacity: weight('available_capacity'),
      quality_match: weight('quality_match'),
      geographic_match: weight('geographic_match'),
      historical_performance: weight('historical_performance'),
    },
    acceptance: said.acceptance === 'shares' ? 'shares' : default_routing.acceptance,
    capacity_buffer: whole(said.capacity_buffer, 0, 99, capacity_buffer),
    expire_ms: whole(said.expire_ms, 0, days(30), expire_ms),
    attempts_max: whole(said.attempts_max, 1, 20, attempts_max),
    fresh_ms: whole(said.fresh_ms, 0, days(30), fresh_ms),
    pacing: said.pacing === true,
  }
}

/** Compiled once per body; null has its own. */
export const once = <T>(compile: (body: unknown) => T): ((body: unknown) => T) => {
  const known = new WeakMap<object, T>()
  return body => {
    if (typeof body !== 'object' || body === null) return compile(body)
    let compiled = known.get(body)
    if (compiled === undefined) {
      compiled = compile(body)
      known.set(body, compiled)
    }
    return compiled
  }
}

const pricing_of = once(read_pricing)
const routing_of = once(read_routing)

export interface Policies {
  readonly pricing: PricingPolicy
  readonly routing: RoutingPolicy
}
type Look = <K extends keyof Catalog>(kind: K, id: string) => Catalog[K] | undefined

/** The tenant's, else everybody's (*), else the built-in ones. */
export const policies_of = (tenant: string, look: Look): Policies => {
  const pricing = look('pricing_policies', tenant) ?? look('pricing_policies', '*')
  const routing = look('routing_policies', tenant) ?? look('routing_policies', '*')
  return {
    pricing: pricing === undefined ? default_pricing : pricing_of(pricing),
    routing: routing === undefined ? default_routing : routing_of(routing),
  }
}
