/**
 * Decides: by which policy a conversation is judged: the built-in one, with what the catalog's entry (conversation_policies,
 *   of the tenant or of all) says differently.
 * Because: an entry is somebody's text. It is believed as a whole or not at all, so that a slip does not leave half a policy.
 * Keeps: nothing but what it has read already, by the entry's object: the same answer without the work.
 * When late, twice, missing: without an entry, or with one that is malformed, the built-in policy holds; its version is in
 *   every row, so a reader sees which one it was.
 * Limits: what shapes the state (idle time, how many sentiments are kept) cannot be changed here.
 */

import { words_by_language } from '../core/words.ts'
import { type Advice, advice_titles, type ConversationPolicy } from './conversation-policy.ts'

type Fixed = 'version' | 'idle_ms' | 'moods'
type Check = (value: unknown) => boolean

const is_object = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const between =
  (least: number, most: number): Check =>
  value =>
    typeof value === 'number' && value >= least && value <= most
const whole = (least: number, most: number): Check => {
  const within = between(least, most)
  return value => Number.isSafeInteger(value) && within(value)
}
const record =
  (name: Check, value: Check): Check =>
  given =>
    is_object(given) && Object.entries(given).every(([n, v]) => name(n) && value(v))
const any_name: Check = () => true
const ratio = between(0, 1)
const duration = whole(0, 86_400_000)
const is_id: Check = id => typeof id === 'string' && id !== ''

const CHECKS: Readonly<Record<Exclude<keyof ConversationPolicy, Fixed>, Check>> = {
  min_duration_ms: duration,
  max_duration_ms: duration,
  engaged_questions: whole(1, 1000),
  low_engagement: ratio,
  low_engagement_messages: whole(0, 1000),
  urgency: record(any_name, record(any_name, whole(0, 100))),
  low_urgency: ratio,
  trend_millionths: whole(1, 2_000_000),
  next_questions: whole(0, 8),
  language: tag => typeof tag === 'string' && Object.hasOwn(words_by_language, tag),
  claims: ids => Array.isArray(ids) && ids.length <= 100 && ids.every(is_id),
  claims_said: whole(0, 5),
  held_out_ratio: record(code => Object.hasOwn(advice_titles, code as Advice), ratio),
}

export interface ReadPolicy {
  readonly policy: ConversationPolicy
  /** Why the entry is not believed; null where it is, or where there is none. */
  readonly problem: string | null
}

/** Body of an entry → policy. Never throws: bodies come from outside. */
export const policy_reader = (base: ConversationPolicy): ((body: unknown) => ReadPolicy) => {
  const known = new WeakMap<object, ReadPolicy>()
  const built_in: ReadPolicy = { policy: base, problem: null }
  return body => {
    // An entry of null takes back what held before.
    if (body === undefined || body === null) return built_in
    if (!is_object(body)) return { policy: base, problem: 'the policy must be an object' }
    let read = known.get(body)
    if (!read) {
      const given = overlaid(base, body)
      read = typeof given === 'string' ? { policy: base, problem: given } : { policy: given, problem: null }
      known.set(body, read)
    }
    return read
  }
}

/** The policy, or why there is none. */
const overlaid = (base: ConversationPolicy, body: Record<string, unknown>): ConversationPolicy | string => {
  const { version, table } = body
  if (!is_id(version)) return 'version must be a text'
  if (!is_object(table)) return 'table must be an object'
  for (const [name, value] of Object.entries(table)) {
    if (!Object.hasOwn(CHECKS, name)) return `table.${name} is no part of a conversation policy`
    if (!CHECKS[name as keyof typeof CHECKS](value)) return `table.${name} is not of its kind or range`
  }
  const policy = { ...base, ...table, version: version as string }
  if (policy.min_duration_ms > policy.max_duration_ms) return 'min_duration_ms is above max_duration_ms'
  return policy
}
