/**
 * Decides: how many events of a feed there were.
 * Because: a feed that falls silent is seen in nothing but its own count; every other metric falls for reasons of business, too.
 * Keeps: nothing.
 * When late: counts in the window of its own time. Twice: the task has dropped the duplicate before. Missing: that is what the
 *   metric tells.
 * Limits: says when events happened, not when they came.
 */

import { map, type OperatorFunction } from 'rxjs'
import type { Measure } from '../../schemas/types.ts'
import { type FeedMetric, measure_of_feed } from './metric-list.ts'

type Event = Pick<Measure, 'event_id' | 'tenant_id' | 'occurred_at'>

export const measureFeed =
  (metric: FeedMetric): OperatorFunction<Event, Measure> =>
  events =>
    events.pipe(map(event => measure_of_feed(metric, event)))
