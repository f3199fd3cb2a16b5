/**
 * Logistic regression of a 0/1 outcome on numbers, by penalised maximum likelihood: the least of
 *   -sum of weight × log likelihood + sum of l2 / 2 × (coefficient - toward)²
 * within the bounds of each coefficient. Newton's method (iteratively reweighted least squares: McCullagh and Nelder 1989, section
 * 2.5), on the coefficients that no bound holds, projected onto the bounds (Bertsekas 1982). The objective is convex: what is found is
 * the optimum. The intercept is neither penalised nor bounded. n k² multiplications a step, about ten steps; k up to a few hundred.
 */
import { factor_matrix } from './linear-system.ts'

export interface LogisticExamples {
  /** One array of k numbers a case. Columns of about the same size make one penalty fit all. */
  readonly rows: readonly ArrayLike<number>[]
  /** 0, 1, or a share between. */
  readonly outcomes: ArrayLike<number>
  /** How much a case counts, >= 0; 1 without. */
  readonly weights?: ArrayLike<number>
}

export interface LogisticOptions {
  /** >= 0, of all coefficients or of each. */
  readonly l2: number | readonly number[]
  /** What the penalty draws to, 0 without. */
  readonly toward?: readonly number[]
  readonly lower?: readonly number[]
  readonly upper?: readonly number[]
  /** Largest slope of the objective, per case, at which it has arrived; default 1e-10. */
  readonly tolerance?: number
  /** Steps at most; default 100. */
  readonly most?: number
}

export interface LogisticFit {
  readonly intercept: number
  readonly coefficients: readonly number[]
  /** Of the cases, by their weights, without the penalty. */
  readonly log_likelihood: number
  readonly converged: boolean
}

export const sigmoid = (x: number): number =>
  x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))
/** Its inverse, of 0 < p < 1. */
export const logit = (p: number): number => Math.log(p / (1 - p))

export const logistic_probability = (
  { intercept, coefficients }: Pick<LogisticFit, 'intercept' | 'coefficients'>,
  row: ArrayLike<number>,
): number => {
  let sum = intercept
  for (let j = 0; j < coefficients.length; j++) sum += coefficients[j]! * row[j]!
  return sigmoid(sum)
}

/** Intercept first. */
type Point = Float64Array
interface Problem extends Required<LogisticExamples> {
  readonly l2: Point
  readonly toward: Point
  readonly lower: Point
  readonly upper: Point
}

/**
 * Throws RangeError where the sizes differ, where the cases (of weight above 0) have one outcome only: no intercept is the best
 * then; and, with l2 = 0, where columns say the same.
 */
export const fit_logistic = (examples: LogisticExamples, options: LogisticOptions): LogisticFit => {
  const problem = stated(examples, options)
  const { tolerance = 1e-10, most = 100 } = options
  const cases = problem.weights as Point
  const total = cases.reduce((sum, weight) => sum + weight, 0)
  let at = start_of(problem, total)
  let value = objective(problem, at)
  let converged = false
  for (let step = 0; step < most && !converged; step++) {
    const { slope, curvature } = derivatives(problem, at)
    const free = [...at.keys()].filter(j => !held(problem, at, slope, j))
    converged = free.every(j => Math.abs(slope[j]!) <= tolerance * total)
    if (converged) break
    const direction = factor_matrix(free.map(i => free.map(j => curvature[i]![j]!))).solve(
      free.map(j => -slope[j]!),
    )
    const next = descend(problem, at, value, { slope, free, direction })
    // Nothing below it that double precision can tell: it is the bottom.
    if (!next) converged = true
    else ({ at, value } = next)
  }
  return {
    intercept: at[0]!,
    coefficients: Array.from(at.subarray(1)),
    log_likelihood: -loss(problem, at),
    converged,
  }
}

