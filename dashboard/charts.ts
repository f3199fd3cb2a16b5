/** The drawings. Each has a table beside it that says the same, so a canvas is only its picture. */
import type { ChartConfiguration, ChartOptions, Chart as ChartType } from 'chart.js'
import type { ChannelsPanel, RevenuePanel } from '../server/board/board.ts'
import { make } from './dom.ts'
import { day_text, hour_text, type MoneyFormat, time_text, week_day_text, words_text } from './format.ts'
import { colour, series_name } from './theme.ts'

/** Loaded by the page before the modules. */
declare const Chart: typeof ChartType

export interface Picture {
  readonly element: HTMLElement
  /** Draws anew, and says in words what is to be seen. */
  readonly draw: (config: ChartConfiguration, words: string) => void
}

export const make_picture = (kind: string): Picture => {
  const canvas = make('canvas', { role: 'img' })
  let chart: ChartType | null = null
  return {
    element: make('div', { class: `chart ${kind}` }, canvas),
    draw: (config, words) => {
      canvas.setAttribute('aria-label', words)
      if (!chart) {
        chart = new Chart(canvas, config)
        return
      }
      chart.data = config.data
      if (config.options) chart.options = config.options
      chart.update('none')
    },
  }
}

const font = () => ({ family: getComputedStyle(document.body).fontFamily, size: 11 })

const ink = () => ({ color: colour('ink-soft'), font: font() })
const grid = () => ({ color: colour('rule'), drawTicks: false })
const tooltip = () => ({
  backgroundColor: colour('ink'),
  titleColor: colour('paper'),
  bodyColor: colour('paper'),
  titleFont: font(),
  bodyFont: font(),
  cornerRadius: 2,
  padding: 8,
  boxPadding: 4,
})

/** What all have in common: no animation (numbers move often, motion would never end), own legend. */
const base = (money: MoneyFormat): ChartOptions => ({
  animation: false,
  responsive: true,
  maintainAspectRatio: false,
  interaction: { mode: 'index', intersect: false },
  plugins: {
    legend: { display: false },
    tooltip: {
      ...tooltip(),
      filter: item => item.raw !== null && !item.dataset.label?.startsWith('~'),
      callbacks: { label: item => `${item.dataset.label ?? ''}: ${money.full(Number(item.raw))}` },
    },
  },
})

const money_axis = (money: MoneyFormat) => ({
  border: { display: false },
  grid: grid(),
  ticks: {
    ...ink(),
    maxTicksLimit: 5,
    padding: 6,
    callback: (value: string | number) => money.compact(Number(value)),
  },
})
const label_axis = (most: number) => ({
  border: { color: colour('ink-faint') },
  grid: { display: false },
  ticks: { ...ink(), autoSkip: true, maxTicksLimit: most, maxRotation: 0 },
})

/** An axis over nothing needs some length, in minor units. */
const EMPTY_AXIS = 1000

/** Today by hour as columns, the usual as a step above them; the hour that still runs is lighter. */
export const hours_config = (
  hours: RevenuePanel['hours'],
  running_hour: number,
  money: MoneyFormat,
): ChartConfiguration => ({
  type: 'bar',
  data: {
    labels: hours.map(({ hour }) => hour_text(hour)),
    datasets: [
      {
        type: 'line',
        label: 'Usual',
        data: hours.map(({ usual_minor }) => usual_minor),
        stepped: 'middle',
        borderColor: colour('ink-soft'),
        borderWidth: 1.5,
        borderDash: [4, 3],
        pointRadius: 0,
      },
      {
        type: 'bar',
        label: 'Today',
        data: hours.map(({ net_minor }) => net_minor),
        backgroundColor: hours.map(({ hour }) => colour('accent', hour === running_hour ? 0.5 : 1)),
        borderColor: colour('accent'),
        borderWidth: hours.map(({ hour }) => (hour === running_hour ? 1 : 0)),
        categoryPercentage: 0.86,
        barPercentage: 1,
      },
    ],
  },
  options: {
    ...base(money),
    scales: { x: label_axis(13), y: { ...money_axis(money), beginAtZero: true, suggestedMax: EMPTY_AXIS } },
  },
})

