import { expect, it } from 'vitest'
import { forecast_series, LEAST_VALUES, METHODS } from '../../../jobs/forecast/forecast.ts'
import { random_of } from '../../operators/anomaly/simulated-metric.ts'

const random = random_of(5)
const quarterly = (name: string, n = 72) => ({
  name,
  values: Array.from(
    { length: n },
    (_, i) => (200 + i) * (1 + 0.3 * Math.sin((Math.PI * i) / 2)) + 20 * random(),
  ),
  seasons: [4],
})
const set = [quarterly('a'), quarterly('b', 60), quarterly('c', 90)]

it('foretells every series by every method, intervals around it, scores beside it', () => {
  const results = forecast_series(set, { horizon: 6, methods: 'all' })
  expect(results.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  for (const { forecasts, scores, left_out } of results) {
    expect(forecasts.map(({ method }) => method)).toEqual([...METHODS])
    expect(scores.map(({ method }) => method)).toEqual([...METHODS])
    expect(left_out).toEqual([])
    for (const { value, lo80, hi80, lo95, hi95 } of forecasts)
      for (let h = 0; h < 6; h++)
        expect([lo95[h]!, lo80[h]!, value[h]!, hi80[h]!, hi95[h]!]).toEqual(
          [lo95[h]!, lo80[h]!, value[h]!, hi80[h]!, hi95[h]!].sort((x, y) => x - y),
        )
    expect(scores.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9)
  }
})

it('best: near the truth, better than most, weighing what did well', () => {
  const [{ forecasts, scores }] = forecast_series(set, { horizon: 6, methods: 'all' }) as [
    ReturnType<typeof forecast_series>[number],
  ]
  const { value } = forecasts.at(-1)!
  for (const [h, x] of value.entries()) {
    const truth = (272 + h) * (1 + 0.3 * Math.sin((Math.PI * (72 + h)) / 2)) + 10
    expect(Math.abs(x / truth - 1)).toBeLessThan(0.06)
  }
  const of = (method: string) => scores.find(score => score.method === method)!
  expect(of('best').mae).toBeLessThan(of('naive').mae / 2)
  expect(of('holt_winters').weight).toBeGreaterThan(10 * of('naive').weight)
  expect(of('best').coverage95).toBeGreaterThanOrEqual(of('best').coverage80)
  expect(of('best').mase! * 2).toBeLessThan(of('naive').mase!)
})

it('is the same whatever else was foretold before, and whatever the order', () => {
  const [a, b, c] = forecast_series(set, { horizon: 4 })
  const [d, e, f] = forecast_series([...set].reverse(), { horizon: 4 })
  for (const [one, other] of [
    [a, f],
    [b, e],
    [c, d],
  ] as const)
    for (const [h, x] of one!.forecasts[0]!.hi95.entries())
      expect(other!.forecasts[0]!.hi95[h]).toBeCloseTo(x, 6)
  expect(forecast_series(set, { horizon: 4 })).toEqual([a, b, c])
})

it('by default only best; by name only what is named, without asking the others', () => {
  expect(forecast_series(set, { horizon: 2 })[0]!.forecasts.map(({ method }) => method)).toEqual(['best'])
  const [named] = forecast_series(set, { horizon: 2, methods: ['naive', 'theta'] })
  expect(named!.forecasts.map(({ method }) => method)).toEqual(['naive', 'theta'])
  expect(named!.scores.map(({ method, weight }) => [method, weight])).toEqual([
    ['naive', 0],
    ['theta', 0],
  ])
})

it('series with other seasons are judged apart', () => {
  const weekly = { name: 'w', values: quarterly('w').values.map(x => x * 1e6), seasons: [7] }
  const alone = forecast_series(set, { horizon: 3 })
  expect(forecast_series([weekly, ...set], { horizon: 3 }).slice(1)).toEqual(alone)
})

it('says what a short series cannot have, and foretells it by the rest', () => {
  const short = { name: 'short', values: [5, 6, 7, 8], seasons: [12] }
  const [one] = forecast_series([short], { horizon: 2, methods: 'all' })
  expect(one!.left_out).toContainEqual({ method: 'seasonal_naive', needs: '12 values' })
  expect(one!.forecasts.map(({ method }) => method)).toContain('best')
  expect(one!.scores).toEqual([])
  const [none] = forecast_series([{ ...short, values: [5, 6] }], { horizon: 2 })
  expect(none!.forecasts).toEqual([])
  expect(none!.left_out).toEqual([{ method: 'best', needs: `${LEAST_VALUES} values` }])
  const [plain] = forecast_series([{ ...short, seasons: [1] }], { horizon: 2, methods: ['two_season'] })
  expect(plain!.left_out).toEqual([{ method: 'two_season', needs: 'a season' }])
})

it('stays finite beside series where nothing ever happened, or suddenly does', () => {
  const still = { name: 'still', values: new Array<number>(72).fill(0), seasons: [4] }
  const sudden = { ...still, name: 'sudden', values: [...new Array<number>(66).fill(0), 9, 0, 0, 400, 0, 0] }
  const results = forecast_series([...set, still, sudden], { horizon: 6, methods: 'all' })
  for (const { forecasts, scores } of results) {
    for (const { value, lo95, hi95 } of forecasts)
      expect([...value, ...lo95, ...hi95].every(Number.isFinite)).toBe(true)
    for (const { mae, rmse } of scores) expect(Number.isFinite(mae + rmse)).toBe(true)
  }
  const best = results[3]!
  expect(best.forecasts.at(-1)!.value.every(x => Math.abs(x) < 1e-9)).toBe(true)
  expect(best.scores.at(-1)!.smape).toBeNull()
  expect(best.scores.at(-1)!.mase).toBeNull()
})

it('never promises less than 0 of what was never below', () => {
  const rare = { name: '', values: [0, 3, 0, 0, 1, 0, 4, 0, 0, 0, 2, 0, 0, 1, 0, 0, 3, 0, 0, 0], seasons: [] }
  const [{ forecasts }] = forecast_series([rare], { horizon: 3, methods: 'all' }) as [
    ReturnType<typeof forecast_series>[number],
  ]
  for (const { lo95, value } of forecasts) expect(Math.min(...lo95, ...value)).toBeGreaterThanOrEqual(0)
})

it('refuses numbers that are none, and horizons that are none', () => {
  expect(() =>
    forecast_series([{ name: 'x', values: [1, Number.NaN], seasons: [] }], { horizon: 1 }),
  ).toThrow('series x: value 2 is NaN')
  expect(() => forecast_series(set, { horizon: 0 })).toThrow(RangeError)
})
