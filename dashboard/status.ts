/** What the head of the page says of the connection, and what stands in for numbers that are not there. */

import type { Board } from '../server/board/board.ts'
import { kept_key } from './api.ts'
import { by_id, put } from './dom.ts'
import { first_command } from './first-command.ts'
import { age_text, time_text } from './format.ts'
import type { LiveState } from './live.ts'
import { now_ms } from './marks.ts'

/** Connected, but revenue was asked so long ago that something behind the server must be standing still. */
const STALE_MS = 60_000

const words = (live: LiveState, board: Board | null): readonly [kind: string, text: string] => {
  const age_ms = board ? now_ms() - Date.parse(board.revenue.asked_at) : 0
  const old = board ? `, numbers ${age_text(age_ms)} old` : ''
  if (live.kind === 'connecting') return ['connecting', board ? `reconnecting${old}` : 'connecting']
  if (live.kind === 'live') return age_ms > STALE_MS ? ['stale', `stale${old}`] : ['live', 'live']
  const seconds = Math.max(1, Math.ceil((live.until_ms - Date.now()) / 1000))
  return ['waiting', `reconnecting in ${seconds} s${old}`]
}

/** The line in the head counts; the banner, which is read out, is said once and does not. */
export const show_connection = (live: LiveState, board: Board | null): void => {
  const [kind, text] = words(live, board)
  by_id('live-state', HTMLElement).dataset.kind = kind
  put(by_id('live-text', HTMLElement), text)
  document.body.classList.toggle('old', kind === 'stale' || kind === 'waiting')
  if (live.kind === 'waiting') {
    if (!board) document.body.dataset.state = 'error'
    const since = board
      ? ` The numbers are those of ${time_text(Date.parse(board.revenue.asked_at))} UTC.`
      : ''
    show_problem(`No live connection: ${live.reason}.${since} The page reconnects by itself.`)
  } else if (live.kind === 'live') show_problem(null)
}

export const show_problem = (text: string | null): void => {
  const banner = by_id('banner', HTMLElement)
  banner.hidden = text === null
  put(banner, text ?? '')
}

/** Where nobody has paid yet: the command that changes it. */
export const show_empty = (empty: boolean, tenant: string, currency: string): void => {
  const section = by_id('empty', HTMLElement)
  if (section.hidden === !empty) return
  section.hidden = !empty
  if (!empty) return
  const command = first_command({
    origin: location.origin,
    tenant,
    currency,
    occurred_at: new Date(now_ms()).toISOString(),
    with_key: kept_key() !== null,
  })
  put(by_id('empty-command', HTMLElement), command)
}
