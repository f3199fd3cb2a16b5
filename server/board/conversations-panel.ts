/** Who is talking now, how good today's leads are, and the newest of them with score, price and advice. */
import type { Asking } from './asking.ts'
import { iso_of } from './asking.ts'
import type { ConversationsPanel, Panel } from './board.ts'

const OF_TENANT = `FINAL WHERE tenant_id = {tenant:String} AND occurred_at < {as_of:DateTime64(3, 'UTC')}`

/** The newest row of a conversation is its last offset: one key, one partition. */
const COUNTS = `WITH {as_of:DateTime64(3, 'UTC')} AS now, toStartOfDay(now) AS midnight
  SELECT
    countIf(NOT closed AND newest_at >= now - INTERVAL 30 MINUTE) AS active,
    countIf(started_at >= midnight) AS today
  FROM (
    SELECT
      argMax(closed, _offset) AS closed,
      argMax(started_at, _offset) AS started_at,
      max(occurred_at) AS newest_at
    FROM conversation_metrics ${OF_TENANT} AND occurred_at >= midnight - INTERVAL 30 MINUTE
    GROUP BY customer_id, conversation_id
  )`

const TIERS = `WITH toStartOfDay({as_of:DateTime64(3, 'UTC')}) AS today
  SELECT tier, count() AS leads
  FROM (
    SELECT argMax(quality_tier, (occurred_at, _offset)) AS tier
    FROM lead_scores ${OF_TENANT} AND occurred_at >= today
    GROUP BY customer_id, conversation_id
  )
  GROUP BY tier`

const NEWEST = `WITH
    scores AS (
      SELECT
        customer_id, conversation_id,
        max(occurred_at) AS at,
        argMax(total_score, (occurred_at, _offset)) AS total_score,
        argMax(quality_tier, (occurred_at, _offset)) AS quality_tier
      FROM lead_scores ${OF_TENANT}
      GROUP BY customer_id, conversation_id
      ORDER BY at DESC, conversation_id, customer_id
      LIMIT 8
    ),
    -- A lead that is not for sale (any more) has no price.
    worth AS (
      SELECT
        customer_id, conversation_id,
        argMax((price_minor, revenue_per_minute_minor, isNotNull(buyer_tier)), (occurred_at, _offset)) AS price
      FROM prices ${OF_TENANT} AND currency = {currency:String}
        AND (customer_id, conversation_id) IN (SELECT customer_id, conversation_id FROM scores)
      GROUP BY customer_id, conversation_id
    ),
    advice AS (
      SELECT
        customer_id, conversation_id,
        argMax(arrayElement(recommendations.title, 1), _offset) AS title
      FROM conversation_metrics ${OF_TENANT}
        AND (customer_id, conversation_id) IN (SELECT customer_id, conversation_id FROM scores)
      GROUP BY customer_id, conversation_id
    )
  SELECT
    scores.conversation_id AS conversation_id, scores.customer_id AS customer_id, toString(scores.at) AS at_text,
    total_score, quality_tier,
    worth.price.3 AS priced, worth.price.1 AS price_minor, worth.price.2 AS revenue_per_minute_minor,
    advice.title AS title
  FROM scores
  LEFT JOIN worth ON worth.customer_id = scores.customer_id AND worth.conversation_id = scores.conversation_id
  LEFT JOIN advice ON advice.customer_id = scores.customer_id AND advice.conversation_id = scores.conversation_id
  ORDER BY scores.at DESC, conversation_id, customer_id`

interface NewestRow {
  readonly conversation_id: string
  readonly customer_id: string
  readonly at_text: string
  readonly total_score: number
  readonly quality_tier: string
  readonly priced: number
  readonly price_minor: number
  readonly revenue_per_minute_minor: number | null
  readonly title: string
}

export const ask_conversations = async (asking: Asking): Promise<Omit<ConversationsPanel, keyof Panel>> => {
  const [counts] = await asking.query<{ active: number; today: number }>(COUNTS)
  const leads = await asking.query<{ tier: string; leads: number }>(TIERS)
  const newest = await asking.query<NewestRow>(NEWEST)
  const of_tier = (tier: string): number => leads.find(row => row.tier === tier)?.leads ?? 0
  return {
    active: counts?.active ?? 0,
    today: counts?.today ?? 0,
    tiers: {
      premium: of_tier('premium'),
      standard: of_tier('standard'),
      basic: of_tier('basic'),
      unqualified: of_tier('unqualified'),
    },
    newest: newest.map(row => ({
      conversation_id: row.conversation_id,
      customer_id: row.customer_id,
      at: iso_of(row.at_text),
      total_score: row.total_score,
      quality_tier: row.quality_tier,
      price_minor: row.priced ? row.price_minor : null,
      revenue_per_minute_minor: row.priced ? row.revenue_per_minute_minor : null,
      recommendation: row.title || null,
    })),
  }
}
