/** Two courses of the same leads in numbers: per segment and in all, what changed, and how far the log can tell. */

import { tenant_of } from '../../runtime/keys.ts'
import type { WhatIf } from './courses.ts'
import type { LeadCourse, Sale } from './lead-book.ts'

export const SEGMENTS = ['all', 'quality', 'buyer', 'area'] as const
export type SegmentKind = (typeof SEGMENTS)[number]

export interface Sums {
  leads: number
  /** Of the leads' last scores. */
  score_sum: number
  /** Leads that a buyer was chosen for. */
  sold: number
  /** Of the sales; without routes, of the prices that the leads had. */
  price_minor: number
  /** Price × probability that the buyer takes the lead. */
  expected_minor: number
}

/** Amounts of one currency: others are not added to them. */
export interface Segment {
  readonly kind: SegmentKind
  readonly name: string
  readonly currency: string
  readonly recorded: Sums
  readonly other: Sums
}

export interface Changes {
  readonly leads: number
  /** Leads with any of the following. */
  readonly changed: number
  readonly score: number
  readonly tier: number
  /** To another buyer, to one or to none. */
  readonly buyer: number
  readonly price: number
}

/** Sales of the recorded course that the other one makes, too. */
export interface Overlap {
  readonly recorded_sales: number
  readonly other_sales: number
  /** Same buyer, same price. */
  readonly same: number
  /** Of those: taken, refused or given back, not answered (yet). */
  readonly taken: number
  readonly refused: number
  readonly open: number
  /** What those that were taken brought, by currency. */
  readonly realised_minor: ReadonlyMap<string, number>
}

const nothing = (): Sums => ({ leads: 0, score_sum: 0, sold: 0, price_minor: 0, expected_minor: 0 })

export const segments_of = ({ recorded, other, routed }: WhatIf): readonly Segment[] => {
  const segments = new Map<string, Segment>()
  for (const [course, book] of [
    ['recorded', recorded],
    ['other', other],
  ] as const)
    for (const lead of book.leads.values())
      for (const kind of SEGMENTS) {
        const name = name_of(kind, lead, routed)
        const id = [kind, name, lead.currency].join('\n')
        const segment = segments.get(id) ?? {
          ...{ kind, name, currency: lead.currency, recorded: nothing(), other: nothing() },
        }
        segments.set(id, segment)
        add(segment[course], lead, routed)
      }
  return [...segments.values()].sort(in_order)
}

const QUALITIES = ['premium', 'standard', 'basic', 'unqualified']

const in_order = (a: Segment, b: Segment): number =>
  SEGMENTS.indexOf(a.kind) - SEGMENTS.indexOf(b.kind) ||
  QUALITIES.indexOf(a.name) - QUALITIES.indexOf(b.name) ||
  (a.name < b.name ? -1 : a.name > b.name ? 1 : a.currency < b.currency ? -1 : 1)

const name_of = (kind: SegmentKind, lead: LeadCourse, routed: boolean): string => {
  if (kind === 'all') return 'all'
  if (kind === 'quality') return lead.tier
  if (kind === 'area') return lead.area
  return (routed ? lead.sale?.buyer_id : lead.buyer_tier) ?? '(nobody)'
}

const add = (sums: Sums, { score, sale, price_minor }: LeadCourse, routed: boolean): void => {
  sums.leads++
  sums.score_sum += score
  if (sale) sums.sold++
  sums.price_minor += routed ? (sale?.price_minor ?? 0) : price_minor
  sums.expected_minor += sale?.expected_minor ?? 0
}

export const changes_of = ({ recorded, other, routed }: WhatIf): Changes => {
  const changes = { leads: 0, changed: 0, score: 0, tier: 0, buyer: 0, price: 0 }
  const ids = new Set([...recorded.leads.keys(), ...other.leads.keys()])
  for (const id of ids) {
    const [a, b] = [recorded.leads.get(id), other.leads.get(id)]
    const buyer = (lead: LeadCourse | undefined) => (routed ? lead?.sale?.buyer_id : lead?.buyer_tier) ?? null
    const price = (lead: LeadCourse | undefined) =>
      (routed ? lead?.sale?.price_minor : lead?.price_minor) ?? null
    const differs = {
      score: a?.score !== b?.score,
      tier: a?.tier !== b?.tier,
      buyer: buyer(a) !== buyer(b),
      price: price(a) !== price(b),
    }
    changes.leads++
    if (Object.values(differs).includes(true)) changes.changed++
    for (const what of ['score', 'tier', 'buyer', 'price'] as const) if (differs[what]) changes[what]++
  }
  return changes
}

export const overlap_of = ({ recorded, other }: WhatIf): Overlap => {
  const overlap = { recorded_sales: 0, other_sales: 0, same: 0, taken: 0, refused: 0, open: 0 }
  const realised_minor = new Map<string, number>()
  for (const { sale } of other.leads.values()) if (sale) overlap.other_sales++
  for (const [id, { sale, currency }] of recorded.leads) {
    if (!sale) continue
    overlap.recorded_sales++
    if (!is_same(sale, other.leads.get(id)?.sale)) continue
    overlap.same++
    const answer = recorded.answer_to(tenant_of(id), sale)
    if (answer === null) overlap.open++
    else if (answer === 'rejected' || answer === 'returned') overlap.refused++
    else {
      overlap.taken++
      realised_minor.set(currency, (realised_minor.get(currency) ?? 0) + sale.price_minor)
    }
  }
  return { ...overlap, realised_minor }
}

const is_same = (a: Sale, b: Sale | null | undefined): boolean =>
  b?.buyer_id === a.buyer_id && b.price_minor === a.price_minor
