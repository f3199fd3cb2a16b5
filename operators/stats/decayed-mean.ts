/**
 * A mean in which each older value counts less by the factor 1 − share. Two are usual: `follow` starts from the first value,
 * which so keeps a weight that it does not deserve; a Decayed sum over its own weights does not.
 */
export const follow = (mean: number | null, value: number, share: number): number =>
  mean === null ? value : mean + share * (value - mean)

export interface Decayed {
  readonly sum: number
  readonly weight: number
}
export const no_decayed: Decayed = { sum: 0, weight: 0 }
export const add_decayed = ({ sum, weight }: Decayed, value: number, share: number): Decayed => ({
  sum: (1 - share) * sum + value,
  weight: (1 - share) * weight + 1,
})
export const decayed_mean = ({ sum, weight }: Decayed): number => sum / weight
