/** Alerts as they come, the newest on top; each is announced once to those who listen. */
import type { AlertRow } from '../../server/board/board.ts'
import { age_of, by_id, flash, is_quiet, make, open_body } from '../dom.ts'
import { make_figure } from '../figure.ts'
import { count_text, words_text } from '../format.ts'
import type { PanelView } from './panel.ts'

const SHAPES: Readonly<Record<AlertRow['severity'], string>> = {
  info: '○',
  low: '◇',
  medium: '◆',
  high: '▲',
  critical: '■',
}

/** Alerts remembered as announced. */
const SEEN_MAX = 500

const item_of = (row: AlertRow): HTMLLIElement => {
  const element = make(
    'li',
    { class: `alert ${row.severity} ${row.status}`, 'data-alert': row.event_id },
    make(
      'p',
      { class: 'alert-head' },
      make(
        'span',
        { class: 'severity' },
        make('span', { 'aria-hidden': 'true' }, `${SHAPES[row.severity] ?? '○'} `),
        words_text(row.severity),
      ),
      make('span', { class: 'status' }, row.status),
      age_of(row.at),
    ),
    make('h3', {}, row.title),
    make('p', { class: 'description' }, row.description),
  )
  if (row.suppressed > 0)
    element.append(
      make('p', { class: 'note' }, `${count_text(row.suppressed)} more were held back by the cooldown`),
    )
  return element
}

const say = (row: AlertRow): void => {
  const log = by_id('announce', HTMLElement)
  log.append(make('span', {}, `${words_text(row.severity)} alert ${row.status}: ${row.title}. `))
  // A log that grows all day is nothing to read back.
  while (log.children.length > 5) log.firstElementChild?.remove()
}

export const alerts_view = (): PanelView => {
  const body = open_body('alerts')
  const firing = make_figure('Firing', 'alerts')
  const list = make('ol', { class: 'alert-list', tabindex: 0, 'aria-label': 'Alerts, newest first' })
  const none = make('p', { class: 'none' }, 'Nothing has fired. Alerts appear here as they come.')
  body.append(make('dl', { class: 'figures' }, firing.element), list, none)
  let seen: ReadonlySet<string> = new Set()
  let drawn = ''
  return {
    show: ({ alerts }) => {
      firing.set(count_text(alerts.firing))
      firing.element.dataset.kind = alerts.firing > 0 ? 'firing' : 'calm'
      none.hidden = alerts.rows.length > 0
      list.hidden = alerts.rows.length === 0
      const wanted = JSON.stringify(alerts.rows)
      if (wanted === drawn) return
      drawn = wanted
      const items = alerts.rows.map(item_of)
      list.replaceChildren(...items)
      for (const [at, row] of alerts.rows.entries()) {
        if (is_quiet() || seen.has(row.event_id)) continue
        if (items[at]) flash(items[at])
        say(row)
      }
      // A page stays open for weeks; what has left the list that long ago does not come back.
      seen = new Set([...seen, ...alerts.rows.map(row => row.event_id)].slice(-SEEN_MAX))
    },
  }
}
