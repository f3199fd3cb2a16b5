/**
 * How good probabilities of a yes are: whether they put the yeses first (AUC, average precision, lift) and whether they mean what
 * they say (Brier 1950, log loss, expected calibration error over bins of equal width: Naeini et al. 2015). Arrays of one number
 * a case: `probabilities` 0 to 1, `outcomes` 0 or 1. Of no case, or of one kind of outcome only where both are compared, NaN.
 */

type Numbers = ArrayLike<number>

/** Probability that a yes is rated above a no, ties half (Mann and Whitney 1947). n log n. */
export const auc = (scores: Numbers, outcomes: Numbers): number => {
  const order = by_score(scores)
  let yes = 0
  let rank_sum = 0
  for (let i = 0; i < order.length; ) {
    let end = i
    while (end < order.length && scores[order[end]!] === scores[order[i]!]) end++
    // Ranks i + 1 … end, worst first, of which each of equals has the mean.
    const rank = order.length - (i + end - 1) / 2
    for (; i < end; i++)
      if (outcomes[order[i]!]! > 0.5) {
        yes++
        rank_sum += rank
      }
  }
  const no = order.length - yes
  return yes * no === 0 ? Number.NaN : (rank_sum - (yes * (yes + 1)) / 2) / (yes * no)
}

/** Mean squared distance of probability and outcome. */
export const brier = (probabilities: Numbers, outcomes: Numbers): number =>
  mean(probabilities.length, i => (probabilities[i]! - outcomes[i]!) ** 2)

/** Least probability that anything is given, so that one certain error does not cost everything. */
const LEAST = 1e-15

/** Mean of -log of the probability that was given to what came. */
export const log_loss = (probabilities: Numbers, outcomes: Numbers): number =>
  mean(probabilities.length, i => log_cost(probabilities[i]!, outcomes[i]!))

export const log_cost = (probability: number, outcome: number): number =>
  -Math.log(Math.max(LEAST, outcome > 0.5 ? probability : 1 - probability))

export interface CalibrationBin {
  readonly n: number
  readonly mean_probability: number
  readonly rate: number
}

/** Bins (k / bins, (k + 1) / bins], the first with 0; empty ones are left out. */
export const calibration_bins = (
  probabilities: Numbers,
  outcomes: Numbers,
  bins: number,
): CalibrationBin[] => {
  const sums = Array.from({ length: bins }, () => ({ n: 0, said: 0, came: 0 }))
  for (let i = 0; i < probabilities.length; i++) {
    const at = Math.ceil(probabilities[i]! * bins) - 1
    const bin = sums[Math.min(bins - 1, Math.max(0, at))]!
    bin.n++
    bin.said += probabilities[i]!
    bin.came += outcomes[i]!
  }
  return sums
    .filter(({ n }) => n > 0)
    .map(({ n, said, came }) => ({ n, mean_probability: said / n, rate: came / n }))
}

/** Mean distance of what a bin's cases were given and what came, each bin by its cases. */
export const calibration_error = (probabilities: Numbers, outcomes: Numbers, bins = 10): number => {
  const parts = calibration_bins(probabilities, outcomes, bins)
  return mean(parts.length, i => {
    const { n, mean_probability, rate } = parts[i]!
    return (n * parts.length * Math.abs(mean_probability - rate)) / probabilities.length
  })
}

/** Mean over the yeses of the share of yeses among all rated as high: equals are taken together. */
export const average_precision = (scores: Numbers, outcomes: Numbers): number => {
  const order = by_score(scores)
  let yes = 0
  let sum = 0
  for (let i = 0; i < order.length; ) {
    const before = yes
    const score = scores[order[i]!]
    for (; i < order.length && scores[order[i]!] === score; i++) yes += outcomes[order[i]!]!
    sum += (yes - before) * (yes / i)
  }
  return sum / yes
}

/** Share of all yeses that are among the best `share` of cases (rounded up; of equals the earlier go first). */
export const share_reached = (scores: Numbers, outcomes: Numbers, share: number): number => {
  const order = by_score(scores)
  const taken = order.slice(0, Math.ceil(order.length * share))
  const sum = (cases: readonly number[]): number => cases.reduce((all, i) => all + outcomes[i]!, 0)
  return sum(taken) / sum(order)
}

/** How many times as many yeses the best `share` of cases holds as cases taken blindly. */
export const lift = (scores: Numbers, outcomes: Numbers, share: number): number =>
  share_reached(scores, outcomes, share) * (scores.length / Math.ceil(scores.length * share))

/** Indexes, best score first, equals as they came. */
const by_score = (scores: Numbers): number[] =>
  Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b)

const mean = (n: number, term: (i: number) => number): number => {
  let sum = 0
  for (let i = 0; i < n; i++) sum += term(i)
  return sum / n
}
