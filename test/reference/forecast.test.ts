/**
 * The M3 and M4 competitions against published results. Each set is foretold once, by the code that `npm run
 * forecast` runs; nothing was tuned on what is compared here.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { forecast_series, type MethodForecast, type MethodName } from '../../jobs/forecast/forecast.ts'
import { adjust_season } from '../../jobs/forecast/seasonal-adjustment.ts'
import { theta_forecast } from '../../jobs/forecast/theta.ts'
import {
  coverage,
  interval_score,
  mean_absolute_error,
  seasonal_scale,
  smape,
} from '../../operators/stats/forecast-measures.ts'
import { minutes } from '../../schemas/units.ts'
import {
  type Contest,
  GROUPS,
  type Group,
  input,
  m3,
  m4_hourly,
  near,
  expected as of,
  present,
} from './forecast-data.ts'

interface Score {
  readonly smape: number
  readonly mase: number
  readonly coverage80: number
  readonly coverage95: number
  readonly msis95: number
}
type Name = MethodName | 'naive2'
type Scores = ReadonlyMap<string, Readonly<Partial<Record<Name, Score>>>>

const judge = (
  { train, test: later }: Contest,
  season: number,
  told: Omit<MethodForecast, 'method'>,
): Score => {
  const scale = seasonal_scale(train, season) ?? 1
  return {
    smape: smape(later, told.value),
    mase: mean_absolute_error(later, told.value) / scale,
    coverage80: coverage(later, told.lo80, told.hi80),
    coverage95: coverage(later, told.lo95, told.hi95),
    msis95: interval_score(later, told.lo95, told.hi95, 0.95, scale),
  }
}

/**
 * Every method's scores on every series of a set, in one pass; naive2 is what the competitions compare with.
 */
const score_set = (set: readonly Contest[], seasons: readonly number[]): Scores => {
  const horizon = set[0]!.test.length
  const season = seasons[0]!
  const results = forecast_series(
    set.map(({ name, train }) => ({ name, values: train, seasons })),
    { horizon, methods: 'all' },
  )
  return new Map(
    set.map((one, i) => {
      const adjusted = adjust_season(one.train, season)
      const value = [...adjusted.restore(new Float64Array(horizon).fill(adjusted.values.at(-1)!))]
      const naive2 = { value, lo80: value, hi80: value, lo95: value, hi95: value }
      const all: [Name, Omit<MethodForecast, 'method'>][] = [
        ['naive2', naive2],
        ...results[i]!.forecasts.map(told => [told.method, told] as [Name, MethodForecast]),
      ]
      return [one.name, Object.fromEntries(all.map(([name, told]) => [name, judge(one, season, told)]))]
    }),
  )
}

const mean = (
  scores: Scores,
  method: Name,
  measure: keyof Score,
  names: Iterable<string> = scores.keys(),
): number => {
  const values = [...names].map(name => scores.get(name)![method]![measure])
  return values.reduce((a, b) => a + b, 0) / values.length
}
const owa = (scores: Scores, method: Name, names?: readonly string[]): number =>
  (['smape', 'mase'] as const).reduce(
    (sum, measure) => sum + mean(scores, method, measure, names) / mean(scores, 'naive2', measure, names) / 2,
    0,
  )

/** Columns of the reference by our names; of the others only the first four are computed exactly alike. */
const COLUMNS = {
  naive: 'naive',
  seasonal_naive: 'snaive',
  naive2: 'naive2',
  theta: 'theta_classic',
  exponential_smoothing: 'ses',
  holt: 'holt',
  damped_holt: 'damped',
} as const
type Column = keyof typeof COLUMNS
type Means = Record<'smape' | 'mase', Record<string, number>>

/**
 * Means near the reference by 1 %, or better than it: its optimiser stops at other optima of Holt's method.
 * `slack` by method where ours is worse, and stated why.
 */
