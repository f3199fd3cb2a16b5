/**
 * Decides: what is learned from one more word of a buyer about a decision: whether it takes such leads, whether they convert, what
 *   they bring it.
 * Because: a first word and one change of mind are what an honest buyer has to say of a lead; words beyond that would let one
 *   who alternates move what is known of everybody, without bound. A return takes back what was counted of the lead.
 * Keeps: nothing itself: the word that counts stands in the decision's record, what is learned in the model and the book.
 * When late: as of when it comes. Twice: the same word again teaches nothing. Missing: without an amount in the decision's
 *   currency a lead is worth its price.
 * Limits: an answer that was learned from cannot be taken back, only be followed by the other one.
 */
import type { LeadFeedback } from '../../schemas/types.ts'
import { learn_acceptance, type Model } from './acceptance.ts'
import { acceptance_case } from './acceptance-row.ts'
import type { Answer } from './answer-shares.ts'
import type { Book } from './buyer-book.ts'
import { learn_conversion, learn_value } from './buyer-value.ts'
import { is_amount } from './price-terms.ts'
import type { Attempt, RoutedLead } from './route-rows.ts'

export interface Learned {
  readonly model: Model | null
  readonly book: Book
  readonly attempt: Attempt
  /** The word as it was learned from; null where it was not. */
  readonly counted: Answer | null
}
type Word = Pick<LeadFeedback, 'outcome' | 'amount_minor' | 'currency'>

export const answer_of = ({ outcome }: Pick<LeadFeedback, 'outcome'>): Answer =>
  outcome === 'accepted' || outcome === 'converted' ? 'accepted' : 'rejected'

/** `lead` as it was decided; `prior`: Buyer.acceptance_prior. */
export const learn_word = (
  word: Word,
  lead: RoutedLead,
  before: Attempt,
  known: { readonly model: Model | null; readonly book: Book },
  at_ms: number,
  prior?: number,
): Learned => {
  const answer = answer_of(word)
  const is_first = before.answer === ''
  const counts = is_first || (before.answer !== answer && !before.reversed)
  let { model, book } = known
  let attempt = before
  if (counts) {
    const of = acceptance_case(lead, before.buyer_tier, before.price_minor, before.usual_price_minor)
    const learned = learn_acceptance(model, book, of, answer, at_ms, prior)
    model = learned.model
    book = learned.book
    attempt = { ...attempt, answer, reversed: !is_first }
  }
  const gives_back = answer === 'rejected'
  const takes = !gives_back && attempt.answer === 'accepted'
  const converts = takes && word.outcome === 'converted' && attempt.conversion === ''
  const told = told_amount(word, before)
  if (counts && takes) [book, attempt] = valued(book, attempt, told ?? before.price_minor, at_ms)
  else if (converts && told !== null) [book, attempt] = valued(book, attempt, told, at_ms)
  else if (gives_back && attempt.value_minor !== null) [book, attempt] = valued(book, attempt, null, at_ms)
  if (converts) {
    book = { ...book, ...learn_conversion(book, 1, at_ms) }
    attempt = { ...attempt, conversion: 'counted' }
  } else if (gives_back && attempt.conversion === 'counted') {
    book = { ...book, ...learn_conversion(book, -1, at_ms, before.decided_ms) }
    attempt = { ...attempt, conversion: 'withdrawn' }
  }
  return { model, book, attempt, counted: counts ? answer : null }
}

/** What the buyer says the lead brought it, as far as that can be meant of this decision. */
const told_amount = ({ amount_minor, currency }: Word, attempt: Attempt): number | null =>
  is_amount(amount_minor) && (currency === null || currency === attempt.currency) ? amount_minor : null

const valued = (
  book: Book,
  attempt: Attempt,
  value_minor: number | null,
  at_ms: number,
): [book: Book, attempt: Attempt] => {
  const { currency, decided_ms, value_minor: before } = attempt
  return [
    { ...book, ...learn_value(book, before, value_minor, currency, at_ms, decided_ms) },
    { ...attempt, value_minor },
  ]
}
