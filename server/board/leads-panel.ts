/** What became of leads that were for sale today, and the newest with buyer, price and what the price is made of. */
import type { Asking } from './asking.ts'
import { iso_of } from './asking.ts'
import type { LeadsPanel, Panel } from './board.ts'

const OF_TENANT = `FROM routes FINAL
  WHERE tenant_id = {tenant:String} AND currency = {currency:String} AND occurred_at < {as_of:DateTime64(3, 'UTC')}`

/** A tenant's steps are one partition's: the newest has the last offset. */
const TODAY = `SELECT toString(step) AS status, count() AS leads, sum(price_minor) AS price_minor
  FROM (
    SELECT argMax((status, routes.price_minor), _offset) AS newest, newest.1 AS step, newest.2 AS price_minor
    ${OF_TENANT} AND occurred_at >= toStartOfDay({as_of:DateTime64(3, 'UTC')}) AND status != 'quoted'
    GROUP BY customer_id, conversation_id
  )
  GROUP BY step`

const NEWEST = `SELECT
    conversation_id, customer_id, toString(occurred_at) AS at_text, total_score, toString(quality_tier) AS quality,
    toString(status) AS step, buyer_id, price_minor, expected_revenue_minor, reason,
    price_terms.term AS terms, price_terms.ratio AS ratios
  ${OF_TENANT} AND _offset IN (
    SELECT max(_offset) ${OF_TENANT} GROUP BY customer_id, conversation_id
    ORDER BY max(occurred_at) DESC, max(_offset) DESC LIMIT 8
  )
  ORDER BY occurred_at DESC, _offset DESC`

interface NewestRow {
  readonly conversation_id: string
  readonly customer_id: string
  readonly at_text: string
  readonly total_score: number
  readonly quality: string
  readonly step: string
  readonly buyer_id: string | null
  readonly price_minor: number
  readonly expected_revenue_minor: number
  readonly reason: string
  readonly terms: readonly string[]
  readonly ratios: readonly number[]
}
interface StatusRow {
  readonly status: string
  readonly leads: number
  readonly price_minor: number
}

export const ask_leads = async (asking: Asking): Promise<Omit<LeadsPanel, keyof Panel>> => {
  const today = await asking.query<StatusRow>(TODAY)
  const newest = await asking.query<NewestRow>(NEWEST)
  const of = (status: string) => today.find(row => row.status === status)
  const count = (status: string): number => of(status)?.leads ?? 0
  return {
    today: {
      reserved: count('reserved'),
      confirmed: count('confirmed'),
      queued: count('queued'),
      // Given back by the last buyer there was.
      unsold: count('unsold') + count('released'),
    },
    sold_minor: of('confirmed')?.price_minor ?? 0,
    newest: newest.map(row => ({
      conversation_id: row.conversation_id,
      customer_id: row.customer_id,
      at: iso_of(row.at_text),
      total_score: row.total_score,
      quality_tier: row.quality,
      status: row.step,
      buyer_id: row.buyer_id,
      price_minor: row.buyer_id === null ? null : row.price_minor,
      expected_revenue_minor: row.buyer_id === null ? null : row.expected_revenue_minor,
      terms: row.terms
        .map((term, at) => ({ term, ratio: row.ratios[at] ?? 1 }))
        .filter(({ ratio }) => ratio !== 1),
      reason: row.reason,
    })),
  }
}
