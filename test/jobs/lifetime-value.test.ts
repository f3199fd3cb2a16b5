/** The job on simulated shops, and on a warehouse: what it reads is what the view has, what it writes the other view reads. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobRow } from '../../jobs/job.ts'
import job from '../../jobs/lifetime-value.ts'
import { tributary } from '../../runtime/app.ts'
import { row_checks } from '../../runtime/emit.ts'
import type { LifetimeModel, LifetimeValue } from '../../schemas/types.ts'
import { ledger_row, type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { exponential, gamma_draw, simulate } from './lifetime/simulate.ts'

const DAY = 86_400_000
const AS_OF = Date.UTC(2026, 0, 1)
const shop = simulate(
  9,
  300,
  i => 250 + (i % 30),
  exponential(1, 6, 0.7, 9),
  random => gamma_draw(random, 5) * 8,
)
const rows_of = (tenant_id: string, currency: string, minor: number): JobRow[] =>
  shop.map(({ customer_id, repeat_days, age_days, mean_spend }) => ({
    ...{ tenant_id, currency, customer_id, repeat_days, age_days, mean_repeat_minor: mean_spend * minor },
  }))

const app = tributary(1)
const run = (purchases: readonly JobRow[]) => {
  const outputs = job.run({ purchases }, AS_OF)
  for (const { topic, row } of outputs) row_checks(app, topic).check(row)
  const of = (topic: string) => outputs.filter(output => output.topic === topic).map(({ row }) => row)
  return {
    models: of('lifetime_models') as unknown as LifetimeModel[],
    values: of('lifetime_values') as unknown as LifetimeValue[],
  }
}

describe('three shops', () => {
  const rows = [
    ...rows_of('t1', 'JPY', 1),
    ...rows_of('t1', 'USD', 100),
    ...rows_of('t2', 'USD', 100).slice(0, 20),
  ]
  const { models, values } = run(rows)
  const of = (tenant: string, currency: string) =>
    values.filter(({ tenant_id, currency: of_row }) => tenant_id === tenant && of_row === currency)

  it('writes every model of each, and one of them chosen', () => {
    expect(models.map(({ tenant_id, event_id }) => `${tenant_id} ${event_id}`).slice(0, 5)).toEqual(
      ['bg_nbd', 'mbg_nbd', 'pareto_nbd', 'bg_bb', 'gamma_gamma'].map(model => `t1 ${model}|JPY|${AS_OF}`),
    )
    expect(models).toHaveLength(15)
    expect(models.filter(({ chosen }) => chosen).map(({ currency }) => currency)).toEqual(['JPY', 'USD'])
  })

  it('foretells every customer a year, in minor units of the currency', () => {
    expect(of('t1', 'USD').map(({ customer_id }) => customer_id)).toEqual(
      shop.map(({ customer_id }) => customer_id),
    )
    for (const [i, yen] of of('t1', 'JPY').entries()) {
      const cents = of('t1', 'USD')[i]!
      expect(cents).toMatchObject({ event_id: 'USD', revision: AS_OF, occurred_at: AS_OF, horizon_weeks: 52 })
      expect(Math.abs(cents.expected_value_minor - 100 * yen.expected_value_minor)).toBeLessThanOrEqual(51)
      expect(cents.p_alive).toBeGreaterThan(0)
      expect(cents.p_alive).toBeLessThanOrEqual(1)
    }
  })

  it('says why twenty customers are too few, and foretells none of them', () => {
    const refused = models.filter(({ tenant_id }) => tenant_id === 't2').map(of_model => of_model.refused)
    expect(refused.slice(0, 4)).toEqual(Array(4).fill('20 customers, fewer than 50'))
    expect(of('t2', 'USD')).toEqual([])
  })

  it('gives the same for the same rows', () => {
    expect(run(rows)).toEqual({ models, values })
  })
})

describe('on a warehouse', () => {
  let served: Served
  beforeAll(async () => {
    served = await serve_warehouse()
    const payments = shop.flatMap(({ customer_id, repeat_days, age_days, mean_spend }) =>
      [0, ...repeat_days].map(day =>
        ledger_row({
          event_id: `${customer_id}-${day}`,
          customer_id,
          occurred_at: new Date(AS_OF - DAY - (age_days - day) * DAY).toISOString(),
          amount_minor: Math.round(100 * mean_spend),
        }),
      ),
    )
    await served.fill('ledger', payments)
  })
  afterAll(() => served.stop())

  it('reads what the shop is, and segment_lifetime reads what it writes', async () => {
    const params = { as_of: new Date(AS_OF).toISOString().replace('T', ' ').replace('Z', '') }
    const purchases = await served.warehouse.query<JobRow>(job.reads.purchases!, params)
    const known = new Map(shop.map(customer => [customer.customer_id, customer]))
    for (const { customer_id, repeat_days, age_days, mean_repeat_minor } of purchases) {
      const customer = known.get(String(customer_id))!
      expect([repeat_days, age_days]).toEqual([customer.repeat_days, customer.age_days])
      expect(mean_repeat_minor).toBe(Math.round(100 * customer.mean_spend))
    }
    expect(purchases).toHaveLength(shop.length)
    const { models, values } = run(purchases)
    await served.fill(
      'lifetime_models',
      models.map(model => ({ ...model, _key: model.tenant_id })),
    )
    await served.fill(
      'lifetime_values',
      values.map(value => ({ ...value, _key: `${value.tenant_id}|${value.customer_id}` })),
    )
    const [row] = await served.warehouse.query<{ n: number; value: number }>(
      `SELECT count() AS n, sum(expected_value_minor) AS value FROM segment_lifetime(as_of = '2026-01-02 00:00:00')`,
    )
    expect(row).toEqual({
      n: shop.length,
      value: values.reduce((sum, value) => sum + value.expected_value_minor, 0),
    })
  })
})
