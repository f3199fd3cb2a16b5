/**
 * A challenger: what the answers say that the four factors should weigh and a score is worth, near to what holds today. Weights: logistic
 * regression of acceptance on the factors' shares, none below 0, beside each buyer's own level and the price; then at most STEP points a
 * factor towards that. Worth: isotonic regression of acceptance on the new score.
 */
import { factors, type Weights } from '../../operators/lead/weigh-factors.ts'
import { type Curve, curve_of, fit_isotonic } from '../../operators/stats/isotonic.ts'
import { fit_logistic } from '../../operators/stats/logistic.ts'
import { type Example, score_under, weights_of_examples } from './examples.ts'

export interface Fitted {
  readonly weights: Weights
  readonly calibration: Curve
  readonly answers: number
  readonly buyers: number
}

/** With fewer answers, of both kinds, nothing is changed. */
export const LEAST_ANSWERS = 300
export const LEAST_OF_A_KIND = 30
/** Points that a factor's weight moves at most, of a hundred; and what it keeps, so that it can be learned again. */
export const STEP = 5
const LEAST_WEIGHT = 2
/** An answer counts half after so long. */
const HALF_LIFE_MS = 30 * 86_400_000
/** A coefficient's penalty: of factors hardly any, of buyers' levels as much as one answer's. */
const FACTOR_L2 = 0.1
const LEVEL_L2 = 1
const MOST_BUYERS = 100
/** Answers that the overall share is worth in each step of the curve. */
const PRIOR_ANSWERS = 10

/** Null where there is too little to learn from. `champion`: points of the factors today. */
export const fit_policy = (examples: readonly Example[], champion: Weights, as_of: number): Fitted | null => {
  const accepted = examples.filter(({ accepted: yes }) => yes === 1).length
  const least = Math.min(accepted, examples.length - accepted)
  if (examples.length < LEAST_ANSWERS || least < LEAST_OF_A_KIND) return null
  const faded = weights_of_examples(examples).map(
    (weight, i) => weight * 0.5 ** (Math.max(0, as_of - examples[i]!.answered_ms) / HALF_LIFE_MS),
  )
  const outcomes = examples.map(({ accepted: yes }) => yes)
  const counted = (outcome: number): boolean => faded.some((w, i) => w > 0 && outcomes[i] === outcome)
  if (!counted(0) || !counted(1)) return null
  const weights = stepped(champion, fitted_weights(examples, champion, faded, outcomes))
  const scores = examples.map(example => Math.round(2 * score_under(example, weights)) / 2)
  const curve = curve_of(fit_isotonic(scores, outcomes, faded), PRIOR_ANSWERS)
  return {
    weights,
    calibration: rounded_curve(curve),
    answers: examples.length,
    buyers: new Set(examples.map(({ buyer_id }) => buyer_id)).size,
  }
}

/** Points in proportion to the coefficients of the shares; the champion's where no factor does good. */
const fitted_weights = (
  examples: readonly Example[],
  champion: Weights,
  weights: readonly number[],
  outcomes: readonly number[],
): Weights => {
  const rows = rows_of(examples)
  const others = rows[0]!.length - factors.length
  const { coefficients } = fit_logistic(
    { rows, outcomes, weights },
    {
      l2: [...factors.map(() => FACTOR_L2), ...Array.from({ length: others }, () => LEVEL_L2)],
      lower: rows[0]!.map((_, j) => (j < factors.length ? 0 : Number.NEGATIVE_INFINITY)),
      // A factor that earns nothing under this policy cannot get a weight.
      upper: rows[0]!.map((_, j) => (j < factors.length && champion[factors[j]!] === 0 ? 0 : Infinity)),
      tolerance: 1e-7,
    },
  )
  const effects = factors.map((_, k) => coefficients[k]!)
  const sum = effects.reduce((a, b) => a + b, 0)
  if (sum <= 0) return champion
  const floored = effects.map((effect, k) =>
    champion[factors[k]!] === 0 ? 0 : Math.max(LEAST_WEIGHT, (100 * effect) / sum),
  )
  const whole = floored.reduce((a, b) => a + b, 0)
  return Object.fromEntries(factors.map((factor, k) => [factor, (100 * floored[k]!) / whole])) as Weights
}

/** Shares, the price as a logarithm against the mean, and a column for each of the buyers with most answers. */
const rows_of = (examples: readonly Example[]): number[][] => {
  const answers = new Map<string, number>()
  for (const { buyer_id } of examples) answers.set(buyer_id, (answers.get(buyer_id) ?? 0) + 1)
  const buyers = [...answers]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_BUYERS)
    .map(([buyer_id]) => buyer_id)
  const place = new Map(buyers.map((buyer_id, i) => [buyer_id, i]))
  const prices = examples.map(({ price_minor }) => Math.log(Math.max(1, price_minor)))
  const mean = prices.reduce((sum, price) => sum + price, 0) / prices.length
  return examples.map(({ shares, buyer_id }, i) => {
    const row = [...shares, prices[i]! - mean, ...buyers.map(() => 0)]
    const at = place.get(buyer_id)
    if (at !== undefined) row[factors.length + 1 + at] = 1
    return row
  })
}

/** From `from` towards `to` until one factor has moved by STEP, in hundredths of a point that sum to 100. */
const stepped = (from: Weights, to: Weights): Weights => {
  const whole = factors.reduce((sum, factor) => sum + from[factor], 0)
  const ways = factors.map(factor => to[factor] - (100 * from[factor]) / whole)
  const part = Math.min(1, STEP / Math.max(STEP, ...ways.map(Math.abs)))
  const hundredths = factors.map((factor, k) =>
    Math.round(100 * ((100 * from[factor]) / whole + part * ways[k]!)),
  )
  // Rounding leaves a hundredth or two, for the factor that is farthest from its bound.
  const sizes = ways.map((way, k) => (from[factors[k]!] === 0 ? Infinity : Math.abs(way)))
  hundredths[sizes.indexOf(Math.min(...sizes))]! -= hundredths.reduce((a, b) => a + b, 0) - 10_000
  return Object.fromEntries(factors.map((factor, k) => [factor, hundredths[k]! / 100])) as Weights
}

/** Scores to hundredths, probabilities to four decimals; what falls together is one. */
const rounded_curve = (curve: Curve): Curve => {
  const rounded = curve.map(
    ([score, value]) => [Math.round(score * 100) / 100, Math.round(value * 1e4) / 1e4] as const,
  )
  return rounded.filter(([score], i) => i === 0 || score > rounded[i - 1]![0])
}
