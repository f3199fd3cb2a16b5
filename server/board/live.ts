/**
 * GET /v1/live: one reader's stream. Panels as they are asked anew, alerts at once and all of them; ledger, scores and
 * prices at most so many a second, drawn together beyond that: amounts are summed, of the rest the newest counts.
 */
import type { Clock } from '../../runtime/ports.ts'
import type { EventStream } from '../event-streams.ts'
import { alert_said } from './alerts-panel.ts'
import { iso } from './asking.ts'
import type { LiveEvents } from './board.ts'
import type { FollowedTopic, SharedTails } from './shared-tails.ts'
import type { TenantBoard } from './tenant-board.ts'

/** Events of ledger, score and price within each window … */
export const EVENTS_PER_WINDOW = 20
export const WINDOW_MS = 1000
/** … and so many wait at most. */
const WAITING_MAX = 200

type Name = keyof LiveEvents
type Event = { readonly [N in Name]: readonly [name: N, body: LiveEvents[N]] }[Name]
type Conflated = Exclude<Event, readonly ['board' | 'alert', unknown]>

export interface LiveDeps {
  readonly clock: Clock
  readonly board: TenantBoard
  readonly tails: SharedTails
  readonly tenant: string
}

/** Resolves when the stream ends. */
export const live_events = async (
  { clock, board, tails, tenant }: LiveDeps,
  { signal, send }: EventStream,
): Promise<void> => {
  const queue = outgoing(clock)
  const ended = new AbortController()
  const unfollow = tails.follow(tenant, (topic, row) => {
    const event = event_of(topic, row)
    if (event) queue.put(event)
  })
  const unwatch = board.watch({
    changed: panels => queue.put(['board', panels]),
    // Opened anew, the reader asks for the board again.
    currency_changed: () => ended.abort(),
  })
  const over = AbortSignal.any([signal, ended.signal])
  try {
    while (!over.aborted) {
      const events = queue.take()
      if (events.length > 0)
        await send(events.map(([name, body]) => `event: ${name}\ndata: ${JSON.stringify(body)}\n\n`).join(''))
      else await queue.wait(over)
    }
  } finally {
    unwatch()
    unfollow()
  }
}

export interface Outgoing {
  put(event: Event): void
  /** What may be sent now. */
  take(): Event[]
  /** Resolves when there may be something to take, or when the signal aborts. */
  wait(signal: AbortSignal): Promise<void>
}

/** What waits for one reader. */
export const outgoing = (clock: Pick<Clock, 'now' | 'sleep'>): Outgoing => {
  let panels: LiveEvents['board'] | null = null
  let alerts: Event[] = []
  const waiting = new Map<string, Conflated>()
  let window_ms = Number.NEGATIVE_INFINITY
  let sent = 0
  let wake: () => void = () => {}

  const put_conflated = (event: Conflated): void => {
    const key = conflation_key(event)
    const older = waiting.get(key)
    // Keeps its place in the queue, so that what changes all the time is sent too.
    waiting.set(key, older ? drawn_together(older, event) : event)
    // The reader is ten seconds behind: the next board knows better.
    if (waiting.size > WAITING_MAX) waiting.delete(waiting.keys().next().value ?? '')
  }
  const allowed = (): number => {
    const now_ms = clock.now()
    if (now_ms - window_ms >= WINDOW_MS || now_ms < window_ms) {
      window_ms = now_ms
      sent = 0
    }
    return EVENTS_PER_WINDOW - sent
  }
  return {
    put: event => {
      if (event[0] === 'board') panels = { ...panels, ...event[1] }
      else if (event[0] === 'alert') alerts.push(event)
      else put_conflated(event)
      wake()
    },
    take: () => {
      const taken: Event[] = panels ? [['board', panels]] : []
      panels = null
      taken.push(...alerts)
      alerts = []
      for (const [key, event] of [...waiting].slice(0, waiting.size === 0 ? 0 : allowed())) {
        taken.push(event)
        waiting.delete(key)
        sent++
      }
      return taken
    },
    wait: async signal => {
      const rest = new AbortController()
      const stop = AbortSignal.any([signal, rest.signal])
      // With something waiting the window is used up, and its end is what is waited for.
      const pause_ms = waiting.size > 0 ? Math.max(1, window_ms + WINDOW_MS - clock.now()) : null
      await new Promise<void>(resolve => {
        wake = resolve
        stop.addEventListener('abort', () => resolve(), { once: true })
        if (stop.aborted) resolve()
        if (pause_ms !== null) void clock.sleep(pause_ms, stop).then(resolve)
      })
      wake = () => {}
      rest.abort()
    },
  }
}

/** Money of one currency and one bucket of the page's minutes adds up; of a conversation the newest counts. */
const conflation_key = ([name, body]: Conflated): string => {
  if (name === 'ledger') return `ledger|${body.currency}|${Math.floor(Date.parse(body.at) / 300_000)}`
  return `${name}|${JSON.stringify([body.customer_id, body.conversation_id])}`
}

const drawn_together = (older: Conflated, newer: Conflated): Conflated => {
  if (older[0] !== 'ledger' || newer[0] !== 'ledger') return newer
  return ['ledger', { ...newer[1], amount_minor: older[1].amount_minor + newer[1].amount_minor }]
}

/**
 * The part of a committed row that the page shows; null for the price of a lead that is not for
 * sale, and for an alert that is pending.
 */
export const event_of = (topic: FollowedTopic, row: Readonly<Record<string, unknown>>): Event | null => {
  const at = iso(row.occurred_at as number)
  switch (topic) {
    case 'ledger': {
      const { amount_minor, currency } = row as unknown as LiveEvents['ledger']
      return ['ledger', { at, amount_minor, currency }]
    }
    case 'lead_scores': {
      const { customer_id, conversation_id, total_score, quality_tier } =
        row as unknown as LiveEvents['score']
      return ['score', { customer_id, conversation_id, at, total_score, quality_tier }]
    }
    case 'prices': {
      if (row.buyer_tier === null) return null
      const { customer_id, conversation_id, price_minor, currency } = row as unknown as LiveEvents['price']
      return ['price', { customer_id, conversation_id, at, price_minor, currency }]
    }
    case 'alerts': {
      // What may come to nothing is not news yet.
      return row.status === 'pending' ? null : ['alert', alert_said(row, at, iso(row.started_at as number))]
    }
  }
}
