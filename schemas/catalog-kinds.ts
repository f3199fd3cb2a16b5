/** Bodies of catalog entries by kind. */
export interface Catalog {
  /** A tenant's settings; id is the tenant. */
  readonly tenants: { readonly name?: string; readonly zone?: string; readonly currency?: string }
  /** A product; id is the product. */
  readonly products: { readonly name: string; readonly price_minor?: number; readonly currency?: string }
  /** A market that leads come from (a borough, a region); id is its name in lower case. Indexes are 0 (worst) to 1 (best). */
  readonly markets: {
    readonly adoption_index?: number
    readonly income_index?: number
    readonly supply_index?: number
    readonly season_index?: number
    /** What the market multiplies revenue by; 1 without. */
    readonly revenue_ratio?: number
  }
  /** A tier of lead buyers; id is premium, standard, volume or direct. */
  readonly buyer_tiers: { readonly base_minor?: number; readonly daily_capacity?: number }
  /** Who buys a tenant's leads; id is the tenant. A buyer that is left out of a newer entry gets nothing more. */
  readonly buyers: { readonly buyers: readonly Buyer[] }
  /**
   * How leads are scored; id is the tenant, or * for all that have none of their own. `tenant|shadow` is scored beside it and
   * decides nothing. The table is what differs from the built-in policy `base` (lead-0: base × 0.6 + behavior × 0.4; lead-1),
   * in hundredths of a point; `weights` in it are points per factor (operators/lead/policy-readers.ts).
   */
  readonly lead_policies: {
    readonly version: string
    readonly base: 'lead-0' | 'lead-1'
    readonly reason: string
    readonly table?: Readonly<Record<string, unknown>>
    /** [score, probability], rising in both: what feedback says a score is worth (isotonic); without it the prior of the base. */
    readonly calibration?: readonly (readonly [score: number, probability: number])[]
  }
  /**
   * How leads are priced; id is the tenant or *. The table is what differs from the built-in policy (operators/pricing/
   * pricing-policy.ts), believed as a whole or not at all. Its `business_hours` run as a buyer's hours do.
   */
  readonly pricing_policies: { readonly version: string; readonly table: Readonly<Record<string, unknown>> }
  /** How buyers are chosen; id is the tenant or *. v1: the weighted score of six terms; v2: expected revenue alone. */
  readonly routing_policies: {
    readonly version: string
    readonly score: 'v1' | 'v2'
    readonly table?: Readonly<Record<string, unknown>>
  }
  /**
   * How conversations are led; id is the tenant or *. The table is what differs from the built-in policy. Its `claims` names
   * the claims that drafts may say: one that no policy names is not said.
   */
  readonly conversation_policies: {
    readonly version: string
    readonly table: Readonly<Record<string, unknown>>
  }
  /** What may be said to leads until a day: a claim without a source, or behind its day, is never said. id names it. */
  readonly claims: {
    readonly tenant_id: string
    /** By language tag (en, es, …). */
    readonly text: Readonly<Record<string, string>>
    readonly source: string
    readonly from_day: string
    /** The day behind the last on which it holds. */
    readonly to_day: string
    /** Facts of the lead that it is about: all must be known as given, e.g. {borough: 'manhattan'}. */
    readonly about?: Readonly<Record<string, string>>
  }
  /** Rules of a tenant's own, beside the built-in ones; id is the tenant. One that is left out of a newer entry is no more. */
  readonly alert_rule_lists: { readonly rules: readonly AlertRuleEntry[] }
  /** Who is told of a tenant's alerts, and how they are put together; id is the tenant, or * for all that have none of their own. */
  readonly alert_routes: AlertRoutes
  /** What a built-in alert rule does differently from its defaults; id is the rule. */
  readonly alert_rules: {
    readonly enabled?: boolean
    readonly severity?: 'info' | 'low' | 'medium' | 'high' | 'critical'
    readonly threshold?: number
    readonly cooldown_ms?: number
  }
  /** What one unit of a currency is worth in another from effective_at on; id is `FROM|TO` in ISO codes. */
  readonly fx_rates: { readonly rate: string }
  /** What a metric (of the view metric_history) is to sum up to between two days, the first and the one behind the last. */
  readonly goals: {
    readonly tenant_id: string
    readonly metric: string
    readonly currency?: string
    readonly target: number
    readonly from_day: string
    readonly to_day: string
  }
  /** History being loaded: no tick moves stream time while one is open. Renewed while it runs, else it lapses. */
  readonly imports: { readonly state: 'open' | 'closed'; readonly topic: string; readonly renewed_at: number }
}

