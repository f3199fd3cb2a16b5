/**
 * Decides: which routes hold, from what the catalog says (kind alert_routes).
 * Because: people write entries. One is believed as a whole or not at all: half of what somebody meant tells the wrong people.
 * Keeps: nothing of an operator; what was read is remembered beside its body, which never changes.
 * When late, twice, missing: without an entry, or with one that is not believed, nobody is told. Never throws.
 * Limits: whether a receiver can be reached is seen when it is told. Why an entry is not believed is told where it comes in.
 */
import type { AlertReceiver, AlertRoute, AlertRoutes } from '../../schemas/catalog-kinds.ts'
import { days } from '../../schemas/units.ts'
import { is_zone } from '../core/zone-clock.ts'
import { alert_labels } from './match-labels.ts'

export interface ReadRoutes {
  /** Null where the body is not believed. */
  readonly routes: AlertRoutes | null
  /** Why it is not; begins with the field, where one is to blame. */
  readonly problem: string | null
}

export const RECEIVERS_MOST = 100
export const ROUTES_MOST = 200
const LETTERS_MOST = 256
const ADDRESS_MOST = 2000
const WAIT_MOST_MS = days(31)

const refuse = (problem: string): never => {
  throw new RangeError(problem)
}
type Fields = Readonly<Record<string, unknown>>

const fields_of = (value: unknown, field: string, known: readonly string[]): Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(`${field} must be an object`)
  const strange = Object.keys(value).find(name => !known.includes(name))
  return strange === undefined ? (value as Fields) : refuse(`${field} has no field ${strange}`)
}
const list_of = (value: unknown, field: string, most: number): readonly unknown[] => {
  if (!Array.isArray(value)) return refuse(`${field} must be a list`)
  return value.length <= most ? value : refuse(`${field} must have at most ${most} entries`)
}
const text_of = (value: unknown, field: string, most = LETTERS_MOST): string =>
  typeof value === 'string' && value !== '' && value.length <= most
    ? value
    : refuse(`${field} must be a text of 1 to ${most} characters`)

// biome-ignore lint/suspicious/noControlCharactersInRegex: no line may be broken within a header.
const CONTROL = /[\u0000-\u0020\u007f]/
const checks: Readonly<Record<AlertReceiver['channel'], (to: string) => string | null>> = {
  webhook: to => web_problem(to),
  slack: to => web_problem(to),
  email: to => (/^[^@,;<>"]+@[^@,;<>"]+$/.test(to) && !CONTROL.test(to) ? null : 'must be one mail address'),
  sms: to => (/^\+\d{6,15}$/.test(to) ? null : 'must be a number like +49151…'),
}
const web_problem = (to: string): string | null => {
  if (CONTROL.test(to) || !URL.canParse(to)) return 'must be a URL'
  const { protocol, username, password } = new URL(to)
  if (protocol !== 'http:' && protocol !== 'https:') return 'must begin with http:// or https://'
  return username || password ? 'must not hold a password; name a secret' : null
}

const read_receiver = (value: unknown, field: string): AlertReceiver => {
  const given = fields_of(value, field, ['name', 'channel', 'to', 'secret'])
  const name = text_of(given.name, `${field}.name`)
  if (name.includes('|')) refuse(`${field}.name must not contain |`)
  const channel = given.channel as AlertReceiver['channel']
  if (typeof channel !== 'string' || !Object.hasOwn(checks, channel))
    refuse(`${field}.channel must be webhook, slack, email or sms`)
  const to = text_of(given.to, `${field}.to`, ADDRESS_MOST)
  const problem = checks[channel](to)
  if (problem !== null) refuse(`${field}.to ${problem}`)
  if (given.secret === undefined) return { name, channel, to }
  const secret = text_of(given.secret, `${field}.secret`)
  if (!/^[A-Za-z0-9_]+$/.test(secret)) refuse(`${field}.secret must be of letters, digits and _`)
  return { name, channel, to, secret }
}

const read_matchers = (value: unknown, field: string): Readonly<Record<string, string>> => {
  const given = fields_of(value, field, alert_labels)
  for (const [name, wanted] of Object.entries(given))
    if (typeof wanted !== 'string') refuse(`${field}.${name} must be a text`)
  return given as Readonly<Record<string, string>>
}

