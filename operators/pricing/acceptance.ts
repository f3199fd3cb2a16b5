/**
 * Decides: how likely a buyer is to take a lead at a price, and how far its answers are believed, by the method that the policy names.
 * Because: pooled: what makes a lead good is learned from all buyers' answers at once, with a level for each buyer; in the
 *   simulated market (bench/market) it sells for more than a share per buyer and quality does. As long as few have answered, those
 *   shares, drawn towards the buyer's prior, count beside it: they are worth OF_SHARES answers. shares: them alone.
 * Keeps: nothing itself. The model is one slot of the tenant (acceptance), written only when it learns; a buyer's part is in
 *   its book.
 * When late: an answer counts when it comes. Twice: the router learns once per decision and word. Missing: without answers the prior.
 * Limits: both methods learn whichever decides, so that a policy may change its method at any time.
 */
import type { RoutingSlot } from '../../schemas/types.ts'
import {
  learn_pooled,
  new_pooled_model,
  type PooledModel,
  type PooledOptions,
  pooled_defaults,
  pooled_probability,
  trust_in,
} from '../stats/pooled-logistic.ts'
import { ACCEPTANCE_COLUMNS, type AcceptanceCase, acceptance_row } from './acceptance-row.ts'
import {
  type Answer,
  learn_answer,
  PRIOR,
  share_taken,
  type Tally,
  tally_of,
  trust,
} from './answer-shares.ts'

export type AcceptanceMethod = 'pooled' | 'shares'
export type Model = NonNullable<RoutingSlot['model']>
type Book = NonNullable<RoutingSlot['buyer']>

/** Answers of all buyers that the shares are worth beside the model. */
const OF_SHARES = 50
const rounded = (x: number): number => Math.round(x * 1e6) / 1e6

/** A buyer begins at the level by which its prior differs from that of all others. */
const options_of = (prior: number): PooledOptions =>
  prior === PRIOR ? pooled_defaults : { ...pooled_defaults, new_level: logit(prior) - logit(PRIOR) }
const logit = (share: number): number => {
  const inside = Math.min(0.999, Math.max(0.001, share))
  return Math.log(inside / (1 - inside))
}

/**
 * The probability (0 to 1, six decimals) that the buyer takes the lead at the price. `model`: null before the first answer of any
 * buyer; `prior`: Buyer.acceptance_prior, else PRIOR.
 */
export const acceptance = (
  method: AcceptanceMethod,
  model: PooledModel | null,
  book: Book,
  of: AcceptanceCase,
  at_ms: number,
  prior: number = PRIOR,
): number => {
  const share = share_taken(book, of.quality_tier, at_ms, prior)
  if (method === 'shares' || model === null) return share
  const learned = pooled_probability(model, book.source ?? undefined, acceptance_row(of), options_of(prior))
  return rounded((model.cases * learned + OF_SHARES * share) / (model.cases + OF_SHARES))
}

/** Model and book after one more answer. */
export const learn_acceptance = (
  model: PooledModel | null,
  book: Book,
  of: AcceptanceCase,
  answer: Answer,
  at_ms: number,
  prior: number = PRIOR,
): { readonly model: Model | null; readonly book: Book } => {
  const shares = { ...book, ...learn_answer(book, of.quality_tier, answer, at_ms) }
  const row = acceptance_row(of)
  if (!row.every(Number.isFinite)) return { model, book: shares }
  const options = options_of(prior)
  const before = model ?? new_pooled_model(ACCEPTANCE_COLUMNS, options)
  const outcome = answer === 'accepted' ? 1 : 0
  const learned = learn_pooled(before, book.source ?? undefined, row, outcome, options)
  return { model: learned.model, book: { ...shares, source: learned.source } }
}

/** 0 to 1, six decimals: how far the buyer's next answer is believed; `all` is the tally of all buyers. */
export const trusted = (
  method: AcceptanceMethod,
  model: PooledModel | null,
  book: Book,
  all: Tally,
): number => {
  if (method === 'pooled') return model === null ? 1 : rounded(trust_in(model, book.source ?? undefined))
  const own = tally_of(book)
  return trust(book, {
    accepted_count: Math.max(0, all.accepted_count - own.accepted_count),
    rejected_count: Math.max(0, all.rejected_count - own.rejected_count),
  })
}
