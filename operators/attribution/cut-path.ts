/** Which of a customer's kept touches make the path to an instant: build-paths' arithmetic, without its state. */

import type { AttributionPart, AttributionPartV1, KeptConversion, KeptTouch } from '../../schemas/types.ts'
import { days, seconds } from '../../schemas/units.ts'
import type { Row } from '../core/keyed.ts'
import { earliest, sortable_ms, window_start } from '../core/windows.ts'

export type Own = Row<
  'touchpoints',
  'customer_id' | 'channel' | 'campaign' | 'content_id' | 'cost_minor' | 'currency'
>
export type Identified = Row<
  'identified_touches',
  'anonymous_id' | 'retracted' | 'channel' | 'campaign' | 'content_id' | 'cost_minor' | 'currency'
>
export type Payment = Row<'payments', 'type' | 'payment_id' | 'amount_minor' | 'currency'>

export interface PathPolicy {
  readonly lookback_ms: number
  /** So long after the end of its path a conversion takes in touches that come later. */
  readonly keep_ms: number
  /** What is over is forgotten at the ends of stretches so long. */
  readonly sweep_ms: number
  /** Newest touches that a path shows. */
  readonly path_touches_max: number
  /** Newest touches kept per customer (a quarter more for a while, so that forgetting costs little). */
  readonly touches_max: number
  /** So long after the first change of written paths (stream time) they are written again … */
  readonly revise_ms: number
  /** … so many at a time: a row is up to path_touches_max touches long. */
  readonly revise_most: number
}
export const default_paths: PathPolicy = {
  lookback_ms: days(90),
  keep_ms: days(90),
  sweep_ms: days(7),
  path_touches_max: 200,
  touches_max: 2000,
  revise_ms: seconds(1),
  revise_most: 100,
}

export type Parts = readonly (readonly [id: string, part: AttributionPart])[]

/** Whether a path that ends at ends_at reaches back to the instant and not beyond its own end. */
export const holds = (ends_at: number, at_ms: number, lookback_ms: number): boolean =>
  at_ms <= ends_at && at_ms > ends_at - lookback_ms

/** Whether it holds one of the instants, which are sorted. */
export const holds_some = (ends_at: number, instants: readonly number[], lookback_ms: number): boolean => {
  let low = 0
  let high = instants.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((instants[middle] as number) <= ends_at) low = middle + 1
    else high = middle
  }
  return low > 0 && holds(ends_at, instants[low - 1] as number, lookback_ms)
}

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

/** How the ids of slots begin: kept conversions and touches, and what is still to be written again (stale-paths.ts). */
export const prefixes = { money: 'c|', touch: 't|', stale: 's|', changed: 'x|' } as const

export const conversion_id = (event_id: string): string => `${prefixes.money}${event_id}`

/** Sorted by time. visitor: '' for the customer's own; its length keeps the texts apart. */
export const touch_id = ({ touched_at, event_id }: KeptTouch, visitor: string): string =>
  `${prefixes.touch}${sortable_ms(touched_at)}|${visitor.length}|${visitor}|${event_id}`

export const change_id = (touched_at: number): string => `${prefixes.changed}${sortable_ms(touched_at)}`

export const kept_touch = (touch: Own | Identified, anonymous: boolean): KeptTouch => ({
  event_id: touch.event_id,
  touched_at: touch.occurred_at,
  channel: touch.channel,
  campaign: touch.campaign,
  content_id: touch.content_id,
  cost_minor: touch.cost_minor,
  cost_currency: touch.currency,
  anonymous,
})

/** What versions 1 and 2 stored, which knew of no content. */
export const with_content = ({ touch, conversion }: AttributionPartV1): AttributionPart => ({
  touch: touch && { ...touch, content_id: null },
  conversion,
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

/** The end of the stretch that holds the instant. */
export const sweep_after = (over_ms: number, { sweep_ms }: PathPolicy): number =>
  window_start(over_ms, sweep_ms) + sweep_ms

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
