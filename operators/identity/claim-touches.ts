/**
 * Decides: whose the touches of an anonymous visitor are: of the customer who identified first after the touch, else of
 *   the one who did last before it.
 * Because: what led up to a log-in belongs to who logged in; on a shared device each log-in closes its own stretch. Owners
 *   follow from the links as a set, so touches and links may arrive in any order.
 * Keeps: per visitor the links, and one slot per touch for lookback_ms; the newest link until the visitor falls silent.
 * When late: a touch older than lookback_ms (stream time) is counted late; a link has no lateness: what it changes is
 *   retracted from the one and handed to the other. Twice: the same touch or link changes nothing. Missing: without a
 *   link the touches stay anonymous.
 * Limits: of many touches or links the newest are kept; after a silence of lookback_ms a visitor is a stranger again.
 */

import type { Observable } from 'rxjs'
import type {
  IdentifiedTouch,
  IdentityTouch,
  IdentityTouchV1,
  IdentityVisitor,
  VisitorLink,
} from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { keyed, type Row, type Tagged, type Turn } from '../core/keyed.ts'
import { earliest, window_start } from '../core/windows.ts'
import { compare_links, type Links, owner_at, place_of, with_one_less } from './order-links.ts'

export interface ClaimPolicy {
  /** So long a touch waits for somebody to say who it was. */
  readonly lookback_ms: number
  /** Touches are forgotten at the ends of stretches so long. */
  readonly sweep_ms: number
  /** The newest so many are kept (a quarter more for a while, so that forgetting costs little). */
  readonly touches_max: number
  readonly links_max: number
}
export const default_claims: ClaimPolicy = {
  lookback_ms: days(90),
  sweep_ms: days(7),
  touches_max: 1000,
  links_max: 200,
}

type Touch = Row<
  'touchpoints',
  'anonymous_id' | 'channel' | 'campaign' | 'content_id' | 'interaction' | 'cost_minor' | 'currency'
>
type Link = Row<'identity_links', 'identified_as'>
export type ClaimInput = Tagged<{ touch: Observable<Touch>; link: Observable<Link> }>
type ClaimTurn = Turn<IdentifiedTouch, IdentityTouch, 'sweep'>

const STRANGER: IdentityVisitor = { links: [], touches: 0, due_ms: null }

export const claimTouches = (policy: ClaimPolicy = default_claims) =>
  keyed<ClaimInput, IdentifiedTouch, IdentityVisitor, IdentityTouch, 'sweep'>({
    name: 'claim-touches',
    version: 2,
    state: {
      schema: 'state/identity_visitor',
      init: () => STRANGER,
      earlier: { 1: 'state/identity_visitor' },
    },
    slot: {
      schema: 'state/identity_touch',
      init: () => NO_TOUCH,
      earlier: { 1: 'state/identity_touch_v1' },
      upgrade: (_, earlier) => ({ ...(earlier as IdentityTouchV1), content_id: null }),
    },
    timers: { sweep: 'stream' },
    idle_ms: policy.lookback_ms + policy.sweep_ms,
    step: (state, input, turn) =>
      input.from === 'touch'
        ? keep_touch(state, input.value, turn, policy)
        : follow_link(state, input.value, turn, policy),
    on_timer: (state, _name, turn) => {
      const kept: IdentityTouch[] = []
      for (const [id, touch] of turn.slots())
        if (touch.touched_ms + policy.lookback_ms <= turn.at_ms) turn.put(id, null)
        else kept.push(touch)
      const due_ms = earliest(kept.map(touch => due_of(touch.touched_ms, policy)))
      turn.timer('sweep', due_ms)
      const links = state.links.filter(
        ({ linked_ms }, i) => linked_ms + policy.lookback_ms > turn.at_ms || i === state.links.length - 1,
      )
      return { links, touches: kept.length, due_ms }
    },
  })

