/** Cells that tables of leads and buyers have in common. */
import type { ConversationsPanel } from '../server/board/board.ts'
import { make } from './dom.ts'
import { count_text, percent_text, words_text } from './format.ts'

export type Tier = keyof ConversationsPanel['tiers']
export const TIERS: readonly Tier[] = ['premium', 'standard', 'basic', 'unqualified']

/** Who it is, cut where it is long. */
export const customer_cell = (row: {
  readonly customer_id: string
  readonly conversation_id: string
}): HTMLElement => clipped(row.customer_id || row.conversation_id)

export const clipped = (text: string): HTMLElement => make('span', { class: 'clip', title: text }, text)

/** 0 to 1, or more where it is overfull, as a thin bar before a text. */
const bar_cell = (ratio: number, text: string, full: boolean): HTMLElement => {
  const fill = make('span', { class: full ? 'fill full' : 'fill' })
  fill.style.inlineSize = `${100 * Math.max(0, Math.min(1, ratio))}%`
  return make('span', { class: 'score' }, make('span', { class: 'track', 'aria-hidden': 'true' }, fill), text)
}

/** The score as a number with a thin bar; 0 to 100. */
export const score_cell = (score: number): HTMLElement =>
  bar_cell(score / 100, count_text(Math.round(score)), false)

/** A share with a thin bar, marked from `full` on. */
export const share_cell = (ratio: number, full = Number.POSITIVE_INFINITY): HTMLElement =>
  bar_cell(ratio, percent_text(ratio), ratio >= full)

export const tier_cell = (tier: string): HTMLElement =>
  make('span', { class: `tier ${TIERS.some(known => known === tier) ? tier : 'basic'}` }, words_text(tier))
