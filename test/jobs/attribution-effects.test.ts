/** The job on paths given as rows, and on a warehouse: what it reads is what the view has, what it writes the next view reads. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import job from '../../jobs/attribution-effects.ts'
import type { JobRow } from '../../jobs/job.ts'
import { tributary } from '../../runtime/app.ts'
import { row_checks } from '../../runtime/emit.ts'
import type { AttributionEffect } from '../../schemas/types.ts'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { simulated_paths } from './attribution/simulated-paths.ts'

const AS_OF = Date.UTC(2026, 1, 1)
const app = tributary(1)
const run = (paths: readonly JobRow[]): AttributionEffect[] => {
  const outputs = job.run({ paths }, AS_OF)
  for (const { topic, row } of outputs) row_checks(app, topic).check(row)
  return outputs.map(({ row }) => row as unknown as AttributionEffect)
}
/** Counts come as texts too: ClickHouse quotes them in JSON where it is told to. */
const row = (places: string, conversions: number | string, nulls: number, more: object = {}): JobRow => ({
  ...{ tenant_id: 't1', dimension: 'channel', places: places.split(' '), conversions, nulls, ...more },
})
const sums = (rows: readonly AttributionEffect[], field: 'share' | 'conversions') => {
  const by_model = new Map<string, number>()
  for (const one of rows) {
    const key = [one.tenant_id, one.dimension, one.model, one.markov_order].join(' ')
    by_model.set(key, (by_model.get(key) ?? 0) + one[field])
  }
  return Object.fromEntries([...by_model].map(([key, sum]) => [key, Number(sum.toFixed(9))]))
}

describe('paths of the well-known example', () => {
  const paths = [row('C1 C2 C3', 1, 0), row('C1', 0, 1), row('C2 C3', 0, 1)]
  const rows = run(paths)
  it('have their removal effects', () => {
    const first = rows.filter(({ markov_order }) => markov_order === 1)
    expect(first.map(({ place, effect, share, conversions }) => [place, effect, share, conversions])).toEqual(
      [
        ['C1', expect.closeTo(0.5, 12), expect.closeTo(0.2, 12), expect.closeTo(0.2, 12)],
        ['C2', expect.closeTo(1, 12), expect.closeTo(0.4, 12), expect.closeTo(0.4, 12)],
        ['C3', expect.closeTo(1, 12), expect.closeTo(0.4, 12), expect.closeTo(0.4, 12)],
      ],
    )
    expect(first[0]).toMatchObject({
      event_id: `markov|1|channel|C1|${AS_OF}`,
      tenant_id: 't1',
      occurred_at: AS_OF,
      model: 'markov',
      dimension: 'channel',
      paths: 3,
    })
  })
  it('have every model, once a place, with shares that sum to one', () => {
    expect(sums(rows, 'share')).toEqual({
      't1 channel markov 1': 1,
      't1 channel markov 2': 1,
      't1 channel shapley_rate 0': 1,
    })
    expect(new Set(rows.map(({ event_id }) => event_id)).size).toBe(9)
    expect(run([...paths].reverse())).toEqual(rows)
  })
})

it('keeps tenants and dimensions apart, and says nothing where nobody converted', () => {
  const rows = run([
    row('a b', 2, 5),
    row('a', 1, 5, { tenant_id: 't2' }),
    row('spring', '3', 4, { dimension: 'campaign' }),
    row('a', 0, 9, { tenant_id: 't3' }),
  ])
  const conversions = sums(rows, 'conversions')
  expect(Object.keys(conversions).filter(key => key.endsWith('markov 1'))).toEqual([
    't1 campaign markov 1',
    't1 channel markov 1',
    't2 channel markov 1',
  ])
  expect(conversions['t1 campaign markov 1']).toBe(3)
  expect(conversions['t2 channel markov 1']).toBe(1)
})

it('says no more than markov of order 1 of more than twelve places', () => {
  const places = (count: number) => Array.from({ length: count }, (_, i) => row(`p${i}`, 1, 1))
  const models = (count: number) => [
    ...new Set(run(places(count)).map(({ model, markov_order }) => `${model} ${markov_order}`)),
  ]
  expect(models(12)).toEqual(['markov 1', 'markov 2', 'shapley_rate 0'])
  expect(models(13)).toEqual(['markov 1'])
})

