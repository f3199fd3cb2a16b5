/**
 * Decides: which signed ledger row a payments event stands for.
 * Because: money is one row per movement (payment_succeeded +, refunded −, chargeback −), never an incremented counter
 *   without its row; other payment events move no money.
 * Keeps: per customer the latest touch (for the row's channel), and per currency and UTC day what moved (slots; reconcile
 *   compares them with the log). For ever: money is never forgotten.
 * When late: a movement counts whatever its time. Twice: the task has dropped the duplicate before. A touch that arrives
 *   after the movement does not change the row: attribution is a view over both.
 * Limits: the channel is that of the latest touch by event time, not a share of credit. A movement that makes a day's total
 *   too large to be exact is refused.
 */

import type { Observable } from 'rxjs'
import type { LedgerEntry, RevenueDay, RevenueTotals, RevenueTotalsV1 } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { keyed, type Row, type Tagged } from '../core/keyed.ts'

type Touch = Row<'touchpoints', 'channel' | 'campaign' | 'content_id'>
type Payment = Row<
  'payments',
  | 'customer_id'
  | 'type'
  | 'amount_minor'
  | 'currency'
  | 'payment_id'
  | 'subscription_id'
  | 'checkout_id'
  | 'product_id'
  | 'plan_id'
  | 'quantity'
  | 'method'
>
export type LedgerInput = Tagged<{ touch: Observable<Touch>; payment: Observable<Payment> }>

/** Sign of each type that moves money. */
const SIGNS: Readonly<Record<string, 1 | -1 | undefined>> = {
  payment_succeeded: 1,
  refunded: -1,
  chargeback: -1,
}
const NO_DAY: RevenueDay = { gross_minor: 0, refunds_minor: 0, payments: 0 }

export const postLedger = () =>
  keyed<LedgerInput, LedgerEntry, RevenueTotals, RevenueDay>({
    name: 'post-ledger',
    version: 2,
    state: {
      schema: 'state/revenue_totals',
      init: () => ({ channel: null, campaign: null, content_id: null, touched_ms: null }),
      earlier: { 1: 'state/revenue_totals_v1' },
      upgrade: (_, earlier) => ({ ...(earlier as RevenueTotalsV1), content_id: null }),
    },
    slot: { schema: 'state/revenue_day', init: () => NO_DAY, earlier: { 1: 'state/revenue_day' } },
    idle_ms: Number.POSITIVE_INFINITY,
    kept_on_erasure: true,
    step: (state, input, turn) => {
      if (input.from === 'touch') return latest_touch(state, input.value)
      const entry = ledger_entry(state, input.value)
      if (!entry) return state
      const slot = `${entry.currency}|${Math.floor(entry.occurred_at / days(1))}`
      const day = add_to_day(turn.slot(slot) ?? NO_DAY, entry)
      if (!is_exact(day)) turn.reject('day_total_too_large')
      turn.put(slot, day)
      turn.emit(entry)
      return state
    },
  })

const latest_touch = (state: RevenueTotals, touch: Touch): RevenueTotals =>
  state.touched_ms !== null && touch.occurred_at < state.touched_ms
    ? state
    : {
        channel: touch.channel,
        campaign: touch.campaign,
        content_id: touch.content_id,
        touched_ms: touch.occurred_at,
      }

const ledger_entry = (state: RevenueTotals, payment: Payment): LedgerEntry | null => {
  const { type, amount_minor, ...carried } = payment
  const sign = SIGNS[type]
  if (!sign) return null
  const touched = state.touched_ms !== null && state.touched_ms <= payment.occurred_at
  return {
    ...carried,
    type: type as LedgerEntry['type'],
    amount_minor: amount_minor === 0 ? 0 : sign * amount_minor,
    cause_event_id: payment.event_id,
    channel: touched ? state.channel : null,
    campaign: touched ? state.campaign : null,
    content_id: touched ? state.content_id : null,
  }
}

const add_to_day = (day: RevenueDay, { type, amount_minor }: LedgerEntry): RevenueDay =>
  type === 'payment_succeeded'
    ? { ...day, gross_minor: day.gross_minor + amount_minor, payments: day.payments + 1 }
    : { ...day, refunds_minor: day.refunds_minor - amount_minor }

/** Whether the day's sums are exact. */
const is_exact = ({ gross_minor, refunds_minor }: RevenueDay): boolean =>
  Number.isSafeInteger(gross_minor) && Number.isSafeInteger(refunds_minor)
