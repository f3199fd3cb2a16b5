/** What is wrong now, and what a person was told lately. */
import type { Asking } from './asking.ts'
import { iso_of } from './asking.ts'
import type { AlertRow, AlertsPanel, Panel } from './board.ts'

const OPEN_MOST = 50
const SAID = `rule, fingerprint, severity, status, title, description, dimension, suppressed, money_at_risk_minor,
  money_currency, contributor, contributor_share, inhibited_by, silenced_by, acknowledged_by, escalation, recurrences,
  reason, toString(started_at) AS started_text`

/** A premium lead is told once and is never over: it is not open. */
const CURRENT = `FROM alert_current(as_of = {as_of:DateTime64(3, 'UTC')})
  WHERE tenant_id = {tenant:String} AND open`
const FIRING = `SELECT countIf(status = 'firing') AS firing ${CURRENT}`
const OPEN = `SELECT alert_event_id AS event_id, toString(said_at) AS at_text, ${SAID}
  ${CURRENT}
  ORDER BY
    indexOf(['info', 'low', 'medium', 'high', 'critical'], toString(severity)) DESC, started_at DESC, fingerprint
  LIMIT ${OPEN_MOST}`
/** What is pending may come to nothing. */
const ROWS = `SELECT event_id, toString(occurred_at) AS at_text, ${SAID}
  FROM alerts FINAL
  WHERE tenant_id = {tenant:String} AND occurred_at < {as_of:DateTime64(3, 'UTC')} AND status != 'pending'
  ORDER BY occurred_at DESC, _offset DESC
  LIMIT 30`
const INCIDENTS = `SELECT title, description, severity ${CURRENT}
  ORDER BY said_at DESC, fingerprint
  LIMIT 30`

/** What is wrong now, the newest first. */
export const ask_incidents = (
  asking: Asking,
): Promise<Pick<AlertRow, 'title' | 'description' | 'severity'>[]> => asking.query(INCIDENTS)

type SaidRow = Readonly<Record<string, unknown>>

/** A row of alerts, of the table or of the topic, as the page shows it. Writers of before said less. */
export const alert_said = (row: SaidRow, at: string, started_at: string): AlertRow => ({
  event_id: row.event_id as string,
  at,
  fingerprint: row.fingerprint as string,
  rule: row.rule as string,
  severity: row.severity as AlertRow['severity'],
  status: row.status as AlertRow['status'],
  title: row.title as string,
  description: row.description as string,
  dimension: (row.dimension as string | undefined) ?? '',
  started_at,
  suppressed: row.suppressed as number,
  money_at_risk_minor: (row.money_at_risk_minor as number | null | undefined) ?? null,
  money_currency: (row.money_currency as string | null | undefined) ?? null,
  contributor: (row.contributor as string | null | undefined) ?? null,
  contributor_share: (row.contributor_share as number | null | undefined) ?? null,
  inhibited_by: (row.inhibited_by as string | null | undefined) ?? null,
  silenced_by: (row.silenced_by as string | null | undefined) ?? null,
  acknowledged_by: (row.acknowledged_by as string | null | undefined) ?? null,
  escalation: (row.escalation as number | undefined) ?? 0,
  recurrences: (row.recurrences as number | undefined) ?? 0,
  reason: (row.reason as string | undefined) ?? '',
})

const of_table = (row: SaidRow): AlertRow =>
  alert_said(row, iso_of(row.at_text as string), iso_of(row.started_text as string))

export const ask_alerts = async (asking: Asking): Promise<Omit<AlertsPanel, keyof Panel>> => {
  const [counted] = await asking.query<{ firing: number }>(FIRING)
  const open = await asking.query<SaidRow>(OPEN)
  const rows = await asking.query<SaidRow>(ROWS)
  return { firing: counted?.firing ?? 0, open: open.map(of_table), rows: rows.map(of_table) }
}
