/**
 * All models of lifetime value fitted to the customers of one shop, and which of purchases is believed: the one that foretold best what
 * it had not seen. Each is fitted as of the half and as of two thirds of the time there is, and asked for the rest; least is best of the mean
 * absolute errors, each over the mean that came. The likelihood does not decide: it says who fits the past, and the past is mostly the first weeks.
 * Where there is too little to be asked about, or no model has an answer that is a number, it does.
 */
import { bg_bb } from './beta-binomial.ts'
import { bg_nbd, mbg_nbd } from './beta-geometric.ts'
import { type Fit, fit_model, refusal, search, thinned, values_of } from './fit.ts'
import { correlation, gamma_gamma } from './gamma-gamma.ts'
import { pareto_nbd } from './pareto-nbd.ts'
import { count_equal, type History, type PurchaseModel } from './purchases.ts'

export interface Customer {
  readonly customer_id: string
  /** Days since the first purchase of every later day with a purchase: ascending, without repeats, none 0. */
  readonly repeat_days: readonly number[]
  /** Days from the first purchase to the last day that is known. */
  readonly age_days: number
  /** Of a repeat purchase day, major units; 0 without one. */
  readonly mean_spend: number
}

export const PURCHASE_MODELS: readonly PurchaseModel[] = [bg_nbd, mbg_nbd, pareto_nbd]
const LEAST_CUSTOMERS = 50
const LEAST_REPEATERS = 10
const LEAST_TESTED = 30
const ORIGINS = [1 / 2, 2 / 3] as const

export const history_of = ({ repeat_days, age_days }: Customer): History => ({
  x: repeat_days.length,
  t_x: (repeat_days.at(-1) ?? 0) / 7,
  T: age_days / 7,
})

export interface Chosen {
  readonly fits: readonly Fit[]
  /** null: every model was refused. */
  readonly model: PurchaseModel | null
  readonly parameters: readonly number[]
  readonly why: string
}

export const fit_all = (customers: readonly Customer[]): Chosen => {
  const rows = count_equal(customers.map(history_of))
  const repeaters = customers.reduce((sum, { repeat_days }) => sum + Math.sign(repeat_days.length), 0)
  const too_few = few(customers.length, repeaters)
  const purchases = PURCHASE_MODELS.map(model =>
    too_few ? refusal(model.name, customers.length, too_few) : fit_model(model, rows),
  )
  const fits = [...purchases, fit_weeks(customers, too_few), fit_spend(customers)]
  const fitted = purchases.filter(({ refused }) => refused === null)
  if (fitted.length === 0) return { fits, model: null, parameters: [], why: 'every model was refused' }
  const { name, why } = choose(customers, fitted)
  const of_name = fitted.find(({ model }) => model === name)!
  return {
    fits,
    model: PURCHASE_MODELS.find(model => model.name === name)!,
    parameters: values_of(of_name),
    why,
  }
}

const few = (customers: number, repeaters: number): string | null => {
  if (customers < LEAST_CUSTOMERS) return `${customers} customers, fewer than ${LEAST_CUSTOMERS}`
  return repeaters < LEAST_REPEATERS ? `${repeaters} came back, fewer than ${LEAST_REPEATERS}` : null
}

/** BG/BB with a week as the occasion: only whole weeks after the first purchase count. Never chosen: it counts weeks, not purchases. */
const fit_weeks = (customers: readonly Customer[], too_few: string | null): Fit => {
  if (too_few) return refusal(bg_bb.name, customers.length, too_few)
  const counts = new Map<string, { x: number; t_x: number; periods: number; n: number }>()
  for (const { repeat_days, age_days } of customers) {
    const periods = Math.floor(age_days / 7)
    const weeks = new Set(repeat_days.map(day => Math.ceil(day / 7)).filter(week => week <= periods))
    const t_x = Math.max(0, ...weeks)
    const key = `${weeks.size}|${t_x}|${periods}`
    const found = counts.get(key)
    if (found) found.n++
    else counts.set(key, { x: weeks.size, t_x, periods, n: 1 })
  }
  const rows = [...counts.values()]
  return fit_model(
    bg_bb,
    rows.sort((a, b) => a.x - b.x || a.t_x - b.t_x || a.periods - b.periods),
  )
}

/** A correlation beyond this, and surely so, is against what Gamma-Gamma supposes. */
const MOST_CORRELATION = 0.3
const MOST_WORTHLESS = 0.05

