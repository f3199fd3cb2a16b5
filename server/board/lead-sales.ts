/**
 * What buyers took and how they answered, in 30 days: the one place where the page and the seed routes ask it. A decision (and
 * attempt) counts by its newest step, and the router's quoted rows, which name the decision too, are no steps of it. Answers
 * are those of the view quality_trend: an offer counts once, by the buyer's newest word.
 */
import type { Asking } from './asking.ts'

/** The days of the month that the page shows, today among them. */
const FIRST_DAY = `toStartOfDay({as_of:DateTime64(3, 'UTC')}) - INTERVAL 29 DAY`

const SALES = `WITH {as_of:DateTime64(3, 'UTC')} AS now, toStartOfDay(now) AS today
  SELECT
    buyer, argMax(buyer_tier, at) AS tier,
    countIf(sold) AS leads,
    sumIf(price_minor, sold) AS revenue_minor,
    sumIf(price_minor, sold AND step_at >= today - INTERVAL 6 DAY) AS sold_week_minor,
    sumIf(price_minor, sold AND step_at >= today) AS sold_today_minor,
    sumIf(price_minor, sold AND step_at >= now - INTERVAL 1 HOUR) AS sold_hour_minor
  FROM (
    SELECT
      max(_offset) AS at,
      argMax(
        (assumeNotNull(buyer_id), ifNull(routes.buyer_tier, ''), status, routes.price_minor, routes.occurred_at), _offset
      ) AS newest,
      newest.1 AS buyer, newest.2 AS buyer_tier, newest.3 = 'confirmed' AS sold, newest.4 AS price_minor,
      newest.5 AS step_at
    FROM routes FINAL
    WHERE tenant_id = {tenant:String} AND currency = {currency:String} AND isNotNull(buyer_id)
      AND status IN ('reserved', 'confirmed', 'released')
      AND occurred_at < {as_of:DateTime64(3, 'UTC')} AND occurred_at >= ${FIRST_DAY}
    GROUP BY decision_id, attempt
  )
  GROUP BY buyer
  ORDER BY revenue_minor DESC, buyer`

const ANSWERS = `SELECT buyer_id AS buyer, sum(answers) AS all_answers, sum(accepted) AS all_accepted
  FROM quality_trend(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = 'day', by_buyer = 1)
  WHERE tenant_id = {tenant:String} AND period >= toDate(${FIRST_DAY}, 'UTC')
  GROUP BY buyer`

/** One who was offered a lead in the currency asked for. Amounts are prices of leads that it took and has not given back. */
export interface BuyerSales {
  readonly buyer: string
  readonly tier: string
  /** In 30 days. */
  readonly leads: number
  readonly revenue_minor: number
  readonly sold_week_minor: number
  readonly sold_today_minor: number
  /** The last 60 minutes. */
  readonly sold_hour_minor: number
}

/** Offers that a buyer first answered in 30 days, and those of them that it took, by its newest word. */
export interface BuyerAnswers {
  readonly buyer: string
  readonly answers: number
  readonly accepted: number
}

/** The most revenue first. */
export const ask_sales = (about: Asking): Promise<BuyerSales[]> => about.query<BuyerSales>(SALES)

export const ask_answers = async (about: Asking): Promise<BuyerAnswers[]> => {
  type Row = { readonly buyer: string; readonly all_answers: number; readonly all_accepted: number }
  const rows = await about.query<Row>(ANSWERS)
  return rows.map(row => ({ buyer: row.buyer, answers: row.all_answers, accepted: row.all_accepted }))
}
