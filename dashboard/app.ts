/** The page: finds the tenants, keeps one tenant's board and stream, and shows what changes. */
import type { Board, LiveEvents } from '../server/board/board.ts'
import { ask_board, ask_tenants, keep_key, RequestError } from './api.ts'
import {
  type PanelName,
  panel_names,
  with_alert,
  with_panels,
  with_price,
  with_score,
} from './board-state.ts'
import { add_moved, type Bridge, bridge_from, cross_bridge } from './bridge.ts'
import { by_id, make, put, quietly } from './dom.ts'
import { money_format } from './format.ts'
import { keep_live, type LiveState } from './live.ts'
import { now_ms, set_clock, show_marks, start_marks, tick_ages } from './marks.ts'
import { alerts_view } from './panels/alerts.ts'
import { buyers_view } from './panels/buyers.ts'
import { channels_view } from './panels/channels.ts'
import { coaching_view } from './panels/coaching.ts'
import { conversations_view } from './panels/conversations.ts'
import { forecast_view } from './panels/forecast.ts'
import { leads_view } from './panels/leads.ts'
import type { PanelView } from './panels/panel.ts'
import { revenue_view } from './panels/revenue.ts'
import { trust_view } from './panels/trust.ts'
import type { ServerEvent } from './sse.ts'
import { show_connection, show_empty, show_problem } from './status.ts'
import { start_theme } from './theme.ts'

const RENDER_MS = 150
const TENANTS_MS = 60_000
const EMPTY_MS = 3000

let tenants: readonly string[] = []
let tenants_at_ms = 0
let board: Board | null = null
let bridge: Bridge | null = null
let shown: Board | null = null
let live: LiveState = { kind: 'connecting' }
let session = new AbortController()
let views: Readonly<Record<PanelName, PanelView>> | null = null
let render_timer: number | undefined

const make_views = (): Readonly<Record<PanelName, PanelView>> => ({
  revenue: revenue_view(),
  conversations: conversations_view(),
  leads: leads_view(),
  buyers: buyers_view(),
  coaching: coaching_view(),
  channels: channels_view(),
  forecast: forecast_view(),
  alerts: alerts_view(),
  trust: trust_view(),
})

/** Shows the panels that differ from what is shown; one that fails does not take the others with it. */
const render = (all = false): void => {
  render_timer = undefined
  if (!board) return
  views ??= make_views()
  const money = money_format(board.currency, board.currency_exponent)
  for (const name of panel_names) {
    if (!all && shown && shown[name] === board[name]) continue
    const section = by_id(name, HTMLElement)
    try {
      views[name].show(board, money)
      section.classList.remove('broken')
    } catch (error) {
      section.classList.add('broken')
      console.error(`panel ${name}`, error)
    }
  }
  shown = board
  show_marks(board)
  show_empty(board.trust.newest_payment_at === null, board.tenant_id, board.currency)
  document.body.dataset.state = 'ready'
  by_id('main', HTMLElement).setAttribute('aria-busy', 'false')
  const { firing } = board.alerts
  document.title = `${firing > 0 ? `(${firing}) ` : ''}${board.tenant_id} · Tributary`
}

/** Many events a second are one drawing. */
const render_soon = (): void => {
  if (render_timer === undefined) render_timer = window.setTimeout(render, RENDER_MS)
}

const take_panels = (panels: LiveEvents['board']): void => {
  if (!board) return
  board = with_panels(board, panels)
  if (panels.revenue && bridge) ({ board, bridge } = cross_bridge(board, bridge, now_ms()))
}

const take_event = ({ name, data }: ServerEvent): void => {
  if (!board) return
  const value: unknown = JSON.parse(data)
  if (name === 'board') take_panels(value as LiveEvents['board'])
  else if (name === 'ledger' && bridge)
    ({ board, bridge } = add_moved(board, bridge, value as LiveEvents['ledger'], now_ms()))
  else if (name === 'score') board = with_score(board, value as LiveEvents['score'])
  else if (name === 'price') board = with_price(board, value as LiveEvents['price'])
  else if (name === 'alert') board = with_alert(board, value as LiveEvents['alert'])
  else return
  render_soon()
}

