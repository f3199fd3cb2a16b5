/** Money of the demo: checkouts with failures and retries, refunds, chargebacks, subscriptions. */
import { days, hours, seconds } from '../../schemas/units.ts'
import type { Product } from './tenants.ts'
import type { Person, Steps } from './world.ts'

export interface Order {
  readonly product: Product
  readonly quantity: number
  readonly amount_minor: number
  readonly subscription_id: string | null
  /** A renewal has no checkout and is tried once. */
  readonly checkout: boolean
}

const COMMON_FAILURES = [
  { code: 'card_declined', weight: 40 },
  { code: 'insufficient_funds', weight: 30 },
  { code: 'authentication_required', weight: 18 },
  { code: 'card_expired', weight: 12 },
] as const
const FAILURE_RATIO = 0.06
const NETWORK_FAILURE_RATIO = 0.8
const TRIES = 3
/** In an outage the next try is a click away, and it is not one's own fault. */
const OUTAGE_TRIES = 9
/** Fewer go away when it is not their fault. */
const GIVE_UP_RATIO = 0.35
const OUTAGE_GIVE_UP_RATIO = 0.08
const REFUND_RATIO = 0.035
const CHARGEBACK_RATIO = 0.003

/** Why the payment fails now; null: it does not. */
const failure_now = ({ world, tenant, random }: Person, method: string): string | null => {
  if (world.incident(tenant, 'gateway_outage')) return 'gateway_unavailable'
  if (method === 'card' && world.incident(tenant, 'card_network_failing'))
    return random.chance(NETWORK_FAILURE_RATIO) ? 'issuer_unavailable' : null
  return random.chance(FAILURE_RATIO) ? random.weighted(COMMON_FAILURES).code : null
}

/** Whether the order was paid in the end. */
export function* pay_order(person: Person, order: Order): Steps<boolean> {
  const { random } = person
  const { product, amount_minor, quantity, subscription_id } = order
  const common = { product_id: product.id, amount_minor, quantity, subscription_id }
  const checkout_id = order.checkout ? person.name('o') : null
  if (checkout_id) {
    person.pay({ ...common, type: 'checkout_started', checkout_id })
    yield person.now_ms + seconds(random.between(15, 90))
    person.pay({ ...common, type: 'checkout_step', checkout_id, properties: { step: 'address' } })
    yield person.now_ms + seconds(random.between(10, 60))
    // Many see what it costs in the end, and leave.
    if (random.chance(0.28 * (1.2 - person.quality))) return false
  }
  let method = person.method
  for (let tries = 1; ; tries++) {
    const attempt = { ...common, checkout_id, method, payment_id: person.name('p') }
    person.pay({ ...attempt, type: 'payment_attempted' })
    yield person.now_ms + seconds(random.between(1, 4))
    const failure_code = failure_now(person, method)
    if (failure_code === null) {
      person.pay({ ...attempt, type: 'payment_succeeded' })
      person.world.begin(person.now_ms, regret(person, order, attempt.payment_id, method))
      return true
    }
    person.pay({ ...attempt, type: 'payment_failed', failure_code })
    const outage = failure_code.endsWith('_unavailable')
    if (tries >= (outage ? OUTAGE_TRIES : TRIES) || !order.checkout) return false
    if (random.chance(outage ? OUTAGE_GIVE_UP_RATIO : GIVE_UP_RATIO)) return false
    yield person.now_ms + seconds(outage ? random.between(12, 45) : random.between(20, 180))
    if (random.chance(0.3)) method = random.weighted(person.tenant.methods).method
  }
}

/** A refund some days later, of all or of a part; now and then a chargeback. */
function* regret(person: Person, order: Order, payment_id: string, method: string): Steps {
  const { random } = person
  const luck = random.next()
  const common = { product_id: order.product.id, subscription_id: order.subscription_id, payment_id, method }
  if (luck < CHARGEBACK_RATIO) {
    yield person.now_ms + days(random.between(5, 20))
    person.pay({ ...common, type: 'chargeback', amount_minor: order.amount_minor })
  } else if (luck < CHARGEBACK_RATIO + REFUND_RATIO) {
    yield person.now_ms + days(random.between(0.5, 9))
    const whole = order.quantity === 1 || random.chance(0.6)
    const amount_minor = whole ? order.amount_minor : order.product.price_minor
    person.pay({ ...common, type: 'refunded', amount_minor, properties: { reason: 'returned' } })
  }
}

const MONTH_MS = days(30)
const YEAR_MS = days(365)
const TRIAL_MS = days(14)
const DUNNING_TRIES = 3
/** A year costs ten months, and is offered on the smaller plans. */
const YEAR_IN_MONTHS = 10
const YEARLY_BELOW_MINOR = 20_000
const YEARLY_RATIO = 0.1
const DISCOUNT_RATIO = 0.18
/** Off the first month, for some. */
const FIRST_MONTH_OFF = 0.2

