/** Forecast: what was, what each method expects, and how wrong that method has been on days it had not seen. */
import type { ForecastPanel } from '../../server/board/board.ts'
import { forecast_config, make_picture } from '../charts.ts'
import { as_table, make, make_choice, make_row, make_table, open_body, put } from '../dom.ts'
import { make_figure } from '../figure.ts'
import { count_text, day_text, type MoneyFormat, percent_text, week_day_text, words_text } from '../format.ts'
import type { PanelView } from './panel.ts'

type Method = ForecastPanel['methods'][number]

const label_of = ({ method, error_ratio, chosen }: Method): string =>
  `${words_text(method)}${error_ratio === null ? '' : ` ${percent_text(error_ratio)}`}${chosen ? ' ★' : ''}`

const error_text = (error_ratio: number | null): string =>
  error_ratio === null ? 'not measured yet' : `off by ${percent_text(error_ratio)} on average`

export const forecast_view = (): PanelView => {
  const body = open_body('forecast')
  const next = make_figure('Next full day', 'forecast')
  const sum = make_figure('All days ahead', 'forecast')
  const wrong = make_figure('Backtest error', 'forecast')
  const chart = make_picture('outlook')
  const band = make('span', { class: 'key band' }, 'Interval')
  const ahead = [
    make('span', { class: 'key expected' }, 'Expected'),
    band,
    make('span', {}, '★ all methods combined'),
  ]
  const table = make_table('Expected net revenue by day', ['Day', 'Expected#', 'At least#', 'At most#'])
  const past = make_table('Net revenue of complete days', ['Day', 'Net#'])
  const days_ahead = as_table(table)
  const none = make('p', { class: 'none' })
  let shown: { panel: ForecastPanel; money: MoneyFormat } | null = null
  const choice = make_choice('method', 'Forecast method', () => shown && draw(shown.panel, shown.money))
  const content = make(
    'div',
    { class: 'outlook-part' },
    choice.element,
    make(
      'figure',
      {},
      make(
        'figcaption',
        { class: 'legend' },
        make('span', { class: 'key line' }, 'Net revenue by day'),
        ...ahead,
      ),
      chart.element,
      make(
        'div',
        {},
        days_ahead,
        make(
          'details',
          { class: 'as-table second' },
          make('summary', {}, 'Past days as table'),
          past.element,
        ),
      ),
    ),
  )
  const figures = make('dl', { class: 'figures' }, next.element, sum.element, wrong.element)
  body.append(figures, none, content)

  const draw = (panel: ForecastPanel, money: MoneyFormat) => {
    const best = panel.methods.find(({ chosen }) => chosen) ?? panel.methods[0]
    if (!best) return
    const options = panel.methods.map(method => ({ value: method.method, label: label_of(method) }))
    const name = choice.offer(options, best.method)
    const method = panel.methods.find(({ method }) => method === name) ?? best
    const { days } = method
    const [first] = days
    if (first)
      next.set(
        money.whole(first.value_minor),
        `${day_text(first.day)}: ${money.whole(first.lower_minor)} to ${money.whole(first.upper_minor)}`,
      )
    sum.set(
      money.whole(days.reduce((all, day) => all + day.value_minor, 0)),
      `${count_text(days.length)} days`,
    )
    wrong.set(
      method.error_ratio === null ? '–' : percent_text(method.error_ratio),
      method.chosen ? 'all methods combined' : words_text(name).toLowerCase(),
    )
    put(band, `${percent_text(panel.interval_ratio)} interval`)
    const words = `Line: net revenue of ${panel.history.length} days and ${days.length} days expected by ${words_text(name)}, ${error_text(method.error_ratio)}.`
    chart.draw(
      forecast_config({ history: panel.history, days }, money),
      `${words} The tables below say the same.`,
    )
    put(table.caption, `Expected net revenue by day, ${words_text(name)}, ${error_text(method.error_ratio)}`)
    table.body.replaceChildren(
      ...days.map(day =>
        make_row(
          week_day_text(day.day),
          [money.full(day.value_minor)],
          [money.full(day.lower_minor)],
          [money.full(day.upper_minor)],
        ),
      ),
    )
  }
  /** Too few days for any method: what was is worth seeing all the same. */
  const draw_past = ({ history }: ForecastPanel, money: MoneyFormat) => {
    const words = `Line: net revenue of ${history.length} days, without a forecast. The table below says the same.`
    chart.draw(forecast_config({ history, days: [] }, money), words)
  }
  return {
    show: ({ forecast: panel }, money) => {
      shown = { panel, money }
      const empty = panel.methods.every(({ days }) => days.length === 0)
      const { history } = panel
      content.hidden = empty && history.length < 2
      for (const part of [figures, choice.element, days_ahead, ...ahead]) part.hidden = empty
      none.hidden = !empty
      const days = history.length === 1 ? 'day' : 'days'
      put(
        none,
        `No forecast yet: ${count_text(history.length)} complete ${days} of revenue. It is made at midnight (UTC), from two weeks on.`,
      )
      past.body.replaceChildren(
        ...history
          .toReversed()
          .map(({ day, net_minor }) => make_row(week_day_text(day), [money.full(net_minor)])),
      )
      if (!empty) draw(panel, money)
      else if (!content.hidden) draw_past(panel, money)
    },
  }
}
