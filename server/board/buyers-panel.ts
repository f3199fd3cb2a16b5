/** Who buys a tenant's leads: how full they are, what they took and paid in 30 days, and how they answered. */
import type { Asking } from './asking.ts'
import type { BuyersPanel, Panel } from './board.ts'
import { ask_answers, ask_sales } from './lead-sales.ts'

/** The tenant's entry, else the one for all. */
const CATALOG = `SELECT argMax(body, (tenant_id != '*', effective_at, revision, -_offset)) AS listed
  FROM catalog FINAL
  WHERE kind = 'buyers' AND id = {tenant:String} AND tenant_id IN ({tenant:String}, '*')
    AND effective_at <= {as_of:DateTime64(3, 'UTC')}
  HAVING count() > 0`

/**
 * How full each was when a lead was last reserved for it: rows of later steps do not say. Who got none for a day has an empty
 * day, and so an empty hour, whatever its zone.
 */
const FULLNESS = `SELECT assumeNotNull(buyer_id) AS buyer, argMax(tuple(routes.utilization_ratio), _offset).1 AS ratio
  FROM routes FINAL
  WHERE tenant_id = {tenant:String} AND isNotNull(buyer_id) AND status = 'reserved'
    AND occurred_at < {as_of:DateTime64(3, 'UTC')} AND occurred_at >= {as_of:DateTime64(3, 'UTC')} - INTERVAL 24 HOUR
  GROUP BY buyer`

type Row = BuyersPanel['rows'][number]

export const ask_buyers = async (asking: Asking): Promise<Omit<BuyersPanel, keyof Panel>> => {
  const [entry] = await asking.query<{ listed: string }>(CATALOG)
  const sales = new Map((await ask_sales(asking)).map(row => [row.buyer, row]))
  const answers = new Map((await ask_answers(asking)).map(row => [row.buyer, row]))
  const fullness = await asking.query<{ buyer: string; ratio: number | null }>(FULLNESS)
  const used = new Map(fullness.map(row => [row.buyer, row.ratio]))
  const listed = entry ? buyers_of(entry.listed) : new Map<string, Listed>()
  const names = new Set([...listed.keys(), ...sales.keys(), ...answers.keys()])
  const rows = [...names].map((buyer_id): Row => {
    const [said, sold, answered] = [listed.get(buyer_id), sales.get(buyer_id), answers.get(buyer_id)]
    const capped = said ? said.daily_cap !== null || said.hourly_cap !== null : null
    return {
      buyer_id,
      tier: said?.tier ?? sold?.tier ?? '',
      paused: said?.paused ?? false,
      capped,
      utilization_ratio: capped ? (used.get(buyer_id) ?? 0) : null,
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
  readonly hourly_cap: number | null
  readonly daily_cap: number | null
}

/** Entries are somebody's text: what is no buyer is left out. */
const buyers_of = (body: string): Map<string, Listed> => {
  const { buyers } = (JSON.parse(body) ?? {}) as { buyers?: unknown }
  const found = new Map<string, Listed>()
  for (const each of Array.isArray(buyers) ? buyers : []) {
    if (typeof each !== 'object' || each === null) continue
    const { buyer_id, tier, paused, hourly_cap, daily_cap } = each as Readonly<Record<string, unknown>>
    if (typeof buyer_id !== 'string' || typeof tier !== 'string') continue
    const caps = { hourly_cap: cap_of(hourly_cap), daily_cap: cap_of(daily_cap) }
    found.set(buyer_id, { tier, paused: paused === true, ...caps })
  }
  return found
}

const cap_of = (said: unknown): number | null => (Number.isSafeInteger(said) ? (said as number) : null)
