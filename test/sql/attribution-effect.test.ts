/** attribution_effect: given what jobs wrote, the newest of it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'

const effect = (place: string, day: number, more: Record<string, unknown> = {}) => {
  const whole = { tenant_id: 't1', model: 'markov', markov_order: 1, dimension: 'channel', ...more }
  return {
    _key: whole.tenant_id,
    event_id: `${whole.model}|${whole.markov_order}|${whole.dimension}|${place}|${day}`,
    occurred_at: `2026-01-0${day}T00:00:00.000Z`,
    place,
    effect: day / 10,
    share: 0.5,
    paths: 7,
    conversions: 2.5,
    ...whole,
  }
}

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('attribution_effects', [
    effect('search', 1),
    effect('gone', 1),
    effect('search', 2),
    effect('email', 2),
    effect('search', 3),
    effect('search', 1, { markov_order: 2 }),
    effect('search', 1, { model: 'shapley_rate', markov_order: 0 }),
    effect('spring', 1, { dimension: 'campaign' }),
    effect('search', 1, { tenant_id: 't2' }),
  ])
  // Written again after a restart: one row.
  await served.fill('attribution_effects', [effect('search', 2)])
})
afterAll(() => served.stop())

const newest = async (as_of: string) => {
  const rows = await served.warehouse.query<Record<string, string | number>>(
    `SELECT tenant_id, model, markov_order, dimension, place, effect, toString(fitted_at) AS fitted_at
     FROM attribution_effect(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY ALL`,
    { as_of },
  )
  return rows.map(row => Object.values(row).join(' '))
}

it('has those of the newest moment that is not after as_of, each tenant’s, model’s, order’s and dimension’s own', async () => {
  const others = (after: readonly string[]) => [
    't1 markov 1 campaign spring 0.1 2026-01-01 00:00:00.000',
    ...after,
    't1 markov 2 channel search 0.1 2026-01-01 00:00:00.000',
    't1 shapley_rate 0 channel search 0.1 2026-01-01 00:00:00.000',
    't2 markov 1 channel search 0.1 2026-01-01 00:00:00.000',
  ]
  expect(await newest('2026-01-02 23:59:59.999')).toEqual(
    others([
      't1 markov 1 channel email 0.2 2026-01-02 00:00:00.000',
      't1 markov 1 channel search 0.2 2026-01-02 00:00:00.000',
    ]),
  )
  expect(await newest('2026-01-03 00:00:00.000')).toEqual(
    others(['t1 markov 1 channel search 0.3 2026-01-03 00:00:00.000']),
  )
  expect(await newest('2025-12-31 23:59:59.999')).toEqual([])
})

it('carries what the model was made of', async () => {
  const rows = await served.warehouse.query<Record<string, number>>(
    `SELECT share, conversions, paths FROM attribution_effect(as_of = '2026-01-05 00:00:00.000')
     WHERE tenant_id = 't2'`,
  )
  expect(rows.map(row => Object.values(row).map(Number))).toEqual([[0.5, 2.5, 7]])
})

it('has what the newest run as of a moment wrote, and nothing that only an earlier one did', async () => {
  const at = (revision: number, more: Record<string, unknown> = {}) => ({
    tenant_id: 't9',
    revision,
    ...more,
  })
  await served.fill('attribution_effects', [
    effect('search', 4, at(2000, { effect: 0.9 })),
    effect('gone', 4, at(1000)),
    effect('search', 4, at(1000)),
    effect('search', 4, at(1000, { model: 'shapley_rate', markov_order: 0 })),
    effect('search', 3, at(9000)),
  ])
  const rows = await newest('2026-01-04 00:00:00.000')
  expect(rows.filter(row => row.startsWith('t9'))).toEqual([
    't9 markov 1 channel search 0.9 2026-01-04 00:00:00.000',
  ])
})
