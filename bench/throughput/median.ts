/** The middle one; of an even number the mean of the middle two. NaN of none. */
export const median = (of: readonly number[]): number => {
  const sorted = of.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [below, at] = [sorted[middle - 1] ?? Number.NaN, sorted[middle] ?? Number.NaN]
  return sorted.length % 2 ? at : (below + at) / 2
}
