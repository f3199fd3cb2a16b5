/** Parameters that the data were drawn with come back; what they cannot say is refused. */
import { describe, expect, it } from 'vitest'
import { bg_nbd, mbg_nbd } from '../../../jobs/lifetime/beta-geometric.ts'
import { history_of } from '../../../jobs/lifetime/choose.ts'
import { fit_model, values_of } from '../../../jobs/lifetime/fit.ts'
import { gamma_gamma } from '../../../jobs/lifetime/gamma-gamma.ts'
import { pareto_nbd } from '../../../jobs/lifetime/pareto-nbd.ts'
import { count_equal } from '../../../jobs/lifetime/purchases.ts'
import { exponential, gamma_draw, geometric, simulate, uniforms } from './simulate.ts'

const ages = (i: number): number => 200 + (i % 12) * 7

describe.each([
  { model: bg_nbd, truth: [0.8, 6, 0.9, 2.5], nature: geometric(0.8, 6, 0.9, 2.5, 0) },
  { model: mbg_nbd, truth: [0.8, 6, 0.9, 2.5], nature: geometric(0.8, 6, 0.9, 2.5, 1) },
  { model: pareto_nbd, truth: [0.8, 6, 0.7, 9], nature: exponential(0.8, 6, 0.7, 9) },
])('$model.name', ({ model, truth, nature }) => {
  const rows = count_equal(simulate(11, 10_000, ages, nature).map(history_of))
  const fitted = fit_model(model, rows)

  it('finds the parameters within their standard errors', () => {
    expect(fitted.refused).toBeNull()
    expect(fitted.customers).toBe(10_000)
    for (const [i, { name, value, standard_error }] of fitted.parameters.entries()) {
      // A day is the least time, which shifts them a little.
      const reach = 3.5 * standard_error! + 0.04 * truth[i]!
      expect(Math.abs(value - truth[i]!), `${name} ${value} (${standard_error})`).toBeLessThan(reach)
      expect(standard_error!).toBeLessThan(0.4 * truth[i]!)
    }
  })

  it('is at the top: no step of a percent goes up', () => {
    const best = model.log_likelihood(values_of(fitted), rows)
    expect(best).toBe(fitted.log_likelihood)
    for (const i of truth.keys())
      for (const factor of [0.99, 1.01]) {
        const beside = values_of(fitted).map((v, j) => (i === j ? v * factor : v))
        expect(model.log_likelihood(beside, rows)).toBeLessThan(best)
      }
  })
})

it('gives standard errors as wide as estimates differ from sample to sample', () => {
  const logs = Array.from({ length: 16 }, (_, seed) => {
    const customers = simulate(100 + seed, 800, ages, geometric(0.8, 6, 0.9, 2.5, 0))
    const { parameters } = fit_model(bg_nbd, count_equal(customers.map(history_of)))
    return parameters[1]!
  })
  const mean = logs.reduce((sum, { value }) => sum + value, 0) / logs.length
  const spread = Math.sqrt(logs.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / (logs.length - 1))
  const said = logs.reduce((sum, { standard_error }) => sum + standard_error!, 0) / logs.length
  expect(spread / said).toBeGreaterThan(0.6)
  expect(spread / said).toBeLessThan(1.5)
})

it('fits spend', () => {
  const random = uniforms(3)
  const rows = Array.from({ length: 3000 }, (_, i) => {
    const [x, nu] = [1 + (i % 6), gamma_draw(random, 4) / 20]
    return { x, mean_spend: gamma_draw(random, 5 * x) / (nu * x), n: 1 }
  })
  const { parameters, refused } = fit_model(gamma_gamma, rows)
  expect(refused).toBeNull()
  for (const [i, truth] of [5, 4, 20].entries()) {
    const { value, standard_error } = parameters[i]!
    expect(Math.abs(value - truth)).toBeLessThan(3.5 * standard_error!)
  }
})

it('refuses what the data do not determine: nobody leaves, all are alike', () => {
  const stays = simulate(5, 200, ages, random => ({ rate: gamma_draw(random, 1) / 5, leaves: () => false }))
  const rows = count_equal(stays.map(history_of))
  for (const model of [bg_nbd, pareto_nbd])
    expect(fit_model(model, rows).refused).toMatch(/runs off to (zero|infinity)|the likelihood is flat/)
  const alike = [{ x: 2, t_x: 10, T: 20, n: 500 }]
  expect(fit_model(bg_nbd, alike).refused).toMatch(/runs off|flat/)
})
