/** Buyers: how full each is, what it takes, and what it has paid. */
import type { BuyersPanel } from '../../server/board/board.ts'
import { clipped, share_cell } from '../cells.ts'
import { make, make_row, make_table, open_body } from '../dom.ts'
import { count_text, type MoneyFormat, words_text } from '../format.ts'
import type { PanelView } from './panel.ts'

type Row = BuyersPanel['rows'][number]

/** From here on the price surges (or the buffer is reached): marked. */
const FULL = 0.8

const use_of = ({ paused, capped, utilization_ratio }: Row) => {
  if (paused) return 'paused'
  if (utilization_ratio !== null) return share_cell(utilization_ratio, FULL)
  // Of one that the catalog names no more nothing is known.
  return capped === null ? '–' : 'no cap'
}

const row_of = (row: Row, money: MoneyFormat): HTMLTableRowElement =>
  make_row(
    clipped(row.buyer_id),
    words_text(row.tier),
    use_of(row),
    row.answers === 0 ? '–' : share_cell(row.accepted / row.answers),
    [count_text(row.leads)],
    [money.whole(row.revenue_minor)],
  )

export const buyers_view = (): PanelView => {
  const body = open_body('buyers')
  const headings = ['Buyer', 'Tier', 'Cap in use', 'Accepted', 'Leads#', 'Revenue#']
  const table = make_table(
    'Answers, leads and revenue of 30 days; caps as of the newest lead',
    headings,
    true,
  )
  const none = make('p', { class: 'none' }, 'No buyers yet: they are catalog entries of the kind buyers.')
  body.append(table.element, none)
  return {
    show: ({ buyers: { rows } }, money) => {
      table.element.hidden = rows.length === 0
      none.hidden = rows.length > 0
      table.body.replaceChildren(...rows.map(row => row_of(row, money)))
      const leads = rows.reduce((sum, row) => sum + row.leads, 0)
      const revenue = rows.reduce((sum, row) => sum + row.revenue_minor, 0)
      const total = make_row('All', '', '', '', [count_text(leads)], [money.whole(revenue)])
      table.foot.replaceChildren(...(rows.length > 1 ? [total] : []))
    },
  }
}
