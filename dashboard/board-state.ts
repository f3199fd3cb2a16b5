/**
 * What the page knows of a tenant: the last board, and what has come since. Live events only bridge the time
 * until the next board, which replaces whatever was added here. Pure, without a browser.
 */
import type { AlertRow, Board, LiveEvents, RevenuePanel } from '../server/board/board.ts'

export type PanelName =
  | 'revenue'
  | 'conversations'
  | 'leads'
  | 'buyers'
  | 'coaching'
  | 'channels'
  | 'forecast'
  | 'alerts'
  | 'trust'
export const panel_names: readonly PanelName[] = [
  'revenue',
  'conversations',
  'leads',
  'buyers',
  'coaching',
  'channels',
  'forecast',
  'alerts',
  'trust',
]

const NEWEST_MAX = 8
const ALERTS_MAX = 30
const OPEN_MAX = 50
const HOUR_MS = 3_600_000
const BUCKET_MS = 300_000

export const with_panels = (board: Board, panels: LiveEvents['board']): Board => {
  const known = Object.entries(panels).filter(([name]) => panel_names.some(panel => panel === name))
  return { ...board, ...Object.fromEntries(known) }
}

/** Money of another day or currency waits for the board. */
export const with_ledger = (board: Board, moved: LiveEvents['ledger'], now_ms: number): Board => {
  const at_ms = Date.parse(moved.at)
  const { revenue } = board
  if (moved.currency !== board.currency || !same_day(at_ms, now_ms)) return board
  // A board asked yesterday is not today's: adding to it would show both days as one.
  if (!same_day(Date.parse(revenue.asked_at), now_ms)) return board
  const amount = moved.amount_minor
  const recent = now_ms - at_ms < HOUR_MS
  const added: RevenuePanel = {
    ...revenue,
    today_minor: revenue.today_minor + amount,
    week_minor: revenue.week_minor + amount,
    month_minor: revenue.month_minor + amount,
    hour_minor: revenue.hour_minor + (recent ? amount : 0),
    payments_today: revenue.payments_today + (amount > 0 ? 1 : 0),
    minutes: revenue.minutes.map(bucket => {
      const start_ms = Date.parse(bucket.at)
      const inside = at_ms >= start_ms && at_ms < start_ms + BUCKET_MS
      return inside ? { ...bucket, net_minor: bucket.net_minor + amount } : bucket
    }),
    hours: revenue.hours.map(row =>
      row.hour === new Date(at_ms).getUTCHours() ? { ...row, net_minor: (row.net_minor ?? 0) + amount } : row,
    ),
  }
  return { ...board, revenue: added }
}

const same_day = (a_ms: number, b_ms: number): boolean =>
  Math.floor(a_ms / 86_400_000) === Math.floor(b_ms / 86_400_000)

interface Talk {
  readonly customer_id: string
  readonly conversation_id: string
}
/** A conversation is one customer's: two may call theirs the same. */
const is_same = (a: Talk, b: Talk): boolean =>
  a.conversation_id === b.conversation_id && a.customer_id === b.customer_id

/** The newest on top; what it is worth a minute comes with the next board. */
export const with_score = (board: Board, score: LiveEvents['score']): Board => {
  const { newest } = board.conversations
  const known = newest.find(row => is_same(row, score))
  const row = {
    price_minor: null,
    revenue_per_minute_minor: null,
    recommendation: null,
    ...known,
    ...score,
  }
  const others = newest.filter(other => other !== known)
  return {
    ...board,
    conversations: { ...board.conversations, newest: [row, ...others].slice(0, NEWEST_MAX) },
  }
}

export const with_price = (board: Board, price: LiveEvents['price']): Board => {
  if (price.currency !== board.currency) return board
  const newest = board.conversations.newest.map(row =>
    is_same(row, price) ? { ...row, price_minor: price.price_minor } : row,
  )
  return { ...board, conversations: { ...board.conversations, newest } }
}

/** The newest word on a trouble takes the place of the one before; a premium lead, which is told once, is never open. */
export const with_alert = (board: Board, alert: AlertRow): Board => {
  const { rows, open, firing } = board.alerts
  const others = open.filter(row => row.fingerprint !== alert.fingerprint)
  const is_open =
    alert.rule !== 'premium_lead' && (alert.status === 'firing' || alert.status === 'acknowledged')
  const before = open.find(row => row.fingerprint === alert.fingerprint)
  // What came late, or again, says nothing new.
  if (rows.some(row => row.event_id === alert.event_id)) return board
  const change = Number(is_open && alert.status === 'firing') - Number(before?.status === 'firing')
  return {
    ...board,
    alerts: {
      ...board.alerts,
      firing: Math.max(0, firing + change),
      open: is_open ? [...others, alert].toSorted(worst_first).slice(0, OPEN_MAX) : others,
      rows: [alert, ...rows].slice(0, ALERTS_MAX),
    },
  }
}

const SEVERITIES: readonly AlertRow['severity'][] = ['critical', 'high', 'medium', 'low', 'info']
const worst_first = (a: AlertRow, b: AlertRow): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
  Date.parse(b.started_at) - Date.parse(a.started_at) ||
  (a.fingerprint < b.fingerprint ? -1 : 1)
