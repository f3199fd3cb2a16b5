/** The job on series whose truth is known, and on a warehouse: what it reads is what the views have, what it writes they read. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobRow } from '../../jobs/job.ts'
import job from '../../jobs/metric-forecast.ts'
import { tributary } from '../../runtime/app.ts'
import { row_checks } from '../../runtime/emit.ts'
import type { Forecast, ForecastScore } from '../../schemas/types.ts'
import { ledger_row, type Served, serve_warehouse } from '../sql/served-warehouse.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const AS_OF = Date.UTC(2026, 2, 11)

/** Deterministic normal noise, mean 0 and deviation 1 (sums of twelve uniforms). */
const noise = (seed: number) => () => {
  let sum = -6
  for (let i = 0; i < 12; i++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    sum += seed / 2 ** 32
  }
  return sum
}
const WEEK = [0, 400, 250, -100, -50, 300, -800]
const SD = 100
/** A level that rises by 2 a day, with a week in it; what is random has deviation SD. */
const truth = (t: number): number => 5000 + 2 * t + WEEK[t % 7]!
const random = noise(20)
const TENANTS = Array.from({ length: 12 }, (_, i) => `t${i}`)
const came = new Map(
  TENANTS.map(tenant => [tenant, Array.from({ length: 150 }, (_, t) => truth(t) + SD * random())]),
)
const series = (tenant_id: string, values: readonly number[], more: object = {}): JobRow => ({
  ...{ tenant_id, metric: 'revenue', currency: 'USD', values, ...more },
})

const app = tributary(1)
const run = (rows: Readonly<Record<string, readonly JobRow[]>>) => {
  const outputs = job.run({ day: [], hour: [], ...rows }, AS_OF)
  for (const { topic, row } of outputs) row_checks(app, topic).check(row)
  const of = (topic: string) => outputs.filter(output => output.topic === topic).map(({ row }) => row)
  return {
    forecasts: of('forecasts') as unknown as Forecast[],
    scores: of('forecast_scores') as unknown as ForecastScore[],
  }
}

describe('series of 120 days whose next 30 are known', () => {
  const day = TENANTS.map(tenant => series(tenant, came.get(tenant)!.slice(0, 120)))
  const { forecasts, scores } = run({ day })
  const best = forecasts.filter(({ method }) => method === 'best')
  const pairs = best.map(row => ({ row, actual: came.get(row.tenant_id)![120 + row.step - 1]! }))
  const share = (holds: (pair: (typeof pairs)[number]) => boolean): number =>
    pairs.filter(holds).length / pairs.length

  it('finds level, slope and week', () => {
    expect(best).toHaveLength(12 * 30)
    const errors = best.map(row => row.value - truth(119 + row.step))
    expect(Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length)).toBeLessThan(
      0.7 * SD,
    )
  })

  it('has bounds in order that cover what came about as often as they say', () => {
    for (const row of forecasts)
      expect(row.lo95 < row.lo80 && row.lo80 < row.value && row.value < row.hi80 && row.hi80 < row.hi95).toBe(
        true,
      )
    const within80 = share(({ row, actual }) => row.lo80 <= actual && actual <= row.hi80)
    const within95 = share(({ row, actual }) => row.lo95 <= actual && actual <= row.hi95)
    expect(within80).toBeGreaterThan(0.72)
    expect(within80).toBeLessThan(0.9)
    expect(within95).toBeGreaterThan(0.91)
    expect(within95).toBeLessThan(0.995)
  })

  it('judges every method it used, and best is made of them', () => {
    const methods = new Set(forecasts.map(({ method }) => method))
    for (const tenant of TENANTS) {
      const of_tenant = scores.filter(({ tenant_id }) => tenant_id === tenant)
      expect(new Set(of_tenant.map(({ method }) => method))).toEqual(methods)
      expect(of_tenant.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9)
      const mae = (method: string) => of_tenant.find(score => score.method === method)!.mae
      expect(mae('best')).toBeLessThan(mae('naive') / 2)
    }
    expect([...methods].sort()).toEqual(
      expect.arrayContaining(['best', 'holt_winters', 'naive', 'seasonal_naive', 'theta']),
    )
  })

  it('numbers steps from the day of the moment, under ids that say whose they are', () => {
    expect(
      best.slice(0, 2).map(({ step, starts_at, occurred_at }) => [step, starts_at, occurred_at]),
    ).toEqual([
      [1, AS_OF, AS_OF],
      [2, AS_OF + DAY, AS_OF],
    ])
    expect(best[1]!.event_id).toBe(`revenue|USD|day|best|${AS_OF}|2`)
    expect(scores[0]!.event_id).toBe(`revenue|USD|day|${scores[0]!.method}|${AS_OF}`)
    const ids = new Set(
      [...forecasts, ...scores].map(({ tenant_id, event_id }) => `${tenant_id}|${event_id}`),
    )
    expect(ids.size).toBe(forecasts.length + scores.length)
  })

  it('says the same again', () => {
    expect(run({ day })).toEqual({ forecasts, scores })
  })
})