const compare = (
  scores: Scores,
  wanted: Means,
  names?: readonly string[],
  slack: Partial<Record<Column, number>> = {},
): void => {
  for (const [method, column] of Object.entries(COLUMNS) as [Column, string][])
    for (const measure of ['smape', 'mase'] as const) {
      const got = mean(scores, method, measure, names)
      const bar = wanted[measure][column]!
      expect(got, `${method} ${measure}: ${got} against ${bar}`).toBeLessThanOrEqual(
        bar * (slack[method] ?? 1.01),
      )
      if (!/holt|exponential/.test(method)) expect(got).toBeGreaterThanOrEqual(bar * 0.99)
    }
}

/**
 * Series by series: naive methods to 1e-4, theta to 1 % or better: its search is over all alphas, the
 * library's is local.
 */
const compare_rows = (scores: Scores, id: string): void => {
  const { columns, rows } = of<{ columns: string[]; rows: Record<string, number[]> }>(id)
  for (const [name, row] of Object.entries(rows))
    for (const measure of ['smape', 'mase'] as const) {
      const bar = (method: Column): number => row[columns.indexOf(`${measure}.${COLUMNS[method]}`)]!
      for (const method of ['naive', 'seasonal_naive', 'naive2'] as const)
        near(scores.get(name)![method]![measure], bar(method), 1e-4)
      expect(scores.get(name)!.theta![measure], name).toBeLessThanOrEqual(bar('theta') * 1.01)
    }
}

const within = (value: number, lo: number, hi: number): void => {
  expect(value).toBeGreaterThanOrEqual(lo)
  expect(value).toBeLessThanOrEqual(hi)
}
const covers = (scores: Scores, names: readonly string[]): void => {
  within(mean(scores, 'best', 'coverage95', names), 0.93, 0.97)
  within(mean(scores, 'best', 'coverage80', names), 0.77, 0.83)
}

const table = (title: string, scores: Scores, names?: readonly string[]): void => {
  const methods = [...new Set([...scores.values()].flatMap(row => Object.keys(row)))] as Name[]
  const lines = methods.map(method => {
    const known = (names ?? [...scores.keys()]).filter(name => scores.get(name)![method])
    const cell = (measure: keyof Score, digits = 3) => mean(scores, method, measure, known).toFixed(digits)
    return `${method.padEnd(22)} ${cell('smape')} ${cell('mase')} ${cell('coverage80')} ${cell('coverage95')} ${cell('msis95')}`
  })
  console.log(`${title}: sMAPE, MASE, coverage 80 and 95 %, MSIS\n${lines.join('\n')}`)
}

