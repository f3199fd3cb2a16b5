/** What a tenant's leads and buyers did in the last 30 days: what dashboard and recommendations compare with targets. */
import type { Targets } from '../../runtime/config.ts'
import type { Asking } from '../board/asking.ts'
import { ask_answers, ask_sales, type BuyerSales } from '../board/lead-sales.ts'

/** Those of the requirements. */
export const default_targets: Targets = {
  conversion_rate: 0.6,
  avg_lead_value: 150,
  revenue_per_hour: 30,
  buyer_acceptance: 0.85,
}

/** Conversations, those whose newest tier is at least basic, what they brought, how long they took. */
const CONVERSATIONS = `SELECT
    count() AS conversations,
    countIf(ifNull(quality_tier, 'unqualified') != 'unqualified') AS qualified,
    sum(duration_ms) AS duration_ms,
    sum(paid_minor[{currency:String}]) AS paid_minor
  FROM conversation_value(as_of = {as_of:DateTime64(3, 'UTC')})
  WHERE tenant_id = {tenant:String} AND started_at >= {as_of:DateTime64(3, 'UTC')} - INTERVAL 30 DAY`

export interface LeadFigures {
  readonly conversations: number
  readonly qualified: number
  readonly duration_ms: number
  /** Of customers who had talked before. */
  readonly paid_minor: number
  /** Those that have taken leads; who brought most first. */
  readonly buyers: readonly Omit<BuyerSales, 'tier'>[]
  readonly accepted: number
  readonly rejected: number
}

type Held = Pick<LeadFigures, 'conversations' | 'qualified' | 'duration_ms' | 'paid_minor'>

export const ask_lead_figures = async (about: Asking): Promise<LeadFigures> => {
  const [held] = await about.query<Held>(CONVERSATIONS)
  const buyers = (await ask_sales(about)).filter(({ leads }) => leads > 0)
  const answers = await ask_answers(about)
  const accepted = answers.reduce((sum, buyer) => sum + buyer.accepted, 0)
  const answered = answers.reduce((sum, buyer) => sum + buyer.answers, 0)
  return { ...NOTHING, ...held, buyers, accepted, rejected: answered - accepted }
}

const NOTHING = { conversations: 0, qualified: 0, duration_ms: 0, paid_minor: 0 }

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
