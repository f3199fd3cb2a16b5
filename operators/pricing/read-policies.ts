/**
 * Decides: which policies hold, from what the catalog says: built-in tables with what its entry says otherwise.
 * Because: people write entries. One is believed as a whole or not at all: half of what somebody meant is a price that nobody
 *   meant, and `policy_version` would name a table that does not hold.
 * Keeps: nothing of an operator; what was read is remembered beside its body, which never changes.
 * When late, twice, missing: without an entry, or with one that is not believed, the built-in policy holds, under its own
 *   version, which every row names. Never throws.
 * Limits: why an entry is not believed is told where it comes in (HTTP, `replay --with`), not in rows.
 */
import type { Catalog } from '../../schemas/catalog-kinds.ts'
import { object_of, pricing_readers, type Reader, refuse, routing_readers } from './policy-tables.ts'
import { default_pricing, type PricingPolicy } from './pricing-policy.ts'
import { default_routing, type RoutingPolicy } from './routing-policy.ts'

export type Table = Readonly<Record<string, unknown>>
export interface ReadPolicy<Policy> {
  readonly policy: Policy
  /** Why the body is not believed; null where it is. Begins with the field, where one is to blame. */
  readonly problem: string | null
}

const MOST_LETTERS = 256

export const as_table = (value: unknown): Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {}

/** @throws RangeError */
const version_of = (version: unknown, built_in: string, differs: boolean): string => {
  // Routes name both policies, with + between them.
  const is_version = typeof version === 'string' && version !== '' && !version.includes('+')
  if (!is_version || version.length > MOST_LETTERS)
    return refuse(`version must be a text of 1 to ${MOST_LETTERS} characters without +`)
  return version === built_in && differs
    ? refuse(`version ${version} is the name of the built-in policy`)
    : version
}

const table_of = <Policy>(
  given: unknown,
  readers: Readonly<Record<string, Reader<Policy>>>,
  built_in: Policy,
): Table =>
  Object.fromEntries(
    Object.entries(object_of(given, 'table', Object.keys(readers))).map(([name, one]) => [
      name,
      readers[name]?.(one, `table.${name}`, built_in),
    ]),
  )

const pricing_from = (body: unknown): PricingPolicy => {
  const { version, table } = object_of(body, 'the policy', ['version', 'table'])
  const said = table_of(table, pricing_readers, default_pricing)
  const policy = { ...default_pricing, ...said }
  // Where only the bound to go on is given, the one to go off follows it down.
  const { surge_on, surge_off } = policy
  if (surge_off > surge_on && said.surge_off !== undefined)
    return refuse(`table.surge_off must not be above surge_on, ${surge_on}`)
  const named = version_of(version, default_pricing.version, Object.keys(said).length > 0)
  return { ...policy, surge_off: Math.min(surge_on, surge_off), version: named }
}

const routing_from = (body: unknown): RoutingPolicy => {
  const { version, score, table } = object_of(body, 'the policy', ['version', 'score', 'table'])
  if (score !== 'v1' && score !== 'v2') return refuse('score must be v1 or v2')
  const said = table_of(table ?? {}, routing_readers, default_routing)
  const differs = score !== default_routing.score || Object.keys(said).length > 0
  return {
    ...default_routing,
    ...said,
    version: version_of(version, default_routing.version, differs),
    score,
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

const reader = <Policy>(from: (body: unknown) => Policy, built_in: Policy) =>
  once((body): ReadPolicy<Policy> => {
    // An entry of null takes back what held before.
    if (body === null || body === undefined) return { policy: built_in, problem: null }
    try {
      return { policy: from(body), problem: null }
    } catch (error) {
      return { policy: built_in, problem: error instanceof Error ? error.message : String(error) }
    }
  })

/** What a body of kind pricing_policies says. Never throws. */
export const read_pricing_policy = reader(pricing_from, default_pricing)
/** What a body of kind routing_policies says. Never throws. */
export const read_routing_policy = reader(routing_from, default_routing)

export interface Policies {
  readonly pricing: PricingPolicy
  readonly routing: RoutingPolicy
}
type Look = <K extends keyof Catalog>(kind: K, id: string) => Catalog[K] | undefined

/** The tenant's, else everybody's (*), else the built-in ones. */
export const policies_of = (tenant: string, look: Look): Policies => ({
  pricing: read_pricing_policy(look('pricing_policies', tenant) ?? look('pricing_policies', '*')).policy,
  routing: read_routing_policy(look('routing_policies', tenant) ?? look('routing_policies', '*')).policy,
})
