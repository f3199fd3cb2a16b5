/** What is wrong now, with what a person can say to it; below, what was told, the newest on top, each announced once. */
import type { AlertRow } from '../../server/board/board.ts'
import { age_of, by_id, flash, is_quiet, make, open_body } from '../dom.ts'
import { make_figure } from '../figure.ts'
import { count_text, words_text } from '../format.ts'
import { type AlertItem, make_alert_item, severity_mark } from './alert-item.ts'
import type { PanelView } from './panel.ts'

/** Alerts remembered as announced. */
const SEEN_MAX = 500
const NAME = 'author'
/** Said by a person or of who is told: no news of the business. */
const NO_NEWS = new Set(['silenced', 'unsilenced', 'inhibited', 'uninhibited', 'acknowledged'])

const history_of = (row: AlertRow): HTMLLIElement => {
  const element = make(
    'li',
    { class: `told ${row.severity} ${row.status}`, 'data-told': row.event_id },
    make(
      'p',
      { class: 'alert-head' },
      severity_mark(row.severity),
      make('span', { class: 'status' }, row.reason || row.status),
      age_of(row.at),
    ),
    make('p', { class: 'told-title', title: row.description }, row.title),
  )
  if (row.suppressed > 0)
    element.append(
      make('p', { class: 'note' }, `${count_text(row.suppressed)} more were held back by the cooldown`),
    )
  return element
}

const announce = (row: AlertRow): void => {
  const log = by_id('announce', HTMLElement)
  log.append(make('span', {}, `${words_text(row.severity)} alert ${row.status}: ${row.title}. `))
  // A log that grows all day is nothing to read back.
  while (log.children.length > 5) log.firstElementChild?.remove()
}

/** The name is asked once and kept on this machine. */
const make_author = () => {
  const input = make('input', { id: 'alert-author', type: 'text', autocomplete: 'name', maxlength: 100 })
  input.value = localStorage.getItem(NAME) ?? ''
  input.addEventListener('change', () => localStorage.setItem(NAME, input.value.trim()))
  return {
    element: make('p', { class: 'author' }, make('label', { for: 'alert-author' }, 'Your name'), input),
    name: (): string | null => {
      const name = input.value.trim()
      if (name !== '') return name
      input.focus()
      return null
    },
  }
}

export const alerts_view = (): PanelView => {
  const body = open_body('alerts')
  const firing = make_figure('Firing', 'alerts')
  const author = make_author()
  const open = make('ul', { class: 'alert-list', tabindex: 0, 'aria-label': 'Open alerts, the worst first' })
  const calm = make('p', { class: 'none' }, 'Nothing is wrong. Alerts appear here as they come.')
  const told = make('ol', { class: 'told-list', tabindex: 0, 'aria-label': 'What was told, newest first' })
  const history = make(
    'details',
    { class: 'told-part', open: true },
    make('summary', {}, 'What was told'),
    told,
  )
  body.append(make('dl', { class: 'figures' }, firing.element), author.element, open, calm, history)
  const items = new Map<string, AlertItem>()
  let tenant = ''
  let seen: ReadonlySet<string> = new Set()
  let drawn = ''

  const show_open = (rows: readonly AlertRow[], exponent_of: (currency: string) => number): void => {
    const wanted = new Set(rows.map(row => row.fingerprint))
    for (const [fingerprint, item] of items) {
      if (wanted.has(fingerprint)) continue
      item.element.remove()
      items.delete(fingerprint)
    }
    const speaker = { name: author.name, tenant: () => tenant }
    const elements = rows.map(row => {
      const item = items.get(row.fingerprint) ?? make_alert_item(row, speaker)
      items.set(row.fingerprint, item)
      item.update(row, exponent_of)
      return item.element
    })
    // What stands right already is not moved: the focus within would be lost.
    for (const [at, element] of elements.entries())
      if (open.children[at] !== element) open.insertBefore(element, open.children[at] ?? null)
    author.element.hidden = open.hidden = rows.length === 0
    calm.hidden = rows.length > 0
  }
  const show_told = (rows: readonly AlertRow[]): void => {
    const elements = rows.map(history_of)
    told.replaceChildren(...elements)
    history.hidden = rows.length === 0
    for (const [at, row] of rows.entries()) {
      if (is_quiet() || seen.has(row.event_id)) continue
      if (elements[at]) flash(elements[at])
      const item = items.get(row.fingerprint)
      if (item) flash(item.element)
      if (!NO_NEWS.has(row.reason)) announce(row)
    }
    // A page stays open for weeks; what has left the list that long ago does not come back.
    seen = new Set([...seen, ...rows.map(row => row.event_id)].slice(-SEEN_MAX))
  }
  return {
    show: ({ alerts, tenant_id, currency, currency_exponent }) => {
      if (tenant !== tenant_id) {
        for (const item of items.values()) item.element.remove()
        items.clear()
        tenant = tenant_id
      }
      const seen_too = alerts.open.filter(row => row.status === 'acknowledged').length
      firing.set(count_text(alerts.firing), seen_too > 0 ? `${count_text(seen_too)} acknowledged` : '')
      firing.element.dataset.kind = alerts.firing > 0 ? 'firing' : 'calm'
      const wanted = JSON.stringify([tenant_id, alerts.open, alerts.rows])
      if (wanted === drawn) return
      drawn = wanted
      // Of another currency the page knows no exponent but that of Intl, which is right for nearly all.
      show_open(alerts.open, of => (of === currency ? currency_exponent : intl_exponent(of)))
      show_told(alerts.rows)
    },
  }
}

const intl_exponent = (currency: string): number => {
  try {
    return (
      new Intl.NumberFormat(undefined, { style: 'currency', currency }).resolvedOptions()
        .maximumFractionDigits ?? 2
    )
  } catch {
    return 2
  }
}
