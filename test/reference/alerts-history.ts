/**
 * Ninety days of one business of the demo's kind, the same for the same seed: a shop that sells leads besides, with a season of
 * hours, weekdays and slow growth, and with planted incidents in its last month, when its season has been learned.
 */
import type { Incident, IncidentKind, Schedule } from '../../commands/demo/incidents.ts'
import { Random } from '../../commands/demo/random.ts'
import { season_of } from '../../commands/demo/seasons.ts'
import { type Tenant, tenants } from '../../commands/demo/tenants.ts'
import { visitor_life } from '../../commands/demo/visits.ts'
import { type Event, Person, type Steps, World } from '../../commands/demo/world.ts'
import { days, hours, minutes } from '../../schemas/units.ts'

export const TENANT = 'acme'
export const ORIGIN = Date.UTC(2025, 1, 3)
export const DAYS = 90
/** Last event; behind it only those that end its windows. */
export const END = ORIGIN + days(DAYS)

/** Of the demo's, with fewer channels and methods of payment: each is a series of its own, with points day and night. */
const of_kind = (kind: Tenant['kind'], visitors_per_day: number): Tenant => {
  const demo = tenants.find(tenant => tenant.kind === kind) as Tenant
  const [campaigns, methods] = [demo.campaigns.slice(0, 3), demo.methods.slice(0, 2)]
  return { ...demo, id: TENANT, zone: 'UTC', currency: 'EUR', visitors_per_day, campaigns, methods }
}
const DESKS = [
  { tenant: of_kind('shop', 210), letter: 's' },
  { tenant: of_kind('leads', 25), letter: 'l' },
] as const

export interface Planted {
  readonly kind: IncidentKind
  readonly from_ms: number
  readonly to_ms: number
  /** The rule that has to tell of it. */
  readonly rule: string
}
const planted = (kind: IncidentKind, rule: string, day: number, hour: number, length: number): Planted => {
  const from_ms = ORIGIN + days(day) + hours(hour)
  return { kind, rule, from_ms, to_ms: from_ms + hours(length) }
}
export const PLANTED: readonly Planted[] = [
  planted('tracking_outage', 'visits_drop', 64, 17, 4),
  planted('gateway_outage', 'payment_failures', 71, 18, 3),
  planted('traffic_spike', 'visits_spike', 78, 10, 3),
  planted('tracking_outage', 'visits_drop', 85, 18, 4),
]

const incidents: readonly Incident[] = PLANTED.map(({ kind, from_ms, to_ms }) => ({
  ...{ kind, from_ms, to_ms, tenant_id: TENANT, story: '', campaign: 0, buyers_per_minute: 0 },
}))
const schedule: Schedule = {
  between: (from_ms, to_ms) => incidents.filter(each => each.to_ms > from_ms && each.from_ms < to_ms),
  active: (_tenant, kind, at_ms) =>
    incidents.find(each => each.kind === kind && each.from_ms <= at_ms && at_ms < each.to_ms) ?? null,
  add: () => {},
}

const CRAWLERS = 5
const STEP = minutes(5)

function* arrivals(world: World, desk: (typeof DESKS)[number], seed: number): Steps {
  const { tenant, letter } = desk
  const season = season_of(tenant, ORIGIN)
  for (let at_ms = ORIGIN; at_ms < END; at_ms += STEP) {
    yield at_ms
    const random = new Random(seed, letter.charCodeAt(0), at_ms)
    const expected = season.visitors_per_minute(at_ms) * (STEP / minutes(1))
    const crawlers = world.incident(tenant, 'traffic_spike') ? random.poisson(CRAWLERS * expected) : 0
    const visitors = random.poisson(expected)
    for (let n = 0; n < visitors + crawlers; n++) {
      const id = `${letter}${(at_ms / STEP).toString(36)}x${n}`
      const luck = new Random(seed, letter.charCodeAt(0), at_ms, n + 1)
      const person = new Person(world, tenant, id, random.weighted(tenant.campaigns), luck, n >= visitors)
      world.begin(at_ms + random.next() * STEP, visitor_life(person))
    }
  }
}

/** All that happened before the end, in order of time. */
export const history_of = (seed: number): Event[] => {
  const world = new World(schedule)
  for (const desk of DESKS) world.begin(ORIGIN, arrivals(world, desk, seed))
  return world.advance(END)
}

/** A touch of many a customer two days later: time moves on in every task, and the last windows close. */
export const closing_rows = (count = 64): readonly object[] =>
  Array.from({ length: count }, (_, i) => ({
    event_id: 'closing',
    tenant_id: 'afterwards',
    occurred_at: END + days(2),
    anonymous_id: `last-${i}`,
    channel: 'direct',
    interaction: 'view',
    currency: 'EUR',
  }))
