/**
 * What must come out, computed naively from what was sent: one pass over the committed inputs in offset
 * order, plain sums, no windows that close, no recovery. It shares no code with operators and runtime.
 */
import { expected_touches } from './identity-check.ts'
import { type Judged, judge_topic, type Told } from './judge.ts'

export interface ExpectedMovement {
  readonly key: string
  readonly cause_event_id: string
  readonly type: string
  readonly amount_minor: number
  readonly currency: string
  readonly occurred_at: number
  readonly product_id: string | null
}

export interface Expected {
  /** Every committed input record. */
  readonly judged: readonly Judged[]
  /** One per movement of money, by `key cause_event_id`. */
  readonly ledger: ReadonlyMap<string, ExpectedMovement>
  /** `key currency day` -> gross, refunds, payments. */
  readonly days: ReadonlyMap<
    string,
    { readonly gross: number; readonly refunds: number; readonly payments: number }
  >
  /** Event ids that each key's probe must have taken in, exactly once each. */
  readonly probed: ReadonlyMap<string, ReadonlySet<string>>
  /** Touches by key, for sessions. */
  readonly touches: ReadonlyMap<string, readonly number[]>
  /** Event ids that the pipeline which fails has taken in all the same, by key. */
  readonly fussed: ReadonlyMap<string, readonly string[]>
  /** Whose each anonymous touch is, by `key event_id`. */
  readonly owners: ReadonlyMap<string, string>
}

const DAY = 86_400_000

/**
 * @param inputs the topics that emitters write
 * @param aside whether the pipeline that fails was set aside when the record was worked off
 */
export const expect_outcome = (
  told: Told,
  inputs: readonly string[],
  aside: (place: Judged) => boolean,
): Expected => {
  const judged = inputs.flatMap(topic => judge_topic(told, topic))
  return { judged, fussed: fussed_of(judged, aside), owners: expected_touches(judged), ...sums(judged) }
}

/** It has reached the pipelines, or all but one. */
export const is_taken = ({ judgement, redriven }: Judged): boolean =>
  !redriven && (judgement === 'accepted' || judgement === 'failed')

const fussed_of = (judged: readonly Judged[], aside: (place: Judged) => boolean) => {
  const fussed = new Map<string, string[]>()
  for (const one of judged) {
    const { sent, judgement } = one
    if (sent.topic !== 'feedback' || judgement !== 'accepted' || aside(one)) continue
    const key = sent.key.toString()
    fussed.set(key, [...(fussed.get(key) ?? []), String(sent.row.event_id)])
  }
  return fussed
}

const sums = (judged: readonly Judged[]): Omit<Expected, 'judged' | 'fussed' | 'owners'> => {
  const ledger = new Map<string, ExpectedMovement>()
  const days = new Map<string, { gross: number; refunds: number; payments: number }>()
  const probed = new Map<string, Set<string>>()
  const touches = new Map<string, number[]>()
  for (const one of judged) {
    if (!is_taken(one)) continue
    const { topic, row } = one.sent
    const key = one.sent.key.toString()
    const id = String(row.event_id)
    const at = Number(row.occurred_at)
    if (topic === 'feedback' || topic === 'touchpoints') {
      probed.set(key, (probed.get(key) ?? new Set()).add(id))
      if (topic === 'touchpoints') touches.set(key, [...(touches.get(key) ?? []), at])
    }
    if (topic !== 'payments') continue
    const type = String(row.type)
    const sign = type === 'payment_succeeded' ? 1 : type === 'refunded' || type === 'chargeback' ? -1 : 0
    if (sign === 0) continue
    const minor = Number(row.amount_minor)
    const currency = String(row.currency)
    const product_id = row.product_id === null ? null : String(row.product_id)
    ledger.set(`${key} ${id}`, {
      key,
      cause_event_id: id,
      type,
      amount_minor: minor === 0 ? 0 : sign * minor,
      currency,
      occurred_at: at,
      product_id,
    })
    const day = new Date(Math.floor(at / DAY) * DAY).toISOString().slice(0, 10)
    const name = `${key} ${currency} ${day}`
    const sum = days.get(name) ?? { gross: 0, refunds: 0, payments: 0 }
    if (sign > 0) sum.gross += minor
    else sum.refunds += minor
    if (sign > 0) sum.payments++
    days.set(name, sum)
  }
  return { ledger, days, probed, touches }
}

/** Sums of movements per window, straight from the rows that moved. */
export const expected_windows = (
  movements: readonly Readonly<Record<string, unknown>>[],
  window_ms: number,
): Map<string, { gross: number; refunds: number; payments: number }> => {
  const windows = new Map<string, { gross: number; refunds: number; payments: number }>()
  for (const { tenant_id, occurred_at, channel, product_id, currency, amount_minor, type } of movements) {
    const start = Math.floor(Number(occurred_at) / window_ms) * window_ms
    const id = [tenant_id, start, channel, product_id, currency].join(' ')
    const sum = windows.get(id) ?? { gross: 0, refunds: 0, payments: 0 }
    windows.set(id, sum)
    if (type === 'payment_succeeded') {
      sum.gross += Number(amount_minor)
      sum.payments++
    } else sum.refunds -= Number(amount_minor)
  }
  return windows
}

/** Sessions of touches: [start, end, touches], cut where the gap is larger than gap_ms. */
export const expected_sessions = (
  touches: readonly number[],
  gap_ms: number,
): (readonly [number, number, number])[] => {
  const sessions: [number, number, number][] = []
  for (const at of [...touches].sort((a, b) => a - b)) {
    const last = sessions.at(-1)
    if (last && at - last[1] <= gap_ms) {
      last[1] = at
      last[2]++
    } else sessions.push([at, at, 1])
  }
  return sessions
}
