/** metric_trend: given series whose level, slope, week and noise are known, what is found of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

const DAY = 86_400_000
const FIRST = Date.UTC(2025, 0, 6)
const DAYS = 182
const AS_OF = new Date(FIRST + DAYS * DAY).toISOString().replace('T', ' ').replace('Z', '')
const WEEK = [0, 40_000, 25_000, -10_000, -5_000, 30_000, -80_000]

/** Deterministic normal noise, mean 0 and deviation 1 (sums of twelve uniforms). */
const noise = (seed: number) => () => {
  let sum = -6
  for (let i = 0; i < 12; i++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    sum += seed / 2 ** 32
  }
  return sum
}

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())

const fill = (tenant_id: string, value: (t: number) => number, days = DAYS, step_ms = DAY) =>
  served.fill(
    'ledger',
    Array.from({ length: days }, (_, t) =>
      ledger_row({
        ...{ tenant_id, event_id: `e${t}`, amount_minor: Math.round(value(t)) },
        occurred_at: new Date(FIRST + t * step_ms).toISOString(),
      }),
    ),
  )

interface Row {
  readonly day: string
  readonly value: number
  readonly trend: number | null
  readonly seasonal: number | null
  readonly remainder: number | null
  readonly slope_per_week: number
  readonly slope_se: number
  readonly verdict: string
}
const trend = (tenant_id: string, { as_of = AS_OF, granularity = 'day' } = {}) =>
  served.warehouse.query<Row>(
    `SELECT toString(toDate(period_start)) AS day, value, trend, seasonal, remainder, slope_per_week, slope_se, verdict
     FROM metric_trend(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String})
     WHERE tenant_id = {tenant_id:String} AND metric = 'revenue' ORDER BY day`,
    { tenant_id, as_of, granularity },
  )

describe('days without noise', () => {
  it('takes value apart into trend, season and what is left', async () => {
    await fill('rises', t => 1_000_000_000 + 700 * t + WEEK[t % 7]!)
    const rows = await trend('rises')
    expect(rows).toHaveLength(DAYS)
    expect(rows[0]).toMatchObject({ day: '2025-01-06', value: 1_000_000_000, verdict: 'rising' })
    for (const [t, row] of rows.entries()) {
      expect(row.trend! + row.seasonal! + row.remainder!).toBeCloseTo(row.value, 3)
      expect(Math.abs(row.seasonal! - WEEK[t % 7]!)).toBeLessThan(600)
      expect(Math.abs(row.trend! - 1_000_000_000 - 700 * t)).toBeLessThan(600)
    }
    expect(rows[0]!.slope_per_week).toBeCloseTo(7 * 700, -1)
  })

  it('is falling, or flat', async () => {
    await fill('falls', t => 5_000_000 - 300 * t + WEEK[t % 7]!)
    expect((await trend('falls'))[0]).toMatchObject({ verdict: 'falling' })
    await fill('stays', () => 1234)
    expect((await trend('stays'))[9]).toMatchObject({
      trend: 1234,
      seasonal: 0,
      slope_per_week: 0,
      verdict: 'flat',
    })
  })

  it('looks at the last 26 weeks', async () => {
    const as_of = new Date(FIRST + (DAYS + 20) * DAY).toISOString().replace('T', ' ').replace('Z', '')
    const rows = await trend('rises', { as_of })
    expect([rows.length, rows[0]!.day, rows.at(-1)!.day]).toEqual([DAYS, '2025-01-26', '2025-07-26'])
  })

  it('needs two seasons to tell one, and eight periods to say anything', async () => {
    await fill('young', t => 100 + 10 * t, 13)
    const as_of = (days: number) =>
      new Date(FIRST + days * DAY).toISOString().replace('T', ' ').replace('Z', '')
    const rows = await trend('young', { as_of: as_of(13) })
    expect(rows[12]).toMatchObject({
      value: 220,
      trend: null,
      seasonal: null,
      remainder: null,
      verdict: 'rising',
    })
    expect(rows[0]!.slope_per_week).toBeCloseTo(70, 6)
    expect(await trend('young', { as_of: as_of(8) })).toHaveLength(8)
    expect(await trend('young', { as_of: as_of(7) })).toEqual([])
    expect(await trend('young', { as_of: as_of(13), granularity: 'week' })).toEqual([])
  })

  it('tells the slope per week of hours, weeks and months too', async () => {
    await fill('hourly', t => 1000 + 10 * t, 400, DAY / 24)
    const hours = { as_of: '2025-01-22 16:00:00', granularity: 'hour' }
    // Of less than three weeks the season takes a little of the slope.
    expect(Math.abs((await trend('hourly', hours))[0]!.slope_per_week - 168 * 10)).toBeLessThan(10)
    const weeks = await trend('rises', { granularity: 'week' })
    expect([weeks.length, weeks[0]!.day, weeks[0]!.trend]).toEqual([26, '2025-01-06', null])
    expect(weeks[0]!.slope_per_week).toBeCloseTo(49 * 700, 3)
    await fill('monthly', t => 1000 * t, 20, 30.436875 * DAY)
    const months = await trend('monthly', { as_of: '2026-08-01 00:00:00', granularity: 'month' })
    expect(Math.abs(months[0]!.slope_per_week - (1000 * 7) / 30.436875)).toBeLessThan(10)
  })
})

describe('noise', () => {
  const SERIES = 80
  /** Verdicts of series with that slope a day, whose noise remembers so much of the day before; deviation 100,000. */
  const verdicts = async (name: string, slope: number, memory: number, seed: number) => {
    const random = noise(seed)
    for (let i = 0; i < SERIES; i++) {
      let error = random()
      await fill(`${name} ${i}`, t => {
        error = memory * error + Math.sqrt(1 - memory * memory) * random()
        return 10_000_000 + slope * t + WEEK[t % 7]! + 100_000 * error
      })
    }
    return served.warehouse.query<{ verdict: string; per_week: number; se: number }>(
      `SELECT any(verdict) AS verdict, any(slope_per_week) AS per_week, any(slope_se) AS se
       FROM metric_trend(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = 'day')
       WHERE startsWith(tenant_id, {name:String}) AND metric = 'revenue' GROUP BY tenant_id`,
      { as_of: AS_OF, name: `${name} ` },
    )
  }
  const share = (rows: readonly { readonly verdict: string }[], verdict: string): number =>
    rows.filter(row => row.verdict === verdict).length / rows.length

  it('is not taken for a trend more often than said, also when days resemble the day before', async () => {
    const white = await verdicts('white', 0, 0, 3)
    expect(white).toHaveLength(SERIES)
    expect(1 - share(white, 'flat')).toBeLessThan(0.11)
    const alike = await verdicts('alike', 0, 0.6, 4)
    expect(1 - share(alike, 'flat')).toBeLessThan(0.11)
    // The standard error is what the slopes spread by.
    for (const rows of [white, alike]) {
      const spread = Math.sqrt(rows.reduce((sum, { per_week }) => sum + per_week ** 2, 0) / rows.length)
      const mean_se = rows.reduce((sum, { se }) => sum + se, 0) / rows.length
      expect(mean_se / spread).toBeGreaterThan(0.8)
      expect(mean_se / spread).toBeLessThan(1.3)
    }
  })

  it('does not hide a trend of four standard errors', async () => {
    // 100,000 / root(182 (182^2 - 1) / 12) is 141 a day.
    const rising = await verdicts('rising', 4 * 141, 0, 5)
    expect(share(rising, 'rising')).toBeGreaterThan(0.9)
    expect(share(rising, 'falling')).toBe(0)
  })
})
