import { describe, expect, it } from 'vitest'
import {
  believed,
  type Customer,
  fit_all,
  fit_spend,
  history_of,
  PURCHASE_MODELS,
} from '../../../jobs/lifetime/choose.ts'
import { type Fit, fit_model, values_of } from '../../../jobs/lifetime/fit.ts'
import { count_equal } from '../../../jobs/lifetime/purchases.ts'
import { exponential, gamma_draw, geometric, simulate } from './simulate.ts'

const WEEKS = 26
/** What is known half a year before the end, and how many purchases came in that half year. */
const known_and_came = (customers: readonly Customer[]) => {
  const known = customers.map(customer => ({
    ...customer,
    repeat_days: customer.repeat_days.filter(day => day <= customer.age_days - WEEKS * 7),
    age_days: customer.age_days - WEEKS * 7,
  }))
  return {
    known,
    came: customers.map((customer, i) => customer.repeat_days.length - known[i]!.repeat_days.length),
  }
}

describe.each([
  { name: 'who leave after a purchase', nature: geometric(0.6, 3, 0.8, 1.5, 0) },
  { name: 'who leave at any time', nature: exponential(0.6, 3, 0.6, 8) },
])('customers $name', ({ nature }) => {
  const ages = (i: number): number => 2 * WEEKS * 7 + (i % 80)
  const { known, came } = known_and_came(simulate(21, 1200, ages, nature))
  const chosen = fit_all(known)

  it('are foretold by a model that does nearly as well as the best of all does afterwards', () => {
    const rows = count_equal(known.map(history_of))
    const errors = PURCHASE_MODELS.map(model => {
      const p = values_of(fit_model(model, rows))
      const missed = known.map((of, i) =>
        Math.abs(model.expected_purchases(p, history_of(of), WEEKS) - came[i]!),
      )
      return { name: model.name, error: missed.reduce((sum, v) => sum + v, 0) }
    })
    const mine = errors.find(({ name }) => name === chosen.model!.name)!.error
    expect(mine).toBeLessThan(1.02 * Math.min(...errors.map(({ error }) => error)))
    for (const { name } of errors) expect(chosen.why).toContain(name)
  })

  it('gives the same again, whatever the order of the customers', () => {
    expect(fit_all([...known].reverse()).parameters).toEqual(chosen.parameters)
  })
})

describe('what the data cannot support', () => {
  const ages = (): number => 280
  const plenty = simulate(4, 400, ages, exponential(1, 6, 0.7, 9))

  it('is not fitted: few customers, few who came back', () => {
    const few = fit_all(plenty.slice(0, 49))
    expect(few.model).toBeNull()
    expect(few.fits.map(({ refused }) => refused).slice(0, 4)).toEqual(
      Array(4).fill('49 customers, fewer than 50'),
    )
    const silent = plenty.map((customer, i) => (i < 9 ? customer : { ...customer, repeat_days: [] }))
    const { fits, why } = fit_all(
      silent.map((customer, i) => (i < 9 ? { ...customer, repeat_days: [3] } : customer)),
    )
    expect(fits[0]!.refused).toBe('9 came back, fewer than 10')
    expect(why).toBe('every model was refused')
  })

  it('is chosen by likelihood while there is nothing to ask about', () => {
    const young = simulate(4, 400, () => 12, exponential(2, 1, 0.7, 2))
    const { model, fits, why } = fit_all(young)
    const fitted = fits.slice(0, 3).filter(({ refused }) => refused === null)
    if (model) {
      expect(why).toMatch(/^the likeliest/)
      expect(fitted.find(fit => fit.model === model.name)!.log_likelihood).toBe(
        Math.max(...fitted.map(({ log_likelihood }) => log_likelihood!)),
      )
    } else expect(fitted).toEqual([])
  })

  it('has no model of spend where spend goes with frequency, or where nobody pays', () => {
    const rates = (spend: (random: () => number, rate: number) => number) =>
      simulate(4, 400, ages, exponential(1, 6, 0.7, 9), spend)
    const alike = rates(random => gamma_draw(random, 4) * 10)
    expect(fit_spend(alike)).toMatchObject({ model: 'gamma_gamma' })
    const together = rates((random, rate) => (1 + 40 * rate) * gamma_draw(random, 20))
    expect(fit_spend(together).refused).toMatch(/^frequency and spend go together \(correlation 0\.\d\d\)/)
    const free = alike.map((customer, i) => (i % 10 === 0 ? { ...customer, mean_spend: 0 } : customer))
    expect(fit_spend(free).refused).toMatch(/^\d+ of \d+ who came back paid nothing or less, more than 5 %$/)
    expect(fit_spend(alike.slice(0, 8)).refused).toMatch(/fewer than 10$/)
  })
})

describe('of what the models foretold', () => {
  const fit_of = (model: Fit['model'], log_likelihood: number): Fit => ({
    ...{ model, customers: 100, parameters: [], log_likelihood, refused: null },
  })
  const fitted = [fit_of('bg_nbd', -30), fit_of('mbg_nbd', -10), fit_of('pareto_nbd', -20)]
  const [none, endless] = [Number.NaN, Number.POSITIVE_INFINITY]

  it('the least error is believed, and what is no number is not the least, wherever it stands', () => {
    expect(
      believed(fitted, [
        [0.9, 0.7, 0.5],
        [0.7, 0.8, 0.9],
      ]).name,
    ).toBe('pareto_nbd')
    expect(
      believed(fitted, [
        [none, 0.7, 0.5],
        [0.1, 0.8, 0.9],
      ]),
    ).toEqual({
      name: 'pareto_nbd',
      why:
        'least error over the last half and the last third of the time, as a share of what came: ' +
        'bg_nbd Infinity, mbg_nbd 0.7500, pareto_nbd 0.7000',
    })
    expect(
      believed(fitted, [
        [0.9, none, 0.5],
        [0.7, 0.1, endless],
      ]).name,
    ).toBe('bg_nbd')
  })

  it('the likeliest is, where no error is a number', () => {
    expect(
      believed(fitted, [
        [none, none, endless],
        [0.1, 0.2, 0.3],
      ]),
    ).toEqual({
      name: 'mbg_nbd',
      why: 'the likeliest; no model foretold a number for the last half of the time',
    })
    expect(believed(fitted, [[0.1, 0.2, 0.3], null]).why).toMatch(/^the likeliest; too little came/)
  })
})

it('has no model of spend whose mean has no bound', () => {
  // nu is gamma(q, v) over customers: with q at 1 or below, the mean of 1 / nu is infinite.
  const heavy = (q: number) =>
    fit_spend(
      simulate(
        4,
        1500,
        () => 280,
        exponential(1, 6, 0.7, 9),
        random => gamma_draw(random, 6) / gamma_draw(random, q),
      ),
    )
  for (const q of [0.6, 1.05]) expect(heavy(q).refused).toBe('the mean spend has no bound')
  // Above 1, but not by a standard error.
  const { value, standard_error } = heavy(1.05).parameters[1]!
  expect(value).toBeGreaterThan(1)
  expect(value - standard_error!).toBeLessThan(1)
  expect(heavy(3).refused).toBeNull()
})
