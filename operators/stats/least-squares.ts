/**
 * Sums of squares made small: Levenberg–Marquardt (Levenberg 1944, Marquardt 1963) within bounds, the
 * Jacobian by differences. For recursions of a few parameters it needs a tenth of the evaluations of a
 * simplex search. Local: the caller chooses where to start. Beside it the golden section for one parameter.
 */

export interface LeastSquaresProblem {
  /** Writes all `size` residuals at these parameters into `out`. */
  residuals(parameters: Float64Array, out: Float64Array): void
  readonly size: number
  readonly start: readonly number[]
  readonly lower: readonly number[]
  readonly upper: readonly number[]
  readonly max_iterations?: number
  /** Ends when a step lowers the sum by less than this part of it; default 1e-10. */
  readonly tolerance?: number
}

export interface LeastSquaresFit {
  readonly parameters: Float64Array
  readonly sum: number
}

export const sum_of_squares = (errors: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < errors.length; i++) sum += errors[i]! * errors[i]!
  return Number.isFinite(sum) ? sum : Number.POSITIVE_INFINITY
}

/**
 * Solves A x = b for a symmetric positive definite A (row-major k × k) by Cholesky; null when it is not
 * definite.
 */
export const solve_definite = (a: Float64Array, b: Float64Array): Float64Array | null => {
  const k = b.length
  const low = new Float64Array(k * k)
  for (let i = 0; i < k; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * k + j]!
      for (let s = 0; s < j; s++) sum -= low[i * k + s]! * low[j * k + s]!
      if (i === j && !(sum > 0)) return null
      low[i * k + j] = i === j ? Math.sqrt(sum) : sum / low[j * k + j]!
    }
  const x = Float64Array.from(b)
  for (let i = 0; i < k; i++) {
    for (let s = 0; s < i; s++) x[i]! -= low[i * k + s]! * x[s]!
    x[i]! /= low[i * k + i]!
  }
  for (let i = k - 1; i >= 0; i--) {
    for (let s = i + 1; s < k; s++) x[i]! -= low[s * k + i]! * x[s]!
    x[i]! /= low[i * k + i]!
  }
  return x
}

const clamp = (x: number, lo: number, hi: number): number => Math.min(Math.max(x, lo), hi)

/** Columns of derivatives by one-sided differences, away from the nearer bound. */
const jacobian = (
  problem: LeastSquaresProblem,
  at: Float64Array,
  errors: Float64Array,
  columns: readonly Float64Array[],
): void => {
  const probe = Float64Array.from(at)
  for (const [j, column] of columns.entries()) {
    const size = 1e-6 * Math.max(1e-2, Math.abs(at[j]!))
    const step = at[j]! + size > problem.upper[j]! ? -size : size
    probe[j] = at[j]! + step
    problem.residuals(probe, column)
    for (let i = 0; i < problem.size; i++) column[i] = (column[i]! - errors[i]!) / step
    probe[j] = at[j]!
  }
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

interface Quadratic {
  readonly normal: Float64Array
  readonly gradient: Float64Array
  readonly free: readonly number[]
}

/** Normal equations of the parameters that may move: one at a bound that pulls outwards stays. */
const quadratic = (
  problem: LeastSquaresProblem,
  at: Float64Array,
  errors: Float64Array,
  columns: readonly Float64Array[],
): Quadratic => {
  const slopes = columns.map(column => dot(column, errors))
  const free = [...at.keys()].filter(j => {
    const slope = slopes[j]!
    return !(at[j]! <= problem.lower[j]! && slope > 0) && !(at[j]! >= problem.upper[j]! && slope < 0)
  })
  const k = free.length
  const normal = new Float64Array(k * k)
  for (let i = 0; i < k; i++)
    for (let j = 0; j <= i; j++) {
      const value = dot(columns[free[i]!]!, columns[free[j]!]!)
      normal[i * k + j] = value
      normal[j * k + i] = value
    }
  return { normal, gradient: Float64Array.from(free, j => -slopes[j]!), free }
}

const damped_step = ({ normal, gradient }: Quadratic, damping: number): Float64Array | null => {
  const k = gradient.length
  const damped = Float64Array.from(normal)
  for (let i = 0; i < k; i++) damped[i * k + i]! += damping * normal[i * k + i]! + 1e-300
  return solve_definite(damped, gradient)
}

/** The parameters of the least sum of squared residuals near `start`, within `lower` and `upper`. */
export const fit_least_squares = (problem: LeastSquaresProblem): LeastSquaresFit => {
  const { size, lower, upper, max_iterations = 60, tolerance = 1e-10 } = problem
  const at = Float64Array.from(problem.start, (x, j) => clamp(x, lower[j]!, upper[j]!))
  const errors = new Float64Array(size)
  const tried = new Float64Array(size)
  const columns = problem.start.map(() => new Float64Array(size))
  problem.residuals(at, errors)
  let sum = sum_of_squares(errors)
  let damping = 1e-3
  for (let round = 0; round < max_iterations && sum > 0; round++) {
    jacobian(problem, at, errors, columns)
    const local = quadratic(problem, at, errors, columns)
    let gained = 0
    for (; damping < 1e8; damping *= 8) {
      const step = damped_step(local, damping)
      if (!step) continue
      const next = Float64Array.from(at)
      for (const [i, j] of local.free.entries()) next[j] = clamp(at[j]! + step[i]!, lower[j]!, upper[j]!)
      problem.residuals(next, tried)
      const lowered = sum_of_squares(tried)
      if (!(lowered < sum)) continue
      gained = (sum - lowered) / sum
      sum = lowered
      at.set(next)
      errors.set(tried)
      damping = Math.max(1e-9, damping / 10)
      break
    }
    if (!(gained > tolerance)) break
  }
  return { parameters: at, sum }
}

const GOLDEN = (Math.sqrt(5) - 1) / 2

/** Where f is least in [lo, hi]: the best of `cells` + 1 even points, then golden section beside it. */
export const minimise_line = (
  f: (x: number) => number,
  lo: number,
  hi: number,
  cells = 10,
  tolerance = 1e-6,
): number => {
  const width = (hi - lo) / cells
  let best = lo
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i <= cells; i++) {
    const value = f(lo + i * width)
    if (value < least) {
      least = value
      best = lo + i * width
    }
  }
  let [a, b] = [Math.max(lo, best - width), Math.min(hi, best + width)]
  let [c, d] = [b - GOLDEN * (b - a), a + GOLDEN * (b - a)]
  let [fc, fd] = [f(c), f(d)]
  while (b - a > tolerance * (hi - lo)) {
    if (fc < fd) {
      ;[b, d, fd] = [d, c, fc]
      c = b - GOLDEN * (b - a)
      fc = f(c)
    } else {
      ;[a, c, fc] = [c, d, fd]
      d = a + GOLDEN * (b - a)
      fd = f(d)
    }
  }
  const inner = fc < fd ? c : d
  return Math.min(fc, fd) < least ? inner : best
}
