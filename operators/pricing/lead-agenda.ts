/**
 * Where route-lead keeps what it knows of leads: the records of a customer in one slot, and an agenda of when each is looked
 * at next. Instants of the agenda are rounded up (a quarter of an hour; a day to be forgotten), so that they are few and
 * the state can list them; who is due at one stands in slots of 32. Nothing is taken out of an instant before it comes: a
 * record says itself when it is due. So each step costs the same, however many leads are kept; and of a customer with more than
 * RECORDS_MOST conversations one is forgotten for each that is new.
 */
import type { Route, RouteOutcome, RoutingSlot, RoutingTenant } from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'
import type { Turn } from '../core/keyed.ts'
import type { Book } from './buyer-book.ts'
import type { Choice } from './choose-buyer.ts'
import type { LeadRecord } from './route-rows.ts'

export interface PricedLead<L> {
  readonly of: 'lead'
  readonly lead: L
  /** Null where the tenant has no buyers of its own. */
  readonly choice: Choice | null
}
export type Decided =
  | { readonly of: 'route'; readonly row: Route }
  | { readonly of: 'outcome'; readonly row: RouteOutcome }
export type RouteTurn<O> = Turn<O | Decided, RoutingSlot, 'due'>
/** What parts of the router need of its turn. */
export type Any = RouteTurn<never>

/** As long as score-lead knows a conversation, and a day. */
export const KEPT_MS = days(31)
/** Conversations of one customer that are known at a time: they are one slot. */
export const RECORDS_MOST = 50
const PART = 32
export const EMPTY_SLOT: RoutingSlot = { buyer: null, due: [], leads: [], early: [], model: null }
/** Slot of what all answers say together: too large to be written with anything else. */
export const MODEL = 'acceptance'

/** The instants at which openings and ends of reservations are looked at. */
export const quarter_after = (at_ms: number): number => Math.ceil(at_ms / minutes(15)) * minutes(15)
export const day_after = (at_ms: number): number => Math.ceil(at_ms / days(1)) * days(1)

const of_customer = (customer_id: string): string => `lead|${customer_id}`
const of_part = (due_ms: number, part: number): string => `due|${due_ms}|${part}`

export const records_of = (customer_id: string, turn: Any): readonly LeadRecord[] =>
  turn.slot(of_customer(customer_id))?.leads ?? []

export const record_of = (
  { customer_id, conversation_id }: { customer_id: string; conversation_id: string },
  turn: Any,
): LeadRecord | null =>
  records_of(customer_id, turn).find(lead => lead.conversation_id === conversation_id) ?? null

export const put_book = (slot_id: string, buyer: Book, turn: Any): void =>
  turn.put(slot_id, { ...EMPTY_SLOT, buyer })

/** Stores a record in place of the one of its conversation, and enters it in the agenda when it is due at another time. */
export const keep = (agenda: Agenda, lead: LeadRecord, turn: Any): void => {
  const records = records_of(lead.customer_id, turn)
  const at = records.findIndex(({ conversation_id }) => conversation_id === lead.conversation_id)
  const all = at < 0 ? [...records, lead] : records.map((each, i) => (i === at ? lead : each))
  const leads = all.length > RECORDS_MOST ? without_oldest(all, lead) : all
  turn.put(of_customer(lead.customer_id), { ...EMPTY_SLOT, leads })
  if (records[at]?.due_ms !== lead.due_ms) agenda.enter(lead, turn)
}

/** Without the one that may be missed soonest: of those settled, else of all others, the one whose conversation is silent longest. */
const without_oldest = (records: readonly LeadRecord[], newest: LeadRecord): readonly LeadRecord[] => {
  const others = records.filter(lead => lead !== newest)
  const settled = others.filter(({ status }) => status === 'confirmed' || status === 'unsold')
  const oldest = (settled.length > 0 ? settled : others).reduce((a, b) => (b.seen_ms < a.seen_ms ? b : a))
  return records.filter(lead => lead !== oldest)
}

export const forget = ({ customer_id, conversation_id }: LeadRecord, turn: Any): void => {
  const leads = records_of(customer_id, turn).filter(each => each.conversation_id !== conversation_id)
  turn.put(of_customer(customer_id), leads.length === 0 ? null : { ...EMPTY_SLOT, leads })
}

/** Buyers that have had the lead, or its customer through another conversation. */
export const tried_by = (customer_id: string, turn: Any): ReadonlySet<string> => {
  const tried = new Set<string>()
  for (const { attempts } of records_of(customer_id, turn))
    for (const { buyer_id } of attempts) tried.add(buyer_id)
  return tried
}

/** Who is looked at when: a lead, or a customer's answers. */
export type Entry = RoutingSlot['due'][number] & { readonly due_ms: number }

/** The agenda while a turn lasts. */
export class Agenda {
  #instants: RoutingTenant['agenda']
  constructor(instants: RoutingTenant['agenda']) {
    this.#instants = instants
  }

  get instants(): RoutingTenant['agenda'] {
    return this.#instants
  }

  enter({ due_ms, customer_id, conversation_id }: Entry, turn: Any): void {
    const instants = this.#instants
    // Where it stands or would: mostly near the end.
    let at = instants.length
    while (at > 0 && (instants[at - 1]?.due_ms as number) >= due_ms) at--
    const known = instants[at]?.due_ms === due_ms ? instants[at] : undefined
    const leads_count = known?.leads_count ?? 0
    const part = of_part(due_ms, Math.floor(leads_count / PART))
    const due = [...(turn.slot(part)?.due ?? []), { customer_id, conversation_id }]
    turn.put(part, { ...EMPTY_SLOT, due })
    const next = { due_ms, leads_count: leads_count + 1, taken_parts: known?.taken_parts ?? 0 }
    this.#instants = [...instants.slice(0, at), next, ...instants.slice(known ? at + 1 : at)]
  }

  /**
   * Takes the first part of the first instant out if it has come: the records that are still due then, in the order they were entered,
   * and without one the customers whose answers have waited long enough. A part at a time, since a batch can end between two
   * timers only, and ten thousand leads may wait for the same morning.
   */
  *take(turn: Any): Iterable<{ readonly customer_id: string; readonly lead: LeadRecord | null }> {
    const [first, ...others] = this.#instants
    if (!first || first.due_ms > turn.at_ms) return
    const taken_parts = first.taken_parts + 1
    this.#instants = taken_parts * PART < first.leads_count ? [{ ...first, taken_parts }, ...others] : others
    const id = of_part(first.due_ms, first.taken_parts)
    const entries = turn.slot(id)?.due ?? []
    turn.put(id, null)
    for (const { customer_id, conversation_id } of entries) {
      const lead = conversation_id === null ? null : record_of({ customer_id, conversation_id }, turn)
      if (conversation_id === null || lead?.due_ms === first.due_ms) yield { customer_id, lead }
    }
  }

  get comes(): number | null {
    return this.#instants[0]?.due_ms ?? null
  }
}
