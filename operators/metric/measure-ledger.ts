/**
 * Decides: what a movement of money adds to revenue, the whole of a currency and the channel's; and of a payment that it
 *   converted in its channel, and whether any touch had led to it.
 * Because: revenue is the ledger's sum and nobody else's; the channel is the one that the ledger has.
 * Keeps: nothing.
 * When late: counts in the window of its own time. Twice: a movement has one ledger row. Missing: a movement without a touch
 *   is of the channel none, and a payment without one unattributed.
 * Limits: a refund lowers the channel of the latest touch before it, which need not be that of its payment.
 */

import { mergeMap, type OperatorFunction } from 'rxjs'
import type { LedgerEntry, Measure } from '../../schemas/types.ts'
import { measures_of_entry } from './metric-list.ts'

export const measureLedger = (): OperatorFunction<LedgerEntry, Measure> => entries =>
  entries.pipe(mergeMap(measures_of_entry))
