/** Which of a visitor's links owns an instant: claim-touches' arithmetic, without its state. */

import type { IdentityVisitor, VisitorLink } from '../../schemas/types.ts'

export type Links = IdentityVisitor['links']

/** links: sorted. The customer of the first link at or after the instant, else of the last one. */
export const owner_at = (links: Links, at_ms: number): string | null => {
  let low = 0
  let high = links.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((links[middle] as VisitorLink).linked_ms < at_ms) low = middle + 1
    else high = middle
  }
  return (links[low] ?? links.at(-1))?.customer_id ?? null
}

export const compare_links = (a: VisitorLink, b: VisitorLink): number =>
  a.linked_ms - b.linked_ms || compare(a.event_id, b.event_id) || compare(a.customer_id, b.customer_id)
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Where among the sorted links the link belongs, or is already. */
export const place_of = (link: VisitorLink, links: Links): number => {
  const after = links.findIndex(other => compare_links(link, other) <= 0)
  return after < 0 ? links.length : after
}

/** Without the oldest link that its successor repeats, or without the oldest: the one that matters least. */
export const with_one_less = (links: Links): Links => {
  const repeated = links.findIndex((link, i) => link.customer_id === links[i + 1]?.customer_id)
  const gone = Math.max(0, repeated)
  return links.filter((_, i) => i !== gone)
}
