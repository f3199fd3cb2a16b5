/** Rows of route_outcomes for tests of views: what is not given is an acceptance by buyer b1 of a premium lead for 250.00 USD. */

/** `at`: when the buyer said so; `decided_at` is an hour before unless given. What was said later arrived sooner. */
export const outcome_row = (event_id: string, at: string, more: Record<string, unknown> = {}): object => {
  const whole = {
    ...{ tenant_id: 't1', customer_id: 'c1', decision_id: event_id, buyer_id: 'b1', buyer_tier: 'premium' },
    ...{ outcome: 'accepted', price_minor: 25_000, currency: 'USD', quality_tier: 'premium' },
    ...{ total_score: 87, base_points: 35, behavior_points: 25, timing_points: 18, market_points: 9 },
    ...{ conversion_probability: 0.82, acceptance_probability: 0.8, trusted_ratio: 1 },
    ...{ lead_policy_version: 'lead-1', ...more },
  }
  const decided_at = new Date(Date.parse(at) - 3_600_000).toISOString()
  const _offset = Date.UTC(2100, 0, 1) - Date.parse(at)
  return { _key: whole.tenant_id, _offset, event_id, occurred_at: at, decided_at, ...whole }
}

/** The row of routes that made the decision. */
export const decision_row = (decision_id: string, currency = 'USD'): object => ({
  ...{ _key: 't1', tenant_id: 't1', event_id: decision_id, decision_id, customer_id: 'c1', currency },
  ...{ occurred_at: '2026-01-01T00:00:00.000Z', status: 'reserved' },
})
