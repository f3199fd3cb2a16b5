/**
 * What goes wrong, and when: one incident a day, drawn from the seed, and one a minute after each start of
 * the live feed.
 */
import { minutes } from '../../schemas/units.ts'
import { Random } from './random.ts'
import { DAY_MS, type Season } from './seasons.ts'
import type { Tenant } from './tenants.ts'

export type IncidentKind =
  | 'gateway_outage'
  | 'card_network_failing'
  | 'tracking_outage'
  | 'chat_outage'
  | 'traffic_spike'
  | 'campaign_viral'

export interface Incident {
  readonly kind: IncidentKind
  readonly tenant_id: string
  readonly from_ms: number
  readonly to_ms: number
  /** One line for people. */
  readonly story: string
  /** Of a viral campaign: its place in the tenant's list. */
  readonly campaign: number
  /** Buyers (of a viral campaign: visitors) it brings, per minute, whatever the hour. */
  readonly buyers_per_minute: number
}

export interface Start {
  readonly at_ms: number
  /** How many times the business's own number of visitors come from then on. */
  readonly speed: number
}

const ANYWHERE: readonly IncidentKind[] = ['tracking_outage', 'traffic_spike', 'campaign_viral']
/** What can go wrong where: only leads talk, and who sells leads is rarely paid by card. */
const KINDS: Readonly<Record<Tenant['kind'], readonly IncidentKind[]>> = {
  leads: [...ANYWHERE, 'chat_outage'],
  software: [...ANYWHERE, 'gateway_outage'],
  shop: [...ANYWHERE, 'gateway_outage', 'card_network_failing'],
}
const STORIES: Readonly<Record<IncidentKind, string>> = {
  gateway_outage: 'the payment gateway is down: every payment fails, people try again and again',
  card_network_failing: 'a card network is failing: four of five card payments are refused',
  tracking_outage: 'tracking is down: no touchpoints arrive',
  chat_outage: 'the chat is down: no conversations begin',
  traffic_spike: 'a crawler pretends to be many visitors: six times the traffic, nobody buys',
  campaign_viral: 'a campaign goes viral: eight times the visitors, all from it',
}
/** Of the local day: when it would be noticed. */
const EARLIEST_MS = minutes(8 * 60)
const LATEST_MS = minutes(20 * 60)
/** After a start of the live feed, so that whoever has just opened the page sees it come. */
export const FIRST_AFTER_MS = minutes(1)
const FIRST_LASTS_MS = minutes(30)
/** Enough to be seen within minutes at any hour. */
const FIRST_BUYERS = 1.5
const FIRST_STORIES: Readonly<Partial<Record<Tenant['kind'], readonly [IncidentKind, story: string]>>> = {
  shop: ['gateway_outage', 'a flash sale brings the payment gateway down: payments fail, people try again'],
  leads: ['campaign_viral', 'a report on television sends visitors: more leads than ever talk'],
}

export interface Schedule {
  /** Incidents that touch the stretch of time, the earliest first. */
  between(from_ms: number, to_ms: number): readonly Incident[]
  /** The incident of the kind that a tenant has at the moment, if any. */
  active(tenant_id: string, kind: IncidentKind, at_ms: number): Incident | null
  /** The live feed starts: its first incidents join the schedule. */
  add(start: Start): void
}

interface Place {
  readonly tenant: Tenant
  readonly season: Season
}

export const incident_schedule = (seed: number, places: readonly Place[]): Schedule => {
  const daily = new Map<number, Incident>()
  const extra: Incident[] = []
  const of_day = (day: number): Incident => {
    const known = daily.get(day)
    if (known) return known
    const random = new Random(seed, 0x1dc1de47, day)
    const { tenant, season } = random.pick(places)
    const kind = random.pick(KINDS[tenant.kind])
    // Midnight of the tenant that begins within this UTC day.
    const midnight_ms = day * DAY_MS + DAY_MS - season.local_ms(day * DAY_MS)
    const from_ms = Math.round(midnight_ms + random.between(EARLIEST_MS, LATEST_MS))
    const made = incident(kind, tenant, from_ms, minutes(random.whole(20, 60)), random)
    daily.set(day, made)
    return made
  }
  /** A day's incident may fall into the UTC day before or behind. */
  const around = (from_ms: number, to_ms: number): Incident[] => {
    const first = Math.floor(from_ms / DAY_MS) - 2
    const days = Math.floor(to_ms / DAY_MS) + 1 - first
    return Array.from({ length: days + 1 }, (_, i) => of_day(first + i))
  }
  let day = Number.NaN
  let near: readonly Incident[] = []
  return {
    between: (from_ms, to_ms) =>
      [...around(from_ms, to_ms), ...extra]
        .filter(each => each.to_ms > from_ms && each.from_ms < to_ms)
        .sort((a, b) => a.from_ms - b.from_ms),
    active(tenant_id, kind, at_ms) {
      if (Math.floor(at_ms / DAY_MS) !== day) {
        day = Math.floor(at_ms / DAY_MS)
        near = around(at_ms, at_ms)
      }
      const now = (each: Incident): boolean =>
        each.from_ms <= at_ms && at_ms < each.to_ms && each.kind === kind && each.tenant_id === tenant_id
      return near.find(now) ?? extra.find(now) ?? null
    },
    add({ at_ms }) {
      const from_ms = at_ms + FIRST_AFTER_MS
      for (const { tenant } of places) {
        const [kind, story] = FIRST_STORIES[tenant.kind] ?? []
        if (!kind || !story) continue
        const random = new Random(seed, at_ms)
        const made = incident(kind, tenant, from_ms, FIRST_LASTS_MS, random)
        extra.push({ ...made, story, buyers_per_minute: FIRST_BUYERS })
      }
    },
  }
}

const incident = (
  kind: IncidentKind,
  tenant: Tenant,
  from_ms: number,
  length_ms: number,
  random: Random,
): Incident => ({
  kind,
  tenant_id: tenant.id,
  from_ms,
  to_ms: from_ms + length_ms,
  story: STORIES[kind],
  campaign: random.whole(0, tenant.campaigns.length - 2),
  buyers_per_minute: 0,
})
