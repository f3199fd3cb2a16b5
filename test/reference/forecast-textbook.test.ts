/**
 * Forecasting methods on textbook series: recursions, start values, optima and forecasts as published or
 * recomputed.
 */
import { describe, expect, test } from 'vitest'
import { fit_line } from '../../jobs/forecast/fit-line.ts'
import {
  fit_holt,
  fit_simple,
  fit_winters,
  fit_winters_from_start,
  winters_start,
} from '../../jobs/forecast/fit-smoothing.ts'
import { forecast_series } from '../../jobs/forecast/forecast.ts'
import {
  type HoltParameters,
  holt_forecast,
  run_holt,
  run_winters,
  winters_forecast,
} from '../../operators/stats/exponential-smoothing.ts'
import {
  coverage,
  interval_score,
  mean_absolute_error,
  seasonal_scale,
  smape,
} from '../../operators/stats/forecast-measures.ts'
import { input, near, expected as of, present, textbook } from './forecast-data.ts'

describe.runIf(present)('textbook series', () => {
  interface Recursions {
    readonly x: number[]
    readonly holt: { alpha: number; beta: number; level0: number; trend0: number }
    readonly hw: {
      alpha: number
      beta: number
      gamma: number
      level: number
      trend: number
      mult: number[]
      add: number[]
      first_fitted_index: number
    }
  }
  interface Fitted {
    readonly fitted: number[]
    readonly level: number
    readonly trend: number
    readonly forecast3: number[]
    readonly forecast5: number[]
  }

  test('recursions: fitted values and states', () => {
    const { x, holt, hw } = input<Recursions>('recursions')
    const wanted = of<Record<'ses' | 'holt' | 'damped' | 'hw_mult' | 'hw_add', Fitted>>('recursions')
    const errors = new Float64Array(x.length)
    const trended = { alpha: holt.alpha, beta: holt.beta, level: holt.level0, trend: holt.trend0 }
    const parameters: Record<'ses' | 'holt' | 'damped', HoltParameters> = {
      ses: { alpha: 0.3, beta: 0, phi: 1, level: 120, trend: 0 },
      holt: { ...trended, phi: 1 },
      damped: { ...trended, phi: 0.9 },
    }
    for (const name of ['ses', 'holt', 'damped'] as const) {
      const state = run_holt(x, parameters[name], errors)
      // Printed with nine digits.
      near(
        x.map((value, i) => value - errors[i]!),
        wanted[name].fitted,
        5e-9,
      )
      near(state.level, wanted[name].level, 5e-9)
      if (name !== 'ses') near(state.trend, wanted[name].trend, 5e-9)
      if (name === 'damped') near(holt_forecast(state, 0.9, 3), wanted.damped.forecast3, 5e-9)
    }
    for (const [kind, seasonal, { fitted, forecast5 }] of [
      ['multiplicative', hw.mult, wanted.hw_mult],
      ['additive', hw.add, wanted.hw_add],
    ] as const) {
      const p = { ...hw, phi: 1, kind, seasonal }
      const state = run_winters(x, hw.first_fitted_index, p, errors)
      near(
        x.slice(4).map((value, i) => value - errors[i]!),
        fitted,
        5e-9,
      )
      near(winters_forecast(state, p, 5), forecast5, 5e-9)
    }
  })

  interface WintersFit {
    readonly start: { level: number; trend: number; seasonal: number[] }
    readonly alpha: number
    readonly beta: number
    readonly gamma: number
    readonly sse: number
    readonly forecast: number[]
  }

  test('airpassengers.holtwinters.r: start values and optimum of R', () => {
    const air = textbook('airpassengers.csv')
    const wanted = of<Record<'multiplicative' | 'additive', WintersFit>>('airpassengers.holtwinters.r')
    for (const kind of ['multiplicative', 'additive'] as const) {
      const start = winters_start(air, 12, kind)
      near(
        [start.level, start.trend, ...start.seasonal],
        [wanted[kind].start.level, wanted[kind].start.trend, ...wanted[kind].start.seasonal],
        1e-7,
      )
      const { parameters, sse, forecast } = fit_winters_from_start(air, 12, kind)
      near(
        [parameters.alpha, parameters.beta, parameters.gamma],
        [wanted[kind].alpha, wanted[kind].beta, wanted[kind].gamma],
        1e-3,
      )
      near(sse, wanted[kind].sse, 1e-6)
      near(forecast(12), wanted[kind].forecast, 1e-4)
    }
  })

  interface Holdout {
    readonly ses: { sse: number; forecast: number[]; smape: number; mase: number }
    readonly holt: { sse: number; forecast: number[] }
    readonly snaive: { forecast: number[]; smape: number; mase: number }
    readonly sf_dot: { forecast: number[]; smape: number; mase: number }
    readonly theta_classic_deseasonalised: { forecast: number[]; smape: number; mase: number }
    readonly hw_mult_r_start: WintersFit & { smape: number; mase: number }
  }

  test.each([
    ['airpassengers.holdout12', 'airpassengers.csv', 12, 132],
    ['hyndsight.daily', 'fpp2_hyndsight.csv', 7, 337],
  ])('%s', (id, file, season, n) => {
    const all = textbook(file)
    const [train, later] = [all.slice(0, n), all.slice(n)]
    const h = later.length
    const wanted = of<Holdout>(id)
    const simple = fit_simple(train)
    near(simple.sse, wanted.ses.sse, 1e-5)
    near(simple.forecast(h), wanted.ses.forecast, 0.01)
    const holt = fit_holt(train, false)
    near(holt.sse, wanted.holt.sse, 1e-5)
    near(holt.forecast(h), wanted.holt.forecast, 0.01)
    const [seasonal] = forecast_series([{ name: '', values: train, seasons: [season] }], {
      horizon: h,
      methods: ['seasonal_naive', 'theta', 'dynamic_theta'],
    })
    const scale = seasonal_scale(train, season)!
    for (const [path, { forecast, smape: percent, mase }, rel] of [
      [seasonal!.forecasts[0]!.value, wanted.snaive, 1e-5],
      [seasonal!.forecasts[1]!.value, wanted.theta_classic_deseasonalised, 0.01],
      [seasonal!.forecasts[2]!.value, wanted.sf_dot, 0.05],
    ] as const) {
      near(path, forecast, Math.min(rel, 0.01))
      near([smape(later, path), mean_absolute_error(later, path) / scale], [percent, mase], rel)
    }
    const winters = fit_winters_from_start(train, season, 'multiplicative')
    near(winters.sse, wanted.hw_mult_r_start.sse, 1e-5)
    near(winters.forecast(h), wanted.hw_mult_r_start.forecast, 1e-3)
  })

  test('airpassengers.trend: line, errors and prediction interval', () => {
    const wanted = of<{
      intercept: number
      slope: number
      se: number[]
      r2: number
      sigma: number
      forecast: number[]
      lo95: number[]
      hi95: number[]
    }>('airpassengers.trend')
    const { intercept, slope, se, r2, sigma, prediction_error } = fit_line(textbook('airpassengers.csv'))
    near(
      [intercept, slope, se.intercept, se.slope, r2, sigma],
      [wanted.intercept, wanted.slope, ...wanted.se, wanted.r2, wanted.sigma],
      1e-8,
    )
    const path = wanted.forecast.map((_, h) => intercept + slope * (145 + h))
    near(path, wanted.forecast, 1e-8)
    // Student's quantile for 142 degrees of freedom.
    const reach = path.map((_, h) => 1.97681099 * prediction_error(145 + h))
    near(
      path.map((x, h) => x - reach[h]!),
      wanted.lo95,
      1e-8,
    )
    near(
      path.map((x, h) => x + reach[h]!),
      wanted.hi95,
      1e-8,
    )
  })

  test('oil.ses, ausair.holt, austourists.hw: the optimum, or a better one', () => {
    const oil = fit_simple(textbook('fpp2_oil.csv', 1996))
    const { library } = of<{ library: { alpha: number; level0: number; sse: number; forecast: number } }>(
      'oil.ses',
    )
    near(
      [oil.parameters.alpha, oil.parameters.level, oil.sse, oil.forecast(1)[0]!],
      [library.alpha, library.level0, library.sse, library.forecast],
      1e-3,
    )
    const ausair = fit_holt(textbook('fpp2_ausair.csv', 1990), false)
    const holt = of<{ library: { sse: number; alpha: number; trend0: number; forecast: number[] } }>(
      'ausair.holt',
    ).library
    expect(ausair.sse).toBeLessThanOrEqual(holt.sse * 1.01)
    near(
      [ausair.parameters.alpha, ausair.parameters.trend, ...ausair.forecast(3)],
      [holt.alpha, holt.trend0, ...holt.forecast],
      0.02,
    )
    const tourists = textbook('fpp2_austourists.csv', 2005)
    const winters = of<{
      published_rmse: Record<'add' | 'mul', number>
      library: Record<'add' | 'mul', { rmse: number }>
    }>('austourists.hw')
    for (const [name, kind] of [
      ['add', 'additive'],
      ['mul', 'multiplicative'],
    ] as const) {
      const rmse = Math.sqrt(fit_winters(tourists, 4, kind).sse / tourists.length)
      near(rmse, winters.library[name].rmse, 0.02)
      expect(rmse).toBeLessThanOrEqual(winters.published_rmse[name] * 1.01)
    }
  })

  test('measures', () => {
    const toy = input<{
      train: number[]
      test: number[]
      forecast: number[]
      lo: number[]
      hi: number[]
      m: number
    }>('measures')
    const scale = seasonal_scale(toy.train, toy.m)!
    const wanted = of<{ smape: number; mase: number; msis95: number; coverage: number }>('measures')
    near(
      [
        smape(toy.test, toy.forecast),
        mean_absolute_error(toy.test, toy.forecast) / scale,
        interval_score(toy.test, toy.lo, toy.hi, 0.95, scale),
        coverage(toy.test, toy.lo, toy.hi),
      ],
      [wanted.smape, wanted.mase, wanted.msis95, wanted.coverage],
      1e-8,
    )
  })
})
