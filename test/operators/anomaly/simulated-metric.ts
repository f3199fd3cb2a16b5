/** A made-up tenant's metrics for tests: seeded day and week seasons, Poisson events, lognormal payments, incidents. */
import type { Judged } from '../../../operators/anomaly/judged-scale.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'

export const START = Date.UTC(2026, 0, 5)

/** mulberry32: the same numbers for a seed, on every machine. */
export const random_of = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const poisson = (mean: number, random: () => number): number => {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)))
  let left = Math.exp(-mean)
  let n = 0
  for (let p = random(); p > left; p -= left, left *= mean / n) n++
  return n
}

export interface Incident {
  /** Weeks into the simulation, as hours. */
  readonly at_hour: number
  readonly hours: number
  /** What the rate is multiplied by. */
  readonly factor: number
}
export interface Simulation {
  readonly seed: number
  readonly weeks: number
  /** Mean events an hour. */
  readonly per_hour: number
  readonly kind: 'visits' | 'revenue' | 'conversion_rate'
  readonly incidents?: readonly Incident[]
  /** Rates wander by so much from hour to hour, as a share. */
  readonly wobble?: number
  /** Growth a week, as a share. */
  readonly growth?: number
  readonly window_ms?: number
}

const WEEKDAY = [1, 1.05, 1.1, 1.05, 1.1, 0.6, 0.5]
const season = (at_ms: number): number => {
  const hour = (at_ms - START) / hours(1)
  const day = WEEKDAY[Math.floor(hour / 24) % 7] as number
  const slow = 1 - 0.85 * Math.cos((2 * Math.PI * (hour - 3)) / 24)
  return Math.max(0.08, slow) * day
}

export function* simulated(of: Simulation): Generator<Judged & { readonly event_id: string }> {
  const random = random_of(of.seed)
  const window_ms = of.window_ms ?? minutes(5)
  let wander = 0
  for (let at = START; at < START + of.weeks * days(7); at += window_ms) {
    if (at % hours(1) === 0) wander = 0.7 * wander + (of.wobble ?? 0) * normal(random)
    const hour = (at - START) / hours(1)
    const hit = of.incidents?.find(i => i.at_hour <= hour && hour < i.at_hour + i.hours)?.factor ?? 1
    const growth = (1 + (of.growth ?? 0)) ** (hour / 168)
    const usual =
      of.per_hour * (window_ms / hours(1)) * season(at + window_ms / 2) * growth * Math.exp(wander)
    const common = { event_id: `${of.kind}|${at}`, occurred_at: at, window_ms }
    if (of.kind === 'conversion_rate') {
      const visits = poisson(usual, random)
      let paid = 0
      for (let i = 0; i < visits; i++) if (random() < 0.08 * hit) paid++
      if (visits === 0) continue
      const ratio = {
        kind: 'ratio',
        value: paid / visits,
        numerator: paid,
        denominator: visits,
        samples: visits,
      }
      yield { ...common, currency: null, ...ratio }
      continue
    }
    const events = poisson(usual * hit, random)
    let sum = events
    if (of.kind === 'revenue') {
      sum = 0
      for (let i = 0; i < events; i++) sum += Math.round(4000 * Math.exp(0.8 * normal(random)))
    }
    const currency = of.kind === 'revenue' ? 'EUR' : null
    const kind = of.kind === 'revenue' ? 'sum' : 'count'
    yield { ...common, kind, currency, value: sum, numerator: sum, denominator: 1, samples: events }
  }
}
