/** The topics: who writes them, how they are keyed, how long ids are remembered and which table they become. */

import type { Topics } from './types.ts'
import { days } from './units.ts'

/** How a record's key is formed from its body. A key group is named after it. */
export type KeyedBy = 'customer' | 'series' | 'tenant' | 'catalog'

export interface TopicSpec {
  /** File schemas/<schema>.avsc (without the ending). */
  readonly schema: string
  /** input: emitters write it. output: tasks write it, consumers and the warehouse read it. internal: between tasks only. */
  readonly role: 'input' | 'output' | 'internal'
  /** The key group named so judges an input; a pipeline reads only topics of its own `keyed_by`, other pipelines' outputs too. */
  readonly keyed_by: string
  /** How long (key, event_id) is remembered: for ever, a time in ms of stream time, or not at all. Inputs only. */
  readonly dedupe: 'for_ever' | 'none' | number
  /** murmur2: the record's partition and key are checked against its body; trusted: the emitter is believed. */
  readonly partitioner: 'murmur2' | 'trusted'
  /** A row goes to the key its own fields form, which may be another than that of the turn that wrote it. Outputs only. */
  readonly rekeyed?: true
  /**
   * Rows of one batch that differ in these fields and event_id only become one: numbers are added, bins by bin. What is added is
   * exact in any order. Internal topics only.
   */
  readonly partial?: { readonly adds: readonly string[]; readonly bins?: string }
  /**
   * The topic whose records come in here a second time: strays copied to their own partition, dead letters driven again.
   * Written by us only; same schemas, ids and table. Derived (runtime/app.ts), not declared.
   */
  readonly of?: string
  /** Its records are wishes to be forgotten: the key's state goes, and its rows up to then. */
  readonly erases?: true
  /** Rows of a person stay when it is erased: what was paid, and what led to it, under the key its emitter chose. */
  readonly kept_on_erasure?: true
  /** Partition count where it is not the installation's. */
  readonly partitions?: number
  /** The warehouse table: identity after `_key` is (tenant_id, _key, event_id) unless named; version picks the newest row. */
  readonly table?: {
    readonly order_by?: readonly string[]
    /**
     * Rows lie by tenant and day (UTC): asked for a stretch of days, a table of years reads those alone. Only where a row
     * that comes again, or anew, has the time of the one before.
     */
    readonly by_day?: true
    readonly version?: string
    readonly partition_by?: string
  }
  /** Names of the identity and time fields where a topic is not ours to shape. */
  readonly event_id?: string
  readonly occurred_at?: string
  /** In place of Avro, for output topics that are not ours to shape. */
  readonly encode?: (row: never) => { readonly key: string; readonly value: Buffer }
}

const input = (schema: string, dedupe: TopicSpec['dedupe'], keyed_by: KeyedBy = 'customer'): TopicSpec => ({
  schema,
  role: 'input',
  keyed_by,
  dedupe,
  partitioner: 'murmur2',
  table: {},
})
const output = (schema: string, keyed_by: KeyedBy, table: TopicSpec['table'] = {}): TopicSpec => ({
  schema,
  role: 'output',
  keyed_by,
  dedupe: 'none',
  partitioner: 'trusted',
  table,
})

export const topics = {
  touchpoints: { ...input('touchpoints', days(2)), table: { by_day: true } },
  conversations: input('conversations', days(2)),
  payments: { ...input('payments', 'for_ever'), kept_on_erasure: true },
  feedback: input('feedback', 'for_ever'),
  spend: input('spend', 'for_ever', 'tenant'),
  measurements: input('measurements', days(2), 'series'),
  alert_commands: input('alert_commands', 'for_ever', 'tenant'),
  erasures: { ...input('erasures', 'for_ever'), erases: true, kept_on_erasure: true },
  catalog: { ...input('catalog', 'for_ever', 'catalog'), partitions: 1 },
  ledger: { ...output('ledger', 'customer', { by_day: true }), kept_on_erasure: true },
  sessions: output('sessions', 'customer', { version: 'revision' }),
  movements: { ...output('movements', 'tenant'), role: 'internal' },
  revenue_windows: output('revenue_windows', 'tenant', { version: 'revision' }),
  // A rekeyed row has the event_id of another key's event: the table tells apart those of two such keys.
  identity_links: {
    ...output('identity_links', 'customer', {
      order_by: ['tenant_id', '_key', 'identified_as', 'event_id'],
    }),
    rekeyed: true,
  },
  identified_touches: {
    ...output('identified_touches', 'customer', {
      order_by: ['tenant_id', '_key', 'anonymous_id', 'event_id'],
      version: 'revision',
    }),
    rekeyed: true,
  },
  conversions: {
    ...output('conversions', 'customer', { version: 'revision', by_day: true }),
    kept_on_erasure: true,
  },
  lead_scores: output('lead_scores', 'customer'),
  conversation_metrics: output('conversation_metrics', 'customer'),
  leads: { ...output('leads', 'tenant'), role: 'internal' },
  lead_feedback: { ...output('lead_feedback', 'tenant'), role: 'internal' },
  prices: output('prices', 'tenant'),
  routes: output('routes', 'tenant'),
  route_outcomes: output('route_outcomes', 'tenant'),
  measures: {
    schema: 'measures',
    role: 'internal',
    keyed_by: 'series',
    dedupe: 'none',
    partitioner: 'trusted',
    partial: { adds: ['numerator', 'denominator', 'samples'], bins: 'bins' },
  },
  metric_points: output('metric_points', 'tenant', { version: 'revision' }),
  anomalies: output('anomalies', 'tenant', { version: 'revision' }),
  alerts: output('alerts', 'tenant'),
  notifications: output('notifications', 'tenant'),
  // What delivery writes: an attempt to tell a receiver.
  deliveries: output('deliveries', 'tenant'),
  // What jobs write (jobs/): read from views, appended like events, so that a repeat is the same rows.
  forecasts: output('forecasts', 'tenant'),
  forecast_scores: output('forecast_scores', 'tenant'),
  lifetime_models: output('lifetime_models', 'tenant'),
  lifetime_values: output('lifetime_values', 'customer', { version: 'revision' }),
  attribution_effects: output('attribution_effects', 'tenant', { version: 'revision' }),
  dead_letters: output('dead_letters', 'customer', {
    order_by: ['topic', 'partition', 'offset', 'event_id'],
  }),
} as const satisfies Record<keyof Topics, TopicSpec>

/** Where records of an input come in again, under their own key and partition. */
export const rekeyed_topic = (topic: string): string => `${topic}.rekeyed`

/** Name of a key group's commit record topic. */
export const batch_log_topic = (key_group: string): string => `batch_log.${key_group}`
