/** The metrics of a tenant's window: which signals they count, which of them a late event changes, and their values. */
import type { MetricMoney, MetricPoint, MetricWindow, Signal } from '../../schemas/types.ts'

type Kind = Signal['kind']
export interface Measured {
  readonly numerator: number
  /** 1 where the metric is not a ratio. */
  readonly denominator: number
  readonly samples: number
}
interface Metric {
  readonly name: string
  /** An event of these changes the metric. */
  readonly kinds: readonly Kind[]
  measure(window: MetricWindow): Measured
}

const count = (n: number): Measured => ({ numerator: n, denominator: 1, samples: n })
const share = (numerator: number, denominator: number): Measured => ({
  numerator,
  denominator,
  samples: denominator,
})

/** In the order in which a window's points are written, money last. A ratio without a denominator has no point. */
export const metrics: readonly Metric[] = [
  { name: 'visits', kinds: ['visit'], measure: w => count(w.visits) },
  { name: 'conversations', kinds: ['conversation'], measure: w => count(w.conversations) },
  { name: 'qualified_leads', kinds: ['qualified_lead'], measure: w => count(w.qualified_leads) },
  { name: 'payment_attempts', kinds: ['payment_attempt'], measure: w => count(w.attempts) },
  { name: 'payments', kinds: ['payment_success', 'payment_failure'], measure: w => count(w.successes) },
  {
    name: 'conversion_rate',
    kinds: ['visit', 'payment_success'],
    measure: w => share(w.successes, w.visits),
  },
  {
    name: 'payment_failure_rate',
    kinds: ['payment_success', 'payment_failure'],
    measure: w => share(w.failures, w.failures + w.successes),
  },
]

export const EMPTY_WINDOW: MetricWindow = {
  visits: 0,
  conversations: 0,
  qualified_leads: 0,
  attempts: 0,
  successes: 0,
  failures: 0,
  money: [],
  revisions: [],
}

/** Field of the window that a kind of signal is counted in. */
const FIELDS = {
  visit: 'visits',
  conversation: 'conversations',
  qualified_lead: 'qualified_leads',
  payment_attempt: 'attempts',
  payment_success: 'successes',
  payment_failure: 'failures',
} as const satisfies Readonly<Record<Kind, keyof MetricWindow>>

export const count_signal = (window: MetricWindow, kind: Kind): MetricWindow => {
  const field = FIELDS[kind]
  return { ...window, [field]: window[field] + 1 }
}

export const add_money = (window: MetricWindow, currency: string, amount_minor: number): MetricWindow => {
  const place = window.money.findIndex(money => money.currency >= currency)
  const at = place < 0 ? window.money.length : place
  const old = window.money[at]?.currency === currency ? (window.money[at] as MetricMoney) : null
  const money = window.money.slice()
  money.splice(at, old ? 1 : 0, {
    currency,
    net_minor: (old?.net_minor ?? 0) + amount_minor,
    movements: (old?.movements ?? 0) + 1,
  })
  return { ...window, money }
}

/** Whether its sums are exact. */
export const is_exact = ({ money }: MetricWindow): boolean =>
  money.every(({ net_minor }) => Number.isSafeInteger(net_minor))

/** metric|currency, the part of a point's id before its start. */
export const series_of = (metric: string, currency: string | null): string => `${metric}|${currency ?? ''}`

const MEASURES: ReadonlyMap<string, Metric['measure']> = new Map(
  metrics.map(({ name, measure }) => [name, measure]),
)

/** A metric of the list, or what came in of the currency. */
export const measured_of = (metric: string, currency: string | null, window: MetricWindow): Measured =>
  MEASURES.get(metric)?.(window) ?? money_measured(window, currency)

const money_measured = (window: MetricWindow, currency: string | null): Measured => {
  const money = window.money.find(of => of.currency === currency)
  return { numerator: money?.net_minor ?? 0, denominator: 1, samples: money?.movements ?? 0 }
}

export interface PointOf {
  readonly tenant_id: string
  readonly start_ms: number
  readonly window_ms: number
  readonly revision: number
}

export const point = (
  metric: string,
  currency: string | null,
  { numerator, denominator, samples }: Measured,
  { tenant_id, start_ms, window_ms, revision }: PointOf,
): MetricPoint => ({
  event_id: `${series_of(metric, currency)}|${start_ms}`,
  tenant_id,
  occurred_at: start_ms,
  window_ms,
  revision,
  metric,
  currency,
  value: numerator / denominator,
  numerator,
  denominator,
  samples,
})