it('pools what is walked least beyond 200 places, and stays quick', () => {
  const many = Array.from({ length: 250 }, (_, i) => row(`p${i} email`, 1, 500 - i))
  const rows = run(many)
  const places = rows.map(({ place }) => place)
  expect(places).toHaveLength(200)
  expect(places).toEqual(expect.arrayContaining(['email', 'other', 'p0', 'p197']))
  expect(places).not.toContain('p198')
  expect(sums(rows, 'conversions')).toEqual({ 't1 channel markov 1': 250 })
  const began = performance.now()
  const paths = simulated_paths(4, 20_000, 190, 0.85).map(({ places: walked, conversions, nulls }) =>
    row(walked.join(' '), conversions, nulls),
  )
  expect(run(paths)).toHaveLength(190)
  expect(performance.now() - began).toBeLessThan(10_000)
})

describe('on a warehouse', () => {
  let served: Served
  beforeAll(async () => {
    served = await serve_warehouse(app)
  })
  afterAll(() => served.stop())
  const at = (days_before: number) => new Date(AS_OF - days_before * 86_400_000).toISOString()
  const touch = (customer_id: string, event_id: string, days_before: number, channel: string) => ({
    ...{ _key: `t1|${customer_id}`, event_id, tenant_id: 't1', customer_id, occurred_at: at(days_before) },
    ...{ channel, interaction: 'click', cost_minor: 0, currency: 'EUR' },
  })
  const paid = (customer_id: string, days_before: number, steps: readonly [string, number][]) => ({
    ...{ _key: `t1|${customer_id}`, event_id: `p-${customer_id}`, tenant_id: 't1', customer_id },
    ...{ occurred_at: at(days_before), path_ends_at: at(days_before), revision: 0 },
    ...{ type: 'payment_succeeded', amount_minor: 100, currency: 'EUR' },
    touches: steps.map(([channel, touched], i) => ({
      ...{ event_id: `t${i}`, touched_at: at(touched), channel, campaign: null },
      ...{ cost_minor: 0, cost_currency: 'EUR', anonymous: false },
    })),
  })

  it('reads the view of paths, and its rows are what attribution_effect shows', async () => {
    await served.fill('conversions', [
      paid('c1', 2, [
        ['C1', 5],
        ['C2', 4],
        ['C3', 3],
      ]),
      // Before the 30 days of the job.
      paid('c9', 40, [['C9', 41]]),
    ])
    await served.fill('touchpoints', [
      touch('c2', 'x', 3, 'C1'),
      touch('c3', 'y', 3, 'C2'),
      touch('c3', 'z', 2, 'C3'),
      touch('c9', 'w', 40, 'C9'),
    ])
    const params = { as_of: new Date(AS_OF).toISOString().replace('T', ' ').replace('Z', '') }
    const rows = run(await served.warehouse.query<JobRow>(job.reads.paths ?? '', params))
    const channels = rows.filter(
      ({ dimension, markov_order }) => dimension === 'channel' && markov_order === 1,
    )
    expect(channels.map(({ place, effect, paths }) => [place, Number(effect.toFixed(9)), paths])).toEqual([
      ['C1', 0.5, 3],
      ['C2', 1, 3],
      ['C3', 1, 3],
    ])
    await served.fill(
      'attribution_effects',
      rows.map(one => ({ ...one, _key: 't1', occurred_at: new Date(one.occurred_at).toISOString() })),
    )
    const shown = await served.warehouse.query<{ place: string; share: number }>(
      `SELECT place, share FROM attribution_effect(as_of = '2026-02-02 00:00:00')
       WHERE model = 'markov' AND markov_order = 1 AND dimension = 'channel' ORDER BY place`,
    )
    expect(shown.map(({ place, share }) => [place, Number(share.toFixed(9))])).toEqual([
      ['C1', 0.2],
      ['C2', 0.4],
      ['C3', 0.4],
    ])
  })
})
