/**
 * What a share k of n says about the probability behind it: Wilson's score bound (1927), which holds its level for few
 * events too, unlike p ± z √(p (1 − p) / n).
 */
export const wilson_lower = (k: number, n: number, z: number): number => {
  if (n <= 0) return 0
  const p = k / n
  const centre = p + (z * z) / (2 * n)
  const half = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
  return Math.max(0, (centre - half) / (1 + (z * z) / n))
}
