/**
 * What a receiver is told of a group at a moment, and what the group is afterwards. Each alert is told when it fires, rises or
 * escalates; that it is over is told once, and only where it was told firing, then also of one that is silenced by now.
 */
import type { AlertReceiver } from '../../schemas/catalog-kinds.ts'
import type { AlertGroup, GroupedAlert, Notification } from '../../schemas/types.ts'
import { severities } from './alert-rules.ts'

export const DELIVERY_POLICY = 'delivery-1'
export const LISTED_MOST = 100
/** Rules whose alerts are moments, not states: nothing tells that they are over. */
const MOMENTS: readonly string[] = ['premium_lead']
export const is_moment = ({ rule }: { readonly rule: string }): boolean => MOMENTS.includes(rule)

type Member = AlertGroup['members'][number]
export type Wanted = 'new' | 'changed' | 'escalated' | 'resolved'

const rank_of = ({ severity }: GroupedAlert): number => severities.indexOf(severity as never)
/** It is bad, and nothing hides it. */
const is_shown = (alert: GroupedAlert): boolean => alert.status !== 'resolved' && !alert.hidden

/** Why the receiver should be told of it; null: it need not. */
export const wanted = (member: Member, alert: GroupedAlert): Wanted | null => {
  if (alert.status === 'resolved') return member.told_rank < 0 ? null : 'resolved'
  if (alert.hidden) return null
  if (member.told_rank < 0) return 'new'
  if (member.escalated) return 'escalated'
  return rank_of(alert) > member.told_rank ? 'changed' : null
}

/** It is told again after repeat_interval_ms. */
export const is_repeated = (member: Member, alert: GroupedAlert): boolean =>
  member.told_rank >= 0 && alert.status === 'firing' && !alert.hidden

/** A group and its alerts, in the order of its members. */
export interface Group {
  readonly group: AlertGroup
  readonly alerts: readonly GroupedAlert[]
}

export interface Told {
  /** Null where nothing is to be told. */
  readonly notification: Notification | null
  readonly group: AlertGroup
  /** Alerts that are no members any more. */
  readonly left: readonly GroupedAlert[]
}

const REASONS: readonly Wanted[] = ['escalated', 'new', 'changed', 'resolved']

export const tell_group = (
  { group, alerts }: Group,
  receiver: AlertReceiver,
  tenant_id: string,
  at_ms: number,
): Told => {
  const wants = group.members.map((member, i) => wanted(member, alerts[i] as GroupedAlert))
  const reason =
    REASONS.find(one => wants.includes(one)) ?? (repeats_at({ group, alerts }) <= at_ms ? 'repeated' : null)
  const stays = (i: number): boolean => {
    const alert = alerts[i] as GroupedAlert
    return alert.status !== 'resolved' && !(is_moment(alert) && wants[i] !== null)
  }
  const left = alerts.filter((_, i) => !stays(i))
  const members = group.members.flatMap((member, i) =>
    stays(i)
      ? [
          wants[i] === null
            ? member
            : { ...member, told_rank: rank_of(alerts[i] as GroupedAlert), escalated: false },
        ]
      : [],
  )
  if (reason === null) return { notification: null, group: left.length ? { ...group, members } : group, left }
  const next = { ...group, members, told_ms: at_ms, sequence: group.sequence + 1 }
  const listed = alerts
    .map((alert, i) => ({ alert, changed: wants[i] !== null }))
    .filter(({ alert, changed }) => changed || is_shown(alert))
    .sort(in_order)
  // One that is silenced meanwhile still fires.
  const fires = group.members.some(({ told_rank }, i) => {
    const alert = alerts[i] as GroupedAlert
    return alert.status !== 'resolved' && (told_rank >= 0 || wants[i] !== null)
  })
  const notification: Notification = {
    event_id: `${group.receiver}|${group.group_key}|${group.opened_ms}|${next.sequence}`,
    tenant_id,
    occurred_at: at_ms,
    receiver: receiver.name,
    channel: receiver.channel,
    to: receiver.to,
    secret: receiver.secret ?? null,
    group_key: group.group_key,
    labels: group.labels,
    sequence: next.sequence,
    reason,
    status: fires ? 'firing' : 'resolved',
    alerts: listed.slice(0, LISTED_MOST).map(({ alert, changed }) => {
      const { hidden, groups, ...said } = alert
      return { ...said, changed }
    }),
    truncated: Math.max(0, listed.length - LISTED_MOST),
    policy_version: DELIVERY_POLICY,
  }
  return { notification, group: next, left }
}

type Listed = { readonly alert: GroupedAlert; readonly changed: boolean }
/** What it is told for, what is worst, what is oldest. */
const in_order = (a: Listed, b: Listed): number =>
  Number(b.changed) - Number(a.changed) ||
  rank_of(b.alert) - rank_of(a.alert) ||
  a.alert.started_at - b.alert.started_at ||
  (a.alert.fingerprint < b.alert.fingerprint ? -1 : 1)

/** When it is told again though nothing has changed. */
export const repeats_at = ({ group, alerts }: Group): number =>
  group.told_ms !== null && group.members.some((member, i) => is_repeated(member, alerts[i] as GroupedAlert))
    ? group.told_ms + group.repeat_interval_ms
    : Number.POSITIVE_INFINITY