describe.runIf(present)('M3', () => {
  const groups = {} as Record<Group, Scores>
  let contests: Record<Group, Contest[]>
  beforeAll(() => {
    contests = m3()
    for (const [group, season] of Object.entries(GROUPS) as [Group, number][]) {
      groups[group] = score_set(contests[group], [season])
      table(`M3 ${group}`, groups[group])
    }
  }, minutes(30))

  test('m3.all: the reference methods by group', () => {
    const wanted = of<Record<Group, Means & { series: number }>>('m3.all')
    for (const group of Object.keys(GROUPS) as Group[]) {
      expect(groups[group].size).toBe(wanted[group].series)
      compare(groups[group], wanted[group], undefined, group === 'OTHER' ? { damped_holt: 1.02 } : {})
    }
  })

  test('m3.monthly.shared51: series by series, and their means', () => {
    compare_rows(groups.MONTHLY, 'm3.monthly.shared51')
    const names = input<{ series: string[] }>('m3.monthly.shared51').series
    // Holt: one series of the 51 (N1710), whose better fit one step ahead is worse 18 steps ahead, makes the
    // difference.
    compare(groups.MONTHLY, of<Means>('m3.monthly.shared51.mean'), names, { holt: 1.05 })
  })

  test('m3.monthly.forecasts: step by step', () => {
    const wanted = of<Record<string, { naive2: number[]; theta_classic: number[] }>>('m3.monthly.forecasts')
    for (const [name, { naive2, theta_classic }] of Object.entries(wanted)) {
      const { train } = contests.MONTHLY.find(one => one.name === name)!
      const { values, restore } = adjust_season(train, 12)
      near(restore(new Float64Array(18).fill(values.at(-1)!)), naive2, 1e-5)
      near(restore(theta_forecast(values, 18)), theta_classic, 0.005)
    }
  })

  test('best: sMAPE at most 12.6 over all series, 13.7 over the monthly ones', () => {
    const all: Scores = new Map(Object.values(groups).flatMap(scores => [...scores]))
    expect(all.size).toBe(3003)
    console.log(
      `M3 all 3003: best ${mean(all, 'best', 'smape')} ${mean(all, 'best', 'mase')} ${owa(all, 'best')}`,
    )
    expect(mean(all, 'best', 'smape')).toBeLessThanOrEqual(12.6)
    expect(mean(groups.MONTHLY, 'best', 'smape')).toBeLessThanOrEqual(13.7)
  })

  test('intervals: cover what they say, on every 4th monthly series of at least 72 points', () => {
    const names = contests.MONTHLY.filter((one, i) => i % 4 === 0 && one.train.length >= 72).map(
      ({ name }) => name,
    )
    expect(names.length).toBe(267)
    table('M3 intervals', groups.MONTHLY, names)
    covers(groups.MONTHLY, names)
  })
})

describe.runIf(present)('M4 hourly', () => {
  let contests: Contest[]
  let scores: Scores
  beforeAll(() => {
    contests = m4_hourly()
    scores = score_set(contests, [24, 168])
    table('M4 hourly', scores)
  }, minutes(30))
  const every_second = (): string[] => contests.filter((_, i) => i % 2 === 0).map(({ name }) => name)

  test('m4.hourly.all and m4.published: the reference methods', () => {
    // Damped: our optimiser finds lower sums of squares one step ahead, which are worse 48 steps ahead.
    compare(scores, of<Means>('m4.hourly.all'), undefined, { damped_holt: 1.08 })
    const published = of<Record<'smape' | 'mase', Record<string, number[]>>>('m4.published')
    for (const [method, name] of [
      ['naive', 'Naive'],
      ['seasonal_naive', 'sNaive'],
      ['naive2', 'Naive2'],
      ['theta', 'Theta'],
    ] as const)
      for (const measure of ['smape', 'mase'] as const)
        expect(Math.abs(mean(scores, method, measure) - published[measure][name]![5]!)).toBeLessThanOrEqual(
          0.001,
        )
  })

  test('m4.hourly.shared52: series by series, and their means', () => {
    compare_rows(scores, 'm4.hourly.shared52')
    const names = input<{ series: string[] }>('m4.hourly.shared52').series
    compare(scores, of<Means>('m4.hourly.shared52.mean'), names, { damped_holt: 1.1 })
  })

  test('m4.hourly.two_seasons: no worse than the library on every 2nd series', () => {
    const wanted = of<Record<string, { owa: number }>>('m4.hourly.two_seasons')
    expect(owa(scores, 'two_season', every_second())).toBeLessThanOrEqual(wanted.mstl_24_168_ets!.owa * 1.02)
  })

  test('best: OWA at most 0.60 on all 414', () => {
    console.log(
      `M4 hourly: best ${owa(scores, 'best')}, two_season ${owa(scores, 'two_season', every_second())}`,
    )
    expect(owa(scores, 'best')).toBeLessThanOrEqual(0.6)
  })

  test('intervals: cover what they say, MSIS at most 9.3, on every 2nd series', () => {
    const names = every_second()
    expect(names.length).toBe(207)
    table('M4 intervals', scores, names)
    covers(scores, names)
    expect(mean(scores, 'best', 'msis95', names)).toBeLessThanOrEqual(9.3)
  })
})
