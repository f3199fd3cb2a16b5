/** What a tenant's leads and buyers did in the last 30 days: what dashboard and recommendations compare with targets. */
import type { Targets } from '../../runtime/config.ts'
import type { Asking } from '../board/asking.ts'

/** Those of the requirements. */
export const default_targets: Targets = {
  conversion_rate: 0.6,
  avg_lead_value: 150,
  revenue_per_hour: 30,
  buyer_acceptance: 0.85,
}

const SINCE = `occurred_at < {as_of:DateTime64(3, 'UTC')} AND occurred_at >= {as_of:DateTime64(3, 'UTC')} - INTERVAL 30 DAY`

/** Conversations, those whose newest tier is at least basic, what they brought, how long they took. */
const CONVERSATIONS = `SELECT
    count() AS conversations,
    countIf(ifNull(quality_tier, 'unqualified') != 'unqualified') AS qualified,
    sum(duration_ms) AS duration_ms,
    sum(paid_minor[{currency:String}]) AS paid_minor
  FROM conversation_value(as_of = {as_of:DateTime64(3, 'UTC')})
  WHERE tenant_id = {tenant:String} AND started_at >= {as_of:DateTime64(3, 'UTC')} - INTERVAL 30 DAY`

/** Leads that a buyer has taken and not given back, by buyer: a decision counts by its newest step. */
const BUYERS = `SELECT buyer, count() AS leads, sum(price_minor) AS revenue_minor
  FROM (
    SELECT
      argMax((assumeNotNull(buyer_id), status, routes.price_minor), _offset) AS newest,
      newest.1 AS buyer, newest.2 AS step, newest.3 AS price_minor
    FROM routes FINAL
    WHERE tenant_id = {tenant:String} AND currency = {currency:String} AND isNotNull(decision_id)
      AND isNotNull(buyer_id) AND ${SINCE}
    GROUP BY decision_id
  )
  WHERE step = 'confirmed'
  GROUP BY buyer ORDER BY revenue_minor DESC, buyer`

/** How buyers answered: accepted of accepted and rejected. */
const ANSWERS = `SELECT countIf(outcome = 'accepted') AS accepted, countIf(outcome = 'rejected') AS rejected
  FROM route_outcomes FINAL
  WHERE tenant_id = {tenant:String} AND isNotNull(decision_id) AND ${SINCE}`

export interface LeadFigures {
  readonly conversations: number
  readonly qualified: number
  readonly duration_ms: number
  /** Of customers who had talked before. */
  readonly paid_minor: number
  /** Those that brought most first. */
  readonly buyers: readonly {
    readonly buyer: string
    readonly leads: number
    readonly revenue_minor: number
  }[]
  readonly accepted: number
  readonly rejected: number
}

type Held = Pick<LeadFigures, 'conversations' | 'qualified' | 'duration_ms' | 'paid_minor'>

export const ask_lead_figures = async (about: Asking): Promise<LeadFigures> => {
  const [held] = await about.query<Held>(CONVERSATIONS)
  const buyers = await about.query<LeadFigures['buyers'][number]>(BUYERS)
  const [answers] = await about.query<Pick<LeadFigures, 'accepted' | 'rejected'>>(ANSWERS)
  return { ...NOTHING, ...held, ...answers, buyers }
}

const NOTHING = { conversations: 0, qualified: 0, duration_ms: 0, paid_minor: 0, accepted: 0, rejected: 0 }

/** Rates and means of the figures; null of nothing. Amounts in minor units. */
export const rates_of = (figures: LeadFigures) => {
  const { conversations, qualified, duration_ms, paid_minor, buyers, accepted, rejected } = figures
  const leads = buyers.reduce((sum, buyer) => sum + buyer.leads, 0)
  const sold_minor = buyers.reduce((sum, buyer) => sum + buyer.revenue_minor, 0)
  return {
    conversion_rate: conversations === 0 ? null : qualified / conversations,
    revenue_per_hour_minor: duration_ms === 0 ? null : (paid_minor * 3_600_000) / duration_ms,
    lead_value_minor: leads === 0 ? null : sold_minor / leads,
    acceptance: accepted + rejected === 0 ? null : accepted / (accepted + rejected),
  }
}
