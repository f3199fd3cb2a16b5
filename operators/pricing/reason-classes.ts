/**
 * Decides: what kind of reason a buyer gives for refusing a lead.
 * Because: buyers write sentences; a table of words, asked in order, is what people can read and mend.
 * Keeps: nothing. When late, twice, missing: no reason, or one without a known word, is `other`.
 * Limits: English words.
 */

export type ReasonClass =
  | 'contact'
  | 'qualification'
  | 'geography'
  | 'duplicate'
  | 'timing'
  | 'price'
  | 'quality'
  | 'capacity'
  | 'other'

/** Beginnings of words (of phrases, where there is a blank), the more particular classes first. */
export const reason_classes: readonly (readonly [ReasonClass, readonly string[]])[] = [
  ['duplicate', ['duplicat', 'already', 'existing customer', 'in our crm', 'known to us', 'sent twice']],
  [
    'contact',
    [
      'phone',
      'number',
      'email',
      'e mail',
      'unreachable',
      'no answer',
      'no response',
      'not respond',
      'never respond',
      'not reach',
      'voicemail',
      'disconnect',
      'contact',
      'bounce',
      'hung up',
    ],
  ],
  [
    'geography',
    [
      'area',
      'zip',
      'postcode',
      'postal',
      'location',
      'region',
      'territory',
      'coverage',
      'out of state',
      'too far',
    ],
  ],
  [
    'qualification',
    [
      'renter',
      'rents',
      'renting',
      'tenant',
      'homeowner',
      'not own',
      'owner',
      'credit',
      'income',
      'bill',
      'roof',
      'shade',
      'shaded',
      'unqualified',
      'not qualif',
      'does not qualif',
      'ineligible',
      'not eligible',
      'decision',
      'co op board',
    ],
  ],
  [
    'timing',
    [
      'timing',
      'timeline',
      'too late',
      'too early',
      'too old',
      'stale',
      'not ready',
      'next year',
      'later',
      'outdated',
      'expired',
    ],
  ],
  ['price', ['price', 'pricing', 'expensive', 'cost', 'budget', 'too much', 'cheaper']],
  [
    'capacity',
    [
      'capacity',
      'full',
      'cap reached',
      'daily cap',
      'overloaded',
      'no crew',
      'booked',
      'backlog',
      'too many',
    ],
  ],
  [
    'quality',
    [
      'quality',
      'interest',
      'fake',
      'spam',
      'bot',
      'test lead',
      'fraud',
      'wrong information',
      'incomplete',
      'information',
      'curious',
      'shopping around',
      'low intent',
      'intent',
    ],
  ],
]

/** The class of a refusal's reason; null of what was not refused. */
export const reason_class_of = (
  outcome: 'accepted' | 'rejected' | 'converted' | 'returned',
  reason: string | null,
): ReasonClass | null => {
  if (outcome === 'accepted' || outcome === 'converted') return null
  const text = ` ${(reason ?? '').toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, ' ')} `
  for (const [name, words] of reason_classes) if (words.some(word => text.includes(` ${word}`))) return name
  return 'other'
}
