/** Channel credit: what each model gives each channel, always the same money in all. */
import type { ChannelsPanel } from '../../server/board/board.ts'
import { credits_config, make_picture } from '../charts.ts'
import { as_table, make, make_choice, make_row, make_table, open_body, put } from '../dom.ts'
import { make_figure } from '../figure.ts'
import {
  amount_text,
  count_text,
  type MoneyFormat,
  percent_text,
  return_ratio_text,
  words_text,
} from '../format.ts'
import { series_name } from '../theme.ts'
import type { PanelView } from './panel.ts'

const MODEL_FIRST = 'position_based'

/** Channels by the money that passed them under any model, so that colours do not jump between models. */
const channels_of = ({ credits }: ChannelsPanel): string[] => {
  const weights = new Map<string, number>()
  for (const { channel, credit_minor } of credits)
    weights.set(channel, (weights.get(channel) ?? 0) + credit_minor)
  return [...weights].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([channel]) => channel)
}

interface Rows {
  readonly rows: readonly ChannelsPanel['credits'][number][]
  readonly credit: number
  readonly conversions: number
  readonly cost: number
}
const rows_of = (panel: ChannelsPanel, model: string): Rows => {
  const rows = panel.credits
    .filter(row => row.model === model)
    .sort((a, b) => b.credit_minor - a.credit_minor)
  const sum = (pick: (row: ChannelsPanel['credits'][number]) => number) =>
    rows.reduce((all, row) => all + pick(row), 0)
  return {
    rows,
    credit: sum(row => row.credit_minor),
    conversions: sum(row => row.conversions),
    cost: sum(row => row.cost_minor),
  }
}

const return_text = (credit: number, cost: number): string =>
  cost > 0 ? `${return_ratio_text(credit / cost)}×` : '–'

/** Conversions of customers of whom no touch is known. */
const channel_text = (channel: string): string => (channel === 'none' ? 'No touch' : words_text(channel))

const name_cell = (channel: string, at: number): HTMLElement =>
  make(
    'span',
    {},
    make('span', { class: `swatch ${series_name(at)}`, 'aria-hidden': 'true' }),
    channel_text(channel),
  )

export const channels_view = (): PanelView => {
  const body = open_body('channels')
  const total = make_figure('Credited, 30 days', 'channels')
  const chart = make_picture('credits')
  const headings = ['Channel', 'Credit#', 'Share#', 'Conversions#', 'Cost#', 'Return#']
  const table = make_table('Credit by channel', headings)
  const models = make_table('Credit of every channel under every model', [])
  const none = make(
    'p',
    { class: 'none' },
    'No conversion in the last 30 days. Credit needs touchpoints and a payment of the same customer.',
  )
  let shown: { panel: ChannelsPanel; money: MoneyFormat } | null = null
  const choice = make_choice('model', 'Attribution model', () => shown && draw(shown.panel, shown.money))
  const content = make('div', {}, choice.element, chart.element, table.element, as_table(models))
  body.append(make('dl', { class: 'figures' }, total.element), content, none)

  const draw_models = (panel: ChannelsPanel, channels: readonly string[], money: MoneyFormat) => {
    const heads = ['Model', ...channels.map(channel_text), 'Sum'].map((text, at) =>
      make('th', { scope: 'col', class: at > 0 ? 'number' : null }, text),
    )
    models.element.querySelector('thead')?.replaceChildren(make('tr', {}, ...heads))
    models.body.replaceChildren(
      ...panel.models.map(model => {
        const { rows, credit } = rows_of(panel, model)
        const of_channel = (channel: string) => rows.find(row => row.channel === channel)?.credit_minor ?? 0
        return make_row(
          words_text(model),
          ...channels.map(channel => [money.full(of_channel(channel))] as const),
          [money.full(credit)],
        )
      }),
    )
  }
  const draw = (panel: ChannelsPanel, money: MoneyFormat) => {
    const first = panel.models.includes(MODEL_FIRST) ? MODEL_FIRST : (panel.models[0] ?? '')
    const model = choice.offer(
      panel.models.map(value => ({ value, label: words_text(value) })),
      first,
    )
    const channels = channels_of(panel)
    const { rows, credit, conversions, cost } = rows_of(panel, model)
    const sums = credit === panel.total_minor
    const words = `Bars: ${money.full(panel.total_minor)} shared among ${channels.length} channels under ${panel.models.length} models.`
    chart.element.style.blockSize = `${panel.models.length * 30 + 34}px`
    chart.draw(credits_config(panel, channels, model, money), `${words} The tables below say the same.`)
    put(table.caption, `Credit by channel, ${words_text(model)}`)
    table.body.replaceChildren(
      ...rows.map(row =>
        make_row(
          name_cell(row.channel, channels.indexOf(row.channel)),
          [money.full(row.credit_minor)],
          [panel.total_minor > 0 ? percent_text(row.credit_minor / panel.total_minor) : '–'],
          [amount_text(row.conversions)],
          [money.full(row.cost_minor)],
          [return_text(row.credit_minor, row.cost_minor)],
        ),
      ),
    )
    const agree = make(
      'span',
      { class: 'sum-mark', 'data-kind': sums ? 'exact' : 'differs' },
      sums ? '= total' : `≠ ${money.full(panel.total_minor)}`,
    )
    table.foot.replaceChildren(
      make_row(
        make('span', {}, 'Sum ', agree),
        [money.full(credit)],
        [sums && credit > 0 ? percent_text(1) : '–'],
        [amount_text(conversions)],
        [money.full(cost)],
        [return_text(credit, cost)],
      ),
    )
    draw_models(panel, channels, money)
  }
  return {
    show: ({ channels: panel }, money) => {
      shown = { panel, money }
      const empty = panel.credits.length === 0
      content.hidden = empty
      none.hidden = !empty
      total.set(
        money.full(panel.total_minor),
        `lookback ${count_text(panel.lookback_days)} days, half-life ${count_text(panel.half_life_days)} days`,
      )
      if (!empty) draw(panel, money)
    },
  }
}
