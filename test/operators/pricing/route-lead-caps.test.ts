/**
 * Whatever comes, in whatever order, late, twice or over crashes: no cap is exceeded, no lead is sold twice, none is lost,
 * and the same records give the same bytes however they are cut into batches.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { local_time } from '../../../operators/core/zone-clock.ts'
import type { Buyer } from '../../../schemas/catalog-kinds.ts'
import type { Lead, LeadFeedback } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import {
  answer,
  app,
  audit,
  buyer,
  buyers,
  NOON,
  pass_time,
  ready,
  send_answers,
  send_leads,
} from './market.ts'

const ZONES = ['UTC', 'America/New_York', 'Asia/Kolkata'] as const
const CAPS = { hourly: 3, daily: 6 }
/** Nine tenths of them, rounded down. */
const SOLD = { hourly: 2, daily: 5 }
const OFFICE = { from: 9, to: 17, days: [1, 2, 3, 4, 5] }

const list: Buyer[] = ZONES.flatMap((zone, i) => [
  buyer(`day-${i}`, { zone, daily_cap: CAPS.daily }),
  buyer(`hour-${i}`, { zone, hourly_cap: CAPS.hourly, hours: OFFICE, tier: 'standard' }),
])
const zone_of = (buyer_id: string): string => ZONES[Number(buyer_id.at(-1))] as string

type Event =
  | { readonly what: 'lead'; readonly who: number; readonly back_ms: number }
  | {
      readonly what: 'answer'
      readonly who: number
      readonly attempt: number
      readonly outcome: LeadFeedback['outcome']
    }
  | { readonly what: 'time'; readonly ms: number }

const who = fc.integer({ min: 0, max: 24 })
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant('lead' as const),
      who,
      back_ms: fc.constantFrom(0, 0, 0, minutes(50), hours(5), hours(30)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('answer' as const),
      who,
      attempt: fc.integer({ min: 1, max: 3 }),
      outcome: fc.constantFrom('accepted', 'rejected', 'converted', 'returned'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('time' as const),
      ms: fc.constantFrom(minutes(7), hours(1), hours(9), hours(26), days(3)),
    }),
  },
)

/** Sends the events at a time that goes on; ids of leads and answers come again where the same is drawn twice. */
const play = (d: Driver, events: readonly Event[]): void => {
  buyers(d, list)
  let now_ms = NOON
  const seen = new Map<string, string>()
  for (const [n, each] of events.entries()) {
    if (each.what === 'time') {
      now_ms += each.ms
      pass_time(d, now_ms)
      continue
    }
    const name = `c${each.who}`
    if (each.what === 'lead') {
      const lead: Partial<Lead> = ready(name, {
        event_id: `${name}|${n}`,
        occurred_at: now_ms - each.back_ms,
        total_score: 60 + each.who,
        quality_tier: each.who % 2 ? 'premium' : 'standard',
      })
      if (!seen.has(name)) seen.set(name, String(lead.event_id))
      send_leads(d, [lead], now_ms)
      continue
    }
    const root = seen.get(name) ?? 'unknown'
    const decision_id = each.attempt === 1 ? root : `~${root}|${each.attempt}|reserved`
    send_answers(
      d,
      [{ ...answer(name, each.outcome, { decision_id, occurred_at: now_ms }), event_id: `${name}|a${n}` }],
      now_ms,
    )
  }
  // Answers whose decision never came are told when they have waited long enough.
  pass_time(d, now_ms + days(9))
  d.run()
}

test('caps hold per local hour and day, each lead has one buyer at most, each event one row', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 30, maxLength: 120 }), async events => {
      const variants = [{ batch: 1 }, { batch: 7, crash: true }, { batch: Number.POSITIVE_INFINITY }]
      const drivers = await Promise.all(variants.map(variant => Driver.open('tenant', variant, app)))
      for (const d of drivers) play(d, events)
      const [one, ...others] = drivers as [Driver, ...Driver[]]
      for (const other of others) expect(other.written([])).toBe(one.written([]))
      const routes = one.outputs('routes')
      const of = (kind: 'day' | 'hour') => routes.filter(row => row.buyer_id?.startsWith(kind) ?? false)
      const by = (kind: 'day' | 'hour') =>
        ZONES.map(zone => {
          const rows = of(kind).filter(row => zone_of(String(row.buyer_id)) === zone)
          return audit(rows, at_ms => local_time(zone, at_ms)[`${kind}_number`])
        })
      expect(Math.max(...by('day').map(({ most }) => most))).toBeLessThanOrEqual(SOLD.daily)
      expect(Math.max(...by('hour').map(({ most }) => most))).toBeLessThanOrEqual(SOLD.hourly)
      expect(audit(routes, () => 0).twice).toEqual([])
      const leads = events.filter(({ what }) => what === 'lead').length
      const told = routes.filter(({ event_id }) => !event_id.startsWith('~'))
      expect([told.length, one.outputs('prices').length]).toEqual([leads, leads])
      expect(new Set(routes.map(({ event_id }) => event_id)).size).toBe(routes.length)
      const answers = events.filter(({ what }) => what === 'answer').length
      expect(one.outputs('route_outcomes')).toHaveLength(answers)
      expect(one.outcomes.dead_letter).toBe(0)
      for (const row of routes) {
        const sum = row.routing_terms.reduce((all, { value, weight }) => all + value * weight, 0)
        expect(row.routing_score).toBe(sum)
        if (row.price_terms.length === 0) continue
        const price = row.price_terms.reduce((all, { ratio }) => all * ratio, 1)
        expect(Math.abs(price - row.price_minor)).toBeLessThan(0.5 + 1e-6)
      }
    }),
    { numRuns: 25 },
  )
}, 60_000)

test('whoever is reserved, confirmed, queued or unsold in the end is so in the rows and in what is kept', async () => {
  const d = await Driver.open('tenant', { batch: 7 }, app)
  buyers(d, list)
  const names = Array.from({ length: 60 }, (_, i) => `c${i}`)
  send_leads(
    d,
    names.map((name, i) => ready(name, { occurred_at: NOON + i * minutes(2) })),
  )
  d.run()
  const last = new Map(d.outputs('routes').map(row => [row.customer_id, row.status]))
  expect(last.size).toBe(names.length)
  const count = (status: string) => [...last.values()].filter(each => each === status).length
  // Three days of five, and each open buyer two in the hour, from 12:00 to 14:00 UTC; the others wait for New York.
  expect(count('reserved') + count('queued') + count('unsold')).toBe(60)
  expect(count('reserved')).toBeGreaterThanOrEqual(3 * SOLD.daily + SOLD.hourly)
  const kept = [...d.fields('acme').keys()].filter(field => field.includes('route-lead#lead|'))
  expect(kept).toHaveLength(count('reserved') + count('queued'))
})
