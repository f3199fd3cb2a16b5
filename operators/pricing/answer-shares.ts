/**
 * Decides: which share of a quality's leads a buyer takes, and how far its answers are believed.
 * Because: decayed counts per quality, drawn towards the buyer's own mean and that towards its prior, are the least that
 *   follows a buyer who changes its mind and says something of one who has hardly answered (empirical Bayes, as in a
 *   beta-binomial of fixed weight). Belief falls with the square of the deviation beyond three standard deviations.
 * Keeps: nothing itself; the counts are in the slot of each buyer (buyer-book.ts), for ever.
 * When late: an answer counts when it comes. Twice: the router asks once per decision. Missing: without answers the prior holds.
 * Limits: knows qualities, not single traits of a lead.
 */
import type { RoutingSlot } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'

/** What a buyer answered; counts are decayed, as of learned_ms. */
export type Answers = Pick<
  NonNullable<RoutingSlot['buyer']>,
  | 'learned_ms'
  | 'answers'
  | 'taken_count'
  | 'converted_count'
  | 'value_sum'
  | 'valued_count'
  | 'value_currency'
>
export interface AcceptanceMemory {
  /** What was known is worth half after so long without an answer, in ms. */
  readonly half_life_ms: number
  /** A new answer leaves 1 − 1/memory of the weight of those before it. */
  readonly memory: number
  /** Answers that the prior is worth, and those that the buyer's mean is worth against one quality's own. */
  readonly prior_weight: number
  readonly mean_weight: number
}
export const default_memory: AcceptanceMemory = {
  half_life_ms: days(14),
  memory: 50,
  prior_weight: 10,
  mean_weight: 10,
}

/** Share of leads that a buyer takes of whom nothing is known. */
export const PRIOR = 0.85
const MILLION = 1e6

export const NO_ANSWERS: Answers = {
  learned_ms: 0,
  answers: [],
  taken_count: 0,
  converted_count: 0,
  value_sum: 0,
  valued_count: 0,
  value_currency: '',
}

/**
 * The share (0 to 1, six decimals) of leads of a quality that the buyer takes, as of an instant.
 * `prior` is that of a buyer without answers: Buyer.acceptance_prior, else PRIOR.
 */
export const share_taken = (
  buyer: Answers,
  quality_tier: string,
  at_ms: number,
  prior: number = PRIOR,
  memory: AcceptanceMemory = default_memory,
): number => {
  const { prior_weight, mean_weight } = memory
  if (buyer.answers.length === 0) return Math.round(prior * MILLION) / MILLION
  const kept = left_of(buyer.learned_ms, at_ms, memory)
  let [taken, asked, taken_here, asked_here] = [0, 0, 0, 0]
  for (const each of buyer.answers) {
    taken += each.accepted_count
    asked += each.accepted_count + each.rejected_count
    if (each.quality_tier !== quality_tier) continue
    taken_here = each.accepted_count
    asked_here = each.accepted_count + each.rejected_count
  }
  const mean = (taken * kept + prior * prior_weight) / (asked * kept + prior_weight)
  const here = (taken_here * kept + mean * mean_weight) / (asked_here * kept + mean_weight)
  return Math.round(here * MILLION) / MILLION
}

export type Answer = 'accepted' | 'rejected'

/** The counts with one more answer. */
export const learn_answer = (
  buyer: Answers,
  quality_tier: string,
  answer: Answer,
  at_ms: number,
  memory: AcceptanceMemory = default_memory,
): Answers => {
  const known = faded(buyer, at_ms, memory)
  const kept = 1 - 1 / memory.memory
  const [accepted, rejected] = answer === 'accepted' ? [1, 0] : [0, 1]
  let found = false
  const answers = known.answers.map(each => {
    const here = each.quality_tier === quality_tier
    found ||= here
    return {
      quality_tier: each.quality_tier,
      accepted_count: each.accepted_count * kept + (here ? accepted : 0),
      rejected_count: each.rejected_count * kept + (here ? rejected : 0),
    }
  })
  if (!found) answers.push({ quality_tier, accepted_count: accepted, rejected_count: rejected })
  if (answer === 'rejected') return { ...known, answers }
  return {
    ...known,
    answers,
    taken_count: known.taken_count * kept + 1,
    converted_count: known.converted_count * kept,
    value_sum: known.value_sum * kept,
    valued_count: known.valued_count * kept,
  }
}

/** Of all buyers of a tenant, or of one. */
export interface Tally {
  readonly accepted_count: number
  readonly rejected_count: number
}

/** Buyers differ by so much (standard deviation of their shares) without anything being wrong. */
const BETWEEN_BUYERS = 0.15
const USUAL_DEVIATIONS = 3

/** 0 to 1, six decimals: how far one buyer's answers are believed, beside those of all others. 1 within what is usual. */
export const trust = (buyer: Answers, others: Tally): number => {
  const own = tally_of(buyer)
  const n = own.accepted_count + own.rejected_count
  const asked = others.accepted_count + others.rejected_count
  if (n === 0 || asked <= 0) return 1
  const share = Math.min(1, Math.max(0, others.accepted_count / asked))
  const deviation = Math.abs(own.accepted_count / n - share)
  // The share of the others is drawn half an answer towards one half: none at all is no certainty.
  const smooth = (share * asked + 0.5) / (asked + 1)
  const variance = BETWEEN_BUYERS ** 2 + (smooth * (1 - smooth)) / n
  const z = deviation / Math.sqrt(variance)
  return z <= USUAL_DEVIATIONS ? 1 : Math.round((USUAL_DEVIATIONS / z) ** 2 * MILLION) / MILLION
}

export const tally_of = ({ answers }: Answers): Tally => ({
  accepted_count: answers.reduce((sum, each) => sum + each.accepted_count, 0),
  rejected_count: answers.reduce((sum, each) => sum + each.rejected_count, 0),
})

/** What is known as time has left it. */
export const faded = (buyer: Answers, at_ms: number, memory: AcceptanceMemory): Answers => {
  const kept = left_of(buyer.learned_ms, at_ms, memory)
  return {
    learned_ms: Math.max(buyer.learned_ms, at_ms),
    answers: buyer.answers.map(({ quality_tier, accepted_count, rejected_count }) => ({
      quality_tier,
      accepted_count: accepted_count * kept,
      rejected_count: rejected_count * kept,
    })),
    taken_count: buyer.taken_count * kept,
    converted_count: buyer.converted_count * kept,
    value_sum: buyer.value_sum * kept,
    valued_count: buyer.valued_count * kept,
    value_currency: buyer.value_currency,
  }
}

/** What time has left of counts that were last changed at learned_ms. */
export const left_of = (learned_ms: number, at_ms: number, { half_life_ms }: AcceptanceMemory): number =>
  at_ms <= learned_ms ? 1 : 2 ** ((learned_ms - at_ms) / half_life_ms)