const waits = { group_wait_ms: 0, group_interval_ms: 1000, repeat_interval_ms: 1000 } as const

const read_route = (
  value: unknown,
  field: string,
  receivers: ReadonlySet<string>,
  mute_times: Fields,
): AlertRoute => {
  const given = fields_of(value, field, [
    'receivers',
    'matchers',
    'group_by',
    ...Object.keys(waits),
    'mute_times',
    'continue',
  ])
  const told = list_of(given.receivers, `${field}.receivers`, RECEIVERS_MOST)
  const strange = told.find(name => !receivers.has(name as string))
  if (strange !== undefined) refuse(`${field}.receivers names ${String(strange)}, which is no receiver`)
  if (given.matchers !== undefined) read_matchers(given.matchers, `${field}.matchers`)
  const group_by = given.group_by === undefined ? [] : list_of(given.group_by, `${field}.group_by`, 10)
  const no_label = group_by.find(name => !(alert_labels as readonly unknown[]).includes(name))
  if (no_label !== undefined)
    refuse(`${field}.group_by must be of ${alert_labels.join(', ')}, not ${String(no_label)}`)
  for (const [name, least] of Object.entries(waits)) {
    const wait = given[name]
    if (wait === undefined) continue
    if (!Number.isSafeInteger(wait) || (wait as number) < least || (wait as number) > WAIT_MOST_MS)
      refuse(`${field}.${name} must be a whole number from ${least} to ${WAIT_MOST_MS}`)
  }
  const muted = given.mute_times === undefined ? [] : list_of(given.mute_times, `${field}.mute_times`, 50)
  const no_mute = muted.find(name => typeof name !== 'string' || !Object.hasOwn(mute_times, name))
  if (no_mute !== undefined) refuse(`${field}.mute_times names ${String(no_mute)}, which is no mute time`)
  if (given.continue !== undefined && typeof given.continue !== 'boolean')
    refuse(`${field}.continue must be true or false`)
  return given as unknown as AlertRoute
}

const read_mute_time = (value: unknown, field: string): void => {
  const { zone, from, to, days: on } = fields_of(value, field, ['zone', 'from', 'to', 'days'])
  if (zone !== undefined && (typeof zone !== 'string' || !is_zone(zone)))
    refuse(`${field}.zone must be a time zone like Europe/Berlin`)
  for (const [name, hour] of Object.entries({ from, to }))
    if (!Number.isInteger(hour) || (hour as number) < 0 || (hour as number) > 24)
      refuse(`${field}.${name} must be an hour from 0 to 24`)
  const is_day = (day: unknown): boolean =>
    Number.isInteger(day) && (day as number) >= 1 && (day as number) <= 7
  if (!list_of(on, `${field}.days`, 7).every(is_day)) refuse(`${field}.days must be of 1 (Monday) to 7`)
}

const routes_from = (body: unknown): AlertRoutes => {
  const given = fields_of(body, 'the entry', ['receivers', 'routes', 'mute_times'])
  const receivers = list_of(given.receivers, 'receivers', RECEIVERS_MOST).map((one, i) =>
    read_receiver(one, `receivers[${i}]`),
  )
  const names = new Set(receivers.map(({ name }) => name))
  if (names.size < receivers.length) refuse('receivers must have names of their own')
  const mute_times = (given.mute_times ?? {}) as Fields
  if (typeof mute_times !== 'object' || Array.isArray(mute_times)) refuse('mute_times must be an object')
  for (const [name, one] of Object.entries(mute_times)) read_mute_time(one, `mute_times.${name}`)
  const routes = list_of(given.routes, 'routes', ROUTES_MOST).map((one, i) =>
    read_route(one, `routes[${i}]`, names, mute_times),
  )
  return { receivers, routes, mute_times: mute_times as NonNullable<AlertRoutes['mute_times']> }
}

const remembered = new WeakMap<object, ReadRoutes>()

export const read_routes = (body: unknown): ReadRoutes => {
  const known = typeof body === 'object' && body !== null ? remembered.get(body) : undefined
  if (known) return known
  let read: ReadRoutes
  try {
    read = { routes: routes_from(body), problem: null }
  } catch (error) {
    read = { routes: null, problem: (error as Error).message }
  }
  if (typeof body === 'object' && body !== null) remembered.set(body, read)
  return read
}