/** A buyer of leads. Everything but its name and tier may be left out. */
export interface Buyer {
  readonly buyer_id: string
  readonly tier: 'premium' | 'standard' | 'volume' | 'direct'
  readonly paused?: boolean
  /** Of its tier's, else. Minor units of the tenant's currency; floor and ceiling hold after all terms. */
  readonly base_minor?: number
  readonly floor_minor?: number
  readonly ceiling_minor?: number
  /** Leads it takes in an hour and a day of its zone; without one, any number. */
  readonly hourly_cap?: number
  readonly daily_cap?: number
  /** IANA name; the tenant's, else. */
  readonly zone?: string
  /**
   * When it takes leads: hours of its day from `from` on and before `to` (over midnight where `to` is before), and days of
   * the week, 1 = Monday, each hour by its own day. Always, without.
   */
  readonly hours?: { readonly from: number; readonly to: number; readonly days: readonly number[] }
  /** ZIP codes (or their beginnings), boroughs or neighbourhoods in lower case; everywhere, without. */
  readonly areas?: readonly string[]
  /** Preferred areas count in the routing score's geographic match; all its areas, without; [] is nowhere. */
  readonly preferred_areas?: readonly string[]
  readonly qualities?: readonly ('premium' | 'standard' | 'basic')[]
  readonly least_score?: number
  /** Customers it must never be sent (it has them already, or they asked for it). */
  readonly suppressed?: readonly string[]
  /** Share of leads it took before anything is known of it here. */
  readonly acceptance_prior?: number
}

export type AlertSeverityName = 'info' | 'low' | 'medium' | 'high' | 'critical'

/** A rule on the points of a metric, or on what the detectors say of it. */
export interface AlertRuleEntry {
  readonly name: string
  readonly title?: string
  readonly metric: string
  readonly currency?: string
  /** `channel=google`; `*`: each part by itself; without: the whole. */
  readonly dimension?: string
  /**
   * above, below: the value. drops_by, rises_by: the share of what the season expects. The others: a pattern that the
   * detectors tell, at least `threshold` robust standard deviations from the usual.
   */
  readonly when:
    | 'above'
    | 'below'
    | 'drops_by'
    | 'rises_by'
    | 'drop'
    | 'spike'
    | 'level_shift'
    | 'trend'
    | 'recurring'
    | 'unusual'
  readonly threshold: number
  /** Points are taken together over so long; of the last point alone, without. */
  readonly window_ms?: number
  /** Over fewer events nothing is said. */
  readonly least_samples?: number
  readonly severity?: AlertSeverityName
  /** So long it is pending before it fires, and goes on firing after the last trouble. */
  readonly for_ms?: number
  readonly keep_firing_ms?: number
  readonly cooldown_ms?: number
  readonly enabled?: boolean
  /** Names of rules that this one explains: nobody is told of theirs while it fires. */
  readonly inhibits?: readonly string[]
  /** Steps of a ladder: nobody has acknowledged it so long after it fired. Each raises the severity, or names its own. */
  readonly escalation?: readonly { readonly after_ms: number; readonly severity?: AlertSeverityName }[]
}

export interface AlertReceiver {
  readonly name: string
  readonly channel: 'webhook' | 'slack' | 'email' | 'sms'
  /** webhook and slack: an http(s) URL. email: an address. sms: a number, +49151… */
  readonly to: string
  /** webhook: name of the secret that signs it, which operators put in TRIBUTARY_SECRET_<NAME>. */
  readonly secret?: string
}

/** Alertmanager's words. */
export interface AlertRoute {
  readonly receivers: readonly string[]
  /** What an alert has to be, all of it; a trailing * matches any ending. Everything, without. */
  readonly matchers?: Readonly<Record<string, string>>
  /** Of rule, metric, currency, dimension, severity, fingerprint; by rule, without; [] is one group of all. */
  readonly group_by?: readonly string[]
  readonly group_wait_ms?: number
  readonly group_interval_ms?: number
  readonly repeat_interval_ms?: number
  /** Names of mute times in which nobody of it is told. */
  readonly mute_times?: readonly string[]
  /** Go on with the next route after this one. */
  readonly continue?: boolean
}

export interface AlertRoutes {
  readonly receivers: readonly AlertReceiver[]
  /** The first that matches tells, and those behind it while they say `continue`. */
  readonly routes: readonly AlertRoute[]
  readonly mute_times?: Readonly<
    Record<
      string,
      { readonly zone?: string; readonly from: number; readonly to: number; readonly days: readonly number[] }
    >
  >
}
