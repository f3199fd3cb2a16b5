/**
 * The shape of a function around its least value, by central differences: the last steps down to it (Newton's, halved while they
 * do not go down), and the covariance of maximum-likelihood estimates, which is the inverse of the Hessian of minus the
 * log-likelihood (Fisher 1925). Deterministic. For functions whose unknowns are all of about the size of one, such as logarithms.
 */
type Point = readonly number[]
type F = (x: Point) => number

const GRADIENT_STEP = 1e-3
const HESSIAN_STEP = 1e-2

/** The symmetric matrix of second derivatives at x. */
export const hessian = (f: F, x: Point, step = HESSIAN_STEP): number[][] => {
  const n = x.length
  const moved = (...moves: readonly (readonly [i: number, by: number])[]): number => {
    const y = [...x]
    for (const [i, by] of moves) y[i]! += by
    return f(y)
  }
  const middle = f(x)
  const h = Array.from({ length: n }, () => new Array<number>(n).fill(0))
  for (let i = 0; i < n; i++) {
    h[i]![i] = (moved([i, step]) - 2 * middle + moved([i, -step])) / (step * step)
    for (let j = 0; j < i; j++) {
      const same = moved([i, step], [j, step]) + moved([i, -step], [j, -step])
      const across = moved([i, step], [j, -step]) + moved([i, -step], [j, step])
      h[i]![j] = (same - across) / (4 * step * step)
      h[j]![i] = h[i]![j]!
    }
  }
  return h
}

export const gradient = (f: F, x: Point, step = GRADIENT_STEP): number[] =>
  x.map((v, i) => (f(x.with(i, v + step)) - f(x.with(i, v - step))) / (2 * step))

/** L with L Lᵀ = the matrix; null when that is not positive definite (or not finite): no bottom lies here. */
const cholesky = (matrix: readonly Point[]): number[][] | null => {
  const n = matrix.length
  const lower = Array.from({ length: n }, () => new Array<number>(n).fill(0))
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i]![j]!
      for (let k = 0; k < j; k++) rest -= lower[i]![k]! * lower[j]![k]!
      if (i !== j) lower[i]![j] = rest / lower[j]![j]!
      else if (rest > 1e-12 * Math.abs(matrix[i]![i]!)) lower[i]![i] = Math.sqrt(rest)
      else return null
    }
  return lower
}

const solve = (lower: readonly Point[], right: Point): number[] => {
  const n = right.length
  const y = [...right]
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) y[i]! -= lower[i]![k]! * y[k]!
    y[i]! /= lower[i]![i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) y[i]! -= lower[k]![i]! * y[k]!
    y[i]! /= lower[i]![i]!
  }
  return y
}

/** The inverse of a symmetric positive definite matrix; null when it is not one. */
export const inverse = (matrix: readonly Point[]): number[][] | null => {
  const lower = cholesky(matrix)
  return (
    lower &&
    matrix.map((_, i) =>
      solve(
        lower,
        matrix.map((_, j) => (i === j ? 1 : 0)),
      ),
    )
  )
}

export interface Bottom {
  readonly x: number[]
  readonly value: number
  /** Of the estimates x, when f is minus a log-likelihood; null when f is not curved upwards in all directions. */
  readonly covariance: number[][] | null
}

/**
 * From a point near a bottom to it. Ends where a step would gain less than 1e-10 (f has no unit: a log-likelihood), where no
 * step goes down, or where f is not curved upwards.
 */
export const settle = (f: F, start: Point, rounds = 20): Bottom => {
  let x = [...start]
  let value = f(x)
  for (let round = 0; ; round++) {
    const curved = hessian(f, x)
    const lower = cholesky(curved)
    if (!lower) return { x, value, covariance: null }
    const slope = gradient(f, x)
    const step = solve(lower, slope)
    const gain = step.reduce((sum, s, i) => sum + s * slope[i]!, 0) / 2
    if (round >= rounds || !(gain > 1e-10)) return { x, value, covariance: inverse(curved) }
    let scale = 1
    let next = x
    let lowest = value
    for (; scale > 1e-3; scale /= 2) {
      next = x.map((v, i) => v - scale * step[i]!)
      lowest = f(next)
      if (lowest < value) break
    }
    if (!(lowest < value)) return { x, value, covariance: inverse(curved) }
    x = next
    value = lowest
  }
}
