/** Beside every number: as of when it was asked, and whether the books agree. Ages move by themselves. */
import type { Board, TrustPanel } from '../server/board/board.ts'
import { type PanelName, panel_names } from './board-state.ts'
import { by_id, hidden_text, make, put } from './dom.ts'
import { age_text, count_text, instant_text } from './format.ts'

export const GLYPHS = { exact: '✓', differs: '≠', never: '○' } as const
const SPOKEN = {
  exact: 'reconciled exactly',
  differs: 'does not reconcile',
  never: 'not reconciled yet',
} as const

/** A panel whose numbers were asked longer ago is marked as old. Slow answers are asked less often. */
const OLD_MS: Readonly<Record<PanelName, number>> = {
  revenue: 60_000,
  conversations: 60_000,
  leads: 60_000,
  buyers: 120_000,
  coaching: 120_000,
  channels: 900_000,
  forecast: 3_600_000,
  alerts: 60_000,
  trust: 60_000,
}

let clock_ahead_ms = 0

/** The server's clock, where this machine's is off by more than the answer's rounding explains. */
export const set_clock = (server_ms: number): void => {
  const ahead = server_ms - Date.now()
  clock_ahead_ms = Math.abs(ahead) > 5000 ? ahead : 0
}
export const now_ms = (): number => Date.now() + clock_ahead_ms

/** The small sign behind one figure; what it says in full is its panel's to say too. */
export const make_mark = (panel: PanelName): HTMLElement =>
  make('span', { class: 'mark', 'data-mark': panel }, '○')

/** The panel's own line of the same: age and sign, and the way to the reasons. */
export const start_marks = (): void => {
  for (const place of document.querySelectorAll<HTMLElement>('.marks[data-panel]')) {
    place.replaceChildren(
      make('span', { class: 'asked' }, hidden_text('asked '), make('span', { class: 'age' }, '–')),
      make(
        'a',
        { href: '#trust', class: 'books' },
        make('span', { class: 'glyph', 'aria-hidden': 'true' }, '○'),
        make('span', { class: 'books-text' }, SPOKEN.never),
      ),
    )
  }
}

const books_title = ({ state, checked_at, checks }: TrustPanel['reconciliation']): string => {
  const checked = checked_at
    ? `, ${count_text(checks)} checks at ${instant_text(Date.parse(checked_at))}`
    : ''
  return `${SPOKEN[state]}${checked}`
}

/** Called with every change of the board. */
export const show_marks = (board: Board): void => {
  const { reconciliation } = board.trust
  const { state } = reconciliation
  const title = books_title(reconciliation)
  for (const mark of document.querySelectorAll<HTMLElement>('[data-mark]')) {
    const asked_at = board[mark.dataset.mark as PanelName].asked_at
    mark.dataset.kind = state
    mark.title = `As of ${instant_text(Date.parse(asked_at))}; ${title}`
    if (put(mark, GLYPHS[state])) mark.append(hidden_text(` ${SPOKEN[state]}`))
  }
  for (const name of panel_names) {
    const place = document.querySelector<HTMLElement>(`.marks[data-panel="${name}"]`)
    if (!place) continue
    const { asked_at, took_ms } = board[name]
    place.dataset.asked = asked_at
    place.dataset.kind = state
    place.title = `Asked at ${instant_text(Date.parse(asked_at))}, answered in ${count_text(took_ms)} ms; ${title}`
    put(place.querySelector('.glyph')!, GLYPHS[state])
    put(place.querySelector('.books-text')!, SPOKEN[state])
  }
  const link = by_id('recon-state', HTMLAnchorElement)
  link.dataset.kind = state
  link.title = title
  put(by_id('recon-glyph', HTMLElement), GLYPHS[state])
  const checked = by_id('recon-age', HTMLTimeElement)
  checked.hidden = reconciliation.checked_at === null
  checked.dateTime = reconciliation.checked_at ?? ''
  checked.toggleAttribute('data-age', reconciliation.checked_at !== null)
  checked.dataset.after = ' ago'
  put(by_id('recon-text', HTMLElement), SPOKEN[state])
  tick_ages()
}

/** Every second: whatever says an age says the right one. */
export const tick_ages = (): void => {
  const now = now_ms()
  for (const time of document.querySelectorAll<HTMLTimeElement>('time[data-age]')) {
    const at_ms = Date.parse(time.dateTime)
    const { before = '', after = '' } = time.dataset
    const age = age_text(now - at_ms)
    if (put(time, age === 'now' ? age : `${before}${age}${after}`)) time.title = instant_text(at_ms)
  }
  for (const place of document.querySelectorAll<HTMLElement>('.marks[data-asked]')) {
    const age_ms = now - Date.parse(place.dataset.asked ?? '')
    const age = age_text(age_ms)
    put(place.querySelector('.age')!, age === 'now' ? age : `${age} ago`)
    const old = age_ms > OLD_MS[place.dataset.panel as PanelName]
    place.classList.toggle('old', old)
  }
}
