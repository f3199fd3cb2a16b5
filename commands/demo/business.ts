/**
 * The simulated business: three tenants, their visitors, and what goes wrong, as one stream of events in
 * order of time.
 */
import { hours, minutes } from '../../schemas/units.ts'
import { type Incident, incident_schedule, type Schedule, type Start } from './incidents.ts'
import { stay_subscribed } from './payments.ts'
import { Random } from './random.ts'
import { DAY_MS, type Season, season_of } from './seasons.ts'
import { type Campaign, type Tenant, tenants } from './tenants.ts'
import { sale_visit, visitor_life } from './visits.ts'
import { type Event, Person, type Steps, World } from './world.ts'

export type { Incident, Start } from './incidents.ts'
export type { Event, Topic } from './world.ts'

export interface Business {
  readonly origin_ms: number
  /**
   * Events with from ≤ occurred_at < to, where from is the `to` of the call before (the origin, the first
   * time). The same events whatever the steps.
   */
  advance(to_ms: number): Event[]
  /**
   * The live feed starts at an instant that has not been told yet: an incident follows, and the speed is
   * another.
   */
  start(start: Start): void
  /** What goes wrong in a stretch of time: for people, and for comparing alerts with. */
  incidents(from_ms: number, to_ms: number): readonly Incident[]
}

export interface BusinessOptions {
  readonly seed: number
  readonly origin_ms: number
  /** Starts of the live feed so far. */
  readonly starts?: readonly Start[]
}

const MINUTE = minutes(1)
/** Visitors of an incident for each that would have come anyhow. */
const CRAWLERS = 5
const VIRAL = 7
/** Subscribers that the software tenant had before the origin, each told some time in the first hour. */
const SUBSCRIBERS = 900

interface Place {
  readonly tenant: Tenant
  readonly season: Season
  /** Its place in the list: what its visitors' luck is mixed from. */
  readonly number: number
}

interface Parts {
  readonly seed: number
  readonly world: World
  readonly speed: (at_ms: number) => number
}

/** The same seed, origin and starts give the same events, to the byte. */
export const business = ({ seed, origin_ms, starts = [] }: BusinessOptions): Business => {
  const places = tenants.map((tenant, number): Place => {
    return { tenant, number, season: season_of(tenant, origin_ms) }
  })
  const schedule: Schedule = incident_schedule(seed, places)
  const world = new World(schedule)
  const known: Start[] = []
  const speed = (at_ms: number): number => known.findLast(start => start.at_ms <= at_ms)?.speed ?? 1
  const parts: Parts = { seed, world, speed }
  for (const place of places) world.begin(origin_ms, arrivals(parts, place, origin_ms))
  for (const place of places)
    if (place.tenant.kind === 'software') subscribers_from_before(parts, place, origin_ms)
  const start = (one: Start): void => {
    if (one.at_ms < world.now_ms) throw new RangeError('a start cannot change what has been told')
    known.push(one)
    schedule.add(one)
  }
  for (const one of starts) start(one)
  return { origin_ms, advance: to_ms => world.advance(to_ms), start, incidents: schedule.between }
}

/**
 * Minute by minute: how many come is drawn anew each minute, and each visitor is a process of its own from
 * then on.
 */
function* arrivals(parts: Parts, place: Place, origin_ms: number): Steps {
  const { world, seed, speed } = parts
  const { tenant, season, number } = place
  for (let minute_ms = origin_ms; ; minute_ms += MINUTE) {
    yield minute_ms
    const random = new Random(seed, number, minute_ms)
    const expected = season.visitors_per_minute(minute_ms) * speed(minute_ms)
    let visitor = 0
    const come = (mean: number, campaign_of: () => Campaign, crawler = false, live = visitor_life): void => {
      for (let count = random.poisson(mean); count > 0; count--) {
        const id = `${tenant.id[0]}${(minute_ms / MINUTE).toString(36).replace('.', '')}x${visitor++}`
        const luck = new Random(seed, number, minute_ms, visitor)
        const person = new Person(world, tenant, id, campaign_of(), luck, crawler)
        world.begin(minute_ms + random.next() * MINUTE, live(person))
      }
    }
    come(expected, () => random.weighted(tenant.campaigns))
    const viral = world.incident(tenant, 'campaign_viral')
    if (viral) come(VIRAL * expected + viral.buyers_per_minute, () => tenant.campaigns[viral.campaign]!)
    if (world.incident(tenant, 'traffic_spike')) come(CRAWLERS * expected, () => DIRECT, true)
    const sale = world.incident(tenant, 'gateway_outage')
    if (sale) come(sale.buyers_per_minute, () => DIRECT, false, sale_visit)
  }
}

const DIRECT: Campaign = { channel: 'direct', name: null, weight: 0, quality: 0.5, cost_minor: 0 }

const subscribers_from_before = (
  { seed, world }: Parts,
  { tenant, number }: Place,
  origin_ms: number,
): void => {
  for (let i = 0; i < SUBSCRIBERS; i++) {
    const random = new Random(seed, number, i)
    const person = new Person(world, tenant, `b${i}`, random.weighted(tenant.campaigns), random, false)
    const plan = random.weighted(tenant.products)
    const first_ms = random.between(0.05, 30) * DAY_MS
    world.begin(origin_ms + hours(random.next()), stay_subscribed(person, plan, first_ms))
  }
}
