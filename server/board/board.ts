/**
 * What the page shows of one tenant, as JSON: GET /v1/board gives all panels, GET /v1/live sends those that changed. Money
 * is in minor units of `currency`; instants are ISO 8601 in UTC; ratios are fractions.
 */

/** Every panel says as of when it was asked, and how long that took. */
export interface Panel {
  readonly asked_at: string
  readonly took_ms: number
}

export interface RevenuePanel extends Panel {
  readonly today_minor: number
  /** Yesterday from midnight to the same time of day. */
  readonly yesterday_so_far_minor: number
  /** The last 60 minutes. */
  readonly hour_minor: number
  /** The last 7 and 30 days, today among them. */
  readonly week_minor: number
  readonly month_minor: number
  /** Payments that succeeded. */
  readonly payments_today: number
  /** The last hour in twelve buckets of five minutes, oldest first; `at` is a bucket's beginning, the last one is not over. */
  readonly minutes: readonly { readonly at: string; readonly net_minor: number }[]
  /** Today by hour (UTC), and the mean of the same hour over the last four same weekdays; null without history. */
  readonly hours: readonly {
    readonly hour: number
    readonly net_minor: number | null
    readonly usual_minor: number | null
  }[]
}

export interface ConversationsPanel extends Panel {
  /** Started, not closed, with an event in the last 30 minutes. */
  readonly active: number
  /** Started today (UTC). */
  readonly today: number
  /** Leads scored today by the tier of their newest score. */
  readonly tiers: {
    readonly premium: number
    readonly standard: number
    readonly basic: number
    readonly unqualified: number
  }
  /** Newest first, at most 8. */
  readonly newest: readonly {
    readonly conversation_id: string
    readonly customer_id: string
    readonly at: string
    readonly total_score: number
    readonly quality_tier: string
    readonly price_minor: number | null
    readonly revenue_per_minute_minor: number | null
    readonly recommendation: string | null
  }[]
}

export interface ChannelsPanel extends Panel {
  readonly lookback_days: number
  readonly half_life_days: number
  /** The last 30 days; for every model the credits sum to `total_minor`. */
  readonly total_minor: number
  readonly models: readonly string[]
  readonly credits: readonly {
    readonly model: string
    readonly channel: string
    readonly credit_minor: number
    readonly conversions: number
    readonly cost_minor: number
  }[]
}

export interface ForecastPanel extends Panel {
  /** Daily net revenue, oldest first, complete days only. */
  readonly history: readonly { readonly day: string; readonly net_minor: number }[]
  /** The mix of all methods first, marked, then those that weigh most in it; none before the first forecast was made. */
  readonly methods: readonly {
    readonly method: string
    /** Mean error of the backtest as a part of what was foretold and what came (sMAPE), 0 to 2. */
    readonly error_ratio: number | null
    readonly chosen: boolean
    readonly days: readonly {
      readonly day: string
      readonly value_minor: number
      readonly lower_minor: number
      readonly upper_minor: number
    }[]
  }[]
  readonly interval_ratio: number
}

export interface AlertRow {
  readonly event_id: string
  readonly at: string
  readonly severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
  readonly status: 'firing' | 'resolved'
  readonly title: string
  readonly description: string
  readonly suppressed: number
}
export interface AlertsPanel extends Panel {
  /** Incidents that are not over; a premium lead is told once and is none. */
  readonly firing: number
  /** Newest first, at most 30. */
  readonly rows: readonly AlertRow[]
}

/** Whether the numbers can be believed. */
export interface TrustPanel extends Panel {
  /** Event time of the newest ledger row of the tenant. */
  readonly newest_payment_at: string | null
  /** Records that are in the log and not processed yet, or processed and not inserted yet; all tenants. */
  readonly behind_records: number
  /** Wall clock of the newest row the warehouse has, of any table. */
  readonly inserted_at: string | null
  readonly reconciliation: {
    /** exact: all checks hold and the sums agree; differs: at least one does not; never: none has finished yet. */
    readonly state: 'exact' | 'differs' | 'never'
    readonly checked_at: string | null
    readonly checks: number
    /** Sentences of what differs, at most 10. */
    readonly differences: readonly string[]
  }
}

export interface Board {
  readonly tenant_id: string
  readonly currency: string
  /** Digits behind the point: 2 for EUR. */
  readonly currency_exponent: number
  readonly revenue: RevenuePanel
  readonly conversations: ConversationsPanel
  readonly channels: ChannelsPanel
  readonly forecast: ForecastPanel
  readonly alerts: AlertsPanel
  readonly trust: TrustPanel
}

/** GET /v1/tenants: those the caller may see and of which events are known, by name. */
export interface Tenants {
  readonly tenants: readonly string[]
}

/**
 * Events of GET /v1/live?tenant=: `board` whenever panels were asked anew (only those), and what happens in between as it
 * is committed: `ledger`, `score`, `price`, `alert`.
 */
export interface LiveEvents {
  readonly board: Partial<Omit<Board, 'tenant_id' | 'currency' | 'currency_exponent'>>
  readonly ledger: { readonly at: string; readonly amount_minor: number; readonly currency: string }
  readonly score: {
    readonly customer_id: string
    readonly conversation_id: string
    readonly at: string
    readonly total_score: number
    readonly quality_tier: string
  }
  readonly price: {
    readonly customer_id: string
    readonly conversation_id: string
    readonly at: string
    readonly price_minor: number
    readonly currency: string
  }
  readonly alert: AlertRow
}
