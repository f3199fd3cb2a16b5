/** Conversations: how many, how good, and the newest with what they are worth. */
import type { ConversationsPanel } from '../../server/board/board.ts'
import { customer_cell, score_cell, TIERS, tier_cell } from '../cells.ts'
import { age_of, flash, make, make_row, make_table, open_body, put } from '../dom.ts'
import { make_figure } from '../figure.ts'
import { count_text, type MoneyFormat, percent_text, words_text } from '../format.ts'
import type { PanelView } from './panel.ts'

type Row = ConversationsPanel['newest'][number]

/** A bar in four shades of one colour with the counts written below, so that no shade has to be told apart. */
const tiers_bar = () => {
  const parts = TIERS.map(tier => {
    const count = make('strong', {}, '0')
    const share = make('span', { class: 'share' })
    return {
      tier,
      count,
      share,
      segment: make('span', { class: `segment ${tier}` }),
      entry: make(
        'li',
        {},
        make('span', { class: `swatch ${tier}`, 'aria-hidden': 'true' }),
        `${words_text(tier)} `,
        count,
        ' ',
        share,
      ),
    }
  })
  const bar = make(
    'div',
    { class: 'tiers-bar', 'aria-hidden': 'true' },
    ...parts.map(({ segment }) => segment),
  )
  const list = make(
    'ul',
    { class: 'tiers-list', 'aria-label': 'Leads scored today by tier' },
    ...parts.map(({ entry }) => entry),
  )
  return {
    element: make(
      'div',
      { class: 'tiers' },
      make('p', { class: 'label' }, 'Leads scored today by tier'),
      bar,
      list,
    ),
    set: (tiers: ConversationsPanel['tiers']) => {
      const total = TIERS.reduce((sum, tier) => sum + tiers[tier], 0)
      for (const { tier, count, share, segment } of parts) {
        put(count, count_text(tiers[tier]))
        put(share, total > 0 ? percent_text(tiers[tier] / total) : '')
        segment.style.flexGrow = String(tiers[tier])
        segment.hidden = tiers[tier] === 0
      }
      bar.classList.toggle('blank', total === 0)
    },
  }
}

const row_of = (row: Row, money: MoneyFormat): HTMLTableRowElement => {
  const or_none = (minor: number | null) => [minor === null ? '–' : money.full(minor)] as const
  const element = make_row(
    customer_cell(row),
    age_of(row.at),
    score_cell(row.total_score),
    tier_cell(row.quality_tier),
    or_none(row.price_minor),
    or_none(row.revenue_per_minute_minor),
    row.recommendation ? words_text(row.recommendation) : '–',
  )
  element.dataset.conversation = row.conversation_id
  return element
}

export const conversations_view = (): PanelView => {
  const body = open_body('conversations')
  const active = make_figure('Active now', 'conversations')
  const today = make_figure('Today', 'conversations')
  const tiers = tiers_bar()
  const headings = ['Customer', 'Age', 'Score', 'Tier', 'Price#', 'Revenue/min#', 'Recommendation']
  const table = make_table('Newest scored conversations', headings, true)
  const none = make(
    'p',
    { class: 'none' },
    'No conversation has been scored yet. They appear here within a second of their score.',
  )
  active.note.textContent = 'with an event in the last 30 min'
  body.append(
    make(
      'div',
      { class: 'conversations-top' },
      make('dl', { class: 'figures' }, active.element, today.element),
      tiers.element,
    ),
    table.element,
    none,
  )
  let before: ReadonlyMap<string, string> = new Map()
  return {
    show: ({ conversations }, money) => {
      active.set(count_text(conversations.active))
      today.set(count_text(conversations.today))
      tiers.set(conversations.tiers)
      const { newest } = conversations
      table.element.hidden = newest.length === 0
      none.hidden = newest.length > 0
      const rows = newest.map(row => row_of(row, money))
      table.body.replaceChildren(...rows)
      const now = new Map<string, string>()
      for (const [at, { customer_id, conversation_id, total_score, price_minor }] of newest.entries()) {
        const name = JSON.stringify([customer_id, conversation_id])
        const state = `${total_score} ${price_minor}`
        now.set(name, state)
        if (before.get(name) !== state && rows[at]) flash(rows[at])
      }
      before = now
    },
  }
}
