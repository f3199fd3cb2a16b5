/** The installation under simulation: the shipped pipelines and topics they touch, and the probe. */

import type { Pipeline } from '../../operators/core/keyed.ts'
import { pipelines } from '../../pipelines/index.ts'
import { type App, describe_pipeline, with_returns } from '../../runtime/app.ts'
import type { Settings } from '../../runtime/worker-types.ts'
import { definitions } from '../../schemas/definitions.ts'
import { type TopicSpec, topics } from '../../schemas/topics.ts'
import { hours, minutes } from '../../schemas/units.ts'
import { fussy_pipeline, fussy_schemas } from './fussy.ts'
import { probe_pipeline, probe_schemas } from './probe.ts'
import { series_pipeline } from './series.ts'
import { tally_pipeline, tally_schemas } from './tally.ts'

export const PARTITIONS = 2

const probes: TopicSpec = {
  schema: 'probes',
  role: 'output',
  keyed_by: 'customer',
  dedupe: 'none',
  partitioner: 'trusted',
  table: {},
}

const topics_of = (pipeline: Pipeline): readonly string[] => {
  const { reads, writes } = describe_pipeline(pipeline)
  return [...reads.keys(), ...writes]
}
/** Topics that no shipped pipeline names. */
const always = ['feedback', 'catalog', 'dead_letters']

const simulated = ['revenue-ledger', 'revenue-windows', 'journey-sessions']
/** A group that reads, under another key, what it writes itself: only in some runs, for the time it takes. */
const identity = ['identity-links', 'identity-touches']

/** What is deployed over one another: the same, an operator of a newer version, a pipeline more. */
export type Variant = 'plain' | 'bumped' | 'tallied'
export const VARIANTS: readonly Variant[] = ['plain', 'bumped', 'tallied']

/** The first pipelines and their topics: more of them would only make a seed slower. */
const make_app = (variant: Variant, with_identity: boolean, with_series: boolean): App => {
  const wanted = with_identity ? [...simulated, ...identity] : simulated
  const shipped = [
    ...pipelines.filter(pipeline => wanted.includes(pipeline.name)),
    ...(with_series ? [series_pipeline] : []),
  ]
  const used = new Set(shipped.flatMap(pipeline => [...topics_of(pipeline)]))
  const kept = Object.entries(topics).filter(([topic]) => used.has(topic) || always.includes(topic))
  const added = variant === 'tallied' ? [tally_pipeline] : []
  return {
    name: 'sim',
    topics: with_returns({ ...Object.fromEntries(kept), probes, probe_copies: probes }),
    pipelines: [...shipped, fussy_pipeline, probe_pipeline(variant === 'bumped' ? 2 : 1), ...added],
    schemas: { ...definitions, ...probe_schemas, ...tally_schemas, ...fussy_schemas },
    partitions: PARTITIONS,
  }
}

const made = new Map<string, App>()
export const simulated_app = (variant: Variant, with_identity: boolean, with_series: boolean): App => {
  const name = `${variant} ${with_identity} ${with_series}`
  const app = made.get(name) ?? make_app(variant, with_identity, with_series)
  made.set(name, app)
  return app
}

/** Small and quick, so that a few virtual seconds hold many batches, checkpoints, ticks and inserts. */
export const simulated_settings: Settings = {
  batch_records_max: 8,
  batch_bytes_max: 1 << 20,
  batch_compute_ms: 3_600_000,
  lag_wait_ms: 600,
  linger_ms: 5,
  timers_max: 5,
  checkpoint_every_ms: 150,
  checkpoint_behind_ms: 400,
  unsaved_max: 40,
  snapshot_every_ms: hours(24),
  idle_ms: 700,
  grace_ms: minutes(10),
  future_ms: hours(1),
  hot_keys_max: 4,
  import_lapse_ms: hours(24),
  insert_bytes_max: 1 << 14,
  insert_wait_ms: 200,
  retry_ms: 15,
}