const load_board = async (tenant: string, signal: AbortSignal): Promise<void> => {
  const { board: next, server_ms } = await ask_board(tenant, signal)
  signal.throwIfAborted()
  set_clock(server_ms)
  const first = board === null
  // After a gap in the stream the board alone is right.
  board = next
  bridge = bridge_from(next)
  if (first) quietly(() => render(true))
  else render()
}

const set_live = (state: LiveState): void => {
  live = state
  show_connection(live, board)
}

const show_tenants = (chosen: string): void => {
  const select = by_id('tenant', HTMLSelectElement)
  const names = tenants.includes(chosen) ? tenants : [...tenants, chosen]
  if ([...select.options].map(({ value }) => value).join('\n') !== names.join('\n'))
    select.replaceChildren(...names.map(name => make('option', { value: name }, name)))
  select.value = chosen
  select.disabled = false
}

const load_tenants = async (signal: AbortSignal): Promise<void> => {
  tenants = await ask_tenants(signal)
  tenants_at_ms = Date.now()
}

const open_tenant = (tenant: string): void => {
  session.abort()
  session = new AbortController()
  const { signal } = session
  board = null
  shown = null
  const url = new URL(location.href)
  url.searchParams.set('tenant', tenant)
  history.replaceState(null, '', url)
  localStorage.setItem('tenant', tenant)
  show_tenants(tenant)
  if (views === null) document.body.dataset.state = 'loading'
  void keep_live(tenant, signal, {
    state: set_live,
    event: take_event,
    opened: async stream => {
      await load_board(tenant, stream)
      await load_tenants(stream)
      show_tenants(tenant)
      show_connection(live, board)
    },
    refused,
  })
}

const refused = (error: RequestError): void => {
  if (error.status === 401) ask_key(error.message)
  else show_problem(error.message)
}

const ask_key = (reason: string): void => {
  const dialog = by_id('key-dialog', HTMLDialogElement)
  put(
    by_id('key-reason', HTMLElement),
    `The server says: ${reason}. A key given here is kept in this tab until it is closed.`,
  )
  if (!dialog.open) dialog.showModal()
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** The tenant of the address, else the last one looked at, else the first. */
const first_tenant = (): string | undefined => {
  const wanted = [new URL(location.href).searchParams.get('tenant'), localStorage.getItem('tenant')]
  return wanted.find(name => name !== null && tenants.includes(name)) ?? tenants[0]
}

const start = async (): Promise<void> => {
  for (let failures = 0; ; ) {
    try {
      await load_tenants(new AbortController().signal)
      const tenant = first_tenant()
      if (tenant !== undefined) return open_tenant(tenant)
      failures = 0
      document.body.dataset.state = 'empty'
      by_id('main', HTMLElement).setAttribute('aria-busy', 'false')
      show_problem(null)
      show_empty(true, 'acme', 'EUR')
      set_live({ kind: 'live' })
      await pause(EMPTY_MS)
    } catch (error) {
      if (error instanceof RequestError && error.status === 401) return ask_key(error.message)
      const reason = error instanceof RequestError ? error.message : 'the server does not answer'
      const ms = Math.min(1000 * 2 ** failures++, 15_000)
      set_live({ kind: 'waiting', until_ms: Date.now() + ms, reason })
      await pause(ms)
      set_live({ kind: 'connecting' })
    }
  }
}

const tick = (): void => {
  tick_ages()
  show_connection(live, board)
  if (live.kind === 'live' && board && Date.now() - tenants_at_ms > TENANTS_MS) {
    tenants_at_ms = Date.now()
    const { tenant_id } = board
    load_tenants(session.signal).then(
      () => show_tenants(tenant_id),
      () => {},
    )
  }
}

start_marks()
start_theme(by_id('theme', HTMLElement), () => render(true))
by_id('tenant', HTMLSelectElement).addEventListener('change', event => {
  if (event.target instanceof HTMLSelectElement) open_tenant(event.target.value)
})
by_id('key-form', HTMLFormElement).addEventListener('submit', event => {
  event.preventDefault()
  keep_key(by_id('key', HTMLInputElement).value.trim())
  by_id('key-dialog', HTMLDialogElement).close()
  void start()
})
setInterval(tick, 1000)
void start()
