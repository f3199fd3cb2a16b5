/**
 * Decides: whether a lead policy of the catalog (kind lead_policies) is believed, and what it says.
 * Because: a policy is written by people and by the trainer; one wrong number must not price thousands of leads. It is
 *   the built-in policy `base` with the differences of `table`, believed as a whole or not at all.
 * Keeps: nothing that counts: a body is read once and remembered as long as the catalog holds it, so a record costs a look.
 * When late, twice, missing: see the catalog (as of event time); a body that is not believed leaves the default in force,
 *   with the problem named, and never throws.
 * Limits: what a lead's own words mean (lead-words.ts) is no part of a policy.
 */

import { basic_lead_policy, default_lead_policy, type LeadPolicy } from './lead-policy.ts'
import { knots_of, object_of, readers, refuse, weights_of } from './policy-readers.ts'
import { factors, most_of_factor, type Weights, weigh_factors } from './weigh-factors.ts'

export interface ReadPolicy {
  readonly policy: LeadPolicy
  /** Why the body is not believed; null where it is (or where there is none). */
  readonly problem: string | null
}

const BASES: Readonly<Record<string, LeadPolicy>> = {
  'lead-0': basic_lead_policy,
  'lead-1': default_lead_policy,
}
const MOST_LETTERS = 100
const read = new WeakMap<object, ReadPolicy>()

/** The policy that a body of kind lead_policies says: the same one for the same body. Never throws. */
export const read_lead_policy = (body: unknown): ReadPolicy => {
  if (typeof body !== 'object' || body === null) return believed(body)
  let known = read.get(body)
  if (!known) {
    known = believed(body)
    read.set(body, known)
  }
  return known
}

const believed = (body: unknown): ReadPolicy => {
  try {
    return { policy: policy_of(body), problem: null }
  } catch (error) {
    return { policy: default_lead_policy, problem: error instanceof Error ? error.message : String(error) }
  }
}

const policy_of = (body: unknown): LeadPolicy => {
  const { version, base, table, calibration } = object_of(body, 'the policy')
  if (typeof version !== 'string' || version === '' || version.length > MOST_LETTERS)
    return refuse(`version must be a text of 1 to ${MOST_LETTERS} characters`)
  const built_in = (typeof base === 'string' && Object.hasOwn(BASES, base) && BASES[base]) || null
  if (!built_in) return refuse('base must be lead-0 or lead-1')
  const differs = (table ?? calibration ?? null) !== null
  if (Object.hasOwn(BASES, version) && (version !== base || differs))
    return refuse(`version ${version} is the name of a built-in policy`)
  const changed: Record<string, unknown> = { version }
  let weights: Weights | null = null
  for (const [name, given] of Object.entries(object_of(table ?? {}, 'table'))) {
    if (name === 'weights') weights = weights_of(given)
    else if (!Object.hasOwn(readers, name)) return refuse(`table.${name} is no part of a lead policy`)
    else changed[name] = readers[name]?.(given, `table.${name}`, built_in)
  }
  if ((calibration ?? null) !== null) changed.calibration = knots_of(calibration)
  const merged = { ...built_in, ...changed }
  const policy = weights ? weigh_factors(merged, weights) : merged
  const most = factors.reduce((sum, factor) => sum + most_of_factor(policy, factor), 0)
  return most <= 10_000 ? policy : refuse(`signals are worth ${most / 100} points together, more than 100`)
}
