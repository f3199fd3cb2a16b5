/**
 * Logistic regression case by case with everything that the cases so far say about the coefficients together: a normal distribution of
 * them, updated by one Newton step a case (extended Kalman filter of a logistic observation; Fahrmeir and Tutz 2001, section 8.3). It
 * needs far fewer cases than gradient steps, at k² multiplications a case and k² / 2 numbers of state: for up to about fifty columns.
 * What is known fades towards the prior's uncertainty, 1 / memory a case, so that it follows a truth that changes.
 */
import { sigmoid } from './logistic.ts'

export interface FilteredModel {
  /** Intercept first, then one a column. */
  readonly weights: readonly number[]
  /** Lower triangle of their covariance, row by row. */
  readonly covariance: readonly number[]
}

export interface FilteredOptions {
  /** Variance of a coefficient before any case. Columns are to be of about the size of 1. */
  readonly prior_variance: number
  readonly memory: number
}

export const new_filtered_model = (columns: number, { prior_variance }: FilteredOptions): FilteredModel => ({
  weights: new Array(columns + 1).fill(0),
  covariance: Array.from({ length: columns + 1 }, (_, i) =>
    Array.from({ length: i + 1 }, (_, j) => (i === j ? prior_variance : 0)),
  ).flat(),
})

export const filtered_logit = ({ weights }: FilteredModel, row: ArrayLike<number>): number => {
  let sum = weights[0]!
  for (let j = 1; j < weights.length; j++) sum += weights[j]! * row[j - 1]!
  return sum
}

/** How uncertain the logit of the row is: its variance. */
export const filtered_variance = ({ covariance }: FilteredModel, row: ArrayLike<number>): number => {
  const { places, values } = entries_of(row)
  let sum = 0
  for (let i = 0; i < places.length; i++) {
    const line = at(places[i]!, 0)
    let part = covariance[line + places[i]!]! * values[i]!
    for (let j = 0; j < i; j++) part += 2 * covariance[line + places[j]!]! * values[j]!
    sum += part * values[i]!
  }
  return sum
}

/** The model as uncertain as before any case: what it says stays, and the next cases move it as they move a new one. */
export const unsettled = (model: FilteredModel, options: FilteredOptions): FilteredModel => ({
  weights: model.weights,
  covariance: new_filtered_model(model.weights.length - 1, options).covariance,
})

/** What is not 0, the intercept's 1 first: of a row with columns for each kind most are. */
const entries_of = (row: ArrayLike<number>): { places: number[]; values: number[] } => {
  const places = [0]
  const values = [1]
  for (let j = 0; j < row.length; j++)
    if (row[j] !== 0) {
      places.push(j + 1)
      values.push(row[j]!)
    }
  return { places, values }
}

/** The mean probability of a logit that is only known to a variance (MacKay 1992): nearer to one half the less is known. */
export const moderated = (logit: number, variance: number): number =>
  sigmoid(logit / Math.sqrt(1 + (Math.PI * Math.max(0, variance)) / 8))

/**
 * The model after one case. `weight`: how much it counts, 0 to 1; `offset`: what is known of its logit beside the model.
 * Throws RangeError when the row has another length than the model.
 */
export const filter_case = (
  model: FilteredModel,
  row: ArrayLike<number>,
  outcome: number,
  { prior_variance, memory }: FilteredOptions,
  { weight, offset }: { readonly weight: number; readonly offset: number },
): FilteredModel => {
  const { weights, covariance } = model
  const size = weights.length
  if (row.length + 1 !== size)
    throw new RangeError(`a row of ${row.length} for a model of ${size - 1} columns`)
  if (weight === 0) return model
  const { places, values } = entries_of(row)
  const known = covariance.map(c => c * (1 - weight / memory))
  for (let i = 0; i < size; i++) known[at(i, i)]! += (weight * prior_variance) / memory
  const reach = Array.from({ length: size }, (_, i) => {
    let sum = 0
    for (const [k, j] of places.entries()) sum += known[i >= j ? at(i, j) : at(j, i)]! * values[k]!
    return sum
  })
  const p = sigmoid(filtered_logit(model, row) + offset)
  const bend = weight * p * (1 - p)
  const spread = places.reduce((sum, j, k) => sum + reach[j]! * values[k]!, 0)
  const step = 1 / (1 + bend * spread)
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) known[at(i, j)]! -= bend * step * reach[i]! * reach[j]!
  return {
    weights: weights.map((w, j) => w + step * weight * (outcome - p) * reach[j]!),
    covariance: known,
  }
}

const at = (i: number, j: number): number => (i * (i + 1)) / 2 + j
