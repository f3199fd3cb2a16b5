// Generated from schemas/*.avsc by `npm run generate`. Do not edit.

/** What a person says to alerts: seen, be quiet for a while (keyed by tenant). */
export interface AlertCommand {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  readonly command: 'acknowledge' | 'silence' | 'unsilence'
  /** acknowledge: which alert. */
  readonly fingerprint: null | string
  /** silence: what it is called from then on (a second one of the name replaces it); unsilence: which. */
  readonly silence_id: null | string
  /** silence: what an alert has to be, all of it: rule, metric, currency, dimension, severity, fingerprint; a trailing * matches any ending. */
  readonly matchers: Readonly<Record<string, string>>
  /** silence: from when on; at once without. */
  readonly starts_at: null | number
  /** silence: until when. */
  readonly ends_at: null | number
  readonly author: string
  readonly comment: string
}

/** Something a person should know: every change of its state, once. */
export interface Alert {
  /** fingerprint|start of the incident|number of the row. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** When it was decided, by event time. */
  readonly occurred_at: number
  /** rule|metric[ currency]|direction, and |dimension of a part: what counts as the same trouble. */
  readonly fingerprint: string
  readonly rule: string
  readonly severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
  readonly status: 'firing' | 'resolved' | 'pending' | 'acknowledged'
  readonly title: string
  /** With the numbers. */
  readonly description: string
  readonly metric: null | string
  readonly currency: null | string
  /** `channel=google`: that part of the whole; empty: all of it. */
  readonly dimension: string
  readonly value: null | number
  readonly expected: null | number
  /** Of the incident. */
  readonly started_at: number
  /** Repeats kept back by the cooldown since the last alert of this fingerprint. */
  readonly suppressed: number
  readonly cause_event_ids: readonly (string)[]
  /** What the trouble costs while it lasts, over the alert’s own window, in minor units of money_currency. */
  readonly money_at_risk_minor: null | number
  readonly money_currency: null | string
  /** The dimension that contributed most to it, e.g. `channel=google`. */
  readonly contributor: null | string
  /** Its part of the whole difference from what was expected. */
  readonly contributor_share: null | number
  /** Fingerprint of the alert that explains it: nobody is told of this one meanwhile. */
  readonly inhibited_by: null | string
  /** The silence that matches it: nobody is told meanwhile. */
  readonly silenced_by: null | string
  /** Steps of the ladder so far. */
  readonly escalation: number
  /** Incidents of the fingerprint within the rule’s memory before this one. */
  readonly recurrences: number
  readonly acknowledged_by: null | string
  /** Why this row was written: pending, fired, rose, repeated, recurred, acknowledged, escalated, resolved, inhibited, uninhibited, silenced, unsilenced. */
  readonly reason: string
  readonly policy_version: string
}

/** A metric point that the season and its usual spread do not explain. */
export interface Anomaly {
  /** Of the metric point. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** Start of the window. */
  readonly occurred_at: number
  readonly window_ms: number
  /** Of the metric point. */
  readonly revision: number
  readonly metric: string
  readonly currency: null | string
  /** `channel=google`: that part of the whole; empty: all of it. */
  readonly dimension: string
  /** spike, drop, level_shift, trend, recurring or unusual; empty: usual again. */
  readonly pattern: string
  /** none: usual again, or a correction took the anomaly back. */
  readonly direction: 'spike' | 'drop' | 'none'
  readonly value: number
  readonly expected: number
  readonly lower: number
  readonly upper: number
  /** Distance from expected in robust standard deviations, signed. */
  readonly score: number
  /** Points the expectation stands on. */
  readonly baseline_points: number
  readonly method: string
}

/** What a place on the paths is worth to a tenant by a model that looks at all paths at once, at a moment. */
export interface AttributionEffect {
  /** model|markov_order|dimension|place|moment. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** The moment: only what happened before it was known. */
  readonly occurred_at: number
  readonly model: 'markov' | 'shapley_rate'
  /** How many touches back a step depends on; 0 for other models. */
  readonly markov_order: number
  readonly dimension: 'channel' | 'campaign' | 'content'
  /** A channel, campaign or content. */
  readonly place: string
  /** markov: part of the conversions that would be lost without the place; shapley_rate: its Shapley value. */
  readonly effect: number
  /** Of all the credit; the shares of a model and dimension sum to 1. */
  readonly share: number
  /** That the model was made of. */
  readonly paths: number
  /** share times the conversions of the paths. */
  readonly conversions: number
  /** When the run began that wrote it, epoch milliseconds: of a tenant and moment the newest run holds. */
  readonly revision: number
}

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
  /** Where only some pipelines failed: which. */
  readonly pipelines: readonly (string)[]
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
  readonly kind: 'acquired' | 'batch' | 'rebuilt'
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
  /** More were due: the batch behind it fires them. */
  readonly more_due: boolean
  readonly ranges: readonly (BatchRange)[]
  readonly left_out: readonly (BatchLeftOut)[]
  readonly outcomes: BatchOutcomes
  readonly dead_timers: number
  /** Pipelines set aside while the batch ran. */
  readonly quarantined: readonly (string)[]
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
  /** JSON object; null takes back what held before. */
  readonly body: string
}

export interface ConversationRecommendation {
  readonly code: string
  readonly title: string
}

export interface ConversationDraft {
  /** Empty once the conversation is over. */
  readonly text: string
  /** Of the text: that of the conversation where it has phrases, else en. */
  readonly language: string
  /** Always true: nobody has approved or sent it. */
  readonly is_draft: boolean
  /** Of the catalog’s claims that the text says. */
  readonly claim_ids: readonly (string)[]
}

