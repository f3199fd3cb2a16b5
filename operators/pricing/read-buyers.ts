/**
 * Decides: who a tenant's buyers are, from what the catalog says: sets and prefixes in place of lists.
 * Because: a lead is held against every buyer; what can be prepared once per entry must not cost each lead.
 * Keeps: nothing of an operator; a compiled entry is remembered beside its body, which never changes.
 * When late, twice, missing: of two with one id the first holds; a buyer of whom something cannot be meant is paused: to
 *   ignore a cap or an area that was mistyped would sell what nobody wants.
 * Limits: order is by id, which settles ties.
 */
import type { Buyer as BuyerEntry } from '../../schemas/catalog-kinds.ts'
import { spelled } from '../core/facts.ts'
import { is_zone, type Opening } from '../core/zone-clock.ts'
import { PRIOR } from './answer-shares.ts'
import { is_week, TIERS, whole } from './policy-tables.ts'
import { is_amount } from './price-terms.ts'
import type { Tier } from './pricing-policy.ts'
import { as_table, once, type Table } from './read-policies.ts'

/** Beginnings of ZIP codes, and names of boroughs and neighbourhoods. */
export interface Areas {
  readonly prefixes: readonly string[]
  readonly names: ReadonlySet<string>
}

export interface Buyer {
  readonly buyer_id: string
  /** Of its state. */
  readonly slot_id: string
  readonly tier: Tier
  readonly paused: boolean
  readonly base_minor: number | null
  readonly floor_minor: number | null
  readonly ceiling_minor: number | null
  readonly hourly_cap: number | null
  readonly daily_cap: number | null
  readonly zone: string | null
  readonly hours: Opening | null
  readonly areas: Areas | null
  readonly preferred_areas: Areas | null
  readonly qualities: ReadonlySet<string> | null
  readonly least_score: number
  readonly suppressed: ReadonlySet<string>
  readonly acceptance_prior: number
}

/** Where a lead is. */
export interface Place {
  readonly zip_code: string | null
  readonly borough: string | null
  readonly neighborhood: string | null
}

const CAP_MOST = 1e9

/** By id; null where the entry is none. */
export const buyers_of = once((body: unknown): readonly Buyer[] | null => {
  const { buyers } = as_table(body)
  if (!Array.isArray(buyers)) return null
  const found = new Map<string, Buyer>()
  for (const one of buyers) {
    const buyer = read_buyer(as_table(one))
    if (buyer && !found.has(buyer.buyer_id)) found.set(buyer.buyer_id, buyer)
  }
  return [...found.values()].sort((a, b) => (a.buyer_id < b.buyer_id ? -1 : 1))
})

/** Notes that something was said that cannot be meant. */
class Doubt {
  raised = false
  /** null where nothing is said. */
  take<T>(value: unknown, is: (value: unknown) => value is T): T | null {
    if (value === undefined || value === null) return null
    if (is(value)) return value
    this.raised = true
    return null
  }
}

const read_buyer = (said: Table & Partial<Record<keyof BuyerEntry, unknown>>): Buyer | null => {
  const { buyer_id, tier } = said
  if (typeof buyer_id !== 'string' || buyer_id === '' || !TIERS.includes(tier as Tier)) return null
  const doubt = new Doubt()
  const areas = doubt.take(said.areas, is_texts)
  const preferred = doubt.take(said.preferred_areas, is_texts)
  const qualities = doubt.take(said.qualities, is_texts)
  const buyer: Omit<Buyer, 'paused'> = {
    buyer_id,
    slot_id: `buyer|${buyer_id}`,
    tier: tier as Tier,
    base_minor: doubt.take(said.base_minor, is_amount),
    floor_minor: doubt.take(said.floor_minor, is_amount),
    ceiling_minor: doubt.take(said.ceiling_minor, is_amount),
    hourly_cap: doubt.take(said.hourly_cap, is_cap),
    daily_cap: doubt.take(said.daily_cap, is_cap),
    zone: doubt.take(said.zone, is_zone_name),
    hours: doubt.take(said.hours, is_opening),
    areas: areas && areas_of(areas),
    preferred_areas: preferred && areas_of(preferred),
    qualities: qualities && new Set(qualities),
    least_score: doubt.take(said.least_score, is_number) ?? Number.NEGATIVE_INFINITY,
    suppressed: new Set(doubt.take(said.suppressed, is_texts)),
    acceptance_prior: doubt.take(said.acceptance_prior, is_share) ?? PRIOR,
  }
  const paused = doubt.take(said.paused, is_boolean)
  const { floor_minor, ceiling_minor } = buyer
  if (floor_minor !== null && ceiling_minor !== null && floor_minor > ceiling_minor) doubt.raised = true
  return { ...buyer, paused: doubt.raised || paused === true }
}

const is_texts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(one => typeof one === 'string')
const is_boolean = (value: unknown): value is boolean => typeof value === 'boolean'
const is_number = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const is_share = (value: unknown): value is number => is_number(value) && value >= 0 && value <= 1
const is_cap = (value: unknown): value is number => whole(value, 0, CAP_MOST, -1) >= 0
const is_zone_name = (value: unknown): value is string => typeof value === 'string' && is_zone(value)
const is_opening = (value: unknown): value is Opening => {
  const { from, to, days } = as_table(value)
  return whole(from, 0, 24, -1) >= 0 && whole(to, 0, 24, -1) >= 0 && is_week(days)
}

/** What holds a digit is the beginning of a ZIP code. */
const areas_of = (texts: readonly string[]): Areas => {
  const is_code = (text: string) => /\d/.test(text)
  return {
    prefixes: texts.filter(is_code).map(code_of),
    names: new Set(texts.filter(text => !is_code(text)).map(spelled)),
  }
}

const code_of = (code: string): string => code.trim().toLowerCase()

/** A lead's place, spelled as areas are: once per lead. */
export const spelled_place = ({ zip_code, borough, neighborhood }: Place): Place => ({
  zip_code: zip_code && code_of(zip_code),
  borough: borough && spelled(borough),
  neighborhood: neighborhood && spelled(neighborhood),
})

/** Whether the (spelled) place lies in one of the areas; an unknown place lies in none. */
export const lies_in = ({ zip_code, borough, neighborhood }: Place, { prefixes, names }: Areas): boolean =>
  (borough !== null && names.has(borough)) ||
  (neighborhood !== null && names.has(neighborhood)) ||
  (zip_code !== null && prefixes.some(prefix => zip_code.startsWith(prefix)))
