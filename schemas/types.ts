// Generated from schemas/*.avsc by `npm run generate`. Do not edit.

export interface BatchRange {
  readonly topic: string
  /** First offset. */
  readonly from: number
  /** Last delivered offset + 1. */
  readonly to: number
  readonly count: number
  /** Chained CRC-32 over offset and body. */
  readonly crc: number
}

export interface BatchLeftOut {
  readonly topic: string
  readonly offset: number
  readonly outcome: string
}

export interface BatchOutcomes {
  readonly processed: number
  readonly duplicate: number
  readonly forwarded: number
  readonly late: number
  readonly dead_letter: number
}

/** The commit record of a task: what one micro-batch read, in which order, at which tick. */
export interface Batch {
  /** Nonce of the first acquisition of this partition: names one life of the log. */
  readonly log_id: string
  readonly key_group: string
  readonly partition: number
  /** Number of the batch, from 1; 0 for an acquisition. */
  readonly seq: number
  readonly kind: 'acquired' | 'batch'
  /** Of the owner. */
  readonly nonce: string
  /** Clock when the batch began. */
  readonly wall_at: number
  readonly tick_ms: null | number
  /** At the end of the batch. */
  readonly stream_time_ms: null | number
  /** Catalog entries below it were known. */
  readonly catalog_offset: number
  /** Timers fired. */
  readonly timers: number
  readonly ranges: readonly (BatchRange)[]
  readonly left_out: readonly (BatchLeftOut)[]
  readonly outcomes: BatchOutcomes
  readonly dead_timers: number
  readonly code: string
  /** Chained CRC-32 over outputs and outcomes. */
  readonly digest: number
  readonly outputs: number
}

/** A versioned fact the operators decide by: broadcast to every task, looked up as of event time. */
export interface CatalogEntry {
  readonly event_id: string
  /** '*' for all tenants. */
  readonly tenant_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  /** imports, tenants, products, plans, … */
  readonly kind: string
  readonly id: string
  readonly effective_at: number
  readonly revision: number
  /** JSON object. */
  readonly body: string
}

export interface ConversationContext {
  readonly homeowner_verified: null | boolean
  readonly bill_amount_minor: null | number
  readonly zip_code: null | string
  readonly borough: null | string
  readonly neighborhood: null | string
  readonly property_type: null | string
  readonly install_timeline: null | string
  readonly credit_signal: null | string
  readonly decision_role: null | string
  readonly comparing_offers: null | boolean
  readonly attributes: Readonly<Record<string, string>>
}

/** One step of a conversation with a lead. */
export interface Conversation {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  readonly conversation_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  readonly type: 'started' | 'message' | 'objection' | 'objection_resolved' | 'handed_off' | 'ended'
  readonly role: null | string
  readonly text: null | string
  /** -1 (bad) to 1 (good). */
  readonly sentiment: null | number
  readonly technical_question: null | boolean
  readonly context: ConversationContext
  readonly language: null | string
}

/** An input record (or timer) that could not be processed, with its reason and original bytes. */
export interface DeadLetter {
  /** topic:partition:offset, and :pipeline where only one pipeline failed. */
  readonly event_id: string
  /** '' when it could not be read. */
  readonly tenant_id: string
  /** Wall clock of the batch that refused it. */
  readonly occurred_at: number
  readonly reason: string
  readonly detail: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly pipeline: null | string
  readonly schema_id: null | number
  readonly key: null | Uint8Array
  readonly value: null | Uint8Array
}

/** What a buyer said of a lead it was sent. */
export interface Feedback {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  /** The routing decision this answers. */
  readonly decision_id: null | string
  readonly buyer_id: null | string
  readonly outcome: 'accepted' | 'rejected' | 'converted' | 'returned'
  readonly reason: null | string
  readonly amount_minor: null | number
  readonly currency: null | string
  readonly properties: Readonly<Record<string, string>>
}

/** One signed row per movement of money. */
export interface LedgerEntry {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  readonly type: 'payment_succeeded' | 'refunded' | 'chargeback'
  /** Signed: payments +, refunds and chargebacks −. */
  readonly amount_minor: number
  readonly currency: string
  /** The payments event that moved the money. */
  readonly cause_event_id: string
  readonly payment_id: null | string
  readonly subscription_id: null | string
  readonly checkout_id: null | string
  readonly product_id: null | string
  readonly plan_id: null | string
  readonly quantity: number
  readonly method: null | string
  /** Channel of the customer's latest touch before the movement. */
  readonly channel: null | string
  readonly campaign: null | string
}

/** A ledger row on its way to the tenant's windows (keyed by tenant). */
export interface Movement {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  readonly type: 'payment_succeeded' | 'refunded' | 'chargeback'
  /** 'none' without a touch. */
  readonly channel: string
  /** 'none' without a product. */
  readonly product_id: string
  readonly currency: string
  /** Signed. */
  readonly amount_minor: number
}

