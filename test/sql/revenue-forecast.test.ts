/**
 * revenue_forecast equals a second computation, written here another way: least squares by elimination, seasons by
 * calendar, tabled normal quantiles.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

const DAY = 86_400_000
const FIRST = Date.UTC(2026, 0, 3)
const iso = (ms: number): string => new Date(ms).toISOString()
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
/** Half up, where a half is not for the last bits of a double to decide. */
const rounded = (value: number): number => Math.floor(Number(value.toFixed(6)) + 0.5)

/** Deterministic noise in [0, 1). */
const noise = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

const random = noise(7)
const jump = noise(99)
/** Net revenue by day, oldest first; the first day is never 0. */
const SERIES: Readonly<Record<string, readonly number[]>> = {
  constant: Array.from({ length: 30 }, () => 12_345),
  trend: Array.from({ length: 41 }, (_, t) => 1_000 + 37 * t),
  weekly: Array.from({ length: 60 }, (_, t) => 50_000 + [0, 900, -700, 12, 4000, -9000, 333][t % 7]! * 3),
  noisy: Array.from({ length: 60 }, (_, t) =>
    Math.round(80_000 + 500 * t + 20_000 * random() + (t % 7) * 3_000),
  ),
  zeros: [500, ...Array.from({ length: 20 }, () => 0), 700, ...Array.from({ length: 12 }, () => 0)],
  refunds: Array.from({ length: 25 }, () => Math.round(10_000 * (jump() - 0.6)) - 1),
  fortnight: Array.from({ length: 14 }, (_, t) => 1_000 + ((t * t * 31) % 97)),
  three_weeks: Array.from({ length: 22 }, (_, t) => 9_000 + ((t * t * 131) % 997)),
  thirteen: Array.from({ length: 13 }, () => 100),
  half_a_year: Array.from({ length: 182 }, (_, t) =>
    Math.round(30_000 + 9_000 * random() + 2_000 * Math.sin(t)),
  ),
}
const LAST = (series: string): number => FIRST + (SERIES[series]!.length - 1) * DAY

/** Solves a x = b by elimination with pivots. */
const solve = (a: number[][], b: number[]): number[] => {
  const rows = a.map((row, i) => [...row, b[i]!])
  for (let i = 0; i < rows.length; i++) {
    const best = rows
      .slice(i)
      .reduce((at, row, j) => (Math.abs(row[i]!) > Math.abs(rows[at]![i]!) ? i + j : at), i)
    ;[rows[i], rows[best]] = [rows[best]!, rows[i]!]
    for (let j = 0; j < rows.length; j++) {
      if (j === i) continue
      const factor = rows[j]![i]! / rows[i]![i]!
      rows[j] = rows[j]!.map((value, column) => value - factor * rows[i]![column]!)
    }
  }
  return rows.map((row, i) => row.at(-1)! / row[i]!)
}

type Method = (known: readonly number[], ahead: number) => number
const weekday_means = (known: readonly number[]): number[] =>
  [0, 1, 2, 3, 4, 5, 6].map(d => mean(known.filter((_, t) => t % 7 === d)))

const METHODS: Readonly<Record<string, Method>> = {
  moving_average: known => mean(known.slice(-7)),
  exponential_smoothing: (known, ahead) => {
    const means = weekday_means(known)
    const season = means.map(value => value - mean(means))
    let level = mean(known.slice(0, 7))
    for (let t = 7; t < known.length; t++) level = 0.7 * level + 0.3 * (known[t]! - season[t % 7]!)
    return level + season[(known.length - 1 + ahead) % 7]!
  },
  linear_regression: (known, ahead) => {
    const at = known.length - 1 + ahead
    if (known.length < 8) return weekday_means(known)[at % 7]!
    const row = (t: number): number[] => [t, ...[0, 1, 2, 3, 4, 5, 6].map(d => (t % 7 === d ? 1 : 0))]
    const rows = known.map((_, t) => row(t))
    const normal = row(0).map((_, i) =>
      row(0).map((_, j) => rows.reduce((sum, each) => sum + each[i]! * each[j]!, 0)),
    )
    const right = row(0).map((_, i) => rows.reduce((sum, each, t) => sum + each[i]! * known[t]!, 0))
    const weights = solve(normal, right)
    return row(at).reduce((sum, value, i) => sum + value * weights[i]!, 0)
  },
}

