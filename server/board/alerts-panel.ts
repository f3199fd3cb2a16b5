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

/** Incidents that are not over, by their newest word; a premium lead is none. */
const OPEN = `SELECT
    argMax(title, (occurred_at, _offset)) AS said_title,
    argMax(description, (occurred_at, _offset)) AS said_description,
    argMax(severity, (occurred_at, _offset)) AS said_severity
  ${OF_TENANT} AND rule != 'premium_lead'
  GROUP BY fingerprint, started_at
  HAVING countIf(status = 'resolved') = 0
  ORDER BY max(occurred_at) DESC, fingerprint, started_at
  LIMIT 30`

interface OpenRow {
  readonly said_title: string
  readonly said_description: string
  readonly said_severity: AlertRow['severity']
}

/** What is wrong now, the newest first. */
export const ask_incidents = async (
  asking: Asking,
): Promise<Pick<AlertRow, 'title' | 'description' | 'severity'>[]> => {
  const rows = await asking.query<OpenRow>(OPEN)
  return rows.map(row => ({
    title: row.said_title,
    description: row.said_description,
    severity: row.said_severity,
  }))
}

export const ask_alerts = async (asking: Asking): Promise<Omit<AlertsPanel, keyof Panel>> => {
  const [counted] = await asking.query<{ firing: number }>(FIRING)
  const rows = await asking.query<Omit<AlertRow, 'at'> & { readonly at_text: string }>(ROWS)
  return {
    firing: counted?.firing ?? 0,
    rows: rows.map(({ at_text, ...row }) => ({ ...row, at: iso_of(at_text) })),
  }
}
