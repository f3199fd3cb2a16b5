/** What delivery hears of a row of alerts. */
import type { GroupedAlert } from '../../schemas/types.ts'
import type { Row } from '../core/keyed.ts'

export const heard = [
  'fingerprint',
  'rule',
  'severity',
  'status',
  'title',
  'description',
  'metric',
  'currency',
  'dimension',
  'value',
  'expected',
  'started_at',
  'money_at_risk_minor',
  'money_currency',
  'contributor',
  'contributor_share',
  'inhibited_by',
  'silenced_by',
  'reason',
] as const
export type Heard = Row<'alerts', (typeof heard)[number]>
/** Of an alert that is a moment: the others say something of one that may have been told already. */
const FIRST_REASONS: readonly string[] = ['', 'fired', 'recurred', 'escalated']

export const is_first = ({ reason }: Heard): boolean => FIRST_REASONS.includes(reason)

/** As it is kept, in the groups given. */
export const said_of = (row: Heard, groups: readonly string[]): GroupedAlert => {
  const { event_id, tenant_id, occurred_at, inhibited_by, silenced_by, reason, ...said } = row
  return {
    ...said,
    alert_id: event_id,
    ended_at: row.status === 'resolved' ? occurred_at : null,
    hidden: inhibited_by !== null || silenced_by !== null,
    groups: [...groups],
  }
}
