/**
 * Decides: who is told of which alerts, when and how often: alerts of one group together, after group_wait_ms for the first time,
 *   at least group_interval_ms apart, again after repeat_interval_ms while one still fires.
 * Because: Alertmanager's words and waits (the catalog kind alert_routes), for many know them. Otherwise than there all of it is
 *   keyed state and event time: a restart neither forgets nor repeats; that it is over is told once of each alert that was
 *   told firing, also of one that is silenced by then; what changes long after the last word waits group_wait_ms for its like.
 * Keeps: per receiver and group its members, what was told of each and its number, for a week after the last word; of each
 *   alert what was last said of it, while a group has it.
 * When late: alerts are never late. Twice: each comes once. Missing: without routes nobody is told; of a receiver or routes
 *   that are no more, nobody is told any more. An alert that nothing ends is repeated until somebody acknowledges it.
 * Limits: an alert stays in the groups that it came into when its severity moves on. A mute time delays and is looked at on
 *   quarters of an hour. Each due group looks at all of the tenant's groups. At most 100 alerts are listed in a notification.
 */
import type { AlertReceiver, AlertRoutes } from '../../schemas/catalog-kinds.ts'
import type {
  AlertGroup,
  AlertGroupSlot,
  AlertGroups,
  GroupedAlert,
  Notification,
} from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'
import { keyed, type Turn } from '../core/keyed.ts'
import { window_start } from '../core/windows.ts'
import { is_open, local_time } from '../core/zone-clock.ts'
import { type Heard, is_first, said_of } from './hear-alert.ts'
import { alert_slot, groups_of, type Opened, slot_of_alert, slot_of_group } from './open-groups.ts'
import { read_routes } from './read-routes.ts'
import { type Group, is_moment, is_repeated, repeats_at, tell_group, wanted } from './tell-group.ts'

type Member = AlertGroup['members'][number]
type GroupTurn = Turn<Notification, AlertGroupSlot, 'due'>

const KEPT_MS = days(7)
const QUARTER_MS = minutes(15)
export const groupAlerts = () =>
  keyed<Heard, Notification, AlertGroups, AlertGroupSlot, 'due'>({
    name: 'group-alerts',
    version: 1,
    state: { schema: 'state/alert_groups', init: () => ({ next_ms: null }) },
    slot: { schema: 'state/alert_group_slot', init: () => ({ group: null, alert: null }) },
    timers: { due: 'stream' },
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, row, turn) => {
      const due_ms = hear(row, turn)
      if (due_ms === null || (state.next_ms !== null && state.next_ms <= due_ms)) return state
      turn.timer('due', due_ms)
      return { next_ms: due_ms }
    },
    on_timer: (_state, _name, turn) => {
      for (const [id, { group }] of turn.slots('g|'))
        if (group && group.due_ms <= turn.at_ms) look(id, group, turn.at_ms, turn)
      let next_ms: number | null = null
      for (const [, { group }] of turn.slots('g|'))
        if (group && (next_ms === null || group.due_ms < next_ms)) next_ms = group.due_ms
      turn.timer('due', next_ms)
      return { next_ms }
    },
  })

const routes_of = (turn: GroupTurn): AlertRoutes | null => {
  const body = turn.catalog('alert_routes', turn.key) ?? turn.catalog('alert_routes', '*')
  return body ? read_routes(body).routes : null
}

/** Puts the alert into its groups; when the first of them is to be looked at. */
const hear = (row: Heard, turn: GroupTurn): number | null => {
  const slot = alert_slot(row.fingerprint)
  const before = turn.slot(slot)?.alert
  const over = row.status === 'resolved'
  if (row.status === 'pending' || (over && !before)) return null
  const said = said_of(row, before?.groups ?? [])
  // Nothing tells that a moment is hidden no more.
  if (is_moment(row) && !before && (said.hidden || !is_first(row))) return null
  const routes = over ? null : routes_of(turn)
  const opened: ReadonlyMap<string, Opened> = routes ? groups_of(said, routes) : new Map()
  const groups = [...new Set([...said.groups, ...opened.keys()])]
  if (groups.length === 0) return null
  turn.put(slot, slot_of_alert({ ...said, groups }))
  const at_ms = Math.max(turn.at_ms, turn.stream_time_ms)
  let first_ms: number | null = null
  for (const id of groups) {
    const group = joined(id, row, opened.get(id), at_ms, turn)
    turn.put(id, slot_of_group(group))
    // Who has to know at once is told at once.
    const due_ms = row.reason === 'escalated' ? look(id, group, at_ms, turn) : group.due_ms
    if (due_ms !== null && (first_ms === null || due_ms < first_ms)) first_ms = due_ms
  }
  return first_ms
}