const stated = ({ rows, outcomes, weights }: LogisticExamples, options: LogisticOptions): Problem => {
  const size = rows[0]?.length ?? 0
  const whole = (given: number | readonly number[] | undefined, of_intercept: number, other: number) => {
    if (typeof given === 'object' && given.length !== size)
      throw new RangeError(`${given.length} options for ${size} columns`)
    return Float64Array.from({ length: size + 1 }, (_, j) =>
      j === 0 ? of_intercept : typeof given === 'object' ? given[j - 1]! : (given ?? other),
    )
  }
  if (rows.length !== outcomes.length || rows.some(row => row.length !== size))
    throw new RangeError(`${rows.length} rows of ${size} columns for ${outcomes.length} outcomes`)
  return {
    rows,
    outcomes,
    weights: Float64Array.from(rows, (_, i) => weights?.[i] ?? 1),
    l2: whole(options.l2, 0, 0),
    toward: whole(options.toward, 0, 0),
    lower: whole(options.lower, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY),
    upper: whole(options.upper, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
  }
}

/** The share of yeses alone, every coefficient as near to `toward` as its bounds let it. */
const start_of = (problem: Problem, total: number): Point => {
  const { rows, outcomes, weights, toward } = problem
  let yes = 0
  for (let i = 0; i < rows.length; i++) yes += weights[i]! * outcomes[i]!
  if (!(yes > 0 && yes < total)) throw new RangeError('all outcomes are the same')
  const at = within(problem, toward)
  at[0] = logit(yes / total)
  return at
}

const within = ({ lower, upper }: Problem, at: Point): Point =>
  at.map((x, j) => Math.min(upper[j]!, Math.max(lower[j]!, x)))

/** At a bound, and better off beyond it. */
const held = ({ lower, upper }: Problem, at: Point, slope: Point, j: number): boolean =>
  (at[j]! <= lower[j]! && slope[j]! > 0) || (at[j]! >= upper[j]! && slope[j]! < 0)

const sum_of = (at: Point, row: ArrayLike<number>): number => {
  let sum = at[0]!
  for (let j = 1; j < at.length; j++) sum += at[j]! * row[j - 1]!
  return sum
}

const loss = ({ rows, outcomes, weights }: Problem, at: Point): number => {
  let sum = 0
  for (let i = 0; i < rows.length; i++) {
    const x = sum_of(at, rows[i]!)
    // log(1 + e^x) - outcome × x, without overflow.
    sum += weights[i]! * (Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - outcomes[i]! * x)
  }
  return sum
}

const objective = (problem: Problem, at: Point): number => {
  let sum = loss(problem, at)
  for (let j = 1; j < at.length; j++) sum += (problem.l2[j]! / 2) * (at[j]! - problem.toward[j]!) ** 2
  return sum
}

const derivatives = ({ rows, outcomes, weights, l2, toward }: Problem, at: Point) => {
  const size = at.length
  const slope = at.map((x, j) => l2[j]! * (x - toward[j]!))
  const curvature = Array.from({ length: size }, (_, j) => {
    const row = new Float64Array(size)
    row[j] = l2[j]!
    return row
  })
  const full = new Float64Array(size).fill(1)
  for (let i = 0; i < rows.length; i++) {
    const p = sigmoid(sum_of(at, rows[i]!))
    for (let j = 1; j < size; j++) full[j] = rows[i]![j - 1]!
    const error = weights[i]! * (p - outcomes[i]!)
    const bend = weights[i]! * p * (1 - p)
    for (let j = 0; j < size; j++) {
      const x = full[j]!
      if (x === 0) continue
      slope[j]! += error * x
      const line = curvature[j]!
      for (let k = 0; k <= j; k++) line[k]! += bend * x * full[k]!
    }
  }
  for (let j = 0; j < size; j++) for (let k = j + 1; k < size; k++) curvature[j]![k] = curvature[k]![j]!
  return { slope, curvature }
}

/** Half as far until it is lower by a part of what the slope promises (Armijo), along the bounds. */
const descend = (
  problem: Problem,
  from: Point,
  value: number,
  { slope, free, direction }: { slope: Point; free: readonly number[]; direction: Float64Array },
): { at: Point; value: number } | null => {
  for (let t = 1; t > 1e-10; t /= 2) {
    const moved = from.slice()
    for (const [i, j] of free.entries()) moved[j]! += t * direction[i]!
    const at = within(problem, moved)
    const promised = at.reduce((sum, x, j) => sum + slope[j]! * (x - from[j]!), 0)
    const reached = objective(problem, at)
    if (reached < value && reached <= value + 1e-4 * promised) return { at, value: reached }
  }
  return null
}
