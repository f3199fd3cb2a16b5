/**
 * Decides: from which conversations a rule's advice is held back.
 * Because: who follows advice differs from who does not in more than the advice; a share that chance has chosen does not, so
 *   that the difference of the two is the rule's effect. Chance is a hash of conversation and rule: the same whenever it
 *   is asked, independent between rules (FNV-1a, finished as MurmurHash3 does so that every bit counts).
 * Keeps: nothing.
 * When late, twice, missing: the answer depends on ids alone.
 * Limits: a policy with another ratio moves only conversations between the two ratios; those under way then change sides.
 */
import type { Advice, ConversationPolicy } from './conversation-policy.ts'

export const is_held_out = (
  conversation_id: string,
  code: Advice,
  { held_out_ratio }: Pick<ConversationPolicy, 'held_out_ratio'>,
): boolean => {
  const ratio = held_out_ratio[code] ?? 0
  return ratio > 0 && share_of(`${code}|${conversation_id}`) < ratio
}

/** 0 to just below 1, evenly over texts. */
export const share_of = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
