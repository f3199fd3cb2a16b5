/**
 * Decides: how buyers are ordered, how much of their caps is sold, how long a buyer may think, and to how many a lead goes.
 * Because: v1 is the weighted score of the requirements, v2 expected revenue alone; both can be run beside each other.
 * Keeps: nothing. A changed table is a new version, written into every route.
 * When late, twice, missing: what the catalog's table does not say stays as here.
 * Limits: v1 adds money to shares of 100: with dear leads it is expected revenue that decides.
 */
import { days, hours } from '../../schemas/units.ts'
import type { AcceptanceMethod } from './acceptance.ts'

export interface RoutingPolicy {
  readonly version: string
  readonly score: 'v1' | 'v2'
  /** Of the terms of v1; a term's value is money (whole units) or 0 to 100. */
  readonly weights: {
    readonly expected_revenue: number
    readonly acceptance_rate: number
    readonly available_capacity: number
    readonly quality_match: number
    readonly geographic_match: number
    readonly historical_performance: number
  }
  /** How acceptance is foretold: from all buyers' answers together, or from each buyer's own shares (acceptance.ts). */
  readonly acceptance: AcceptanceMethod
  /** Hundredths of a cap that are not sold. */
  readonly capacity_buffer: number
  /** Without an answer a buyer loses a lead after so long; 0: it keeps it. */
  readonly expire_ms: number
  /** Buyers that a lead is offered to, one behind the other. */
  readonly attempts_max: number
  /** After so long a lead is offered to nobody else. */
  readonly fresh_ms: number
  /** A buyer's daily cap is spread over its day: by now its share of the day and an hour's worth. */
  readonly pacing: boolean
}

export const default_routing: RoutingPolicy = {
  version: 'routing-1',
  score: 'v1',
  weights: {
    expected_revenue: 0.4,
    acceptance_rate: 0.25,
    available_capacity: 0.15,
    quality_match: 0.1,
    geographic_match: 0.05,
    historical_performance: 0.05,
  },
  acceptance: 'pooled',
  capacity_buffer: 10,
  expire_ms: hours(24),
  attempts_max: 3,
  fresh_ms: days(7),
  pacing: false,
}
