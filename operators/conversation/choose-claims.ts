/**
 * Decides: which claims of the catalog may be said to this lead today.
 * Because: what a lead is told of dates, prices and savings has to be true on the day it is said, of this lead, and somebody
 *   has to answer for it: a claim without a source, or outside its days, is not said.
 * Keeps: nothing.
 * When late, twice, missing: the day is that of the message, in the tenant's zone (UTC without one); a claim about what is
 *   not known of the lead, or without a text in the language, is not said.
 * Limits: whether the source says so is not checked; a claim is chosen again as long as it holds.
 */

import type { ConversationProgress } from '../../schemas/types.ts'
import { fact_of, spelled } from '../core/facts.ts'

export interface Claim {
  readonly id: string
  readonly text: string
}
export interface Listener {
  readonly tenant_id: string
  /** Year, month, day: 2026-01-05. */
  readonly day: string
  readonly language: string
  readonly facts: ConversationProgress['facts']
}

const DAY = /^\d{4}-\d{2}-\d{2}$/
const is_object = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const is_text = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''
const is_day = (value: unknown): value is string => typeof value === 'string' && DAY.test(value)

/** The first `most` of the claims named that hold. `body_of` looks one up; bodies are somebody's and may be anything. */
export const claims_for = (
  ids: readonly string[],
  body_of: (id: string) => unknown,
  listener: Listener,
  most: number,
): readonly Claim[] => {
  const said: Claim[] = []
  for (const id of ids) {
    if (said.length >= most) break
    const text = text_of(body_of(id), listener)
    if (text !== null) said.push({ id, text })
  }
  return said
}

/** The claim in the listener's language, null when it does not hold. */
export const text_of = (body: unknown, { tenant_id, day, language, facts }: Listener): string | null => {
  if (!is_object(body) || !is_text(body.source) || !is_object(body.text)) return null
  if (body.tenant_id !== tenant_id && body.tenant_id !== '*') return null
  const { from_day, to_day, about = {} } = body
  if (!is_day(from_day) || !is_day(to_day) || day < from_day || day >= to_day) return null
  if (!is_object(about) || !Object.entries(about).every(([name, value]) => is_known(facts, name, value)))
    return null
  const text = Object.hasOwn(body.text, language) ? body.text[language] : undefined
  return is_text(text) ? text.trim() : null
}

const is_known = (facts: Listener['facts'], name: string, value: unknown): boolean => {
  const known = fact_of(facts, name) ?? fact_of(facts, `said_${name}`)
  return typeof value === 'string' && known !== undefined && spelled(known) === spelled(value)
}