/** What is paid for a plan each time, and how often. */
interface Terms {
  readonly plan: Product
  readonly yearly: boolean
  readonly discount_minor: number
}

const terms_of = (plan: Product): Terms => ({ plan, yearly: false, discount_minor: 0 })

const list_price = ({ plan, yearly }: Terms): number => plan.price_minor * (yearly ? YEAR_IN_MONTHS : 1)

/** A trial that nobody pays for; its name is that of the subscription it may become. */
export const start_trial = (person: Person, plan: Product): string => {
  const subscription_id = person.name('sub')
  const trial_ends_at = new Date(person.now_ms + TRIAL_MS).toISOString()
  person.pay({
    ...plan_fields(terms_of(plan), subscription_id),
    type: 'subscription_started',
    mrr_minor: 0,
    properties: { trial_ends_at },
  })
  return subscription_id
}

/** Pays for what was tried, and lives with it until it ends. */
export function* subscribe(person: Person, plan: Product, subscription_id: string): Steps {
  const { random } = person
  const yearly = plan.price_minor < YEARLY_BELOW_MINOR && random.chance(YEARLY_RATIO)
  const discounted = !yearly && random.chance(DISCOUNT_RATIO)
  const terms = {
    plan,
    yearly,
    discount_minor: discounted ? Math.round(plan.price_minor * FIRST_MONTH_OFF) : 0,
  }
  if (!(yield* pay_order(person, order_of(terms, subscription_id, true)))) return
  person.pay({ ...plan_fields(terms, subscription_id), type: 'subscription_renewed' })
  yield* keep_subscription(person, terms, subscription_id, yearly ? YEAR_MS : MONTH_MS)
}

/** A customer from before the demo begins, told as a billing system tells whom it knows; then on. */
export function* stay_subscribed(person: Person, plan: Product, first_ms: number): Steps {
  const subscription_id = person.name('sub')
  person.pay({ ...plan_fields(terms_of(plan), subscription_id), type: 'subscription_started' })
  yield* keep_subscription(person, terms_of(plan), subscription_id, first_ms)
}

/** Period by period; the first may be shorter. */
function* keep_subscription(person: Person, first: Terms, subscription_id: string, first_ms: number): Steps {
  const { random, tenant } = person
  let { plan, yearly } = first
  for (let period_ms = first_ms; ; period_ms = yearly ? YEAR_MS : MONTH_MS) {
    const turn_ms = random.next() * period_ms
    yield person.now_ms + turn_ms
    const luck = random.next()
    const terms = { plan, yearly, discount_minor: 0 }
    if (luck < 0.05 * (1.3 - person.quality)) {
      cancel(person, terms, subscription_id)
      return
    }
    if (luck > 0.93 && !yearly) {
      plan = random.weighted(tenant.products)
      person.pay({ ...plan_fields(terms_of(plan), subscription_id), type: 'subscription_changed' })
    }
    yield person.now_ms + period_ms - turn_ms
    // Some need nothing for a month, and come back.
    if (luck > 0.9 && luck < 0.915) {
      const paused = { ...plan_fields(terms_of(plan), subscription_id), properties: { paused: 'true' } }
      person.pay({ ...paused, type: 'subscription_changed', mrr_minor: 0 })
      yield person.now_ms + MONTH_MS
    }
    if (!(yield* renew(person, { plan, yearly, discount_minor: 0 }, subscription_id))) {
      cancel(person, { plan, yearly, discount_minor: 0 }, subscription_id)
      return
    }
  }
}

const cancel = (person: Person, terms: Terms, subscription_id: string): void =>
  person.pay({ ...plan_fields(terms, subscription_id), type: 'subscription_cancelled', mrr_minor: 0 })

/** Tried again the next days where it fails. */
function* renew(person: Person, terms: Terms, subscription_id: string): Steps<boolean> {
  const order = order_of(terms, subscription_id, false)
  for (let tries = 0; tries < DUNNING_TRIES; tries++) {
    if (tries > 0) yield person.now_ms + hours(person.random.between(12, 36))
    if (yield* pay_order(person, order)) {
      person.pay({ ...plan_fields(terms, subscription_id), type: 'subscription_renewed' })
      return true
    }
  }
  return false
}

const order_of = (terms: Terms, subscription_id: string, checkout: boolean): Order => ({
  product: terms.plan,
  quantity: 1,
  amount_minor: list_price(terms) - terms.discount_minor,
  subscription_id,
  checkout,
})

/** Of a plain month the revenue is said; of a year or a discount the terms, from which it follows. */
const plan_fields = (terms: Terms, subscription_id: string) => {
  const { plan, yearly, discount_minor } = terms
  const said: Record<string, string> = {}
  if (yearly) said.interval = 'year'
  if (discount_minor > 0) said.discount_minor = String(discount_minor)
  return {
    product_id: plan.id,
    plan_id: plan.id,
    subscription_id,
    amount_minor: list_price(terms),
    mrr_minor: yearly || discount_minor > 0 ? null : plan.price_minor,
    properties: said,
  }
}