const keep_touch = (
  state: IdentityVisitor,
  touch: Touch,
  turn: ClaimTurn,
  policy: ClaimPolicy,
): IdentityVisitor => {
  const { event_id, occurred_at, channel, campaign, content_id, interaction, cost_minor, currency } = touch
  if (occurred_at + policy.lookback_ms <= turn.stream_time_ms) {
    turn.late('older_than_lookback')
    return state
  }
  const id = slot_id(occurred_at, event_id)
  if (turn.slot(id)) return state
  const customer_id = owner_at(state.links, occurred_at)
  const claimed = {
    event_id,
    touched_ms: occurred_at,
    channel,
    campaign,
    content_id,
    interaction,
    cost_minor,
    currency,
    customer_id,
    revision: 0,
  }
  turn.put(id, claimed)
  if (customer_id !== null) turn.emit(row(turn.key, claimed, customer_id, false))
  const touches = forget_oldest(state.touches + 1, turn, policy)
  const due_ms = due_of(occurred_at, policy)
  if (state.due_ms !== null && state.due_ms <= due_ms) return { ...state, touches }
  turn.timer('sweep', due_ms)
  return { ...state, touches, due_ms }
}

const follow_link = (
  state: IdentityVisitor,
  { event_id, identified_as, occurred_at }: Link,
  turn: ClaimTurn,
  policy: ClaimPolicy,
): IdentityVisitor => {
  const link: VisitorLink = { event_id, customer_id: identified_as, linked_ms: occurred_at }
  const at = place_of(link, state.links)
  const next = state.links[at]
  if (next && compare_links(link, next) === 0) return state
  const links = [...state.links.slice(0, at), link, ...state.links.slice(at)]
  // The touches it may win were the next link's, or where there is none the one's before it.
  const loser = (next ?? state.links[at - 1])?.customer_id
  if (loser !== identified_as) claim_anew(links, turn)
  return { ...state, links: links.length > policy.links_max ? with_one_less(links) : links }
}

const claim_anew = (links: Links, turn: ClaimTurn): void => {
  for (const [id, touch] of turn.slots()) {
    const customer_id = owner_at(links, touch.touched_ms)
    if (customer_id === null || customer_id === touch.customer_id) continue
    const claimed = { ...touch, customer_id, revision: touch.revision + 1 }
    turn.put(id, claimed)
    if (touch.customer_id !== null) turn.emit(row(turn.key, claimed, touch.customer_id, true))
    turn.emit(row(turn.key, claimed, customer_id, false))
  }
}

/** How many touches are left. */
const forget_oldest = (touches: number, turn: ClaimTurn, { touches_max }: ClaimPolicy): number => {
  if (touches <= touches_max * 1.25) return touches
  for (const [id] of turn.slots().slice(0, touches - touches_max)) turn.put(id, null)
  return touches_max
}

const EARLIEST_MS = -2_208_988_800_000
/** Sorted by time; no field's text can make two touches one. */
const slot_id = (at_ms: number, event_id: string): string =>
  `${String(at_ms - EARLIEST_MS).padStart(14, '0')}|${event_id}`

const due_of = (at_ms: number, { lookback_ms, sweep_ms }: ClaimPolicy): number =>
  window_start(at_ms + lookback_ms, sweep_ms) + sweep_ms

const NO_TOUCH: IdentityTouch = {
  event_id: '',
  touched_ms: 0,
  channel: '',
  campaign: null,
  content_id: null,
  interaction: '',
  cost_minor: 0,
  currency: '',
  customer_id: null,
  revision: 0,
}

/** key: `tenant|~visitor`. */
const row = (key: string, touch: IdentityTouch, customer_id: string, retracted: boolean): IdentifiedTouch => {
  const { touched_ms, ...carried } = touch
  const bar = key.indexOf('|')
  const tenant_id = key.slice(0, bar)
  return {
    ...carried,
    tenant_id,
    customer_id,
    anonymous_id: key.slice(bar + 2),
    occurred_at: touched_ms,
    retracted,
  }
}