describe('what it asks of a series', () => {
  const values = came.get('t0')!

  it('two weeks: of less it says nothing', () => {
    expect(
      run({ day: [series('t', values.slice(0, 13))], hour: [series('t', values.concat(values))] }),
    ).toEqual({
      forecasts: [],
      scores: [],
    })
    const { forecasts } = run({ day: [series('t', values.slice(0, 14))] })
    expect(forecasts.filter(({ method }) => method === 'best')).toHaveLength(30)
  })

  it('a constant goes on as it was', () => {
    const { forecasts } = run({
      day: [series('t', new Array(60).fill(700), { currency: null, metric: 'visits' })],
    })
    for (const row of forecasts.filter(({ method }) => method === 'best'))
      for (const value of [row.value, row.lo95, row.hi95]) expect(value).toBeCloseTo(700, 6)
    expect(forecasts[0]!.event_id).toMatch(/^visits\|\|day\|/)
  })

  it('hours of a day come again for a week', () => {
    const hours = Array.from(
      { length: 20 * 24 },
      (_, t) => 100 + 80 * Math.sin((2 * Math.PI * t) / 24) + 5 * random(),
    )
    const { forecasts } = run({ hour: [series('t', hours)] })
    const best = forecasts.filter(({ method }) => method === 'best')
    expect(best.map(({ step }) => step)).toEqual(Array.from({ length: 168 }, (_, i) => i + 1))
    expect(best[167]).toMatchObject({ granularity: 'hour', starts_at: AS_OF + 167 * HOUR })
    for (const { step, value } of best)
      expect(Math.abs(value - 100 - 80 * Math.sin((2 * Math.PI * (step - 1)) / 24))).toBeLessThan(15)
  })
})

describe('on a warehouse', () => {
  let served: Served
  beforeAll(async () => {
    served = await serve_warehouse()
    const values = came.get('t1')!
    await served.fill(
      'ledger',
      values.slice(0, 60).map((value, t) =>
        ledger_row({
          event_id: `e${t}`,
          amount_minor: Math.round(value),
          occurred_at: new Date(AS_OF - (60 - t) * DAY + HOUR / 2).toISOString(),
        }),
      ),
    )
  })
  afterAll(() => served.stop())

  it('reads the metrics of the views and writes what metric_forecast tells', async () => {
    const params = { as_of: '2026-03-11 00:00:00.000' }
    const rows: Record<string, JobRow[]> = {}
    for (const [name, sql] of Object.entries(job.reads))
      rows[name] = await served.warehouse.query(sql, params)
    expect(rows.day!.map(({ metric }) => metric)).toEqual(['gross_revenue', 'payments', 'refunds', 'revenue'])
    expect(rows.hour!.map(({ metric }) => metric)).toEqual(['revenue'])
    const rounded = came.get('t1')!.slice(0, 60).map(Math.round)
    expect(rows.day![3]!.values).toEqual(rounded)
    expect((rows.hour![0]!.values as number[]).filter(value => value !== 0)).toEqual(rounded)

    const { forecasts } = run(rows)
    const dated = forecasts.map(row => ({
      ...row,
      _key: row.tenant_id,
      occurred_at: new Date(row.occurred_at).toISOString(),
      starts_at: new Date(row.starts_at).toISOString(),
    }))
    await served.fill('forecasts', dated)
    const told = await served.warehouse.query<{ day: string; value: number }>(
      `SELECT toString(toDate(period_start)) AS day, value
       FROM metric_forecast(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = 'day')
       WHERE metric = 'revenue' AND method = 'best' ORDER BY step`,
      params,
    )
    expect(told.map(({ day }) => day).slice(0, 2)).toEqual(['2026-03-11', '2026-03-12'])
    const revenue = dated.filter(
      ({ metric, method, granularity }) => metric === 'revenue' && method === 'best' && granularity === 'day',
    )
    expect(told.map(({ value }) => value)).toEqual(revenue.map(({ value }) => value))
  })
})
