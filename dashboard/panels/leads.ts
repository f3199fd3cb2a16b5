/** Leads: what became of those that were for sale today, and what the newest cost and why. */
import type { LeadsPanel } from '../../server/board/board.ts'
import { clipped, customer_cell, score_cell, tier_cell } from '../cells.ts'
import { age_of, flash, make, make_row, make_table, open_body } from '../dom.ts'
import { make_figure } from '../figure.ts'
import { count_text, type MoneyFormat, ratio_text, words_text } from '../format.ts'
import type { PanelView } from './panel.ts'

type Row = LeadsPanel['newest'][number]

/** 250 × 1.2 quality × 1.1 business hours: the first term is an amount. */
const terms_text = (terms: Row['terms'], money: MoneyFormat): string =>
  terms
    .map(({ term, ratio }) =>
      term === 'base' ? money.full(ratio) : `${ratio_text(ratio)} ${words_text(term).toLowerCase()}`,
    )
    .join(' × ')

const row_of = (row: Row, money: MoneyFormat): HTMLTableRowElement => {
  const or_none = (minor: number | null) => [minor === null ? '–' : money.full(minor)] as const
  const element = make_row(
    customer_cell(row),
    age_of(row.at),
    score_cell(row.total_score),
    tier_cell(row.quality_tier),
    make('span', { class: `step ${row.status}`, title: row.reason }, words_text(row.status)),
    row.buyer_id === null ? '–' : clipped(row.buyer_id),
    or_none(row.price_minor),
    or_none(row.expected_revenue_minor),
    row.price_minor === null ? '–' : terms_text(row.terms, money),
  )
  element.dataset.conversation = row.conversation_id
  return element
}

export const leads_view = (): PanelView => {
  const body = open_body('leads')
  const confirmed = make_figure('Sold today', 'leads')
  const reserved = make_figure('With a buyer', 'leads')
  const queued = make_figure('Waiting for hours', 'leads')
  const unsold = make_figure('Unsold', 'leads')
  reserved.note.textContent = 'reserved, not answered yet'
  const headings = [
    'Customer',
    'Age',
    'Score',
    'Tier',
    'Step',
    'Buyer',
    'Price#',
    'Expected#',
    'Base and what it is multiplied by',
  ]
  const table = make_table('Newest leads and their prices', headings, true)
  const none = make('p', { class: 'none' }, 'No lead has been offered yet: a conversation that qualifies is.')
  body.append(
    make('dl', { class: 'figures' }, confirmed.element, reserved.element, queued.element, unsold.element),
    table.element,
    none,
  )
  let before: ReadonlyMap<string, string> = new Map()
  return {
    show: ({ leads }, money) => {
      confirmed.set(count_text(leads.today.confirmed), `for ${money.full(leads.sold_minor)}`)
      reserved.set(count_text(leads.today.reserved))
      queued.set(count_text(leads.today.queued))
      unsold.set(count_text(leads.today.unsold))
      table.element.hidden = leads.newest.length === 0
      none.hidden = leads.newest.length > 0
      const rows = leads.newest.map(row => row_of(row, money))
      table.body.replaceChildren(...rows)
      const now = new Map<string, string>()
      for (const [at, row] of leads.newest.entries()) {
        const name = JSON.stringify([row.customer_id, row.conversation_id])
        const state = `${row.status} ${row.buyer_id} ${row.price_minor}`
        now.set(name, state)
        if (before.get(name) !== state && rows[at]) flash(rows[at])
      }
      before = now
    },
  }
}
