/** Which of a customer's kept touches make the path to an instant: build-paths' arithmetic, without its state. */

import type { AttributionPart, KeptConversion, KeptTouch } from '../../schemas/types.ts'
import type { Row } from '../core/keyed.ts'
import { earliest } from '../core/windows.ts'

export type Own = Row<'touchpoints', 'customer_id' | 'channel' | 'campaign' | 'cost_minor' | 'currency'>
export type Identified = Row<
  'identified_touches',
  'anonymous_id' | 'retracted' | 'channel' | 'campaign' | 'cost_minor' | 'currency'
>
export type Payment = Row<'payments', 'type' | 'payment_id' | 'amount_minor' | 'currency'>

export type Parts = readonly (readonly [id: string, part: AttributionPart])[]

/** Whether a path that ends at ends_at reaches back to the instant and not beyond its own end. */
export const holds = (ends_at: number, at_ms: number, lookback_ms: number): boolean =>
  at_ms <= ends_at && at_ms > ends_at - lookback_ms

/** touches: sorted. The newest `most` of those the path holds, and how many more there are. */
export const cut_path = (
  touches: readonly KeptTouch[],
  ends_at: number,
  { lookback_ms, most }: { readonly lookback_ms: number; readonly most: number },
): { readonly touches: readonly KeptTouch[]; readonly left_out: number } => {
  const held = touches.filter(({ touched_at }) => holds(ends_at, touched_at, lookback_ms))
  const left_out = Math.max(0, held.length - most)
  return { touches: left_out ? held.slice(left_out) : held, left_out }
}

/** By event time, then event_id. */
export const touches_of = (parts: Parts): KeptTouch[] =>
  parts.flatMap(([, { touch }]) => touch ?? []).sort(by_touch)

export const conversions_of = (parts: Parts): KeptConversion[] =>
  parts.flatMap(([, { conversion }]) => conversion ?? [])

/** The payment that a refund of the same payment_id takes back: the first. */
export const first_payment = (conversions: readonly KeptConversion[]): KeptConversion | undefined =>
  conversions.filter(({ type }) => type === 'payment_succeeded').sort(by_movement)[0]

const by_touch = (a: KeptTouch, b: KeptTouch): number =>
  a.touched_at - b.touched_at || compare(a.event_id, b.event_id)
const by_movement = (a: KeptConversion, b: KeptConversion): number =>
  a.occurred_at - b.occurred_at || compare(a.event_id, b.event_id)
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** How the ids of slots begin. */
export const prefixes = { money: 'c|', touch: 't|' } as const

export const conversion_id = (event_id: string): string => `${prefixes.money}${event_id}`

const EARLIEST_MS = -2_208_988_800_000
/** Sorted by time. visitor: '' for the customer's own; its length keeps the texts apart. */
export const touch_id = ({ touched_at, event_id }: KeptTouch, visitor: string): string =>
  `${prefixes.touch}${String(touched_at - EARLIEST_MS).padStart(14, '0')}|${visitor.length}|${visitor}|${event_id}`

export const kept_touch = (touch: Own | Identified, anonymous: boolean): KeptTouch => ({
  event_id: touch.event_id,
  touched_at: touch.occurred_at,
  channel: touch.channel,
  campaign: touch.campaign,
  cost_minor: touch.cost_minor,
  cost_currency: touch.currency,
  anonymous,
})

const SIGNS: Readonly<Record<string, 1 | -1 | undefined>> = {
  payment_succeeded: 1,
  refunded: -1,
  chargeback: -1,
}

/** Not written yet; null for what moves no money. */
export const new_conversion = (payment: Payment): KeptConversion | null => {
  const { event_id, occurred_at, type, payment_id, amount_minor, currency } = payment
  const sign = SIGNS[type]
  if (!sign) return null
  return {
    event_id,
    occurred_at,
    revision: -1,
    type: type as KeptConversion['type'],
    payment_id,
    amount_minor: amount_minor === 0 ? 0 : sign * amount_minor,
    currency,
    path_ends_at: occurred_at,
  }
}

/** What is of no use any more at an instant, and what stays: the number of touches, the ends of paths. */
export const sort_out = (
  parts: Parts,
  now_ms: number,
  { lookback_ms, keep_ms }: { readonly lookback_ms: number; readonly keep_ms: number },
) => {
  const conversions = conversions_of(parts)
  const ends = conversions.map(c => c.path_ends_at).filter(end => end + keep_ms > now_ms)
  const useful = ({ touched_at }: KeptTouch): boolean =>
    touched_at + lookback_ms > now_ms || ends.some(end => holds(end, touched_at, lookback_ms))
  const gone = parts
    .filter(([, { touch, conversion }]) =>
      touch ? !useful(touch) : conversion && conversion.path_ends_at + keep_ms <= now_ms,
    )
    .map(([id]) => id)
  const touches = touches_of(parts).filter(useful)
  const over = touches.map(({ touched_at }) => touched_at + lookback_ms).filter(ms => ms > now_ms)
  const over_ms = earliest([...over, ...ends.map(end => end + keep_ms)])
  return { gone, touches: touches.length, ends, over_ms }
}
