/** What a person should know, newest first. */
import type { Asking } from './asking.ts'
import { iso_of } from './asking.ts'
import type { AlertRow, AlertsPanel, Panel } from './board.ts'

const OF_TENANT = `FROM alerts FINAL
  WHERE tenant_id = {tenant:String} AND occurred_at < {as_of:DateTime64(3, 'UTC')}`

/** A premium lead is told once and is never over. */
const FIRING = `SELECT count() AS firing FROM alert_history(as_of = {as_of:DateTime64(3, 'UTC')})
  WHERE tenant_id = {tenant:String} AND isNull(resolved_at) AND rule != 'premium_lead'`
const ROWS = `SELECT
    event_id, toString(occurred_at) AS at_text, severity, status, title, description, suppressed
  ${OF_TENANT}
  ORDER BY occurred_at DESC, _offset DESC
  LIMIT 30`

export const ask_alerts = async (asking: Asking): Promise<Omit<AlertsPanel, keyof Panel>> => {
  const [counted] = await asking.query<{ firing: number }>(FIRING)
  const rows = await asking.query<Omit<AlertRow, 'at'> & { readonly at_text: string }>(ROWS)
  return {
    firing: counted?.firing ?? 0,
    rows: rows.map(({ at_text, ...row }) => ({ ...row, at: iso_of(at_text) })),
  }
}
