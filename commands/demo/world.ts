/**
 * Simulated time: processes that sleep until an instant, act, and sleep again, always the one that is due
 * first. What a process does at an instant depends only on what happened before it, so it does not matter
 * where a run is cut.
 */
import type { Conversation, Feedback, Payment, Touchpoint } from '../../schemas/types.ts'
import type { Incident, IncidentKind, Schedule } from './incidents.ts'
import type { Random } from './random.ts'
import type { Campaign, Tenant } from './tenants.ts'

export interface Rows {
  readonly touchpoints: Touchpoint
  readonly conversations: Conversation
  readonly payments: Payment
  readonly feedback: Feedback
}
export type Topic = keyof Rows
export type Event = { readonly [T in Topic]: { readonly topic: T; readonly row: Rows[T] } }[Topic]

/** Yields the instant at which it wants to go on. */
export type Steps<T = void> = Generator<number, T, void>

interface Due {
  at_ms: number
  /** Of several that are due at once, the one that was put to sleep first. */
  order: number
  readonly steps: Steps
}

const before = (a: Due, b: Due): boolean => a.at_ms < b.at_ms || (a.at_ms === b.at_ms && a.order < b.order)

export class World {
  /** The instant at which the running process acts. */
  now_ms = Number.NEGATIVE_INFINITY
  readonly schedule: Schedule
  /** A binary heap: nobody is due before its parent. */
  readonly #due: Due[] = []
  #order = 0
  #out: Event[] = []

  constructor(schedule: Schedule) {
    this.schedule = schedule
  }

  /** What happens before `to_ms` and has not been told yet, in order of time. */
  advance(to_ms: number): Event[] {
    for (let first = this.#due[0]; first && first.at_ms < to_ms; first = this.#due[0]) {
      this.now_ms = first.at_ms
      const { done, value } = first.steps.next()
      if (done) this.#remove_first()
      else {
        first.at_ms = Math.max(this.now_ms, Math.round(value))
        first.order = this.#order++
        this.#sink(0)
      }
    }
    const out = this.#out
    this.#out = []
    return out
  }

  begin(at_ms: number, steps: Steps): void {
    const due = this.#due
    const one = { at_ms: Math.round(at_ms), order: this.#order++, steps }
    let place = due.push(one) - 1
    for (let parent = (place - 1) >> 1; place > 0 && before(one, due[parent]!); parent = (place - 1) >> 1) {
      due[place] = due[parent]!
      place = parent
    }
    due[place] = one
  }

  emit(event: Event): void {
    this.#out.push(event)
  }

  incident(tenant: Tenant, kind: IncidentKind): Incident | null {
    return this.schedule.active(tenant.id, kind, this.now_ms)
  }

  #remove_first(): void {
    const last = this.#due.pop()
    if (!last || this.#due.length === 0) return
    this.#due[0] = last
    this.#sink(0)
  }

  #sink(place: number): void {
    const due = this.#due
    const one = due[place]!
    for (let child = 1; ; child = 2 * place + 1) {
      if (child + 1 < due.length && before(due[child + 1]!, due[child]!)) child++
      if (child >= due.length || !before(due[child]!, one)) break
      due[place] = due[child]!
      place = child
    }
    due[place] = one
  }
}

type Own<T extends Topic> = Omit<Rows[T], 'event_id' | 'tenant_id' | 'occurred_at'>

/** One person and what the person is to the tenant. */
export class Person {
  readonly world: World
  readonly tenant: Tenant
  readonly random: Random
  /** Unique; names of everything the person causes begin with it. */
  readonly id: string
  readonly campaign: Campaign
  /** 0 to 1: how likely this person is to buy, what nobody is told and everything follows from. */
  readonly quality: number
  /** null until the person is known. */
  customer_id: string | null = null
  /** Whether this device knows who it is. */
  signed_in = false
  device: string
  anonymous_id: string
  method: string
  #events = 0
  #names = 0

  constructor(
    world: World,
    tenant: Tenant,
    id: string,
    campaign: Campaign,
    random: Random,
    crawler: boolean,
  ) {
    this.world = world
    this.tenant = tenant
    this.id = id
    this.random = random
    this.campaign = campaign
    const luck = campaign.quality + 0.22 * random.normal()
    this.quality = crawler ? 0 : Math.min(1, Math.max(0.01, luck))
    this.device = random.chance(0.6) ? 'mobile' : 'desktop'
    this.anonymous_id = this.name('a')
    this.method = random.weighted(tenant.methods).method
  }

  get now_ms(): number {
    return this.world.now_ms
  }

  /** Name of something the person has caused: a session, a checkout, a payment. */
  name(kind: string): string {
    return `${kind}-${this.id}-${this.#names++}`
  }

  /** The person takes up another device, where nobody knows who it is. */
  change_device(): void {
    this.device = this.device === 'mobile' ? 'desktop' : 'mobile'
    this.anonymous_id = this.name('a')
    this.signed_in = false
  }

  /** Tells who it is, on this device: the touch that carries both ids. */
  sign_in(session_id: string): void {
    if (this.signed_in) return
    this.known()
    this.signed_in = true
    this.touch({ session_id, interaction: 'identify' })
  }

  touch(own: Partial<Own<'touchpoints'>> & Pick<Own<'touchpoints'>, 'interaction' | 'session_id'>): void {
    const { tenant, world } = this
    const identity = this.#identity()
    if (world.incident(tenant, 'tracking_outage')) return
    const { currency, country } = tenant
    const row: Touchpoint = {
      ...identity,
      customer_id: this.signed_in ? this.customer_id : null,
      anonymous_id: this.anonymous_id,
      channel: this.campaign.channel,
      campaign: this.campaign.name,
      content_id: null,
      funnel_step: null,
      product_id: null,
      device: this.device,
      country,
      cost_minor: 0,
      currency,
      properties: {},
      ...own,
    }
    world.emit({ topic: 'touchpoints', row })
  }

  converse(own: Own<'conversations'>): void {
    this.world.emit({ topic: 'conversations', row: { ...this.#identity(), ...own } })
  }

  pay(own: Partial<Own<'payments'>> & Pick<Own<'payments'>, 'type' | 'amount_minor'>): void {
    const { currency, country } = this.tenant
    const row = {
      ...this.#identity(),
      customer_id: this.known(),
      payment_id: null,
      subscription_id: null,
      checkout_id: null,
      product_id: null,
      plan_id: null,
      currency,
      mrr_minor: null,
      quantity: 1,
      method: null,
      failure_code: null,
      device: this.device,
      country,
      properties: {},
      ...own,
    }
    this.world.emit({ topic: 'payments', row: row satisfies Partial<Payment> as Payment })
  }

  feedback(own: Own<'feedback'>): void {
    this.world.emit({ topic: 'feedback', row: { ...this.#identity(), ...own } })
  }

  /** The customer's id: who buys or talks has told a name. */
  known(): string {
    this.customer_id ??= `c-${this.id}`
    return this.customer_id
  }

  #identity() {
    return {
      event_id: `${this.id}-${this.#events++}`,
      tenant_id: this.tenant.id,
      occurred_at: this.now_ms,
    }
  }
}
