/**
 * Isotonic regression: of all functions of a score that never fall, the one nearest to the outcomes (least squares, and for 0/1 outcomes
 * the likeliest too). Pool adjacent violators (Ayer et al. 1955; Barlow et al. 1972): neighbours that fall become one block of their
 * mean. n log n. As a calibration of probabilities: Zadrozny and Elkan 2002.
 */

/** Scores from … to, all given the mean outcome of their cases. */
export interface IsotonicBlock {
  readonly from: number
  readonly to: number
  /** Mean score of its cases. */
  readonly centre: number
  readonly value: number
  readonly weight: number
}

/** [score, value], rising in both. */
export type Curve = readonly (readonly [score: number, value: number])[]

/** Rising in score and value. Cases of one score are one case. Weights of 0 and below do not count. */
export const fit_isotonic = (
  scores: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  weights?: ArrayLike<number>,
): IsotonicBlock[] => {
  const order = Array.from({ length: scores.length }, (_, i) => i)
    .filter(i => (weights?.[i] ?? 1) > 0)
    .sort((a, b) => scores[a]! - scores[b]! || a - b)
  const blocks: IsotonicBlock[] = []
  for (const i of order) {
    const score = scores[i]!
    let block: IsotonicBlock = {
      from: score,
      to: score,
      centre: score,
      value: outcomes[i]!,
      weight: weights?.[i] ?? 1,
    }
    for (let last = blocks.at(-1); last && violates(last, block); last = blocks.at(-1)) {
      block = pooled(last, block)
      blocks.pop()
    }
    blocks.push(block)
  }
  return blocks
}

/** Equal values are one block too; equal scores must be. */
const violates = (low: IsotonicBlock, high: IsotonicBlock): boolean =>
  low.value >= high.value || low.to === high.from

const pooled = (low: IsotonicBlock, high: IsotonicBlock): IsotonicBlock => {
  const weight = low.weight + high.weight
  const mean = (a: number, b: number): number => (a * low.weight + b * high.weight) / weight
  return {
    from: low.from,
    to: high.to,
    centre: mean(low.centre, high.centre),
    value: mean(low.value, high.value),
    weight,
  }
}

/**
 * The blocks' values at their centres, to be joined by straight lines. Of few cases a block's own share is drawn to the overall one:
 * `prior` cases of that are added to each, so that none says never or always.
 */
export const curve_of = (blocks: readonly IsotonicBlock[], prior = 0): Curve => {
  const weight = blocks.reduce((sum, block) => sum + block.weight, 0)
  const overall = blocks.reduce((sum, block) => sum + block.weight * block.value, 0) / weight
  const drawn = blocks.map(block => ({
    ...block,
    value: (block.value * block.weight + overall * prior) / (block.weight + prior),
  }))
  // Drawn unequally, two blocks can have come to fall.
  const again = fit_isotonic(
    drawn.map(({ centre }) => centre),
    drawn.map(({ value }) => value),
    drawn.map(block => block.weight),
  )
  return again.map(({ centre, value }) => [centre, value] as const)
}

/** The line through the points; before the first and behind the last as there. NaN of no point. */
export const value_at = (curve: Curve, score: number): number => {
  const behind = curve.findIndex(([at]) => at >= score)
  if (behind < 0) return curve.at(-1)?.[1] ?? Number.NaN
  const [right, high] = curve[behind]!
  if (behind === 0 || right === score) return high
  const [left, low] = curve[behind - 1]!
  return low + ((high - low) * (score - left)) / (right - left)
}
