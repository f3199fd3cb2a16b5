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

/** One word on a trouble: a change of its state. */
export interface AlertRow {
  readonly event_id: string
  readonly at: string
  /** What counts as the same trouble. */
  readonly fingerprint: string
  readonly rule: string
  readonly severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
  readonly status: 'firing' | 'resolved' | 'acknowledged' | 'pending'
  readonly title: string
  readonly description: string
  /** The part of the whole it is about; empty: all of it. */
  readonly dimension: string
  readonly started_at: string
  readonly suppressed: number
  readonly money_at_risk_minor: number | null
  readonly money_currency: string | null
  readonly contributor: string | null
  readonly contributor_share: number | null
  /** Who or what keeps receivers from being told; null: nothing does. */
  readonly inhibited_by: string | null
  readonly silenced_by: string | null
  readonly acknowledged_by: string | null
  readonly escalation: number
  readonly recurrences: number
  /** Why this word was said: fired, rose, escalated, silenced, resolved, … */
  readonly reason: string
}
export interface AlertsPanel extends Panel {
  /** Open ones that nobody has acknowledged; a premium lead is told once and is none. */
  readonly firing: number
  /** Firing or acknowledged, by their newest word: the worst first, at most 50. */
  readonly open: readonly AlertRow[]
  /** What was said, newest first, at most 30. */
  readonly rows: readonly AlertRow[]
}

/** What became of leads that were for sale, and what a lead costs now. */
export interface LeadsPanel extends Panel {
  /** Leads whose sale last took a step today (UTC), by that step. */
  readonly today: {
    readonly reserved: number
    readonly confirmed: number
    readonly queued: number
    readonly unsold: number
  }
  /** Prices of those confirmed today. */
  readonly sold_minor: number
  /** Of each conversation the newest step, newest first, at most 8; a quoted one is not for sale yet. */
  readonly newest: readonly {
    readonly conversation_id: string
    readonly customer_id: string
    readonly at: string
    readonly total_score: number
    readonly quality_tier: string
    readonly status: string
    readonly buyer_id: string | null
    readonly price_minor: number | null
    readonly expected_revenue_minor: number | null
    /** What the price was multiplied by, in that order; those of 1 are left out. */
    readonly terms: readonly { readonly term: string; readonly ratio: number }[]
    readonly reason: string
  }[]
}

export interface BuyersPanel extends Panel {
  /** Those of the catalog and those that were offered leads in 30 days; the most revenue first. */
  readonly rows: readonly {
    readonly buyer_id: string
    readonly tier: string
    readonly paused: boolean
    /** Whether its entry names a cap; null of one that the catalog does not name (any more). */
    readonly capped: boolean | null
    /** Of the fuller of its hour and day, before the newest lead of 24 hours; 0 without one, null where not capped. */
    readonly utilization_ratio: number | null
    readonly daily_cap: number | null
    /** In 30 days: leads it has, by the newest step of each; their prices. */
    readonly leads: number
    readonly revenue_minor: number
    /** Offers answered in 30 days, each by the newest word: those that are taken among them. */
    readonly answers: number
    readonly accepted: number
  }[]
}

/** What talks were told, and by which policies everything is decided. */
export interface CoachingPanel extends Panel {
  /** Advice of today's conversations, the most frequent first, at most 8. */
  readonly advice: readonly {
    readonly code: string
    readonly title: string
    /** Conversations it was given in, and such as it was held back from to measure it. */
    readonly given: number
    readonly held_out: number
    /**
     * Of all conversations: how many more end qualified where it is given than where chance held it back, as a part of all,
     * with the 95 % interval; null of advice that was never held back.
     */
    readonly effect: {
      readonly difference_ratio: number
      readonly low_ratio: number
      readonly high_ratio: number
      readonly verdict: 'helps' | 'harms' | 'not shown'
    } | null
  }[]
  /** Versions that decided something in the last 24 hours, of each kind the newest first. */
  readonly policies: readonly {
    readonly kind: 'lead' | 'conversation' | 'price and route'
    readonly version: string
    readonly decided: number
    readonly at: string
    /** Why it is in force, as the catalog says; null of a built-in one. */
    readonly reason: string | null
  }[]
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
  readonly leads: LeadsPanel
  readonly buyers: BuyersPanel
  readonly coaching: CoachingPanel
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