/** How a conversation stands after one more event of it. */
export interface ConversationMetric {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  readonly conversation_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  /** Of the event. */
  readonly type: 'started' | 'message' | 'objection' | 'objection_resolved' | 'handed_off' | 'ended'
  /** First event by event time. */
  readonly started_at: number
  /** From the first to the last event by event time. */
  readonly duration_ms: number
  readonly messages: number
  readonly questions_asked: number
  readonly objections: number
  readonly objections_resolved: number
  /** 0 to 1. */
  readonly technical_engagement: number
  /** Mean over the events that carry one. */
  readonly sentiment: null | number
  /** 0 to 1. */
  readonly urgency: number
  readonly trend: 'improving' | 'stable' | 'declining'
  /** Most useful first. */
  readonly recommendations: readonly (ConversationRecommendation)[]
  readonly next_questions: readonly (string)[]
  /** True once it was handed off or ended, or nothing came for the idle time. */
  readonly closed: boolean
  /** Not resolved yet, at least 0. */
  readonly objections_open: number
  /** duration_ms is between the policy’s least and most (300 s and 1800 s, both included). */
  readonly within_bounds: boolean
  /** duration_ms is above the policy’s most. */
  readonly over_long: boolean
  /** The latest sentiments by event time, oldest first; the trend compares their halves. */
  readonly sentiment_course: readonly (number)[]
  /** As the sender tagged it last. */
  readonly language: null | string
  /** What is not known of the lead yet, worth most first; next_questions asks for the first of them. */
  readonly gaps: readonly (string)[]
  /** Codes of advice that applies and is held back from this conversation, to measure what it does. */
  readonly held_out: readonly (string)[]
  /** A reply for a person, or a model, to word. */
  readonly draft: ConversationDraft
  readonly policy_version: string
  /** Why the catalog’s policy is not believed; the built-in one holds then. */
  readonly policy_problem: null | string
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

export interface PathTouch {
  readonly event_id: string
  readonly touched_at: number
  readonly channel: string
  readonly campaign: null | string
  readonly content_id: null | string
  readonly cost_minor: number
  readonly cost_currency: string
  /** Made before the customer was known. */
  readonly anonymous: boolean
}

/** A movement of money and the touches that led to it; a later revision replaces an earlier one. */
export interface Conversion {
  /** Of the payments event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  /** Of the movement. */
  readonly occurred_at: number
  /** 0 at once, then one more each time touches that have come or left are written. */
  readonly revision: number
  readonly type: 'payment_succeeded' | 'refunded' | 'chargeback'
  readonly payment_id: null | string
  /** Signed as in the ledger. */
  readonly amount_minor: number
  readonly currency: string
  /** When the path ends: the movement itself; of a refund the payment it takes back, where that is known. */
  readonly path_ends_at: number
  /** By event time, then event_id. */
  readonly touches: readonly (PathTouch)[]
  /** Earlier touches beyond the most that a path keeps. */
  readonly left_out: number
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

/** One attempt to tell a receiver. */
export interface Delivery {
  /** notification|attempt. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** Wall clock of the attempt. */
  readonly occurred_at: number
  readonly notification_id: string
  readonly receiver: string
  /** webhook, slack, email or sms. */
  readonly channel: string
  readonly group_key: string
  readonly attempt: number
  /** retrying: another attempt follows. failed: refused for good, or given up. expired: too old to be told. */
  readonly outcome: 'delivered' | 'retrying' | 'failed' | 'expired'
  readonly status_code: null | number
  readonly error: null | string
  readonly duration_ms: number
}

/** A person wishes to be forgotten: what was known of this customer or visitor up to here goes, money stays. */
export interface Erasure {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: null | string
  /** A visitor who never said who it is; each has an erasure of its own. */
  readonly anonymous_id: null | string
  /** Event time, milliseconds since the epoch, UTC; what happened later is not touched. */
  readonly occurred_at: number
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

/** How well a method has foretold a metric: asked again at earlier moments (rolling origins) and compared with what came. */
export interface ForecastScore {
  /** metric|currency|granularity|method|moment. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** The moment of the forecasts it belongs to. */
  readonly occurred_at: number
  /** As in the view metric_history. */
  readonly metric: string
  /** Of money metrics. */
  readonly currency: null | string
  /** Length of a period. */
  readonly granularity: 'hour' | 'day' | 'week' | 'month'
  readonly method: string
  /** Earlier moments at which the method was asked. */
  readonly origins: number
  readonly mae: number
  readonly rmse: number
  /** Per cent, 0 to 200; null where all of it was 0. */
  readonly smape: null | number
  /** Against the seasonal naive method in the sample; null where that never errs. */
  readonly mase: null | number
  /** Part of what came that lay within lo80 and hi80. */
  readonly coverage80: number
  readonly coverage95: number
  /** Of the method in best; 0: not used. */
  readonly weight: number
}

/** What a metric of a tenant will be in one period to come, by one method, as foretold at a moment. */
export interface Forecast {
  /** metric|currency|granularity|method|moment|step. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** The moment: only what happened before it was known. */
  readonly occurred_at: number
  /** As in the view metric_history. */
  readonly metric: string
  /** Of money metrics. */
  readonly currency: null | string
  /** Length of a period. */
  readonly granularity: 'hour' | 'day' | 'week' | 'month'
  /** naive, seasonal_naive, …, best. */
  readonly method: string
  /** 1: the period the moment lies in. */
  readonly step: number
  /** Of the period. */
  readonly starts_at: number
  /** Minor units for money. */
  readonly value: number
  readonly lo80: number
  readonly hi80: number
  readonly lo95: number
  readonly hi95: number
}

/** A touch of an anonymous visitor, handed to the customer it belongs to; a later revision replaces an earlier one. */
export interface IdentifiedTouch {
  /** Of the anonymous touch. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  readonly anonymous_id: string
  /** Of the touch. */
  readonly occurred_at: number
  readonly revision: number
  /** True when the touch turned out to be another customer’s. */
  readonly retracted: boolean
  readonly channel: string
  readonly campaign: null | string
  readonly content_id: null | string
  readonly interaction: string
  readonly cost_minor: number
  readonly currency: string
}

/** A visitor who was anonymous said who they are (keyed by the anonymous visitor). */
export interface IdentityLink {
  /** Of the identify touch. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly anonymous_id: string
  /** customer_id. */
  readonly identified_as: string
  /** Of the identify touch. */
  readonly occurred_at: number
}

/** A buyer’s feedback on its way to the tenant’s routes (keyed by tenant). */
export interface LeadFeedback {
  /** customer_id|event_id of the feedback. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  readonly decision_id: null | string
  readonly buyer_id: null | string
  readonly outcome: 'accepted' | 'rejected' | 'converted' | 'returned'
  readonly reason: null | string
  readonly amount_minor: null | number
  readonly currency: null | string
}

export interface LeadScorePart {
  readonly factor: string
  readonly signal: string
  readonly points: number
}

/** How good a lead is, after one more event of its conversation. */
export interface LeadScore {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  readonly conversation_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  /** 0 to 100: the sum of the four factors’ points. */
  readonly total_score: number
  readonly quality_tier: 'premium' | 'standard' | 'basic' | 'unqualified'
  /** 0 to 1. */
  readonly conversion_probability: number
  /** What the market multiplies revenue by. */
  readonly market_ratio: number
  /** Of 40: base qualification. */
  readonly base_points: number
  /** Of 30. */
  readonly behavior_points: number
  /** Of 20: market timing. */
  readonly timing_points: number
  /** Of 10: market intelligence. */
  readonly market_points: number
  /** What earned or cost points; the points of a factor sum to its own. */
  readonly parts: readonly (LeadScorePart)[]
  /** Signals not known yet, those that could earn most first. */
  readonly missing: readonly (string)[]
  readonly policy_version: string
  /** Why the catalog’s lead policy (or its shadow) is not believed; the built-in one scored instead (no shadow did). */
  readonly policy_problem: null | string
  /** Of the policy that is scored beside this one (catalog: tenant|shadow) and decides nothing. */
  readonly shadow_version: null | string
  /** 0 to 100. */
  readonly shadow_score: null | number
  /** 0 to 1. */
  readonly shadow_probability: null | number
}

/** A scored lead on its way to the tenant’s prices (keyed by tenant). */
export interface Lead {
  /** customer_id|event_id of the conversation event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  readonly customer_id: string
  readonly conversation_id: string
  /** The conversation event. */
  readonly cause_event_id: string
  /** Of the conversation event. */
  readonly type: 'started' | 'message' | 'objection' | 'objection_resolved' | 'handed_off' | 'ended'
  readonly total_score: number
  readonly quality_tier: 'premium' | 'standard' | 'basic' | 'unqualified'
  readonly conversion_probability: number
  readonly market_ratio: number
  /** Of the conversation so far. */
  readonly duration_ms: number
  readonly base_points: number
  readonly behavior_points: number
  readonly timing_points: number
  readonly market_points: number
  /** Of the points that the policy gives at most for it, 0 to 1; 0.5 where it gives none. */
  readonly base_share: number
  /** Likewise. */
  readonly behavior_share: number
  /** Likewise. */
  readonly timing_share: number
  /** Likewise. */
  readonly market_share: number
  /** Has what a buyer needs (tier, fields), and has talked long enough or was handed off: may be sold. */
  readonly ready: boolean
  readonly zip_code: null | string
  readonly borough: null | string
  readonly neighborhood: null | string
  readonly lead_policy_version: string
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
  readonly content_id: null | string
}

export interface LifetimeParameter {
  readonly name: string
  readonly value: number
  /** From the curvature at the optimum; null where it has none. */
  readonly standard_error: null | number
}

/** A model of purchases or spend, fitted to a tenant's customers of one currency at a moment, or why it was not. */
export interface LifetimeModel {
  /** model|currency|moment. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** The moment: only what happened before it was known. */
  readonly occurred_at: number
  readonly currency: string
  readonly model: 'bg_nbd' | 'mbg_nbd' | 'pareto_nbd' | 'bg_bb' | 'gamma_gamma'
  /** That it was fitted to. */
  readonly customers: number
  /** Times are in weeks, money in major units. */
  readonly parameters: readonly (LifetimeParameter)[]
  readonly log_likelihood: null | number
  /** Why the data cannot support the model. */
  readonly refused: null | string
  /** The model of purchases whose predictions are written. */
  readonly chosen: boolean
}

/** What a customer is expected to buy in the coming weeks; a later revision replaces an earlier one. */
export interface LifetimeValue {
  /** Currency. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** The moment: only what happened before it was known. */
  readonly occurred_at: number
  readonly customer_id: string
  /** The moment, epoch milliseconds. */
  readonly revision: number
  readonly currency: string
  /** Of purchases; spend is gamma_gamma's. */
  readonly model: string
  readonly horizon_weeks: number
  readonly p_alive: number
  readonly expected_purchases: number
  readonly expected_value_minor: number
}

/** A number that somebody measured, on its way into the windows of a metric of their own (keyed by series). */
export interface Measurement {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  /** Lower case, digits and underscores. */
  readonly metric: string
  /** `channel=google`: that part of the whole; empty: all of it. */
  readonly dimension: string
  /** Of money metrics: ISO 4217. */
  readonly currency: null | string
  /** sum: values are added up. ratio: values over weights. level: their mean, weighted. values: quantiles of them. */
  readonly kind: 'sum' | 'ratio' | 'level' | 'values'
  readonly value: number
  /** Not negative. */
  readonly weight: number
}

export interface MeasureBin {
  readonly bin: number
  readonly count: number
}

/** What one batch of a task adds to a window of a series (keyed by series); rows of one batch and window are one row. */
export interface Measure {
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** Start of the window. */
  readonly occurred_at: number
  readonly metric: string
  readonly currency: null | string
  /** `channel=google`: that part of the whole; empty: all of it. */
  readonly dimension: string
  readonly kind: 'count' | 'sum' | 'ratio' | 'level' | 'values'
  readonly numerator: number
  /** Added up where it is a ratio or a level; else 0. */
  readonly denominator: number
  /** Events behind it. */
  readonly samples: number
  /** Of `values`: the sketch’s, by bin. */
  readonly bins: readonly (MeasureBin)[]
}

/** A metric of a tenant in one tumbling window; a later revision replaces an earlier one. */
export interface MetricPoint {
  /** metric|currency|start of the window; of a part metric|currency|dimension|start. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** Start of the window. */
  readonly occurred_at: number
  readonly window_ms: number
  /** 0 at the close, then one more with each correction. */
  readonly revision: number
  /** revenue, payments, visits, conversations, conversion_rate, payment_failure_rate, … */
  readonly metric: string
  /** Of money metrics. */
  readonly currency: null | string
  /** Sum, count, or ratio of the two; minor units for money. */
  readonly value: number
  readonly numerator: number
  /** 1 where the metric is not a ratio. */
  readonly denominator: number
  /** count, sum, ratio, level or quantile. */
  readonly kind: string
  /** `channel=google`: that part of the whole; empty: all of it. */
  readonly dimension: string
  /** What the season expects; null while too little is known. */
  readonly expected: null | number
  /** Events behind the value. */
  readonly samples: number
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

export interface NotifiedAlert {
  /** event_id of the row of `alerts` that says so. */
  readonly alert_id: string
  readonly fingerprint: string
  readonly rule: string
  readonly severity: string
  /** firing, acknowledged or resolved. */
  readonly status: string
  readonly title: string
  readonly description: string
  readonly started_at: number
  readonly value: null | number
  readonly expected: null | number
  readonly money_at_risk_minor: null | number
  readonly money_currency: null | string
  readonly metric: null | string
  readonly currency: null | string
  readonly dimension: string
  readonly contributor: null | string
  readonly contributor_share: null | number
  /** When it was over. */
  readonly ended_at: null | number
  /** It is why this is told; the others are told along with it. */
  readonly changed: boolean
}

/** What one receiver is to be told of one group of alerts. Its event_id is the idempotency key of every attempt. */
export interface Notification {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** When it was decided, by event time. */
  readonly occurred_at: number
  readonly receiver: string
  /** webhook, slack, email or sms: the receiver as the catalog had it then. */
  readonly channel: string
  /** URL, address or number. */
  readonly to: string
  /** Name of the secret that signs it. */
  readonly secret: null | string
  readonly group_key: string
  /** What the alerts of the group have in common. */
  readonly labels: Readonly<Record<string, string>>
  /** Within receiver and group: 1, 2, … in this order. */
  readonly sequence: number
  readonly reason: 'new' | 'changed' | 'repeated' | 'escalated' | 'resolved'
  /** firing while one of the alerts is, else resolved. */
  readonly status: string
  /** What it is told for first; at most 100. */
  readonly alerts: readonly (NotifiedAlert)[]
  /** Alerts of the group beyond those listed. */
  readonly truncated: number
  readonly policy_version: string
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

export interface PriceAlternative {
  readonly buyer_tier: string
  readonly price_minor: number
  /** Why it was not chosen. */
  readonly reason: string
}

/** What a lead is worth to the tenant’s buyers now, with the factors of the price. */
export interface Price {
  /** customer_id|event_id of the conversation event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  readonly conversation_id: string
  /** The conversation event. */
  readonly cause_event_id: string
  /** Event time, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  readonly quality_tier: 'premium' | 'standard' | 'basic' | 'unqualified'
  /** Null when the lead is not for sale. */
  readonly buyer_tier: null | 'premium' | 'standard' | 'volume' | 'direct'
  readonly currency: string
  /** Of the buyer tier. */
  readonly base_minor: number
  readonly quality_ratio: number
  readonly surge_ratio: number
  readonly market_ratio: number
  /** Leads sold of the tier’s capacity; null without one. */
  readonly utilization_ratio: null | number
  /** base × quality × surge, rounded half up; of a tenant’s own buyer with every term and limit (routes.price_terms). */
  readonly price_minor: number
  /** base × quality × surge × market, rounded half up. */
  readonly revenue_potential_minor: number
  /** Of the conversation so far; null before a second has passed. */
  readonly revenue_per_minute_minor: null | number
  readonly alternatives: readonly (PriceAlternative)[]
  readonly policy_version: string
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

/** A buyer’s feedback joined to the decision that caused it, as it was decided: what is learned from. */
export interface RouteOutcome {
  /** customer_id|event_id of the feedback. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  /** Event time of the feedback, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  /** Null where no decision is known by decision_id (or by customer and buyer). */
  readonly conversation_id: null | string
  readonly decision_id: null | string
  readonly decided_at: null | number
  readonly buyer_id: null | string
  readonly buyer_tier: null | string
  readonly outcome: 'accepted' | 'rejected' | 'converted' | 'returned'
  /** As the buyer wrote it. */
  readonly reason: null | string
  /** contact, qualification, geography, duplicate, timing, price, quality, capacity, other; null of what was not refused. */
  readonly reason_class: null | string
  /** What the buyer says it brought, minor units of currency. */
  readonly value_minor: null | number
  readonly currency: null | string
  /** Of the decision, in the decision’s currency. */
  readonly price_minor: null | number
  readonly quality_tier: null | string
  readonly total_score: null | number
  readonly base_points: null | number
  readonly behavior_points: null | number
  readonly timing_points: null | number
  readonly market_points: null | number
  readonly conversion_probability: null | number
  /** What was expected of the buyer when it was decided. */
  readonly acceptance_probability: null | number
  /** 0 to 1: how much the learner believes this buyer; 1 as long as it answers like the others. */
  readonly trusted_ratio: number
  readonly lead_policy_version: null | string
  readonly policy_version: null | string
}

export interface PriceTerm {
  /** base, quality, surge, business_hours, weekday, market, floor, ceiling, step. */
  readonly term: string
  /** What it multiplied by; of a limit: after divided by before. */
  readonly ratio: number
}

export interface RoutingTerm {
  readonly term: string
  readonly value: number
  readonly weight: number
}

export interface RouteAlternative {
  readonly buyer_id: string
  readonly routing_score: number
  readonly price_minor: number
  readonly expected_revenue_minor: number
  /** Why it was not chosen: lower_score, full, area, quality, closed, paused, suppressed, tried. */
  readonly reason: string
}

/** One step in the sale of a lead: to which buyer it would go now, goes, went; with every term of the choice. */
export interface Route {
  /** Of the lead’s event (customer_id|event_id) when a message caused it; else ~ event_id of the lead’s first row |attempt|status (no customer_id begins with ~). */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  readonly customer_id: string
  readonly conversation_id: string
  /** The conversation event, the feedback, or the decision whose time ran out. */
  readonly cause_event_id: string
  /** Event time of the cause, milliseconds since the epoch, UTC. */
  readonly occurred_at: number
  /** What feedback names: event_id of the row that reserved; null of a lead that is not for sale yet. */
  readonly decision_id: null | string
  /** quoted: what would be chosen, nothing is taken; of a lead that has a decision, who holds it; reserved: counts against the buyer’s caps; confirmed: the buyer took it; released: it gave it back, or let the time pass; queued: for the buyers’ hours; unsold: nobody is left. */
  readonly status: 'quoted' | 'reserved' | 'confirmed' | 'released' | 'queued' | 'unsold'
  /** 1 with the first buyer, 2 with the one behind it, …; 0 of a row that takes and gives back nothing. */
  readonly attempt: number
  readonly buyer_id: null | string
  /** premium, standard, volume or direct. */
  readonly buyer_tier: null | string
  readonly quality_tier: 'premium' | 'standard' | 'basic' | 'unqualified'
  readonly total_score: number
  readonly base_points: number
  readonly behavior_points: number
  readonly timing_points: number
  readonly market_points: number
  readonly conversion_probability: number
  readonly currency: string
  /** Of this buyer; 0 without one. */
  readonly price_minor: number
  /** In the order in which they were applied; base × all of them is the price before rounding. */
  readonly price_terms: readonly (PriceTerm)[]
  /** That this buyer takes such a lead, learned from its feedback; 0 without a buyer. */
  readonly acceptance_probability: number
  /** price × acceptance, rounded half up. */
  readonly expected_revenue_minor: number
  /** What the buyers were ordered by. */
  readonly routing_score: number
  /** value × weight sums to the score. */
  readonly routing_terms: readonly (RoutingTerm)[]
  /** (reserved + confirmed) / cap of the fuller of the buyer’s hour and day, before this lead; null without a cap. */
  readonly utilization_ratio: null | number
  /** What a lead that this buyer took has brought it so far, minor units of currency: as it says, else its price; mean, older ones count less. Null before the first. */
  readonly buyer_value_minor: null | number
  /** Best first, at most five. */
  readonly alternatives: readonly (RouteAlternative)[]
  /** One sentence for people. */
  readonly reason: string
  readonly lead_policy_version: string
  /** Of prices and routing. */
  readonly policy_version: string
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

/** What a tenant paid for a channel on a day, beside what its touches say they cost. */
export interface Spend {
  /** Unique per key; the identity of the event. */
  readonly event_id: string
  /** Whose event it is; no '|'. */
  readonly tenant_id: string
  /** An instant of the day that the money is for. */
  readonly occurred_at: number
  readonly channel: string
  readonly campaign: null | string
  readonly content_id: null | string
  /** Signed: a correction is a second row. */
  readonly amount_minor: number
  /** ISO 4217 code; sets the exponent of every *_minor field. */
  readonly currency: string
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

export interface AlertGroupMember {
  readonly fingerprint: string
  /** Severity as it was told last: its place in their list; -1: not told as firing. */
  readonly told_rank: number
  /** Has escalated since it was told. */
  readonly escalated: boolean
}

export interface AlertGroup {
  readonly receiver: string
  readonly group_key: string
  readonly labels: Readonly<Record<string, string>>
  readonly group_wait_ms: number
  readonly group_interval_ms: number
  readonly repeat_interval_ms: number
  readonly mute_times: readonly (string)[]
  readonly opened_ms: number
  /** Of the last notification. */
  readonly told_ms: null | number
  /** Of the last notification; 0: none yet. */
  readonly sequence: number
  /** When it is looked at next. */
  readonly due_ms: number
  readonly members: readonly (AlertGroupMember)[]
}

export interface GroupedAlert {
  readonly alert_id: string
  readonly fingerprint: string
  readonly rule: string
  readonly severity: string
  readonly status: string
  readonly title: string
  readonly description: string
  readonly started_at: number
  readonly ended_at: null | number
  readonly metric: null | string
  readonly currency: null | string
  readonly dimension: string
  readonly value: null | number
  readonly expected: null | number
  readonly money_at_risk_minor: null | number
  readonly money_currency: null | string
  readonly contributor: null | string
  readonly contributor_share: null | number
  /** Silenced or inhibited. */
  readonly hidden: boolean
  /** Slots of the groups that it is a member of. */
  readonly groups: readonly (string)[]
}

/** group-alerts slot: a group of a receiver (g|receiver|group key), or an alert as it was last said (a|fingerprint). */
export interface AlertGroupSlot {
  readonly group: null | AlertGroup
  readonly alert: null | GroupedAlert
}

/** group-alerts: when the first of the tenant's groups is looked at next. */
export interface AlertGroups {
  readonly next_ms: null | number
}

export interface AlertHeldPoint {
  readonly event_id: string
  readonly tenant_id: string
  /** occurred_at of the row. */
  readonly start_ms: number
  readonly window_ms: number
  readonly revision: number
  readonly metric: string
  readonly currency: null | string
  readonly dimension: string
  readonly kind: string
  readonly value: number
  readonly expected: null | number
  readonly numerator: number
  readonly denominator: number
  readonly samples: number
}

export interface AlertHeldAnomaly {
  readonly event_id: string
  readonly tenant_id: string
  /** occurred_at of the row. */
  readonly start_ms: number
  readonly window_ms: number
  readonly revision: number
  readonly metric: string
  readonly currency: null | string
  readonly dimension: string
  readonly pattern: string
  readonly direction: string
  readonly value: number
  readonly expected: number
  readonly score: number
}

/** order-points slot: a point or an anomaly whose window is not whole yet. */
export interface AlertHeld {
  readonly point: null | AlertHeldPoint
  readonly anomaly: null | AlertHeldAnomaly
}

export interface AlertSaid {
  readonly metric: null | string
  readonly currency: null | string
  readonly dimension: string
  readonly value: null | number
  readonly expected: null | number
  readonly description: string
  readonly money_at_risk_minor: null | number
  readonly money_currency: null | string
  readonly contributor: null | string
  readonly contributor_share: null | number
}

/** raise-alerts slot: the last incident of a fingerprint. */
export interface AlertIncident {
  readonly phase: 'pending' | 'firing' | 'acknowledged' | 'over'
  readonly rule: string
  readonly started_ms: number
  /** When the first trouble of it was decided. */
  readonly pending_ms: number
  /** When it fired first; 0 before. */
  readonly fired_ms: number
  /** Since when it waits for somebody to acknowledge it. */
  readonly waits_ms: number
  /** When the last alert of the fingerprint fired; -1 before any. */
  readonly alerted_ms: number
  /** Time of its last row. */
  readonly told_ms: number
  /** End of the last trouble. */
  readonly bad_ms: number
  /** Highest severity of its troubles: place in the list of severities. */
  readonly worst: number
  /** Severity, raised by the ladder. */
  readonly rank: number
  /** Rows of the incident so far. */
  readonly alerts: number
  readonly suppressed: number
  /** Steps of the ladder so far. */
  readonly escalation: number
  /** Steps of those that waited for somebody to acknowledge. */
  readonly climbed: number
  readonly recurrences: number
  /** When earlier incidents that had fired ended, within the memory. */
  readonly ends: readonly (number)[]
  readonly acknowledged_by: null | string
  readonly inhibited_by: null | string
  readonly silenced_by: null | string
  /** Since the last alert. */
  readonly cause_event_ids: readonly (string)[]
  /** Of the last trouble. */
  readonly said: AlertSaid
}

export interface AlertSeriesPoint {
  readonly event_id: string
  readonly start_ms: number
  readonly window_ms: number
  readonly kind: string
  readonly value: number
  readonly numerator: number
  readonly denominator: number
  readonly samples: number
  readonly expected: null | number
}

export interface AlertSeriesAnomaly {
  readonly event_id: string
  readonly start_ms: number
  readonly window_ms: number
  readonly pattern: string
  readonly direction: string
  readonly value: number
  readonly expected: number
  readonly score: number
}

/** judge-points slot: the last points of a series that a rule watches. */
export interface AlertSeries {
  /** By their start. */
  readonly points: readonly (AlertSeriesPoint)[]
  /** Not judged yet. */
  readonly anomalies: readonly (AlertSeriesAnomaly)[]
}

export interface AlertSilence {
  readonly silence_id: string
  readonly matchers: Readonly<Record<string, string>>
  readonly starts_ms: number
  readonly ends_ms: number
}

export interface AlertInhibitor {
  readonly fingerprint: string
  /** What it explains. */
  readonly rules: readonly (string)[]
}

/** raise-alerts: what is silenced, what inhibits, what time will bring, and how much is kept. */
export interface AlertTenant {
  /** Whether old incidents will be dropped by a timer. */
  readonly forgets: boolean
  /** How many incidents of premium leads are kept. */
  readonly leads: number
  /** When an incident or a silence changes by itself, at the earliest. */
  readonly due_ms: null | number
  /** By id. */
  readonly silences: readonly (AlertSilence)[]
  /** Alerts that fire and explain others, by fingerprint. */
  readonly inhibitors: readonly (AlertInhibitor)[]
}

export interface AlertHourMoney {
  readonly currency: string
  readonly amount_minor: number
  readonly movements: number
}

export interface AlertHour {
  readonly hour_ms: number
  readonly visits: number
  readonly payments: number
  readonly money: readonly (AlertHourMoney)[]
}

/** judge-points: windows to be judged, and the last day's business by the hour. */
export interface AlertUsual {
  /** Ends of the windows to be judged. */
  readonly ends: readonly (number)[]
  /** End of the newest window that was judged. */
  readonly newest_ms: number
  /** Series of which older windows are to be judged. */
  readonly late: readonly (string)[]
  readonly hours: readonly (AlertHour)[]
}

export interface AnomalyFirst {
  readonly at_ms: number
  readonly value: number
}

/** How often a signal was how large: counts by sixth of an octave (operators/stats/tail-strength.ts). */
export interface AnomalyTail {
  /** Mean size of the signal, cut at four times itself. */
  readonly scale: number
  readonly total: number
  readonly counts: readonly (number)[]
}

/** judge-series: what is usual of one series of values. Sizes are roots of values in units of `unit`. */
export interface AnomalyDetector {
  /** After so many values the series repeats; 0 where nobody said so. */
  readonly season: number
  /** After so long. */
  readonly cycle_ms: number
  /** Usual time from one value to the next; 0 before the first values are used. */
  readonly interval_ms: number
  /** Time of the newest value. */
  readonly latest_ms: number
  /** So many were judged. */
  readonly values: number
  /** Median size of the first values. */
  readonly unit: number
  /** The first values, until there are enough to know unit and interval. */
  readonly first: readonly (AnomalyFirst)[]
  /** Size of the newest value. */
  readonly last: number
  /** Running means, by place (series-signals.ts). */
  readonly means: readonly (number)[]
  /** Usual size by 24th of the cycle. */
  readonly hours: readonly (number)[]
  readonly hour_values: readonly (number)[]
  /** What differs from it, by 168th of seven cycles. */
  readonly weeks: readonly (number)[]
  readonly week_values: readonly (number)[]
  /** What the last days differ from the season by. */
  readonly level: number
  /** Usual distance from `hours`. */
  readonly hour_spread: number
  /** Usual distance from the whole season. */
  readonly spread: number
  readonly tails: readonly (AnomalyTail)[]
  /** Detections, fading. */
  readonly load: number
  /** After so many values one was told last; -1 for none. */
  readonly told_after: number
  readonly told_strength: number
  /** Detections by 24th of the cycle, fading: what recurs. */
  readonly told_hours: readonly (number)[]
  /** What differs from the season, by 24th of the cycle, the last 24. */
  readonly trend: readonly (number)[]
  /** The 24th of the cycle that the last of them is, counted from 1970. */
  readonly trend_part: number
}

export interface AnomalyRecurring {
  /** Of the hour. */
  readonly start_ms: number
  readonly value: number
  readonly expected: number
  readonly lower: number
  readonly upper: number
  readonly score: number
}

export interface AnomalyHour {
  readonly metric: string
  /** Start of the first point. */
  readonly started_ms: number
  /** Its start. */
  readonly hour_ms: number
  /** Start of the newest point. */
  readonly latest_ms: number
  /** It has an anomaly's row of its own. */
  readonly latest_told: boolean
  /** Of the hour, by points. */
  readonly covered_ms: number
  readonly seen: number
  /** What a mean or a ratio is over. */
  readonly exposure: number
  readonly expected: number
  /** A point of the hour was an anomaly by itself, or the season was not known. */
  readonly left_out: boolean
  /** The hour before was told, and not yet that it is over. */
  readonly open: boolean
  /** Hours against the season. */
  readonly judged: number
  /** Decayed: seen, exposure, expected of the last hours; of the last day. */
  readonly sums: readonly (number)[]
  /** Variance of each of the two, then of a day against the one a week before. */
  readonly spreads: readonly (number)[]
  /** Unusual hours in a row. */
  readonly run: number
  /** Start of the day being added up. */
  readonly day_ms: number
  readonly day_covered_ms: number
  readonly day_seen: number
  readonly day_exposure: number
  /** The last fourteen days, on the scale they are judged on. */
  readonly days: readonly (number)[]
  /** Days that were compared with the one a week before. */
  readonly weeks: number
  /** By hour of the day: newest day of an anomaly, counted from 1970 … */
  readonly told_days: readonly (number)[]
  /** … and on how many days up to it, at most two apart. */
  readonly told_times: readonly (number)[]
  /** What came back at its hour and is to be told once it is over. */
  readonly recurring: null | AnomalyRecurring
}

/** find-patterns: the hour that is being added up, by metric of the series. */
export interface AnomalyHours {
  readonly metrics: readonly (AnomalyHour)[]
}

/** detect-anomalies slot: what is usual of a metric, changed by the hour. Pairs are decayed sums: of counts seen over expected without this factor, of levels what is above the others over hours. */
export interface AnomalySeason {
  /** Usual exposure of an hour. */
  readonly exposure: number
  /** The last days against the season: one pair. */
  readonly level: readonly (number)[]
  /** Rate by hour of the day: 24 pairs. */
  readonly hours: readonly (number)[]
  /** Factor by day of the week: 7 pairs. */
  readonly days: readonly (number)[]
  /** Factor by hour of the week: 168 pairs. */
  readonly week: readonly (number)[]
}

export interface AnomalyPoint {
  readonly start_ms: number
  readonly seen: number
  readonly exposure: number
  readonly expected: number
}

export interface AnomalyTold {
  /** Of the metric point. */
  readonly start_ms: number
  /** Of the metric point. */
  readonly seen: number
  /** Of the metric point. */
  readonly exposure: number
  /** Expected per exposure. */
  readonly rate: number
  readonly span_ms: number
  readonly span_seen: number
  readonly span_exposure: number
  readonly span_expected: number
  /** One robust standard deviation, stabilised. */
  readonly deviation: number
  readonly unit: number
  readonly points: number
}

export interface AnomalyMetric {
  readonly metric: string
  /** Start of the first window. */
  readonly started_ms: number
  /** Start of the newest window. */
  readonly latest_ms: number
  readonly points: number
  /** Of money: decayed sum of the sizes of the windows … */
  readonly unit_seen: number
  /** … over that of the movements behind them. */
  readonly unit_samples: number
  /** Start of the hour being added up. */
  readonly hour_ms: number
  readonly hour_seen: number
  readonly hour_exposure: number
  readonly hour_expected: number
  /** It teaches nothing. */
  readonly hour_unusual: boolean
  /** Variance per span: pooled, then by hour of the day. */
  readonly spreads: readonly (number)[]
  /** The windows of the last hour, by time. */
  readonly recent: readonly (AnomalyPoint)[]
  /** Unusual points in a row. */
  readonly run: number
  /** So many normal points are still to be told. */
  readonly settling: number
  /** Anomalies that a correction may still take back, by time. */
  readonly told: readonly (AnomalyTold)[]
}

/** detect-anomalies: what every point changes, by metric (a series of values has one for each quantile). */
export interface AnomalySeries {
  readonly metrics: readonly (AnomalyMetric)[]
}

/** As a path shows it. */
export interface KeptTouch {
  readonly event_id: string
  readonly touched_at: number
  readonly channel: string
  readonly campaign: null | string
  readonly content_id: null | string
  readonly cost_minor: number
  readonly cost_currency: string
  readonly anonymous: boolean
}

/** As it was written last, without its touches. */
export interface KeptConversion {
  readonly event_id: string
  readonly occurred_at: number
  readonly revision: number
  readonly type: 'payment_succeeded' | 'refunded' | 'chargeback'
  readonly payment_id: null | string
  readonly amount_minor: number
  readonly currency: string
  readonly path_ends_at: number
}

/** build-paths slot: a touch or a conversion of a customer; neither is a mark. */
export interface AttributionPart {
  readonly touch: null | KeptTouch
  readonly conversion: null | KeptConversion
}

/** As a path shows it. */
export interface KeptTouchV1 {
  readonly event_id: string
  readonly touched_at: number
  readonly channel: string
  readonly campaign: null | string
  readonly cost_minor: number
  readonly cost_currency: string
  readonly anonymous: boolean
}

/** As it was written last, without its touches. */
export interface KeptConversionV1 {
  readonly event_id: string
  readonly occurred_at: number
  readonly revision: number
  readonly type: 'payment_succeeded' | 'refunded' | 'chargeback'
  readonly payment_id: null | string
  readonly amount_minor: number
  readonly currency: string
  readonly path_ends_at: number
}

/** What build-paths 1 and 2 stored of a touch or a conversion. */
export interface AttributionPartV1 {
  readonly touch: null | KeptTouchV1
  readonly conversion: null | KeptConversionV1
}

/** build-paths: what spares a step the look at every slot. */
export interface AttributionPaths {
  /** How many touches are kept. */
  readonly touches: number
  readonly due_ms: null | number
  /** No kept path ends later. */
  readonly latest_end_ms: null | number
  /** When marked conversions are written again. */
  readonly revise_ms: null | number
}

/** What build-paths 1 stored. */
export interface AttributionPathsV1 {
  readonly touches: number
  readonly due_ms: null | number
  readonly latest_end_ms: null | number
}

/** track-conversation: when the timer is set for. */
export interface ConversationClock {
  readonly due_ms: null | number
  /** Each conversation has a slot that sorts it by when it is due; version 1 had none. */
  readonly indexed: boolean
}

export interface ConversationMood {
  readonly felt_ms: number
  readonly event_id: string
  /** In millionths. */
  readonly sentiment: number
}

export interface ConversationFact {
  readonly name: string
  readonly value: string
  /** Event time of the event that said so last. */
  readonly known_ms: number
  readonly event_id: string
}

/** track-conversation slot: how one conversation stands. */
export interface ConversationProgress {
  readonly customer_id: string
  readonly started_ms: number
  readonly last_ms: number
  readonly messages: number
  /** Technical ones. */
  readonly questions: number
  readonly objections: number
  readonly objections_resolved: number
  /** In texts of which the sender says nothing; count as long as the sender names no objection. */
  readonly objections_heard: number
  readonly objections_heard_resolved: number
  /** Event time of the newest technical question. */
  readonly asked_ms: null | number
  /** Event time of the seller’s newest message. */
  readonly answered_ms: null | number
  /** In millionths. */
  readonly sentiment_sum: number
  readonly sentiments: number
  /** Handed off or ended by an event. */
  readonly ended: boolean
  /** The closing row after last_ms has been written. */
  readonly idle: boolean
  /** The latest sentiments by event time, for the trend. */
  readonly moods: readonly (ConversationMood)[]
  /** Sorted by name. */
  readonly facts: readonly (ConversationFact)[]
}

export interface ConversationMoodV2 {
  readonly felt_ms: number
  readonly event_id: string
  /** In millionths. */
  readonly sentiment: number
}

export interface ConversationFactV2 {
  readonly name: string
  readonly value: string
  /** Event time of the event that said so last. */
  readonly known_ms: number
  readonly event_id: string
}

/** What track-conversation 1 and 2 stored of a conversation. */
export interface ConversationProgressV2 {
  readonly customer_id: string
  readonly started_ms: number
  readonly last_ms: number
  readonly messages: number
  /** Technical ones. */
  readonly questions: number
  readonly objections: number
  readonly objections_resolved: number
  /** In millionths. */
  readonly sentiment_sum: number
  readonly sentiments: number
  /** Handed off or ended by an event. */
  readonly ended: boolean
  /** The closing row after last_ms has been written. */
  readonly idle: boolean
  /** The latest sentiments by event time, for the trend. */
  readonly moods: readonly (ConversationMoodV2)[]
  /** Sorted by name. */
  readonly facts: readonly (ConversationFactV2)[]
}

/** claim-touches slot: a touch of an anonymous visitor and whom it was handed to. */
export interface IdentityTouch {
  readonly event_id: string
  /** Event time. */
  readonly touched_ms: number
  readonly channel: string
  readonly campaign: null | string
  readonly content_id: null | string
  readonly interaction: string
  readonly cost_minor: number
  readonly currency: string
  /** Its owner, null as long as nobody is. */
  readonly customer_id: null | string
  /** One more with each change of owner. */
  readonly revision: number
}

/** What claim-touches 1 stored of a touch. */
export interface IdentityTouchV1 {
  readonly event_id: string
  /** Event time. */
  readonly touched_ms: number
  readonly channel: string
  readonly campaign: null | string
  readonly interaction: string
  readonly cost_minor: number
  readonly currency: string
  /** Its owner, null as long as nobody is. */
  readonly customer_id: null | string
  /** One more with each change of owner. */
  readonly revision: number
}

export interface VisitorLink {
  readonly event_id: string
  readonly customer_id: string
  /** Event time. */
  readonly linked_ms: number
}

/** claim-touches: who an anonymous visitor said to be, and when to look at the touches next. */
export interface IdentityVisitor {
  /** By time, then event_id, then customer. */
  readonly links: readonly (VisitorLink)[]
  /** How many slots there are. */
  readonly touches: number
  readonly due_ms: null | number
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

export interface LeadFact {
  readonly name: string
  readonly value: string
  /** Event time of the event that said so last. */
  readonly known_ms: number
  readonly event_id: string
}

/** score-lead slot: what is known of the lead of one conversation. */
export interface LeadKnowledge {
  /** Event time of its first event. */
  readonly first_ms: number
  readonly last_ms: number
  /** Technical ones. */
  readonly questions: number
  readonly objections: number
  readonly objections_resolved: number
  /** In texts of which the sender says nothing; count as long as the sender names no objection. */
  readonly objections_heard: number
  readonly objections_heard_resolved: number
  /** In millionths, so that the order of adding does not matter. */
  readonly sentiment_sum: number
  readonly sentiments: number
  /** Sorted by name. */
  readonly facts: readonly (LeadFact)[]
}

export interface LeadFactV2 {
  readonly name: string
  readonly value: string
  /** Event time of the event that said so last. */
  readonly known_ms: number
  readonly event_id: string
}

/** What score-lead 1 and 2 stored of the lead of one conversation. */
export interface LeadKnowledgeV2 {
  /** Event time of its first event. */
  readonly first_ms: number
  readonly last_ms: number
  /** Technical ones. */
  readonly questions: number
  readonly objections: number
  readonly objections_resolved: number
  /** In millionths, so that the order of adding does not matter. */
  readonly sentiment_sum: number
  readonly sentiments: number
  /** Sorted by name. */
  readonly facts: readonly (LeadFactV2)[]
}

export interface MetricSpan {
  /** Start of its first window, one with events. */
  readonly from_ms: number
  /** Where the silence behind its last window with events is over: no window of it starts later. */
  readonly until_ms: number
}

/** sum-metrics: what a series is made of, which window closes next, and which have been written. */
export interface MetricClock {
  /** Of its measures; empty before the first. */
  readonly kind: string
  /** Start of the window that closes next; null while silent. */
  readonly next_ms: null | number
  /** Whether old windows will be dropped by a timer. */
  readonly forgets: boolean
  /** Of counts and sums. Apart from each other, by time: each of their windows is written once it is closed. Those that can no longer be corrected are dropped. */
  readonly spans: readonly (MetricSpan)[]
}

/** count-conversations slot: what of a conversation has been counted. */
export interface MetricConversation {
  readonly counted: boolean
  readonly qualified: boolean
  /** Event time of its last event, to a day; 0 where version 1 did not say. */
  readonly last_ms: number
}

/** What count-conversations 1 stored. */
export interface MetricConversationV1 {
  readonly counted: boolean
  readonly qualified: boolean
}

export interface MetricVisit {
  readonly first_ms: number
  readonly last_ms: number
}

/** count-visits: the sessions last touched, the newest touch's first; at most four. */
export interface MetricVisits {
  readonly sessions: readonly (MetricVisit)[]
}

export interface MetricBin {
  readonly bin: number
  readonly count: number
}

/** sum-metrics slot: one window of a series being summed, or closed and correctable. */
export interface MetricWindow {
  readonly numerator: number
  readonly denominator: number
  readonly samples: number
  /** Of `values`: ascending. */
  readonly bins: readonly (MetricBin)[]
  /** The last that a correction wrote; -1 before. */
  readonly revision: number
}

/** When an operator's timer is set for, so that a step need not look at every slot. */
export interface NextDue {
  readonly due_ms: null | number
}

/** State of an operator that keeps everything in slots. */
export interface Nothing {
}

/** price-lead slot: leads sold to a buyer tier on a day (tier|day|buyer tier), or the mark of a conversation that was sold (lead|customer|conversation). */
export interface PricingSlot {
  /** Start of the UTC day. */
  readonly day_ms: number
  readonly sold: number
  readonly surging: boolean
}

export interface FilteredLogistic {
  /** Intercept first, then one a column; empty before the first example. */
  readonly weights: readonly (number)[]
  /** Lower triangle, row by row. */
  readonly covariance: readonly (number)[]
}

/** score-stream: what the examples of a key say together (operators/stats/pooled-logistic.ts). */
export interface QualityModel {
  readonly shared: FilteredLogistic
  readonly cases: number
  readonly sources: number
  /** Nats by which the model foretold better than the sources’ own shares; fades. */
  readonly gain: number
  /** Cases behind the gain; fades. */
  readonly gained_from: number
  /** Nats by which believed answers cost more than expected, since they last cost less. */
  readonly surprise: number
}

/** score-stream slot: what is known of one source of answers, a buyer. Sums fade. */
export interface QualitySource {
  /** Added to the logit of its cases. */
  readonly level: number
  /** Of the level: 1 / variance. */
  readonly precision: number
  readonly yes: number
  readonly answers: number
  readonly gain: number
  /** Its part of all cases, as of at_case. */
  readonly volume: number
  readonly at_case: number
}

/** sum-windows: which windows are still to be closed. */
export interface RevenueClock {
  /** Starts of the windows that are not final yet, sorted. */
  readonly open: readonly (number)[]
  /** Whether old windows will be dropped by a timer. */
  readonly forgets: boolean
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
  readonly content_id: null | string
  readonly touched_ms: null | number
}

/** What post-ledger 1 stored. */
export interface RevenueTotalsV1 {
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

export interface RoutingWindow {
  /** Whole hours, or days, of local time since the epoch. */
  readonly number: number
  /** Reserved and confirmed. */
  readonly taken_count: number
  readonly surging: boolean
}

export interface RoutingAnswers {
  readonly quality_tier: string
  readonly accepted_count: number
  readonly rejected_count: number
}

export interface RoutingSource {
  readonly level: number
  readonly precision: number
  readonly yes: number
  readonly answers: number
  readonly gain: number
  readonly volume: number
  readonly at_case: number
}

export interface RoutingBuyer {
  /** What was taken before is forgotten: nothing more is sold then. */
  readonly counted_from_ms: number
  /** Of the buyer’s zone, by number. */
  readonly hours: readonly (RoutingWindow)[]
  readonly days: readonly (RoutingWindow)[]
  /** Price of the last lead reserved for it, without the lead’s quality and market, before floor and ceiling; 0 before. */
  readonly last_level_minor: number
  readonly last_currency: string
  /** Event time of that. */
  readonly last_sold_ms: number
  readonly learned_ms: number
  /** Decayed. */
  readonly answers: readonly (RoutingAnswers)[]
  /** Leads it took, decayed by time, and with each one. */
  readonly taken_count: number
  /** Decayed likewise, as all that follows up to valued_count. */
  readonly converted_count: number
  /** What the leads it took brought, minor units of value_currency: as the buyer says, else their price. */
  readonly value_sum: number
  /** Leads that value_sum is of. */
  readonly valued_count: number
  /** Of the newest; those in another currency are forgotten. */
  readonly value_currency: string
  /** Beside the model of all (operators/stats/pooled-logistic.ts); null before its first answer. */
  readonly source: null | RoutingSource
}

export interface RoutingDue {
  readonly customer_id: string
  /** Null: the customer’s answers that wait for their decision. */
  readonly conversation_id: null | string
}

export interface RoutingAttempt {
  readonly decision_id: string
  readonly decided_ms: number
  readonly buyer_id: string
  readonly buyer_tier: string
  /** Number of the window it counts in. */
  readonly hour: number
  readonly day: number
  readonly currency: string
  readonly price_minor: number
  /** What such a lead costs its tier without demand, hours and terms of its own. */
  readonly usual_price_minor: number
  readonly acceptance_probability: number
  readonly policy_version: string
  /** The word of the buyer that counts: accepted or rejected; empty before. */
  readonly answer: string
  /** It has said the other word before: nothing more is learned of this decision. */
  readonly reversed: boolean
  /** counted; withdrawn: counted, then given back; empty before. Never counted again. */
  readonly conversion: string
  /** What it counts for in the buyer’s value; null: not, or not any more. */
  readonly value_minor: null | number
}

export interface RoutingLead {
  /** Ids of later rows begin with it: event_id of the row that queued or first reserved it. */
  readonly root_id: string
  /** queued, reserved, confirmed or unsold. */
  readonly status: string
  /** When it was queued or first reserved. */
  readonly first_ms: number
  /** The last event of its conversation, to a day. */
  readonly seen_ms: number
  /** When it is looked at next: expiry, opening, or to be forgotten. */
  readonly due_ms: number
  readonly customer_id: string
  readonly conversation_id: string
  readonly quality_tier: string
  readonly total_score: number
  readonly base_points: number
  readonly behavior_points: number
  readonly timing_points: number
  readonly market_points: number
  /** Of the policy’s most, 0 to 1: what answers are learned by. */
  readonly base_share: number
  readonly behavior_share: number
  readonly timing_share: number
  readonly market_share: number
  readonly conversion_probability: number
  readonly market_ratio: number
  readonly zip_code: null | string
  readonly borough: null | string
  readonly neighborhood: null | string
  readonly lead_policy_version: string
  /** In order; the last one may hold it. */
  readonly attempts: readonly (RoutingAttempt)[]
}

export interface RoutingEarlyAnswer {
  /** Then it is told as an answer to no decision. */
  readonly kept_until_ms: number
  readonly event_id: string
  readonly occurred_ms: number
  readonly decision_id: null | string
  readonly buyer_id: null | string
  readonly outcome: string
  readonly reason: null | string
  readonly amount_minor: null | number
  readonly currency: null | string
}

export interface RoutingWeights {
  /** Intercept first, then one a column. */
  readonly weights: readonly (number)[]
  /** Lower triangle, row by row. */
  readonly covariance: readonly (number)[]
}

export interface RoutingModel {
  readonly shared: RoutingWeights
  readonly cases: number
  readonly sources: number
  readonly gain: number
  readonly gained_from: number
  /** Nats by which believed answers cost more than expected, since they last cost less. */
  readonly surprise: number
}

/** route-lead slot: a buyer (buyer|id), the leads of a customer (lead|customer), a part of those to be looked at at an instant (due|instant|part), answers of a customer that came before their decision (early|customer), or what all answers say together (acceptance). */
export interface RoutingSlot {
  readonly buyer: null | RoutingBuyer
  /** Of a lead only its newest due_ms counts: it may stand here and have gone on. */
  readonly due: readonly (RoutingDue)[]
  readonly leads: readonly (RoutingLead)[]
  /** In order of arrival. */
  readonly early: readonly (RoutingEarlyAnswer)[]
  readonly model: null | RoutingModel
}

export interface RoutingInstant {
  readonly due_ms: number
  /** Entered so far: in parts of 32. */
  readonly leads_count: number
  /** Looked at already. */
  readonly taken_parts: number
}

/** route-lead: when leads are to be looked at, and what all buyers answered, decayed. */
export interface RoutingTenant {
  /** In order; the timer is set for the first. */
  readonly agenda: readonly (RoutingInstant)[]
  readonly accepted_count: number
  readonly rejected_count: number
}

/** Row type of each topic. */
export interface Topics {
  readonly alert_commands: AlertCommand
  readonly alerts: Alert
  readonly anomalies: Anomaly
  readonly attribution_effects: AttributionEffect
  readonly catalog: CatalogEntry
  readonly conversation_metrics: ConversationMetric
  readonly conversations: Conversation
  readonly conversions: Conversion
  readonly dead_letters: DeadLetter
  readonly deliveries: Delivery
  readonly erasures: Erasure
  readonly feedback: Feedback
  readonly forecast_scores: ForecastScore
  readonly forecasts: Forecast
  readonly identified_touches: IdentifiedTouch
  readonly identity_links: IdentityLink
  readonly lead_feedback: LeadFeedback
  readonly lead_scores: LeadScore
  readonly leads: Lead
  readonly ledger: LedgerEntry
  readonly lifetime_models: LifetimeModel
  readonly lifetime_values: LifetimeValue
  readonly measurements: Measurement
  readonly measures: Measure
  readonly metric_points: MetricPoint
  readonly movements: Movement
  readonly notifications: Notification
  readonly payments: Payment
  readonly prices: Price
  readonly revenue_windows: RevenueWindow
  readonly route_outcomes: RouteOutcome
  readonly routes: Route
  readonly sessions: Session
  readonly spend: Spend
  readonly touchpoints: Touchpoint
}