interface Expected {
  readonly values: number[]
  readonly reaches: number[]
  readonly mae: number
  readonly mape: number | null
}

const compute = (y: readonly number[], method: Method, horizon: number, z: number): Expected => {
  const shortest = Math.min(14, y.length - 7)
  const tested = Math.min(horizon, 14, Math.floor((y.length - shortest) / 2))
  const errors: { ahead: number; error: number; came: number }[] = []
  for (let origin = shortest; origin < y.length; origin++)
    for (let ahead = 1; ahead <= tested && origin + ahead <= y.length; ahead++) {
      const came = y[origin + ahead - 1]!
      errors.push({ ahead, came, error: rounded(method(y.slice(0, origin), ahead)) - came })
    }
  const spread = (ahead: number): number =>
    Math.sqrt(mean(errors.filter(each => each.ahead === ahead).map(({ error }) => error ** 2)))
  const widest = (ahead: number): number =>
    Math.max(...Array.from({ length: Math.min(ahead, tested) }, (_, i) => spread(i + 1)))
  const counted = errors.filter(({ came }) => came !== 0)
  const steps = Array.from({ length: horizon }, (_, i) => i + 1)
  return {
    values: steps.map(ahead => rounded(method(y, ahead))),
    reaches: steps.map(ahead => z * widest(ahead) * Math.sqrt(Math.max(1, ahead / tested))),
    mae: mean(errors.map(({ error }) => Math.abs(error))),
    mape: counted.length === 0 ? null : mean(counted.map(({ error, came }) => Math.abs(error / came))),
  }
}

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  const rows = Object.entries(SERIES).flatMap(([tenant_id, y]) =>
    y.flatMap((amount, t) => {
      if (amount === 0) return []
      const at = FIRST + t * DAY
      const row = (event_id: string, amount_minor: number, occurred_at: number) =>
        ledger_row({
          tenant_id,
          event_id: `${event_id}${t}`,
          amount_minor,
          occurred_at: iso(occurred_at),
          type: amount_minor < 0 ? 'refunded' : 'payment_succeeded',
        })
      // In two movements, at both ends of the day.
      return [row('a', amount - 7, at), row('b', 7, at + DAY - 1)]
    }),
  )
  await served.fill('ledger', rows)
})
afterAll(() => served.stop())

interface Row {
  readonly currency: string
  readonly method: string
  readonly day: string
  readonly value_minor: number
  readonly lower_minor: number
  readonly upper_minor: number
  readonly mae: number
  readonly mape: number | null
}
const ask = (tenant: string, as_of: number, horizon = 14, ratio = 0.8): Promise<Row[]> =>
  served.warehouse.query<Row>(
    `SELECT * FROM revenue_forecast(
       as_of = {as_of:DateTime64(3, 'UTC')}, horizon_days = {horizon:UInt32}, interval_ratio = {ratio:Float64})
     WHERE tenant_id = {tenant:String} ORDER BY currency, method, day`,
    { tenant, horizon, ratio, as_of: iso(as_of).replace('T', ' ').slice(0, -1) },
  )

const QUANTILES: readonly (readonly [ratio: number, z: number])[] = [
  [0.8, 1.2815515655446004],
  [0.95, 1.959963984540054],
]

const compare = async (tenant: string, y: readonly number[], as_of: number, horizon: number, at: 0 | 1) => {
  const [ratio, z] = QUANTILES[at]!
  const rows = await ask(tenant, as_of, horizon, ratio)
  expect(rows.map(row => row.method).filter((name, i, all) => all.indexOf(name) === i)).toEqual(
    Object.keys(METHODS).sort(),
  )
  for (const [name, method] of Object.entries(METHODS)) {
    const of_method = rows.filter(row => row.method === name)
    const expected = compute(y, method, horizon, z)
    const today = Math.floor(as_of / DAY) * DAY
    expect(of_method.map(row => row.day)).toEqual(
      Array.from({ length: horizon }, (_, i) => iso(today + i * DAY).slice(0, 10)),
    )
    expect(of_method.map(row => row.value_minor)).toEqual(expected.values)
    for (const [i, row] of of_method.entries()) {
      expect(Math.abs(row.upper_minor - (row.value_minor + expected.reaches[i]!))).toBeLessThan(0.501)
      expect(Math.abs(row.lower_minor - (row.value_minor - expected.reaches[i]!))).toBeLessThan(0.501)
      expect(row.mae).toBeCloseTo(expected.mae, 6)
      if (expected.mape === null) expect(row.mape).toBeNull()
      else expect(row.mape).toBeCloseTo(expected.mape, 9)
    }
  }
}

