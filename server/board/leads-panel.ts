/** What became of leads that were for sale today, and the newest with buyer, price and what the price is made of. */
import type { Asking } from './asking.ts'
import { iso_of } from './asking.ts'
import type { LeadsPanel, Panel } from './board.ts'

const OF_TENANT = `FROM routes FINAL
  WHERE tenant_id = {tenant:String} AND currency = {currency:String} AND occurred_at < {as_of:DateTime64(3, 'UTC')}`

/**
 * Steps of sales. Of a lead that somebody has, or had, an event says what it would be worth now: its row names the decision and
 * is no step of it. Rows that no event of the lead has begin with ~.
 */
const STEPS = `${OF_TENANT}
    AND NOT (status IN ('quoted', 'unsold') AND isNotNull(decision_id) AND NOT startsWith(event_id, '~'))`

/**
 * A tenant's steps are one partition's: the newest has the last offset. One that is quoted is not for sale (any more); that a
 * lead is unsold is said only where there was a buyer to ask.
 */
const TODAY = `SELECT toString(step) AS status, count() AS leads, sum(price_minor) AS price_minor
  FROM (
    SELECT
      argMax(
        (
          status, routes.price_minor,
          isNull(decision_id) AND empty(alternatives) AND NOT startsWith(event_id, '~')
        ), _offset
      ) AS newest,
      newest.1 AS step, newest.2 AS price_minor
    ${STEPS} AND occurred_at >= toStartOfDay({as_of:DateTime64(3, 'UTC')})
    GROUP BY customer_id, conversation_id
    HAVING step != 'quoted' AND NOT (step = 'unsold' AND newest.3)
  )
  GROUP BY step`

/** Terms stand in the row that reserved, whatever came of it. */
const NEWEST = `WITH
    shown AS (
      SELECT customer_id, conversation_id, max(_offset) AS newest ${STEPS}
      GROUP BY customer_id, conversation_id
      ORDER BY max(occurred_at) DESC, newest DESC LIMIT 8
    ),
    reserved AS (
      SELECT assumeNotNull(decision_id) AS reserved_id, price_terms AS reserved_terms
      ${OF_TENANT} AND status = 'reserved'
        AND (customer_id, conversation_id) IN (SELECT customer_id, conversation_id FROM shown)
    )
  SELECT
    steps.conversation_id AS conversation_id, steps.customer_id AS customer_id, toString(steps.occurred_at) AS at_text,
    total_score, toString(quality_tier) AS quality, toString(status) AS step, buyer_id, price_minor,
    expected_revenue_minor, reason,
    if(empty(steps.price_terms) AND status IN ('confirmed', 'released'), reserved_terms, steps.price_terms) AS all_terms,
    all_terms.term AS terms, all_terms.ratio AS ratios
  FROM (SELECT * ${OF_TENANT} AND _offset IN (SELECT newest FROM shown)) AS steps
  LEFT JOIN reserved ON reserved.reserved_id = ifNull(steps.decision_id, '')
  ORDER BY steps.occurred_at DESC, steps._offset DESC`

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
