/** How much each value resembles the one before it: lag-1 autocorrelation in one pass, on distances from the first value. */
export interface Neighbours {
  readonly n: number
  readonly origin: number
  readonly sum: number
  readonly squares: number
  /** Of each value with the one before. */
  readonly products: number
  readonly last: number
}
export const no_neighbours: Neighbours = { n: 0, origin: 0, sum: 0, squares: 0, products: 0, last: 0 }

export const add_neighbour = (of: Neighbours, value: number): Neighbours => {
  if (of.n === 0) return { ...no_neighbours, n: 1, origin: value }
  const x = value - of.origin
  return {
    n: of.n + 1,
    origin: of.origin,
    sum: of.sum + x,
    squares: of.squares + x * x,
    products: of.products + x * of.last,
    last: x,
  }
}

/** NaN of fewer than two values or of equal ones. */
export const autocorrelation = ({ n, sum, squares, products, last }: Neighbours): number => {
  const mean = sum / n
  // The first value is the origin, at zero: it is in no sum.
  return (products - mean * (2 * sum - last) + (n - 1) * mean * mean) / (squares - n * mean * mean)
}
