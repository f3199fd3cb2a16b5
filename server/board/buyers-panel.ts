/** Who buys a tenant's leads: how full they are, what they took and paid in 30 days, and how they answered. */
import type { Asking } from './asking.ts'
import type { BuyersPanel, Panel } from './board.ts'

const SINCE = `occurred_at < {as_of:DateTime64(3, 'UTC')} AND occurred_at >= {as_of:DateTime64(3, 'UTC')} - INTERVAL 30 DAY`

/** The tenant's entry, else the one for all. */
const CATALOG = `SELECT argMax(body, (tenant_id != '*', effective_at, revision, -_offset)) AS listed
  FROM catalog FINAL
  WHERE kind = 'buyers' AND id = {tenant:String} AND tenant_id IN ({tenant:String}, '*')
    AND effective_at <= {as_of:DateTime64(3, 'UTC')}
  HAVING count() > 0`

/** By buyer: decisions whose newest step says that it took them, and how full it was when it was last looked at. */
const LEADS = `SELECT
    buyer, any(tier) AS buyer_tier, countIf(step = 'confirmed') AS leads,
    sumIf(price_minor, step = 'confirmed') AS revenue_minor,
    argMax(utilization, at) AS utilization_ratio
  FROM (
    SELECT
      assumeNotNull(buyer_id) AS buyer, max(_offset) AS at,
      argMax((status, routes.price_minor, ifNull(buyer_tier, ''), utilization_ratio), _offset) AS newest,
      newest.1 AS step, newest.2 AS price_minor, newest.3 AS tier, newest.4 AS utilization
    FROM routes FINAL
    WHERE tenant_id = {tenant:String} AND currency = {currency:String} AND isNotNull(buyer_id) AND ${SINCE}
    GROUP BY buyer, ifNull(decision_id, concat('quoted ', conversation_id))
  )
  GROUP BY buyer`

const ANSWERS = `SELECT assumeNotNull(buyer_id) AS buyer, countIf(outcome = 'accepted') AS accepted,
    countIf(outcome IN ('accepted', 'rejected')) AS answers
  FROM route_outcomes FINAL
  WHERE tenant_id = {tenant:String} AND isNotNull(buyer_id) AND isNotNull(decision_id) AND ${SINCE}
  GROUP BY buyer`

interface LeadRow {
  readonly buyer: string
  readonly buyer_tier: string
  readonly leads: number
  readonly revenue_minor: number
  readonly utilization_ratio: number | null
}
interface AnswerRow {
  readonly buyer: string
  readonly accepted: number
  readonly answers: number
}
type Row = BuyersPanel['rows'][number]

export const ask_buyers = async (asking: Asking): Promise<Omit<BuyersPanel, keyof Panel>> => {
  const [entry] = await asking.query<{ listed: string }>(CATALOG)
  const leads = new Map((await asking.query<LeadRow>(LEADS)).map(row => [row.buyer, row]))
  const answers = new Map((await asking.query<AnswerRow>(ANSWERS)).map(row => [row.buyer, row]))
  const listed = entry ? buyers_of(entry.listed) : new Map<string, Listed>()
  const names = new Set([...listed.keys(), ...leads.keys(), ...answers.keys()])
  const rows = [...names].map((buyer_id): Row => {
    const [said, sold, answered] = [listed.get(buyer_id), leads.get(buyer_id), answers.get(buyer_id)]
    return {
      buyer_id,
      tier: said?.tier ?? sold?.buyer_tier ?? '',
      paused: said?.paused ?? false,
      utilization_ratio: sold?.utilization_ratio ?? null,
      daily_cap: said?.daily_cap ?? null,
      leads: sold?.leads ?? 0,
      revenue_minor: sold?.revenue_minor ?? 0,
      answers: answered?.answers ?? 0,
      accepted: answered?.accepted ?? 0,
    }
  })
  return {
    rows: rows.sort((a, b) => b.revenue_minor - a.revenue_minor || (a.buyer_id < b.buyer_id ? -1 : 1)),
  }
}

interface Listed {
  readonly tier: string
  readonly paused: boolean
  readonly daily_cap: number | null
}

/** Entries are somebody's text: what is no buyer is left out. */
const buyers_of = (body: string): Map<string, Listed> => {
  const { buyers } = (JSON.parse(body) ?? {}) as { buyers?: unknown }
  const found = new Map<string, Listed>()
  for (const each of Array.isArray(buyers) ? buyers : []) {
    if (typeof each !== 'object' || each === null) continue
    const { buyer_id, tier, paused, daily_cap } = each as Readonly<Record<string, unknown>>
    if (typeof buyer_id !== 'string' || typeof tier !== 'string') continue
    const cap = Number.isSafeInteger(daily_cap) ? (daily_cap as number) : null
    found.set(buyer_id, { tier, paused: paused === true, daily_cap: cap })
  }
  return found
}
