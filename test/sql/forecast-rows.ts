/** Rows of the table forecasts as the job writes them, for tests of the views that read them. */

const PERIOD_MS = { hour: 3_600_000, day: 86_400_000 }

interface ForecastOf {
  /** An ISO date or time. */
  readonly foretold_at: string
  readonly step: number
  /** value, lo80, hi80, lo95, hi95. */
  readonly says: readonly [number, number, number, number, number]
  readonly tenant_id?: string
  readonly metric?: string
  readonly currency?: string | null
  readonly granularity?: keyof typeof PERIOD_MS
  readonly method?: string
}

/** What is not given is by `best`, of days of revenue in USD, of tenant t1. */
export const forecast_row = ({
  foretold_at,
  step,
  says: [value, lo80, hi80, lo95, hi95],
  tenant_id = 't1',
  metric = 'revenue',
  currency = 'USD',
  granularity = 'day',
  method = 'best',
}: ForecastOf): object => {
  const at_ms = Date.parse(foretold_at)
  const starts_at = new Date(at_ms + (step - 1) * PERIOD_MS[granularity]).toISOString()
  return {
    _key: tenant_id,
    event_id: `${metric}|${currency ?? ''}|${granularity}|${method}|${at_ms}|${step}`,
    tenant_id,
    occurred_at: new Date(at_ms).toISOString(),
    ...{ metric, currency, granularity, method, step, starts_at, value, lo80, hi80, lo95, hi95 },
  }
}

/** Bounds of a normal error with that standard deviation. */
export const normal = (value: number, sd: number): ForecastOf['says'] => [
  value,
  value - 1.2815515655446004 * sd,
  value + 1.2815515655446004 * sd,
  value - 1.959963984540054 * sd,
  value + 1.959963984540054 * sd,
]