/** The last hour in buckets, as a line without axes. */
export const minutes_config = (minutes: RevenuePanel['minutes'], money: MoneyFormat): ChartConfiguration => ({
  type: 'line',
  data: {
    labels: minutes.map(({ at }) => time_text(Date.parse(at)).replace(/:\d\d(?=\D*$)/, '')),
    datasets: [
      {
        label: 'Five minutes',
        data: minutes.map(({ net_minor }) => net_minor),
        borderColor: colour('accent'),
        backgroundColor: colour('accent', 0.14),
        borderWidth: 1.5,
        fill: 'origin',
        pointRadius: minutes.map((_, at) => (at === minutes.length - 1 ? 2.5 : 0)),
        pointBackgroundColor: colour('accent'),
        tension: 0.25,
      },
    ],
  },
  options: {
    ...base(money),
    layout: { padding: 3 },
    scales: { x: { display: false }, y: { display: false, beginAtZero: true } },
  },
})

/** One bar per model, all of one length, cut by channel: what the models disagree about is where the cuts lie. */
export const credits_config = (
  panel: ChannelsPanel,
  channels: readonly string[],
  chosen: string,
  money: MoneyFormat,
): ChartConfiguration => ({
  type: 'bar',
  data: {
    labels: panel.models.map(words_text),
    datasets: channels.map((channel, at) => ({
      label: channel,
      data: panel.models.map(
        model => panel.credits.find(row => row.model === model && row.channel === channel)?.credit_minor ?? 0,
      ),
      backgroundColor: panel.models.map(model => colour(series_name(at), model === chosen ? 1 : 0.55)),
      borderColor: colour('sheet'),
      borderWidth: { left: 0, right: 1.5, top: 0, bottom: 0 },
      borderSkipped: false,
      categoryPercentage: 0.9,
      barPercentage: 0.86,
    })),
  },
  options: {
    ...base(money),
    indexAxis: 'y',
    interaction: { mode: 'nearest', intersect: true, axis: 'xy' },
    scales: {
      x: {
        ...money_axis(money),
        grid: { display: false },
        stacked: true,
        max: Math.max(panel.total_minor, 1),
      },
      y: { ...label_axis(20), stacked: true, border: { display: false } },
    },
  },
})

export interface Outlook {
  readonly history: readonly { readonly day: string; readonly net_minor: number }[]
  readonly days: readonly {
    readonly day: string
    readonly value_minor: number
    readonly lower_minor: number
    readonly upper_minor: number
  }[]
}

const HISTORY_DAYS = 56

/** What was, what is expected, and the band it is expected in. The line goes on from the last known day. */
export const forecast_config = ({ history, days }: Outlook, money: MoneyFormat): ChartConfiguration => {
  const past = history.slice(-HISTORY_DAYS)
  const last = past.at(-1)
  const gap = past.slice(0, -1).map(() => null)
  const from_last = (pick: (day: Outlook['days'][number]) => number): (number | null)[] =>
    last ? [...gap, last.net_minor, ...days.map(pick)] : days.map(pick)
  const line = { pointRadius: 0, pointHitRadius: 8, tension: 0 }
  return {
    type: 'line',
    data: {
      labels: [...past, ...days].map(({ day }) => day_text(day)),
      datasets: [
        {
          ...line,
          label: 'Net revenue',
          data: past.map(({ net_minor }) => net_minor),
          borderColor: colour('ink'),
          borderWidth: 1.5,
        },
        {
          ...line,
          label: 'Forecast',
          data: from_last(day => day.value_minor),
          borderColor: colour('accent'),
          borderWidth: 2,
          borderDash: [5, 3],
        },
        {
          ...line,
          label: 'At least',
          data: from_last(day => day.lower_minor),
          borderColor: colour('accent', 0.5),
          borderWidth: 0.75,
        },
        {
          ...line,
          label: 'At most',
          data: from_last(day => day.upper_minor),
          borderColor: colour('accent', 0.5),
          borderWidth: 0.75,
          backgroundColor: colour('accent', 0.16),
          fill: '-1',
        },
      ],
    },
    options: {
      ...base(money),
      scales: { x: label_axis(8), y: money_axis(money) },
      plugins: {
        ...base(money).plugins,
        tooltip: {
          ...base(money).plugins?.tooltip,
          // Where the line starts from the last known day, the forecast is only that day again.
          filter: item => item.datasetIndex === 0 || item.dataIndex >= past.length,
          callbacks: {
            ...base(money).plugins?.tooltip?.callbacks,
            title: items => week_day_text([...past, ...days][items[0]?.dataIndex ?? 0]?.day ?? ''),
          },
        },
      },
    },
  }
}
