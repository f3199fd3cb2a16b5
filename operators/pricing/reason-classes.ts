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

const list = (text: string): readonly string[] => text.split(',').map(word => word.trim())

/** Whole words and phrases (without marks), the more particular classes first. */
export const reason_classes: readonly (readonly [ReasonClass, readonly string[]])[] = [
  [
    'duplicate',
    list(`
      duplicate, duplicates, duplicated, duplication, already in, already known, already a customer, already our, already received,
      already got, already have this, already have it, already contacted, already sold, already bought, existing customer,
      in our crm, known to us, sent twice
    `),
  ],
  [
    'contact',
    list(`
      phone, phones, telephone, wrong number, bad number, invalid number, dead number, number invalid, number wrong, number not,
      number is wrong, number is not, number does not, number disconnected, no number, email, emails, e mail, unreachable,
      no answer, no response, not respond, not responding, not responded, never responds, never responded, never answered,
      not reach, not reached, not reachable, not be reached, cannot reach, unable to reach, voicemail, disconnect,
      disconnected, contact, contacts, contacted, contactable, bounce, bounces, bounced, hung up
    `),
  ],
  [
    'geography',
    list(`
      service area, our area, outside area, out of area, wrong area, that area, this area, the area, areas, zip, zips, zipcode,
      postcode, postcodes, postal, location, locations, region, regions, territory, territories, coverage, not covered,
      out of state, too far
    `),
  ],
  [
    'qualification',
    list(`
      renter, renters, rents, renting, rental, tenant, tenants, homeowner, homeowners, not own, owner, owners, credit, income,
      bill, bills, roof, roofs, shade, shaded, shading, unqualified, not qualify, not qualified, disqualified, ineligible,
      not eligible, decision, decisions, co op board, has solar, already has
    `),
  ],
  [
    'timing',
    list(`
      timing, timeline, timelines, too late, too early, too old, stale, not ready, next year, later, outdated, expired
    `),
  ],
  [
    'price',
    list(`
      price, prices, priced, overpriced, pricing, expensive, cost, costs, costly, budget, budgets, too much, cheaper,
      interest rate, interest rates
    `),
  ],
  [
    'capacity',
    list(`
      capacity, full, cap reached, daily cap, hourly cap, overloaded, no crew, no crews, booked, overbooked, backlog, too many leads
    `),
  ],
  [
    'quality',
    list(`
      quality, interest, interested, uninterested, disinterested, fake, spam, spammer, bot, bots, test lead, test leads, fraud,
      fraudulent, wrong information, missing information, no information, incomplete, curious, shopping around, low intent, intent
    `),
  ],
]

/** The class of a refusal's reason; null of what was not refused. */
export const reason_class_of = (
  outcome: 'accepted' | 'rejected' | 'converted' | 'returned',
  reason: string | null,
): ReasonClass | null => {
  if (outcome === 'accepted' || outcome === 'converted') return null
  const text = ` ${(reason ?? '').toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, ' ')} `
  for (const [name, words] of reason_classes) if (words.some(word => text.includes(` ${word} `))) return name
  return 'other'
}
