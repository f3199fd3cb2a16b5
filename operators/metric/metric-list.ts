/** The metrics that are counted from events: what a signal, a ledger row or an event of a feed adds to which series. */
import type { LedgerEntry, Measure } from '../../schemas/types.ts'
import { minutes } from '../../schemas/units.ts'
import { window_start } from '../core/windows.ts'

/** Measures are of windows of this length. */
export const METRIC_WINDOW_MS = minutes(5)

export type SignalKind =
  | 'visit'
  | 'conversation'
  | 'qualified_lead'
  | 'payment_attempt'
  | 'payment_success'
  | 'payment_failure'
/** Something that counts towards a metric. */
export interface Signal {
  readonly event_id: string
  readonly tenant_id: string
  readonly occurred_at: number
  readonly kind: SignalKind
  /** Where it is counted beside the whole: `channel=google`; null: nowhere. */
  readonly part: string | null
}

interface Counted {
  readonly metric: string
  /** Of a count 0 or 1; of a ratio with the denominator that it adds. */
  readonly adds: number
  readonly over?: number
  /** Counted in the signal's part, too. */
  readonly parted?: true
}

/** A failure counts no payment, but from there on there are windows without one. */
const COUNTED: Readonly<Record<SignalKind, readonly Counted[]>> = {
  visit: [
    { metric: 'visits', adds: 1, parted: true },
    { metric: 'conversion_rate', adds: 0, over: 1, parted: true },
  ],
  conversation: [{ metric: 'conversations', adds: 1 }],
  qualified_lead: [{ metric: 'qualified_leads', adds: 1 }],
  payment_attempt: [{ metric: 'payment_attempts', adds: 1 }],
  payment_success: [
    { metric: 'payments', adds: 1 },
    { metric: 'conversion_rate', adds: 1, over: 0 },
    { metric: 'payment_failure_rate', adds: 0, over: 1, parted: true },
  ],
  payment_failure: [
    { metric: 'payments', adds: 0 },
    { metric: 'payment_failure_rate', adds: 1, over: 1, parted: true },
  ],
}

type Source = Pick<Measure, 'event_id' | 'tenant_id' | 'occurred_at'>

const measure = (
  { event_id, tenant_id, occurred_at }: Source,
  metric: string,
  dimension: string,
  adds: number,
  over?: number,
): Measure => ({
  event_id,
  tenant_id,
  occurred_at: window_start(occurred_at, METRIC_WINDOW_MS),
  metric,
  currency: null,
  dimension,
  kind: over === undefined ? 'count' : 'ratio',
  numerator: adds,
  denominator: over ?? 0,
  samples: over ?? adds,
  bins: [],
})

export const measures_of_signal = (signal: Signal): Measure[] =>
  COUNTED[signal.kind].flatMap(({ metric, adds, over, parted }) => {
    const whole = measure(signal, metric, '', adds, over)
    return parted && signal.part !== null ? [whole, { ...whole, dimension: signal.part }] : [whole]
  })

export type FeedMetric = 'feed_touchpoints' | 'feed_conversations' | 'feed_payments'
export const measure_of_feed = (metric: FeedMetric, event: Source): Measure => measure(event, metric, '', 1)

type Entry = Source & Pick<LedgerEntry, 'type' | 'amount_minor' | 'currency' | 'channel'>

/** Of a payment also its share in its channel's conversion rate, and whether any touch is known to have led to it. */
export const measures_of_entry = (entry: Entry): Measure[] => {
  const { amount_minor, currency, channel } = entry
  const part = in_channel(channel)
  const sum = { kind: 'sum', currency, numerator: amount_minor, samples: 1 } as const
  const revenue = { ...measure(entry, 'revenue', '', 1), ...sum }
  const money = [revenue, { ...revenue, dimension: part }]
  if (entry.type !== 'payment_succeeded') return money
  return [
    ...money,
    measure(entry, 'conversion_rate', part, 1, 0),
    measure(entry, 'unattributed_rate', '', channel === null ? 1 : 0, 1),
  ]
}

export const in_channel = (channel: string | null): string => `channel=${channel ?? 'none'}`

const NAMES: ReadonlySet<string> = new Set([
  ...Object.values(COUNTED).flatMap(list => list.map(({ metric }) => metric)),
  ...(['feed_touchpoints', 'feed_conversations', 'feed_payments'] satisfies FeedMetric[]),
  'revenue',
  'unattributed_rate',
])
/** Whether it is one of these: nobody else may add to it. */
export const is_counted_here = (metric: string): boolean => NAMES.has(metric)
