/**
 * Is there a trend (Mann 1945, Kendall 1975): pairs that rise less pairs that fall, in standard deviations of what
 * independent values give; ties are taken from the variance. Knows no distribution and no straight line.
 */
export const mann_kendall = (values: readonly number[]): number => {
  const n = values.length
  let score = 0
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) score += Math.sign((values[j] as number) - (values[i] as number))
  const ties = new Map<number, number>()
  for (const value of values) ties.set(value, (ties.get(value) ?? 0) + 1)
  let variance = n * (n - 1) * (2 * n + 5)
  for (const t of ties.values()) variance -= t * (t - 1) * (2 * t + 5)
  return variance <= 0 || score === 0 ? 0 : (score - Math.sign(score)) / Math.sqrt(variance / 18)
}
