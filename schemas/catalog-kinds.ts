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
  /** What an alert rule does differently from its defaults; id is the rule. */
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
