/**
 * Solves A x = b for a dense square A: elimination with partial pivoting, once, then any number of right sides (Golub and Van
 * Loan, Matrix Computations, section 3.4). n³/3 multiplications to factor, n² a solve.
 */

export interface LinearSystem {
  readonly size: number
  /** x with A x = b; b (length `size`) is not changed. */
  solve(b: ArrayLike<number>): Float64Array
}

/** Below so small a part of its column's largest entry a pivot is rounding, not a number. */
const SINGULAR = 1e-14

/**
 * Factors A, given by rows, which are not changed. Throws RangeError when A is not square, not finite or singular (to rounding):
 * the message names the first column that the columns before it explain.
 */
export const factor_matrix = (rows: readonly ArrayLike<number>[]): LinearSystem => {
  const size = rows.length
  const lu = rows.map(row => {
    if (row.length !== size) throw new RangeError(`a row of ${row.length} in a matrix of ${size} rows`)
    return Float64Array.from(row)
  })
  const scales = column_scales(lu)
  const order = Int32Array.from({ length: size }, (_, i) => i)
  for (let k = 0; k < size; k++) {
    const best = pivot_row(lu, k)
    if (!(Math.abs(lu[best]![k]!) > SINGULAR * scales[k]!))
      throw new RangeError(`the matrix is singular: column ${k} follows from those before it`)
    swap(lu, k, best)
    swap(order, k, best)
    eliminate(lu, k)
  }
  return { size, solve: b => substitute(lu, order, b) }
}

const column_scales = (rows: readonly Float64Array[]): Float64Array => {
  const scales = new Float64Array(rows.length)
  for (const row of rows)
    for (const [j, value] of row.entries()) {
      if (!Number.isFinite(value)) throw new RangeError(`the matrix holds ${value}`)
      scales[j] = Math.max(scales[j]!, Math.abs(value))
    }
  return scales
}

const pivot_row = (lu: readonly Float64Array[], k: number): number => {
  let best = k
  for (let i = k + 1; i < lu.length; i++) if (Math.abs(lu[i]![k]!) > Math.abs(lu[best]![k]!)) best = i
  return best
}

const swap = <T>(list: { [i: number]: T }, i: number, j: number): void => {
  const kept = list[i]!
  list[i] = list[j]!
  list[j] = kept
}

/** Below row k column k becomes the factors of L; zeros cost nothing. */
const eliminate = (lu: readonly Float64Array[], k: number): void => {
  const size = lu.length
  const pivot = lu[k]!
  for (let i = k + 1; i < size; i++) {
    const row = lu[i]!
    if (row[k] === 0) continue
    const factor = row[k]! / pivot[k]!
    row[k] = factor
    for (let j = k + 1; j < size; j++) row[j]! -= factor * pivot[j]!
  }
}

const substitute = (lu: readonly Float64Array[], order: Int32Array, b: ArrayLike<number>): Float64Array => {
  const size = lu.length
  if (b.length !== size) throw new RangeError(`a right side of ${b.length} for a matrix of ${size} rows`)
  const x = Float64Array.from(order, i => b[i]!)
  for (let i = 0; i < size; i++) {
    const row = lu[i]!
    let sum = x[i]!
    for (let j = 0; j < i; j++) sum -= row[j]! * x[j]!
    x[i] = sum
  }
  for (let i = size - 1; i >= 0; i--) {
    const row = lu[i]!
    let sum = x[i]!
    for (let j = i + 1; j < size; j++) sum -= row[j]! * x[j]!
    x[i] = sum / row[i]!
  }
  return x
}