export const fit_spend = (customers: readonly Customer[]): Fit => {
  const repeaters = customers.filter(({ repeat_days }) => repeat_days.length > 0)
  const paying = repeaters.filter(({ mean_spend }) => mean_spend > 0)
  const refused = (why: string): Fit => refusal(gamma_gamma.name, paying.length, why)
  if (paying.length < LEAST_REPEATERS)
    return refused(`${paying.length} came back and paid, fewer than ${LEAST_REPEATERS}`)
  const worthless = repeaters.length - paying.length
  if (worthless > MOST_WORTHLESS * repeaters.length)
    return refused(`${worthless} of ${repeaters.length} who came back paid nothing or less, more than 5 %`)
  const r = correlation(
    paying.map(({ repeat_days }) => repeat_days.length),
    paying.map(({ mean_spend }) => mean_spend),
  )
  // Fisher's z: three standard errors from none.
  if (Math.abs(r) > MOST_CORRELATION && Math.atanh(Math.abs(r)) * Math.sqrt(paying.length - 3) > 3)
    return refused(
      `frequency and spend go together (correlation ${r.toFixed(2)}), the model supposes that they do not`,
    )
  const rows = paying
    .map(({ repeat_days, mean_spend }) => ({ x: repeat_days.length, mean_spend, n: 1 }))
    .sort((a, b) => a.x - b.x || a.mean_spend - b.mean_spend)
  const fit = fit_model(gamma_gamma, rows)
  return fit.refused === null && !has_mean(fit) ? { ...fit, refused: 'the mean spend has no bound' } : fit
}

/** At q = 1 the mean over customers turns infinite, just above it is whatever the next digit of q says. */
const has_mean = ({ parameters }: Fit): boolean => {
  const { value, standard_error } = parameters.find(({ name }) => name === 'q')!
  return value - standard_error! > 1
}

const choose = (customers: readonly Customer[], fitted: readonly Fit[]): { name: string; why: string } => {
  const span = customers.reduce((most, { age_days }) => Math.max(most, age_days), 0)
  const models = fitted.map(of => ({
    ...PURCHASE_MODELS.find(({ name }) => name === of.model)!,
    starts: [values_of(of)],
  }))
  const errors = ORIGINS.map(share => backtest(customers, models, Math.round(span * (1 - share))))
  return believed(fitted, errors)
}

/** `errors`: per origin one of each fit, null where there was too little to ask about; what is no number is never the least. */
export const believed = (
  fitted: readonly Fit[],
  errors: readonly (readonly number[] | null)[],
): { name: string; why: string } => {
  const likeliest = fitted.reduce((a, b) => (b.log_likelihood! > a.log_likelihood! ? b : a)).model
  if (errors.some(error => error === null))
    return {
      name: likeliest,
      why: 'the likeliest; too little came after half of the time to ask the models about',
    }
  const means = fitted.map(({ model }, i) => {
    const error = errors.reduce((sum, of) => sum + of![i]!, 0) / errors.length
    return { name: model, error: Number.isFinite(error) ? error : Number.POSITIVE_INFINITY }
  })
  const best = means.reduce((a, b) => (b.error < a.error ? b : a))
  if (best.error === Number.POSITIVE_INFINITY)
    return { name: likeliest, why: 'the likeliest; no model foretold a number for the last half of the time' }
  const told = means.map(({ name, error }) => `${name} ${error.toFixed(4)}`).join(', ')
  return {
    name: best.name,
    why: `least error over the last half and the last third of the time, as a share of what came: ${told}`,
  }
}

/** Per model the absolute errors over the last days, over the purchases that came; null when there were too few of them. */
const backtest = (
  customers: readonly Customer[],
  models: readonly PurchaseModel[],
  days: number,
): number[] | null => {
  const known = customers.filter(({ age_days }) => age_days >= days)
  const before = known.map(({ repeat_days, age_days }): History & { came: number } => {
    const seen = repeat_days.filter(day => day <= age_days - days)
    const came = repeat_days.length - seen.length
    return { x: seen.length, t_x: (seen.at(-1) ?? 0) / 7, T: (age_days - days) / 7, came }
  })
  const came = before.reduce((sum, row) => sum + row.came, 0)
  const repeaters = before.filter(({ x }) => x > 0).length
  if (days < 7 || came < LEAST_TESTED || few(before.length, repeaters)) return null
  // A choice needs no more digits than this many rows give.
  const rows = thinned(count_equal(before), 5000)
  return models.map(model => {
    const p = search(model, rows).x.map(Math.exp)
    const missed = before.reduce(
      (sum, row) => sum + Math.abs(model.expected_purchases(p, row, days / 7) - row.came),
      0,
    )
    return missed / came
  })
}