/** A step of a payment or subscription; money moves only with payment_succeeded, refunded and chargeback. */
export interface Payment {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  readonly type: 'checkout_started' | 'checkout_step' | 'payment_attempted' | 'payment_succeeded' | 'payment_failed' | 'refunded' | 'chargeback' | 'subscription_started' | 'subscription_changed' | 'subscription_renewed' | 'subscription_cancelled'
  readonly payment_id: null | string
  readonly subscription_id: null | string
  readonly checkout_id: null | string
  readonly product_id: null | string
  readonly plan_id: null | string
  /** Minor units of currency, ≥ 0 also for refunds. */
  readonly amount_minor: number
  /** ISO 4217 code; sets the exponent of every *_minor field. */
  readonly currency: string
  readonly mrr_minor: null | number
  readonly quantity: number
  readonly method: null | string
  readonly failure_code: null | string
  readonly device: null | string
  readonly country: null | string
  readonly properties: Readonly<Record<string, string>>
}

/** Money of one tenant, channel, product and currency in one tumbling window; a later revision replaces an earlier one. */
export interface RevenueWindow {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** Start of the window. */
  readonly occurred_at: number
  readonly window_ms: number
  /** 0 at the close, then one more with each correction. */
  readonly revision: number
  readonly channel: string
  readonly product_id: string
  readonly currency: string
  readonly gross_minor: number
  /** ≥ 0, chargebacks included. */
  readonly refunds_minor: number
  readonly net_minor: number
  readonly payments: number
}

/** Touches of one customer without a gap; a later revision replaces an earlier one. */
export interface Session {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: null | string
  readonly anonymous_id: null | string
  /** First touch. */
  readonly occurred_at: number
  /** Last touch. */
  readonly ended_at: number
  readonly revision: number
  /** True when a late touch merged this session into another. */
  readonly retracted: boolean
  readonly touches: number
  readonly duration_ms: number
  readonly first_channel: string
  readonly last_channel: string
  readonly first_campaign: null | string
  /** Distinct, sorted. */
  readonly funnel_steps: readonly (string)[]
}

/** A contact between a tenant and a (possibly anonymous) customer. */
export interface Touchpoint {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** At least one of customer_id and anonymous_id. */
  readonly customer_id: null | string
  readonly session_id: null | string
  readonly anonymous_id: null | string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  readonly channel: string
  readonly campaign: null | string
  readonly content_id: null | string
  /** view, click, submit, identify, …; identify carries both customer_id and anonymous_id. */
  readonly interaction: string
  readonly funnel_step: null | string
  readonly product_id: null | string
  readonly device: null | string
  readonly country: null | string
  /** What the touch cost, ≥ 0. */
  readonly cost_minor: number
  /** ISO 4217 code; sets the exponent of every *_minor field. */
  readonly currency: string
  readonly properties: Readonly<Record<string, string>>
}

/** journey-sessions slot: one session. */
export interface JourneySession {
  readonly started_ms: number
  readonly ended_ms: number
  readonly touches: number
  readonly first_channel: string
  readonly last_channel: string
  readonly first_campaign: null | string
  readonly funnel_steps: readonly (string)[]
  readonly customer_id: null | string
  readonly anonymous_id: null | string
  /** -1 while open. */
  readonly revision: number
}

/** When an operator's timer is set for, so that a step need not look at every slot. */
export interface NextDue {
  readonly due_ms: null | number
}

/** State of an operator that keeps everything in slots. */
export interface Nothing {
}

/** revenue-ledger slot currency|day: what the customer moved that day (UTC). */
export interface RevenueDay {
  readonly gross_minor: number
  readonly refunds_minor: number
  readonly payments: number
}

/** revenue-ledger: the latest touch of the customer. */
export interface RevenueTotals {
  readonly channel: null | string
  readonly campaign: null | string
  readonly touched_ms: null | number
}

/** revenue-windows slot: one window being summed. */
export interface RevenueWindowState {
  readonly start_ms: number
  readonly channel: string
  readonly product_id: string
  readonly currency: string
  readonly gross_minor: number
  readonly refunds_minor: number
  readonly payments: number
  /** -1 while open. */
  readonly revision: number
}

/** Row type of each topic. */
export interface Topics {
  readonly catalog: CatalogEntry
  readonly conversations: Conversation
  readonly dead_letters: DeadLetter
  readonly feedback: Feedback
  readonly ledger: LedgerEntry
  readonly movements: Movement
  readonly payments: Payment
  readonly revenue_windows: RevenueWindow
  readonly sessions: Session
  readonly touchpoints: Touchpoint
}
