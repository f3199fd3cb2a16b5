/** Which groups an alert belongs to by the routes, and how a group begins. */
import type { AlertRoutes } from '../../schemas/catalog-kinds.ts'
import type { AlertGroup, AlertGroupSlot, GroupedAlert } from '../../schemas/types.ts'
import { hours, minutes, seconds } from '../../schemas/units.ts'
import { group_key_of, is_matched, labels_of } from './match-labels.ts'

/** Alertmanager's. */
export const default_waits = {
  group_wait_ms: seconds(30),
  group_interval_ms: minutes(5),
  repeat_interval_ms: hours(4),
} as const

export const group_slot = (receiver: string, group_key: string): string => `g|${receiver}|${group_key}`
export const alert_slot = (fingerprint: string): string => `a|${fingerprint}`
export const slot_of_group = (group: AlertGroup): AlertGroupSlot => ({ group, alert: null })
export const slot_of_alert = (alert: GroupedAlert): AlertGroupSlot => ({ group: null, alert })

export type Opened = Pick<
  AlertGroup,
  | 'receiver'
  | 'group_key'
  | 'labels'
  | 'group_wait_ms'
  | 'group_interval_ms'
  | 'repeat_interval_ms'
  | 'mute_times'
>

/** By slot; where two routes put it into one group of a receiver, the first one's waits hold. */
export const groups_of = (alert: GroupedAlert, { routes }: AlertRoutes): ReadonlyMap<string, Opened> => {
  const all = labels_of(alert)
  const groups = new Map<string, Opened>()
  for (const route of routes) {
    if (!is_matched(route.matchers ?? {}, all)) continue
    const by = (route.group_by ?? ['rule']) as readonly (keyof typeof all)[]
    const labels = Object.fromEntries(by.map(name => [name, all[name]]))
    const group_key = group_key_of(labels)
    const { group_wait_ms, group_interval_ms, repeat_interval_ms } = { ...default_waits, ...route }
    const waits = { group_wait_ms, group_interval_ms, repeat_interval_ms }
    for (const receiver of route.receivers) {
      const slot = group_slot(receiver, group_key)
      const opened = { receiver, group_key, labels, ...waits, mute_times: [...(route.mute_times ?? [])] }
      if (!groups.has(slot)) groups.set(slot, opened)
    }
    if (!route.continue) break
  }
  return groups
}
