/** Revenue today: how much, against yesterday and the usual, and where it is going this hour, week and month. */
import type { RevenuePanel } from '../../server/board/board.ts'
import { hours_config, make_picture, minutes_config } from '../charts.ts'
import { as_table, flash, hidden_text, is_quiet, make, make_row, make_table, open_body, put } from '../dom.ts'
import { make_figure } from '../figure.ts'
import { change_text, count_text, hour_text, type MoneyFormat, time_text } from '../format.ts'
import { make_mark, now_ms } from '../marks.ts'
import type { PanelView } from './panel.ts'

/** The number is set in three sizes, its text stays whole for readers and for the clipboard. */
const big_number = () => {
  const head = make('span')
  const fraction = make('span', { class: 'fraction' })
  const tail = make('span')
  const value = make('span', { class: 'value', id: 'revenue-today' }, head, fraction, tail)
  const change = make('span', { class: 'change' })
  const more = make('span')
  const than = make('span', { class: 'note' })
  const moved = make('span', { class: 'moved', 'aria-hidden': 'true' })
  let before: number | null = null
  return {
    element: make(
      'div',
      { class: 'figure today' },
      make('dt', {}, 'Today ', moved),
      make(
        'dd',
        {},
        make('span', { class: 'amount' }, value, make_mark('revenue')),
        make('span', { class: 'versus' }, change, ' ', more, than),
      ),
    ),
    set: (panel: RevenuePanel, money: MoneyFormat) => {
      const parts = money.parts(panel.today_minor)
      put(head, parts.head)
      put(fraction, parts.fraction)
      put(tail, parts.tail)
      if (is_quiet()) put(moved, '')
      else if (before !== null && before !== panel.today_minor) {
        put(moved, money.signed(panel.today_minor - before))
        flash(moved)
      }
      before = panel.today_minor
      const difference = panel.today_minor - panel.yesterday_so_far_minor
      const ratio = change_text(panel.today_minor, panel.yesterday_so_far_minor)
      change.dataset.kind = difference > 0 ? 'up' : difference < 0 ? 'down' : 'same'
      const arrow = difference > 0 ? '▲' : difference < 0 ? '▼' : '＝'
      put(change, ratio ? `${arrow} ${ratio}` : '')
      put(more, difference === 0 ? '' : money.signed(difference))
      put(than, `yesterday at this time ${money.full(panel.yesterday_so_far_minor)}`)
    },
  }
}

const hours_words = (panel: RevenuePanel, money: MoneyFormat): string =>
  `Columns: net revenue of today by hour, ${money.full(panel.today_minor)} so far, ` +
  'beside the usual of the same hour as a dashed line. The table below says the same.'

export const revenue_view = (): PanelView => {
  const body = open_body('revenue')
  const today = big_number()
  const hour = make_figure('Last hour', 'revenue')
  const week = make_figure('Week', 'revenue')
  const month = make_figure('Month', 'revenue')
  const payments = make_figure('Payments today', 'revenue')
  const spark = make_picture('spark')
  const chart = make_picture('hours')
  const table = make_table('Net revenue by hour of today (UTC) and the usual of that hour', [
    'Hour',
    'Today#',
    'Usual#',
  ])
  const minutes = make_table('Net revenue of the last hour in steps of five minutes', ['From (UTC)', 'Net#'])
  hour.element.append(spark.element)
  body.append(
    make(
      'div',
      { class: 'revenue-grid' },
      make(
        'dl',
        { class: 'figures' },
        today.element,
        hour.element,
        week.element,
        month.element,
        payments.element,
      ),
      make(
        'figure',
        {},
        make(
          'figcaption',
          { class: 'legend' },
          make('span', { class: 'key column' }, 'Today by hour, UTC'),
          make('span', { class: 'key dashed' }, 'Usual: mean of four same weekdays'),
        ),
        chart.element,
        as_table(table),
        make(
          'details',
          { class: 'as-table second' },
          make('summary', {}, 'Last hour', hidden_text(' as table')),
          minutes.element,
        ),
      ),
    ),
  )
  return {
    show: ({ revenue }, money) => {
      today.set(revenue, money)
      hour.set(money.full(revenue.hour_minor))
      week.set(money.full(revenue.week_minor))
      month.set(money.full(revenue.month_minor))
      payments.set(count_text(revenue.payments_today))
      spark.draw(
        minutes_config(revenue.minutes, money),
        `Line: the last hour, ${money.full(revenue.hour_minor)} in all`,
      )
      chart.draw(
        hours_config(revenue.hours, new Date(now_ms()).getUTCHours(), money),
        hours_words(revenue, money),
      )
      const or_none = (minor: number | null) => [minor === null ? '–' : money.full(minor)] as const
      table.body.replaceChildren(
        ...revenue.hours.map(row =>
          make_row(hour_text(row.hour), or_none(row.net_minor), or_none(row.usual_minor)),
        ),
      )
      minutes.body.replaceChildren(
        ...revenue.minutes.map(({ at, net_minor }) =>
          make_row(time_text(Date.parse(at)), [money.full(net_minor)]),
        ),
      )
    },
  }
}
