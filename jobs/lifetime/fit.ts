/**
 * Maximum likelihood of the models of lifetime value: the logarithms of the parameters are searched from several starts on at most
 * 500 of the rows, then settled by Newton's steps on 5,000, then on all of them. Standard errors come from the curvature there, by the delta method.
 * What the data cannot support is refused, with the reason: a number that looks fitted and is not would be believed.
 */
import { type Bottom, settle } from '../../operators/stats/curvature.ts'
import { minimise } from '../../operators/stats/minimise.ts'
import type { Counted, Likelihood, ModelName } from './purchases.ts'

export interface Parameter {
  readonly name: string
  readonly value: number
  readonly standard_error: number | null
}

export interface Fit {
  readonly model: ModelName
  readonly customers: number
  /** Empty when no optimum was looked for. */
  readonly parameters: readonly Parameter[]
  readonly log_likelihood: number | null
  readonly refused: string | null
}

const SEARCHED_ROWS = 500
const SETTLED_ROWS = 5000
/** A parameter beyond these is on its way to 0 or infinity, where it does nothing more. */
const LEAST = 1e-5
const MOST = 1e5
/** Searched a little farther, in logarithms. */
const REACH = 12
/** e^±3 is a factor of twenty: then the data say next to nothing about the parameter. */
const FLAT = 3

export const values_of = (fit: Fit): number[] => fit.parameters.map(({ value }) => value)

export const refusal = (model: ModelName, customers: number, refused: string): Fit => ({
  model,
  customers,
  parameters: [],
  log_likelihood: null,
  refused,
})

/** The best parameters found, for a forecast: also where the likelihood is flat, since then all of them foretell the same. */
export const search = <Row extends Counted>(
  model: Likelihood<Row>,
  rows: readonly Row[],
  starts: readonly (readonly number[])[] = model.starts,
): Bottom => {
  const loss = (of: readonly Row[]) => (logs: readonly number[]) =>
    logs.some(v => Math.abs(v) > REACH)
      ? Number.POSITIVE_INFINITY
      : -model.log_likelihood(logs.map(Math.exp), of)
  const some = thinned(rows, SEARCHED_ROWS)
  const found = starts
    .map(start => minimise(loss(some), start.map(Math.log), { tolerance: 1e-7, most: 1500 }))
    .reduce((a, b) => (b.value < a.value ? b : a))
  const near = some === rows ? found.x : settle(loss(thinned(rows, SETTLED_ROWS)), found.x).x
  const bottom = settle(loss(rows), near)
  if (bottom.covariance || some === rows) return bottom
  // Newton found no bowl where the thinned rows had their bottom: down by the simplex, on all rows.
  return settle(loss(rows), minimise(loss(rows), near, { step: 0.2, tolerance: 1e-8, most: 800 }).x)
}

/** Every k-th row, with the customers of the rows left out: evenly over the order of the rows. */
export const thinned = <Row extends Counted>(rows: readonly Row[], most: number): readonly Row[] => {
  if (rows.length <= most) return rows
  const every = rows.length / most
  return Array.from({ length: most }, (_, i) => {
    const [from, to] = [Math.floor(i * every), Math.floor((i + 1) * every)]
    let n = 0
    for (let j = from; j < to; j++) n += rows[j]!.n
    return { ...rows[(from + to) >> 1]!, n }
  })
}

export const fit_model = <Row extends Counted>(model: Likelihood<Row>, rows: readonly Row[]): Fit => {
  const customers = rows.reduce((sum, { n }) => sum + n, 0)
  const { x, value, covariance } = search(model, rows)
  const parameters = model.parameters.map((name, i) => {
    const estimate = Math.exp(x[i]!)
    const error = covariance ? estimate * Math.sqrt(covariance[i]![i]!) : null
    return { name, value: estimate, standard_error: error }
  })
  return {
    model: model.name,
    customers,
    parameters,
    log_likelihood: Number.isFinite(value) ? -value : null,
    refused: reason_against(parameters, value),
  }
}

const reason_against = (parameters: readonly Parameter[], value: number): string | null => {
  if (!Number.isFinite(value)) return 'the likelihood has no finite value'
  const away = parameters.find(({ value: estimate }) => !(estimate > LEAST && estimate < MOST))
  if (away) return `${away.name} runs off to ${away.value < 1 ? 'zero' : 'infinity'}`
  const flat = parameters.find(
    ({ value: estimate, standard_error }) => standard_error === null || standard_error > FLAT * estimate,
  )
  return flat ? `the likelihood is flat: the data do not determine ${flat.name}` : null
}
