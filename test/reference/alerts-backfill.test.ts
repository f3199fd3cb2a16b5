/**
 * Ninety days of a business with planted incidents, loaded into two installations with different partitions, batches and order of
 * loading: they say the same of it, and so does each once more from its own log.
 */
import { createHash } from 'node:crypto'
import avsc from 'avsc'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, describe_pipeline, key_groups } from '../../runtime/app.ts'
import { rebuild_group } from '../../runtime/rebuild.ts'
import { replay } from '../../runtime/replay.ts'
import { Compared } from '../../runtime/replay-compare.ts'
import type { Alert } from '../../schemas/types.ts'
import { hours, minutes } from '../../schemas/units.ts'
import type { SmallSystem } from '../runtime/small-system.ts'
import { backfill, bodies_of } from './alerts-backfill.ts'
import { END, history_of, PLANTED, TENANT } from './alerts-history.ts'

const TOPICS = ['metric_points', 'anomalies', 'alerts'] as const
/** What has an order of its own: within it rows stand in order, between two of them the tasks' pace decides. */
const SERIES: Readonly<Record<(typeof TOPICS)[number], readonly string[]>> = {
  metric_points: ['metric', 'currency', 'dimension'],
  anomalies: ['metric', 'currency', 'dimension'],
  alerts: ['fingerprint'],
}

let first: SmallSystem
let second: SmallSystem
beforeAll(async () => {
  const events = history_of(1)
  first = await backfill(events, { partitions: 2, batch: 2000, chunk: 5000, by_topic: false, repeats: false })
  second = await backfill(events, { partitions: 3, batch: 150, chunk: 20_000, by_topic: true, repeats: true })
})
afterAll(async () => {
  await first?.close()
  await second?.close()
})

const type_of = (app: App, topic: string): avsc.Type =>
  avsc.Type.forSchema(app.schemas[app.topics[topic]?.schema as string] as avsc.Schema)

/** Rows and digest of their bodies, by key and series. */
const told_by = async (system: SmallSystem, topic: (typeof TOPICS)[number]) => {
  const type = type_of(system.deps.app, topic)
  const series = new Map<string, { rows: number; hash: ReturnType<typeof createHash> }>()
  for (const [key, bodies] of await bodies_of(system, topic))
    for (const body of bodies) {
      const row = type.fromBuffer(body) as Record<string, unknown>
      const id = [key, ...SERIES[topic].map(field => row[field] ?? '')].join('|')
      const known = series.get(id) ?? { rows: 0, hash: createHash('sha256') }
      known.rows++
      known.hash.update(body)
      series.set(id, known)
    }
  const told = [...series].map(([id, { rows, hash }]) => [id, `${rows} rows, ${hash.digest('hex')}`] as const)
  return Object.fromEntries(told)
}

describe('the planted incidents', () => {
  let alerts: readonly Alert[]
  beforeAll(async () => {
    alerts = (await first.read<Alert>('alerts')).filter(({ tenant_id }) => tenant_id === TENANT)
  })

  it.each(PLANTED)('$kind: $rule fires in time, and is over once it is over', ({ rule, from_ms, to_ms }) => {
    const of_rule = alerts.filter(alert => alert.rule === rule && alert.occurred_at > from_ms)
    const fired = of_rule.find(({ status }) => status === 'firing')
    expect(fired?.occurred_at).toBeGreaterThan(from_ms)
    expect(fired?.occurred_at).toBeLessThanOrEqual(to_ms)
    const resolved = of_rule.filter(
      ({ status, started_at }) => status === 'resolved' && started_at === fired?.started_at,
    )
    expect(resolved).toHaveLength(1)
    expect(resolved[0]?.occurred_at).toBeGreaterThan(to_ms)
    expect(resolved[0]?.occurred_at).toBeLessThan(to_ms + hours(3))
  })

  it('are what is told of, beside leads: few alerts come without one', () => {
    const near = (at_ms: number): boolean =>
      PLANTED.some(({ from_ms, to_ms }) => at_ms > from_ms && at_ms <= to_ms + hours(6))
    const fired = alerts.filter(({ status, occurred_at }) => status === 'firing' && occurred_at < END)
    const others = fired.filter(({ rule, occurred_at }) => rule !== 'premium_lead' && !near(occurred_at))
    const incidents = new Set(others.map(({ fingerprint, started_at }) => `${fingerprint}|${started_at}`))
    console.log(`${incidents.size} incidents in 90 days that nobody planted: ${[...incidents].join(', ')}`)
    expect(incidents.size).toBeLessThan(20)
    expect(fired.filter(({ rule }) => rule === 'premium_lead').length).toBeGreaterThan(20)
  })
})

it.each(TOPICS)('two backfills agree on %s, byte for byte', async topic => {
  const [one, other] = [await told_by(first, topic), await told_by(second, topic)]
  expect(Object.keys(one).length).toBeGreaterThan(2)
  expect(other).toEqual(one)
})

it('a replay from the batch log comes to the same points, anomalies and alerts, byte for byte', async () => {
  const { app, log, registry } = first.deps
  const all = { from_ms: 0, to_ms: Number.MAX_SAFE_INTEGER, tenant: null }
  const compared = TOPICS.map(topic => new Compared({ app, log, registry }, topic, all))
  for (const each of compared) await each.begin()
  const { batches } = await replay(
    { app, log, registry, snapshots: null, import_lapse_ms: hours(1) },
    {
      ...{ topics: TOPICS, from_ms: 0, other: null, judged: new Set<string>(), hears: item => item },
      rows: (_course, outputs) => {
        for (const each of compared) each.add(outputs)
      },
      progress: () => {},
    },
    new AbortController().signal,
  )
  expect(batches).toBeGreaterThan(100)
  for (const each of compared) {
    const told = await each.end()
    expect(told.first).toBeNull()
    expect(told.recorded).toBeGreaterThan(0)
    expect(told).toMatchObject({ equal: told.recorded, replayed_hash: told.recorded_hash })
  }
})

it('rebuilding the groups that tell alerts finds nothing to emit', async () => {
  const { app } = first.deps
  const telling = key_groups(app).filter(({ pipelines }) =>
    pipelines.some(pipeline => TOPICS.some(topic => describe_pipeline(pipeline).writes.has(topic))),
  )
  expect(telling.length).toBeGreaterThan(1)
  for (const { name } of telling) {
    const request = { group: name, emit: 'difference', pipelines: [], alone_within_ms: minutes(1) } as const
    const topics = await rebuild_group(first.deps, request, () => {}, new AbortController().signal)
    for (const { topic, emitted, unchangeable, stale } of topics)
      expect([topic, emitted, unchangeable, stale]).toEqual([topic, 0, 0, 0])
  }
})
