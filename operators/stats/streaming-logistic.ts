/**
 * Logistic regression that is told one case after the other and can be asked before each: stochastic gradient descent on columns
 * standardised by what was seen so far (Welford 1962), with AdaGrad's own step per coefficient (Duchi, Hazan and Singer 2011), which in
 * our simulations learned faster than one step for all and did not have to be tuned; that one, `sgd`, stays to compare with. With
 * `memory` the sums behind steps and scales forget, so that it goes on learning after the truth has changed. k multiplications a case.
 * A model is plain data (schemas/state/streaming_model.avsc); learning makes a new one.
 */
import { sigmoid } from './logistic.ts'

export interface StreamingModel {
  /** Cases seen, at most `memory`. */
  readonly seen: number
  readonly means: readonly number[]
  /** Mean squared distance from the mean, by column. */
  readonly variances: readonly number[]
  /** Intercept first, then one a column (of the standardised value). */
  readonly weights: readonly number[]
  /** Sums of squared slopes of the weights. */
  readonly slopes: readonly number[]
}

export interface StreamingOptions {
  readonly rule: 'adagrad' | 'sgd'
  readonly rate: number
  readonly intercept_rate: number
  /** Draws the coefficients to 0, per case. */
  readonly l2: number
  /** Cases that are remembered (the older fade); all without. */
  readonly memory?: number
}

export const streaming_defaults: StreamingOptions = { rule: 'adagrad', rate: 0.1, intercept_rate: 0.1, l2: 0 }

export const new_streaming_model = (columns: number): StreamingModel => ({
  seen: 0,
  means: new Array(columns).fill(0),
  variances: new Array(columns).fill(0),
  weights: new Array(columns + 1).fill(0),
  slopes: new Array(columns + 1).fill(0),
})

/** The row as the model sees it: a column that never changed so far says nothing. */
export const standardised = ({ means, variances }: StreamingModel, row: ArrayLike<number>): number[] =>
  means.map((mean, j) => (variances[j]! > 0 ? (row[j]! - mean) / Math.sqrt(variances[j]!) : 0))

/** The model's sum before it becomes a probability. */
export const streaming_logit = (model: StreamingModel, row: ArrayLike<number>): number => {
  const { weights } = model
  return standardised(model, row).reduce((sum, x, j) => sum + weights[j + 1]! * x, weights[0]!)
}

export const streaming_probability = (model: StreamingModel, row: ArrayLike<number>): number =>
  sigmoid(streaming_logit(model, row))

/**
 * `weight`: how much the case may move the coefficients, 1 as a rule; `offset`: what is known of its logit beside the model.
 * Throws RangeError when the row has another length than the model.
 */
export const learn_case = (
  model: StreamingModel,
  row: ArrayLike<number>,
  outcome: number,
  options: StreamingOptions = streaming_defaults,
  { weight = 1, offset = 0 }: { readonly weight?: number; readonly offset?: number } = {},
): StreamingModel => {
  if (row.length !== model.means.length)
    throw new RangeError(`a row of ${row.length} for a model of ${model.means.length} columns`)
  const scaled = rescaled(model, row, options.memory ?? Number.POSITIVE_INFINITY, weight)
  const x = [1, ...standardised(scaled, row)]
  const logit = x.reduce((sum, value, j) => sum + value * model.weights[j]!, offset)
  const error = weight * (sigmoid(logit) - outcome)
  const keep = options.memory === undefined ? 1 : 1 - 1 / options.memory
  const slopes = [...model.slopes]
  const weights = model.weights.map((before, j) => {
    const slope = error * x[j]! + (j === 0 ? 0 : weight * options.l2 * before)
    slopes[j] = keep * slopes[j]! + slope * slope
    const rate = j === 0 ? options.intercept_rate : options.rate
    if (options.rule === 'sgd') return before - rate * slope
    return slopes[j] === 0 ? before : before - (rate * slope) / Math.sqrt(slopes[j]!)
  })
  return { ...scaled, weights, slopes }
}

/** Means and variances with one more case. */
const rescaled = (
  model: StreamingModel,
  row: ArrayLike<number>,
  memory: number,
  weight: number,
): StreamingModel => {
  if (weight === 0) return model
  const seen = Math.min(memory, model.seen + weight)
  const part = weight / seen
  const means = model.means.map((mean, j) => mean + part * (row[j]! - mean))
  const variances = model.variances.map(
    (variance, j) => (1 - part) * variance + part * (row[j]! - model.means[j]!) * (row[j]! - means[j]!),
  )
  return { ...model, seen, means, variances }
}