const long_enough = Object.keys(SERIES).filter(name => SERIES[name]!.length >= 14)

describe('equals a second computation', () => {
  it.each(long_enough)('of the series %s', async name => {
    await compare(name, SERIES[name]!, LAST(name) + DAY, 14, 0)
  })

  it.each(['noisy', 'fortnight', 'refunds'])('with other horizons and intervals: %s', async name => {
    await compare(name, SERIES[name]!, LAST(name) + DAY + 1, 40, 1)
    await compare(name, SERIES[name]!, LAST(name) + 2 * DAY - 1, 1, 1)
  })

  it('of the days known then: as_of cuts, and its own day is not complete', async () => {
    await compare('noisy', SERIES.noisy!.slice(0, 31), FIRST + 31 * DAY + DAY / 2, 14, 0)
  })

  it('with days of nothing up to as_of, and at most 182 of them', async () => {
    await compare('weekly', [...SERIES.weekly!, 0, 0, 0, 0, 0], LAST('weekly') + 6 * DAY, 14, 0)
    const quiet = [...SERIES.half_a_year!, ...Array.from({ length: 9 }, () => 0)].slice(-182)
    await compare('half_a_year', quiet, LAST('half_a_year') + 10 * DAY, 7, 0)
  })
})

describe('what must hold whatever the formula', () => {
  it('a constant stays, without doubt; a trend goes on; a season comes again', async () => {
    const constant = await ask('constant', LAST('constant') + DAY)
    expect(new Set(constant.flatMap(row => [row.value_minor, row.lower_minor, row.upper_minor]))).toEqual(
      new Set([12_345]),
    )
    expect(constant.every(row => row.mae === 0 && row.mape === 0)).toBe(true)
    const of = (rows: readonly Row[], method: string) =>
      rows.filter(row => row.method === method).map(row => row.value_minor)
    const trend = await ask('trend', LAST('trend') + DAY)
    expect(of(trend, 'linear_regression')).toEqual(
      Array.from({ length: 14 }, (_, i) => 1_000 + 37 * (41 + i)),
    )
    const weekly = await ask('weekly', LAST('weekly') + DAY)
    const again = Array.from({ length: 14 }, (_, i) => SERIES.weekly![(60 + i) % 7]!)
    expect(of(weekly, 'linear_regression')).toEqual(again)
    expect(of(weekly, 'exponential_smoothing')).toEqual(again)
  })

  it('says nothing of less than 14 days', async () => {
    expect(await ask('thirteen', LAST('thirteen') + DAY)).toEqual([])
    expect(await ask('thirteen', LAST('thirteen') + 2 * DAY)).toHaveLength(42)
  })

  it('keeps currencies apart', async () => {
    const yen = Array.from({ length: 14 }, (_, t) =>
      ledger_row({
        tenant_id: 'two',
        event_id: `y${t}`,
        currency: 'JPY',
        amount_minor: 5,
        occurred_at: iso(FIRST + t * DAY),
      }),
    )
    const euros = Array.from({ length: 15 }, (_, t) =>
      ledger_row({
        tenant_id: 'two',
        event_id: `e${t}`,
        currency: 'EUR',
        amount_minor: 9,
        occurred_at: iso(FIRST + t * DAY),
      }),
    )
    await served.fill('ledger', [...yen, ...euros])
    const rows = await ask('two', FIRST + 14 * DAY, 1)
    expect(rows.map(row => [row.currency, row.value_minor])).toEqual([
      ...Array.from({ length: 3 }, () => ['EUR', 9]),
      ...Array.from({ length: 3 }, () => ['JPY', 5]),
    ])
  })

  it('refuses intervals and horizons that mean nothing', async () => {
    for (const ratio of [0, 1])
      await expect(ask('noisy', LAST('noisy'), 7, ratio)).rejects.toThrow('interval_ratio')
    for (const horizon of [0, 367])
      await expect(ask('noisy', LAST('noisy'), horizon)).rejects.toThrow('horizon_days')
  })
})