/** The group with what the row says of its member, and when it is due. */
const joined = (
  id: string,
  { fingerprint, reason }: Heard,
  opened: Opened | undefined,
  at_ms: number,
  turn: GroupTurn,
): AlertGroup => {
  const known = turn.slot(id)?.group
  const fresh = { opened_ms: at_ms, told_ms: null, sequence: 0, due_ms: at_ms + KEPT_MS, members: [] }
  const base: AlertGroup =
    known?.members.length || !opened ? (known as AlertGroup) : { ...(known ?? fresh), ...opened }
  const escalated = reason === 'escalated'
  const member = base.members.find(one => one.fingerprint === fingerprint)
  const members = member
    ? base.members.map(one => (one === member && escalated ? { ...one, escalated } : one))
    : [...base.members, { fingerprint, told_rank: -1, escalated: false }]
  const now = members.find(one => one.fingerprint === fingerprint) as Member
  const said = turn.slot(alert_slot(fingerprint))?.alert as GroupedAlert
  return { ...base, members, due_ms: Math.min(due_at(base, now, said, at_ms), base.due_ms) }
}

const with_alerts = (group: AlertGroup, turn: GroupTurn): Group => ({
  group,
  alerts: group.members.map(({ fingerprint }) => turn.slot(alert_slot(fingerprint))?.alert as GroupedAlert),
})

/** When there is something to say of the alert, at the soonest after at_ms. */
const due_at = (group: AlertGroup, member: Member, alert: GroupedAlert, at_ms: number): number => {
  const { told_ms, group_interval_ms, repeat_interval_ms } = group
  const soonest_ms = at_ms + group.group_wait_ms
  // One that is over and was not told has to go.
  if (wanted(member, alert) || alert.status === 'resolved')
    return told_ms === null ? soonest_ms : Math.max(soonest_ms, told_ms + group_interval_ms)
  return told_ms !== null && is_repeated(member, alert)
    ? Math.max(soonest_ms, told_ms + repeat_interval_ms)
    : Number.POSITIVE_INFINITY
}

/** Tells what is to be told of a group, or lets it go; when it is to be looked at again, null: never. */
const look = (id: string, group: AlertGroup, at_ms: number, turn: GroupTurn): number | null => {
  const routes = routes_of(turn)
  const receiver = routes?.receivers.find(({ name }) => name === group.receiver)
  const before = with_alerts(group, turn)
  if (!routes || !receiver) {
    for (const alert of before.alerts) leave(alert, id, turn)
    turn.put(id, null)
    return null
  }
  if (is_muted(group, routes, at_ms, turn)) {
    const due_ms = window_start(at_ms, QUARTER_MS) + QUARTER_MS
    turn.put(id, slot_of_group({ ...group, due_ms }))
    return due_ms
  }
  const told = tell_group(before, receiver as AlertReceiver, turn.key, at_ms)
  if (told.notification) turn.emit(told.notification)
  for (const alert of told.left) leave(alert, id, turn)
  const forget_ms = (told.group.told_ms ?? Number.NEGATIVE_INFINITY) + KEPT_MS
  if (told.group.members.length === 0 && forget_ms <= at_ms) {
    turn.put(id, null)
    return null
  }
  const repeat_ms = repeats_at(with_alerts(told.group, turn))
  const due_ms = Math.min(repeat_ms, Math.max(forget_ms, at_ms + (told.group.members.length ? KEPT_MS : 1)))
  turn.put(id, slot_of_group({ ...told.group, due_ms }))
  return due_ms
}

const is_muted = (group: AlertGroup, routes: AlertRoutes, at_ms: number, turn: GroupTurn): boolean =>
  group.mute_times.some(name => {
    const mute = routes.mute_times?.[name]
    const zone = mute?.zone ?? turn.catalog('tenants', turn.key)?.zone ?? 'UTC'
    return mute !== undefined && is_open(mute, local_time(zone, at_ms))
  })

/** The alert is no member of the group any more; nothing is kept of one that no group has. */
const leave = (alert: GroupedAlert, id: string, turn: GroupTurn): void => {
  const slot = alert_slot(alert.fingerprint)
  const now = turn.slot(slot)?.alert
  if (!now) return
  const groups = now.groups.filter(one => one !== id)
  turn.put(slot, groups.length ? slot_of_alert({ ...now, groups }) : null)
}
